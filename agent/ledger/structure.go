package ledger

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
)

// Before bbolt opens a file, its pages are walked here with every bound
// checked: bbolt trusts its pages, so a damaged one makes it read outside of
// them, loop for ever, or panic in a goroutine of its own, which nobody can
// recover. The layout is that of bbolt's file format, version 2, in the byte
// order of the machine.
const (
	pageHeader    = 16 // id 8, flags 2, count 2, overflow 4
	elementLen    = 16 // branch: pos 4, key size 4, page 8; leaf: flags 4, pos 4, key size 4, value size 4
	bucketHeader  = 16 // root page 8, sequence 8
	metaLen       = 64
	metaMagic     = 0xED0CDAED
	metaVersion   = 2
	flagBranch    = 1
	flagLeaf      = 2
	elementBucket = 1
	maxDepth      = 32
	maxCheckPages = 1 << 28
)

var order = binary.NativeEndian

// checkStructure walks all pages that the newest valid meta page leads to. Torn
// means that one of the two meta pages is not valid: the power failed during a
// commit that nobody was answered for, or the page was damaged later and the
// newest commit is lost; the file alone cannot tell which.
func checkStructure(f *os.File) (torn bool, err error) {
	info, err := f.Stat()
	if err != nil {
		return false, err
	}
	if info.Size() == 0 {
		return false, nil // bbolt will make it
	}
	m, err := newestMeta(f)
	if err != nil {
		return false, err
	}
	if m.pages > uint64(info.Size()/pageSize) || m.pages > maxCheckPages {
		return m.torn, fmt.Errorf("it should be %d pages long and has %d bytes", m.pages, info.Size())
	}
	w := walk{file: f, pages: m.pages, seen: make([]uint64, m.pages/64+1)}
	return m.torn, w.page(m.root, 0, span{})
}

// metaPage is what is used of a meta page.
type metaPage struct {
	root, pages, txid uint64
	torn              bool // the other one is not valid
}

// newestMeta gives the newer of the valid meta pages.
func newestMeta(f *os.File) (metaPage, error) {
	var newest metaPage
	valid := 0
	for i := range int64(2) {
		m, err := metaAt(f, i*pageSize)
		switch {
		case errors.Is(err, errMeta):
			continue
		case err != nil:
			return newest, err
		}
		if valid++; valid == 1 || m.txid > newest.txid {
			newest = m
		}
	}
	if valid == 0 {
		return newest, errors.New("neither meta page is valid")
	}
	newest.torn = valid == 1
	return newest, nil
}

var errMeta = errors.New("meta page is not valid")

func metaAt(f *os.File, at int64) (metaPage, error) {
	b := make([]byte, pageHeader+metaLen)
	if _, err := f.ReadAt(b, at); err != nil && !errors.Is(err, io.EOF) {
		return metaPage{}, err
	}
	m := b[pageHeader:]
	sum := fnv.New64a()
	sum.Write(m[:metaLen-8])
	if order.Uint32(m) != metaMagic || order.Uint32(m[4:]) != metaVersion || order.Uint64(m[56:]) != sum.Sum64() {
		return metaPage{}, errMeta
	}
	if size := order.Uint32(m[8:]); size != pageSize {
		return metaPage{}, fmt.Errorf("pages of %d bytes, not %d", size, pageSize)
	}
	return metaPage{root: order.Uint64(m[16:]), pages: order.Uint64(m[40:]), txid: order.Uint64(m[48:])}, nil
}

type walk struct {
	file  *os.File
	pages uint64   // pages in use or free
	seen  []uint64 // one bit for each page
}

// span is the keys that a page may hold: from low on, and below high unless
// that is nil.
type span struct{ low, high []byte }

func (s span) holds(key []byte) bool {
	return bytes.Compare(key, s.low) >= 0 && (s.high == nil || bytes.Compare(key, s.high) < 0)
}

func (w *walk) page(id uint64, depth int, keys span) error {
	var head [pageHeader]byte
	switch {
	case depth > maxDepth:
		return fmt.Errorf("page %d: the tree is too deep", id)
	case id < 2 || id >= w.pages:
		return fmt.Errorf("page %d: out of bounds", id)
	}
	if _, err := w.file.ReadAt(head[:], int64(id)*pageSize); err != nil {
		return err
	}
	overflow := uint64(order.Uint32(head[12:]))
	if order.Uint64(head[:]) != id || overflow >= w.pages-id {
		return fmt.Errorf("page %d: its header is wrong", id)
	}
	for i := id; i <= id+overflow; i++ {
		if w.seen[i/64]&(1<<(i%64)) != 0 {
			return fmt.Errorf("page %d: used twice", i)
		}
		w.seen[i/64] |= 1 << (i % 64)
	}
	b := make([]byte, (overflow+1)*pageSize)
	if _, err := w.file.ReadAt(b, int64(id)*pageSize); err != nil {
		return err
	}
	if err := w.elements(b, depth, keys); err != nil {
		return fmt.Errorf("page %d: %w", id, err)
	}
	return nil
}

// elements checks what a page, or an inline bucket, holds.
func (w *walk) elements(b []byte, depth int, keys span) error {
	flags, count := order.Uint16(b[8:]), int(order.Uint16(b[10:]))
	if flags != flagBranch && flags != flagLeaf || flags == flagBranch && count == 0 {
		return fmt.Errorf("flags %#x, %d elements", flags, count)
	}
	if pageHeader+count*elementLen > len(b) {
		return fmt.Errorf("%d elements in %d bytes", count, len(b))
	}
	parts := make([]part, count)
	for i := range parts {
		var ok bool
		if parts[i], ok = partAt(b, i, flags); !ok || !keys.holds(parts[i].key) || i > 0 && bytes.Compare(parts[i-1].key, parts[i].key) >= 0 {
			return fmt.Errorf("element %d is out of bounds or out of order", i)
		}
	}
	for i, p := range parts {
		var err error
		switch {
		case flags == flagBranch && i+1 < count:
			err = w.page(p.page, depth+1, span{p.key, parts[i+1].key})
		case flags == flagBranch:
			err = w.page(p.page, depth+1, span{p.key, keys.high})
		case p.bucket:
			err = w.bucket(p.value, depth)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// bucket checks a nested bucket: a page of its own, or inline.
func (w *walk) bucket(v []byte, depth int) error {
	if len(v) < bucketHeader {
		return fmt.Errorf("a bucket of %d bytes", len(v))
	}
	if root := order.Uint64(v); root != 0 {
		return w.page(root, depth+1, span{})
	}
	if len(v) < bucketHeader+pageHeader {
		return fmt.Errorf("an inline bucket of %d bytes", len(v))
	}
	return w.elements(v[bucketHeader:], depth+1, span{})
}

// part is one element of a page.
type part struct {
	key    []byte
	page   uint64 // of a branch
	value  []byte // of a leaf
	bucket bool   // the value is a bucket
}

// partAt takes an element apart; false when it reaches outside of its page.
func partAt(b []byte, i int, flags uint16) (part, bool) {
	at := uint64(pageHeader + i*elementLen)
	e := b[at:]
	if flags == flagBranch {
		key, ok := cut(b, at+uint64(order.Uint32(e)), order.Uint32(e[4:]))
		return part{key: key, page: order.Uint64(e[8:])}, ok && len(key) > 0
	}
	start := at + uint64(order.Uint32(e[4:]))
	key, ok := cut(b, start, order.Uint32(e[8:]))
	if !ok || len(key) == 0 {
		return part{}, false
	}
	value, ok := cut(b, start+uint64(len(key)), order.Uint32(e[12:]))
	return part{key: key, value: value, bucket: order.Uint32(e)&elementBucket != 0}, ok
}

func cut(b []byte, from uint64, n uint32) ([]byte, bool) {
	if from+uint64(n) > uint64(len(b)) {
		return nil, false
	}
	return b[from : from+uint64(n)], true
}

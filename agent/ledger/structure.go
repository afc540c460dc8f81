package ledger

import (
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
	element       = 16 // branch: pos 4, key size 4, page 8; leaf: flags 4, pos 4, key size 4, value size 4
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

// checkStructure walks all pages that the newest valid meta page leads to.
func checkStructure(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if info.Size() == 0 {
		return nil // bbolt will make it
	}
	root, pages, err := newestMeta(f)
	if err != nil {
		return err
	}
	if pages > uint64(info.Size()/pageSize) || pages > maxCheckPages {
		return fmt.Errorf("it should be %d pages long and has %d bytes", pages, info.Size())
	}
	w := walk{file: f, pages: pages, seen: make([]uint64, pages/64+1)}
	return w.page(root, 0)
}

// newestMeta reads both meta pages and gives what the newer valid one says.
func newestMeta(f *os.File) (root, pages uint64, err error) {
	var newest uint64
	found := false
	for i := range int64(2) {
		b := make([]byte, pageHeader+metaLen)
		if _, err := f.ReadAt(b, i*pageSize); err != nil && err != io.EOF {
			return 0, 0, err
		}
		m := b[pageHeader:]
		sum := fnv.New64a()
		sum.Write(m[:metaLen-8])
		valid := order.Uint32(m) == metaMagic && order.Uint32(m[4:]) == metaVersion && order.Uint64(m[56:]) == sum.Sum64()
		if txid := order.Uint64(m[48:]); valid && (!found || txid > newest) {
			if size := order.Uint32(m[8:]); size != pageSize {
				return 0, 0, fmt.Errorf("pages of %d bytes, not %d", size, pageSize)
			}
			newest, root, pages, found = txid, order.Uint64(m[16:]), order.Uint64(m[40:]), true
		}
	}
	if !found {
		return 0, 0, errors.New("neither meta page is valid")
	}
	return root, pages, nil
}

type walk struct {
	file  *os.File
	pages uint64   // pages in use or free
	seen  []uint64 // one bit for each page
}

func (w *walk) page(id uint64, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("page %d: the tree is too deep", id)
	}
	var head [pageHeader]byte
	if id < 2 || id >= w.pages {
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
	if err := w.elements(b, depth); err != nil {
		return fmt.Errorf("page %d: %w", id, err)
	}
	return nil
}

// elements checks what a page, or an inline bucket, holds.
func (w *walk) elements(b []byte, depth int) error {
	flags, count := order.Uint16(b[8:]), uint64(order.Uint16(b[10:]))
	if flags != flagBranch && flags != flagLeaf {
		return fmt.Errorf("flags %#x", flags)
	}
	if pageHeader+count*element > uint64(len(b)) || (flags == flagBranch && count == 0) {
		return fmt.Errorf("%d elements", count)
	}
	for i := range count {
		at := pageHeader + i*element
		e := b[at:]
		var err error
		if flags == flagBranch {
			err = w.branch(b, at, e, depth)
		} else {
			err = w.leaf(b, at, e, depth)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *walk) branch(b []byte, at uint64, e []byte, depth int) error {
	pos, key := uint64(order.Uint32(e)), uint64(order.Uint32(e[4:]))
	if key == 0 || at+pos+key > uint64(len(b)) {
		return errors.New("a key is out of bounds")
	}
	return w.page(order.Uint64(e[8:]), depth+1)
}

func (w *walk) leaf(b []byte, at uint64, e []byte, depth int) error {
	pos, key, size := uint64(order.Uint32(e[4:])), uint64(order.Uint32(e[8:])), uint64(order.Uint32(e[12:]))
	if key == 0 || at+pos+key+size > uint64(len(b)) {
		return errors.New("a value is out of bounds")
	}
	if order.Uint32(e)&elementBucket == 0 {
		return nil
	}
	v := b[at+pos+key:][:size]
	if size < bucketHeader {
		return fmt.Errorf("a bucket of %d bytes", size)
	}
	if root := order.Uint64(v); root != 0 {
		return w.page(root, depth+1)
	}
	if size < bucketHeader+pageHeader {
		return fmt.Errorf("an inline bucket of %d bytes", size)
	}
	return w.elements(v[bucketHeader:], depth+1)
}

package ledger

import (
	"bytes"
	"cmp"
	"context"
	"math"
	"os"
	"slices"

	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

// remains is what a ledger's file still holds, found without trusting any of
// its pages. Each page is taken apart as far as it makes sense, and what it holds
// counts only where a hash or a checksum says that it was written so. When the
// tree does not lead everywhere, all other pages are looked at too: they hold
// what the tree has lost, and older copies of the newest entries.
type remains struct {
	file   *os.File
	pages  uint64
	seen   []uint64 // one bit for each page
	broken bool     // the tree leads to something that makes no sense
	live   bool     // the page at hand is one of the tree's
	from   stock.Seq
	newest stock.Seq         // the newest entry that the tree leads to
	pieces []piece           // of entries from that one on, by number, those of the tree first
	values map[string][]byte // of the meta and the past bucket
	sure   map[string]bool   // values that the tree holds
	known  known             // what the known bucket holds
	items  []pair            // that are whole
	orders []pair            // that are whole
	spoilt bool              // an item or an order is not
}

// piece is where something stands that may be an entry. It is small, because
// there may be millions.
type piece struct {
	seq  stock.Seq
	at   int64 // in the file: the hash, and behind it the bytes
	size int32 // of both
	live bool  // the tree leads to it
}

const (
	// A page of entries goes on over at most this many pages.
	maxOverflow = 64
	// No ledger ever has so many entries; a key of eight letters looks like more.
	maxSeq = 1 << 48
	// A branch of the chain that is as long as a commit can be is the right one.
	maxAhead = 2 * maxGroup
)

// findRemains reads a file through, for entries from a number on. Whatever the
// file holds, the only error is ctx's.
func findRemains(ctx context.Context, file *os.File, from stock.Seq) (*remains, error) {
	r := &remains{file: file, from: from, values: make(map[string][]byte), sure: make(map[string]bool), known: make(known)}
	if info, err := file.Stat(); err == nil {
		r.pages = uint64(info.Size() / pageSize)
	}
	r.seen = make([]uint64, r.pages/64+1)
	r.live = true
	if m, err := newestMeta(file); err != nil {
		r.broken = true
	} else {
		r.tree(m.root, "", 0)
	}
	r.live = false
	for id := uint64(2); r.broken && id < r.pages; id++ {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if !r.saw(id) {
			r.orphan(id)
		}
	}
	slices.SortFunc(r.pieces, func(a, b piece) int {
		return cmp.Or(cmp.Compare(a.seq, b.seq), cmp.Compare(sooner(a.live), sooner(b.live)), cmp.Compare(a.at, b.at))
	})
	return r, ctx.Err()
}

func sooner(yes bool) int {
	if yes {
		return 0
	}
	return 1
}

// saw marks a page, and reports whether it was marked before.
func (r *remains) saw(id uint64) bool {
	bit := uint64(1) << (id % 64)
	had := r.seen[id/64]&bit != 0
	r.seen[id/64] |= bit
	return had
}

// tree takes apart a page of a bucket that the tree leads to.
func (r *remains) tree(id uint64, bucket string, depth int) {
	if depth > maxDepth || id < 2 || id >= r.pages || r.saw(id) {
		r.broken = true
		return
	}
	b := r.page(id)
	if b == nil || order.Uint64(b) != id {
		r.broken = true
		r.seen[id/64] &^= 1 << (id % 64) // look at it once more, as a page that nothing leads to
		return
	}
	for i := id + 1; i < id+uint64(len(b)/pageSize); i++ {
		r.saw(i)
	}
	r.elements(b, int64(id)*pageSize, bucket, depth)
}

// orphan takes apart a page that nothing leads to.
func (r *remains) orphan(id uint64) {
	if b := r.page(id); b != nil && order.Uint16(b[8:]) != flagBranch {
		r.elements(b, int64(id)*pageSize, "", 0)
	}
}

// page reads a page with those that it goes on over; nil when that makes no sense.
func (r *remains) page(id uint64) []byte {
	b := make([]byte, pageSize)
	if _, err := r.file.ReadAt(b, int64(id)*pageSize); err != nil {
		return nil
	}
	overflow := uint64(order.Uint32(b[12:]))
	if overflow == 0 {
		return b
	}
	if overflow > maxOverflow || overflow >= r.pages-id {
		return nil
	}
	b = make([]byte, (overflow+1)*pageSize)
	if _, err := r.file.ReadAt(b, int64(id)*pageSize); err != nil {
		return nil
	}
	return b
}

// elements takes what a page, or an inline bucket, holds. at is where b stands
// in the file.
func (r *remains) elements(b []byte, at int64, bucket string, depth int) {
	flags, count := order.Uint16(b[8:]), int(order.Uint16(b[10:]))
	if flags != flagBranch && flags != flagLeaf || pageHeader+count*elementLen > len(b) {
		r.broken = true
		count = min(count, (len(b)-pageHeader)/elementLen)
	}
	for i := range count {
		p, ok := partAt(b, i, flags)
		inside := at + int64(cap(b)-cap(p.value))
		switch {
		case !ok:
			r.broken = true
		case flags == flagBranch && r.live:
			r.tree(p.page, bucket, depth+1)
		case flags == flagBranch:
		case p.bucket:
			r.bucket(p.value, inside, string(p.key), depth)
		default:
			r.take(bucket, p.key, p.value, inside)
		}
	}
}

func (r *remains) bucket(v []byte, at int64, name string, depth int) {
	switch {
	case len(v) < bucketHeader:
		r.broken = true
	case order.Uint64(v) == 0 && len(v) >= bucketHeader+pageHeader:
		r.elements(v[bucketHeader:], at+bucketHeader, name, depth+1)
	case r.live:
		r.tree(order.Uint64(v), name, depth+1)
	}
}

// take keeps what a pair of a bucket says. Of a page that nothing leads to only
// an inline bucket's name is known.
func (r *remains) take(bucket string, key, value []byte, at int64) {
	switch {
	case bucket == string(bucketMeta), bucket == string(bucketPast) && r.live:
		r.value(string(key), value)
	case bucket == string(bucketKnown):
		if body, ok := unsealed(string(key), value); ok {
			r.known.add(body)
		}
	case r.live && bucket == string(bucketItems):
		r.items = r.keep(r.items, key, value)
	case r.live && bucket == string(bucketOrders):
		r.orders = r.keep(r.orders, key, value)
	case r.live && bucket != string(bucketJournal) && !slices.ContainsFunc(bucketHeads[:], func(h []byte) bool { return bucket == string(h) }):
	case len(key) == 8 && len(value) > len(stock.Hash{}) && len(value) <= math.MaxInt32:
		seq := keySeq(key)
		if seq > 0 && seq < maxSeq && seq >= r.from {
			r.pieces = append(r.pieces, piece{seq, at, int32(len(value)), r.live})
		}
		if r.live && seq < maxSeq {
			r.newest = max(r.newest, seq)
		}
	}
}

// keep adds a pair whose checksum fits.
func (r *remains) keep(pairs []pair, key, value []byte) []pair {
	if _, ok := unsealed(string(key), value); !ok {
		r.spoilt = true
		return pairs
	}
	return append(pairs, pair{bytes.Clone(key), bytes.Clone(value)})
}

// value keeps a value whose checksum fits. There may be older ones in pages that
// nothing leads to; positions only ever rise.
func (r *remains) value(key string, value []byte) {
	body, ok := unsealed(key, value)
	switch {
	case !ok:
	case r.live:
		r.values[key], r.sure[key] = bytes.Clone(body), true
	case !r.sure[key] && bytes.Compare(body, r.values[key]) > 0:
		r.values[key] = bytes.Clone(body)
	}
}

// read gives what stands there.
func (p piece) read(file *os.File) (record, error) {
	b := make([]byte, p.size)
	if _, err := file.ReadAt(b, p.at); err != nil {
		return record{}, err
	}
	return record{p.seq, stock.Hash(b[:32]), b[32:], b}, nil
}

func (p piece) entry(file *os.File) (stock.Entry, error) {
	r, err := p.read(file)
	if err != nil {
		return stock.Entry{}, err
	}
	return wire.DecodeEntry(r.bytes)
}

// epoch gives the ledger's epoch; zero when it cannot be told.
func (r *remains) epoch() (e stock.Epoch) {
	if b := r.values[metaEpoch]; len(b) == len(e) {
		e = stock.Epoch(b)
	}
	return e
}

func (r *remains) warehouse() stock.Warehouse { return stock.Warehouse(r.values[metaWarehouse]) }

func (r *remains) stored() stock.Seq {
	if b := r.values[metaStored]; len(b) == 8 {
		return keySeq(b)
	}
	return 0
}

// base gives the place in the chain before the oldest entry.
func (r *remains) base() (mark, bool) {
	if m, ok := markFrom(r.values[metaBase]); ok {
		return m, true
	}
	return mark{}, false
}

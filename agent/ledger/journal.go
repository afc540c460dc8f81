package ledger

import (
	"bytes"

	"go.etcd.io/bbolt"

	"github.com/forestock/forestock/proto/stock"
)

// journal is the entries as one transaction sees them: the journal bucket,
// followed by the heads. A head is an inline bucket, which bbolt keeps in the
// root page up to a quarter of a page; when the heads are full their entries
// move into the journal bucket at once.
type journal struct {
	main  *bbolt.Bucket
	heads [len(bucketHeads)]*bbolt.Bucket
}

const (
	pageSize = 4096
	// bbolt's limit for an inline bucket is a quarter of a page, with a page
	// header of 16 bytes and 16 bytes for each element.
	headRoom    = pageSize/4 - 16
	elementCost = 16
)

// record is one entry as stored.
type record struct {
	seq   stock.Seq
	hash  stock.Hash // the chain's hash after the entry
	bytes []byte
}

func (r record) value() []byte {
	return append(append(make([]byte, 0, len(r.hash)+len(r.bytes)), r.hash[:]...), r.bytes...)
}

// recordFrom copies a record out of bbolt's memory.
func recordFrom(k, v []byte) (record, bool) {
	if len(k) != 8 || len(v) < len(stock.Hash{}) {
		return record{}, false
	}
	return record{seq: keySeq(k), hash: stock.Hash(v[:32]), bytes: bytes.Clone(v[32:])}, true
}

func openJournal(tx *bbolt.Tx) (journal, error) {
	j := journal{main: tx.Bucket(bucketJournal)}
	if j.main == nil {
		return j, errNotLedger
	}
	j.main.FillPercent = 1 // entries are only ever appended
	for i, name := range bucketHeads {
		if j.heads[i] = tx.Bucket(name); j.heads[i] == nil {
			return j, errNotLedger
		}
	}
	return j, nil
}

// get gives the stored value of an entry, in bbolt's memory; nil where there is none.
func (j journal) get(seq stock.Seq) []byte {
	k := seqKey(seq)
	if v := j.main.Get(k); v != nil {
		return v
	}
	for _, h := range j.heads {
		if v := h.Get(k); v != nil {
			return v
		}
	}
	return nil
}

// scan calls fn with every stored pair from an entry on, in order, until fn
// returns false. Keys and values are in bbolt's memory.
func (j journal) scan(from stock.Seq, fn func(k, v []byte) bool) {
	start := seqKey(from)
	if !scanBucket(j.main, start, fn) {
		return
	}
	for _, h := range j.heads {
		if !scanBucket(h, start, fn) {
			return
		}
	}
}

// copyOut copies the records from one entry to another, at most maxEntries and
// about maxBytes, but at least one when there is one.
func (j journal) copyOut(from, to stock.Seq, maxEntries, maxBytes int) []record {
	var records []record
	size := 0
	j.scan(from, func(k, v []byte) bool {
		if len(records) >= maxEntries || (len(records) > 0 && size+len(v) > maxBytes) {
			return false
		}
		r, ok := recordFrom(k, v)
		if !ok || r.seq > to {
			return false
		}
		size += len(v)
		records = append(records, r)
		return true
	})
	return records
}

func scanBucket(b *bbolt.Bucket, start []byte, fn func(k, v []byte) bool) bool {
	c := b.Cursor()
	for k, v := c.Seek(start); k != nil; k, v = c.Next() {
		if !fn(k, v) {
			return false
		}
	}
	return true
}

// last gives the key and value of the newest entry; nil when none is kept.
func (j journal) last() (k, v []byte) {
	for i := len(j.heads) - 1; i >= 0; i-- {
		if k, v = j.heads[i].Cursor().Last(); k != nil {
			return k, v
		}
	}
	return j.main.Cursor().Last()
}

// append stores new records: in the heads while there is room, otherwise with
// all that the heads hold in the journal bucket.
func (j journal) append(records []record) error {
	if where, ok := j.place(records); ok {
		for i, r := range records {
			if err := where[i].Put(seqKey(r.seq), r.value()); err != nil {
				return err
			}
		}
		return nil
	}
	if err := j.fold(); err != nil {
		return err
	}
	for _, r := range records {
		if err := j.main.Put(seqKey(r.seq), r.value()); err != nil {
			return err
		}
	}
	return nil
}

// place finds a head for every record. Order over the heads is kept: once a
// head was passed over, nothing goes into it before the next fold.
func (j journal) place(records []record) ([]*bbolt.Bucket, bool) {
	at, room := j.headEnd()
	where := make([]*bbolt.Bucket, 0, len(records))
	for _, r := range records {
		need := elementCost + 8 + len(r.hash) + len(r.bytes)
		for need > room {
			if at++; at >= len(j.heads) || need > headRoom {
				return nil, false
			}
			room = headRoom
		}
		room -= need
		where = append(where, j.heads[at])
	}
	return where, true
}

// headEnd gives the head that is being filled, and the bytes left in it.
func (j journal) headEnd() (at, room int) {
	for i := len(j.heads) - 1; i >= 0; i-- {
		used := 0
		scanBucket(j.heads[i], nil, func(k, v []byte) bool {
			used += elementCost + len(k) + len(v)
			return true
		})
		if used > 0 || i == 0 {
			return i, headRoom - used
		}
	}
	return 0, headRoom
}

// fold moves what the heads hold into the journal bucket.
func (j journal) fold() error {
	for _, h := range j.heads {
		var records []record
		scanBucket(h, nil, func(k, v []byte) bool {
			if r, ok := recordFrom(k, v); ok {
				records = append(records, r)
			}
			return true
		})
		for _, r := range records {
			if err := j.main.Put(seqKey(r.seq), r.value()); err != nil {
				return err
			}
			if err := h.Delete(seqKey(r.seq)); err != nil {
				return err
			}
		}
	}
	return nil
}

// delete removes an entry.
func (j journal) delete(seq stock.Seq) error {
	k := seqKey(seq)
	for _, h := range j.heads {
		if err := h.Delete(k); err != nil {
			return err
		}
	}
	return j.main.Delete(k)
}

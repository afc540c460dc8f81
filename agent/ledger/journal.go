package ledger

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"

	"go.etcd.io/bbolt"

	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

// journal is the entries as one transaction sees them: the journal bucket,
// followed by the heads. A head is an inline bucket, which bbolt keeps in the
// root page up to a quarter of a page; when the heads are full their entries
// move into the journal bucket at once. Buckets are opened when they are needed,
// because most commits need one head only.
type journal struct {
	tx    *bbolt.Tx
	older *bbolt.Bucket
	heads [len(bucketHeads)]*bbolt.Bucket
}

// ending is where the next entry goes: the head that is being filled, and the
// bytes left in it. Order over the heads is kept: once a head was passed over,
// nothing goes into it before the next fold.
type ending struct{ head, room int }

const (
	pageSize = 4096
	// bbolt's limit for an inline bucket is a quarter of a page, with a page
	// header of 16 bytes and 16 bytes for each element.
	headRoom    = pageSize/4 - 16
	elementCost = 16
)

var emptyHeads = ending{0, headRoom}

// record is one entry as stored.
type record struct {
	seq   stock.Seq
	hash  stock.Hash // the chain's hash after the entry
	bytes []byte
	kept  []byte // hash and bytes, where they stand together already; else nil
}

// next makes the record of the entry that follows a mark: the hash before it and
// the bytes stand in one buffer for the sum, which then takes the hash's place.
func (m mark) next(seq stock.Seq, unnumbered []byte) record {
	b := make([]byte, len(m.hash), len(m.hash)+maxNumber+len(unnumbered))
	copy(b, m.hash[:])
	b = wire.AppendNumbered(b, seq, unnumbered)
	hash := stock.Hash(sha256.Sum256(b)) // as stock.Hash.Next has it
	copy(b, hash[:])
	return record{seq, hash, b[len(hash):], b}
}

// maxNumber bounds the bytes of an encoded number: a tag and ten of a varint.
const maxNumber = 11

func (r *record) value() []byte {
	if r.kept != nil {
		return r.kept
	}
	return append(append(make([]byte, 0, len(r.hash)+len(r.bytes)), r.hash[:]...), r.bytes...)
}

// recordFrom copies a record out of bbolt's memory.
func recordFrom(k, v []byte) (record, bool) {
	if len(k) != 8 || len(v) < len(stock.Hash{}) {
		return record{}, false
	}
	kept := bytes.Clone(v)
	return record{keySeq(k), stock.Hash(kept[:32]), kept[32:], kept}, true
}

func openJournal(tx *bbolt.Tx) *journal { return &journal{tx: tx} }

// whole reports whether the file has all buckets of a journal.
func (j *journal) whole() bool {
	if j.tx.Bucket(bucketJournal) == nil {
		return false
	}
	for _, name := range bucketHeads {
		if j.tx.Bucket(name) == nil {
			return false
		}
	}
	return true
}

func (j *journal) main() *bbolt.Bucket {
	if j.older == nil {
		j.older = j.tx.Bucket(bucketJournal)
		j.older.FillPercent = 1 // entries are only ever appended
	}
	return j.older
}

func (j *journal) head(i int) *bbolt.Bucket {
	if j.heads[i] == nil {
		j.heads[i] = j.tx.Bucket(bucketHeads[i])
	}
	return j.heads[i]
}

// get gives the stored value of an entry, in bbolt's memory; nil where there is none.
func (j *journal) get(seq stock.Seq) []byte {
	k := seqKey(seq)
	if v := j.main().Get(k); v != nil {
		return v
	}
	for i := range j.heads {
		if v := j.head(i).Get(k); v != nil {
			return v
		}
	}
	return nil
}

// scan calls fn with every stored pair from an entry on, in order, until fn
// returns false. Keys and values are in bbolt's memory.
func (j *journal) scan(from stock.Seq, fn func(k, v []byte) bool) {
	start := seqKey(from)
	if !scanBucket(j.main(), start, fn) {
		return
	}
	for i := range j.heads {
		if !scanBucket(j.head(i), start, fn) {
			return
		}
	}
}

// copyOut copies the records from one entry to another, at most maxEntries and
// about maxBytes, but at least one when there is one.
func (j *journal) copyOut(from, to stock.Seq, maxEntries, maxBytes int) []record {
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

// last gives the key of the newest entry; nil when none is kept.
func (j *journal) last() []byte {
	for i := len(j.heads) - 1; i >= 0; i-- {
		if k, _ := j.head(i).Cursor().Last(); k != nil {
			return k
		}
	}
	k, _ := j.main().Cursor().Last()
	return k
}

// end measures where the next entry goes.
func (j *journal) end() ending {
	for i := len(j.heads) - 1; i >= 0; i-- {
		used := 0
		scanBucket(j.head(i), nil, func(k, v []byte) bool {
			used += elementCost + len(k) + len(v)
			return true
		})
		if used > 0 {
			return ending{i, headRoom - used}
		}
	}
	return emptyHeads
}

// append stores new records and tells where the next ones go: in the heads
// while there is room, otherwise with all that the heads hold in the journal
// bucket.
func (j *journal) append(at ending, records []record) (ending, error) {
	where, next, ok := place(at, records)
	switch {
	case !ok && at == emptyHeads:
		return at, j.put(records)
	case !ok:
		return emptyHeads, j.fold(records)
	}
	for i, r := range records {
		if err := j.head(where[i]).Put(seqKey(r.seq), r.value()); err != nil {
			return at, err
		}
	}
	return next, nil
}

// place finds a head for every record; false when there is not enough room.
func place(at ending, records []record) (heads []int, next ending, ok bool) {
	if len(records)*(elementCost+8+len(stock.Hash{})) > len(bucketHeads)*headRoom {
		return nil, at, false
	}
	heads = make([]int, len(records))
	for i, r := range records {
		need := elementCost + 8 + len(r.hash) + len(r.bytes)
		for need > at.room {
			if at.head++; at.head >= len(bucketHeads) || need > headRoom {
				return nil, at, false
			}
			at.room = headRoom
		}
		at.room -= need
		heads[i] = at.head
	}
	return heads, at, true
}

// fold moves what the heads hold into the journal bucket, and new records
// behind it.
func (j *journal) fold(records []record) error {
	for i := range j.heads {
		var held []record
		scanBucket(j.head(i), nil, func(k, v []byte) bool {
			r, ok := recordFrom(k, v)
			held = append(held, r)
			return ok
		})
		for _, r := range held {
			if err := errors.Join(j.main().Put(seqKey(r.seq), r.value()), j.head(i).Delete(seqKey(r.seq))); err != nil {
				return err
			}
		}
	}
	return j.put(records)
}

// put stores records in the journal bucket, behind all that it holds.
func (j *journal) put(records []record) error {
	older := j.main()
	var key [8]byte // bbolt copies it
	for i := range records {
		binary.BigEndian.PutUint64(key[:], uint64(records[i].seq))
		if err := older.Put(key[:], records[i].value()); err != nil {
			return err
		}
	}
	return nil
}

// delete removes an entry.
func (j *journal) delete(seq stock.Seq) error {
	k := seqKey(seq)
	for i := range j.heads {
		if err := j.head(i).Delete(k); err != nil {
			return err
		}
	}
	return j.main().Delete(k)
}

package ledger

import (
	"bytes"
	"errors"
	"math"

	"go.etcd.io/bbolt"

	"github.com/forestock/forestock/proto/stock"
)

// copyBytes is how much of the journal is copied in one transaction.
const copyBytes = 1 << 20

// copier copies a ledger into another file. Entries never change, so they can be
// copied a few at a time; the rest is small, and is copied in one
// transaction together with the entries that came meanwhile. Page by page, as
// bbolt's Tx.WriteTo does it, the transaction would last as long as the copy, and
// pages that a transaction can see are not used again.
type copier struct {
	from pager
	to   *bbolt.DB
	base mark // newest entry that is not kept any more
	at   mark // newest entry that is copied, or not kept
}

func newCopier(l *Ledger, path string) (*copier, error) {
	to, err := bbolt.Open(path, 0o600, &bbolt.Options{
		Timeout: lockTimeout, NoFreelistSync: true, FreelistType: bbolt.FreelistMapType, PageSize: pageSize,
	})
	if err != nil {
		return nil, err
	}
	to.AllocSize = copyBytes
	if err := to.Update(func(tx *bbolt.Tx) error { return layOut(tx, l.options) }); err != nil {
		return nil, errors.Join(err, to.Close())
	}
	return &copier{from: l.pager(), to: to}, nil
}

// next copies some entries; false when so few are left that finish can copy them,
// because while others append there are always some.
func (c *copier) next() (more bool, err error) {
	var records []record
	err = c.from.db.View(func(tx *bbolt.Tx) error {
		records, err = c.take(tx, copyBytes)
		return err
	})
	if err != nil || len(records) == 0 {
		return false, err
	}
	size := 0
	for _, r := range records {
		size += len(r.bytes)
	}
	return size > copyBytes/2, c.to.Update(func(tx *bbolt.Tx) error { return c.put(tx, records) })
}

// take reads entries and checks them.
func (c *copier) take(tx *bbolt.Tx, size int) ([]record, error) {
	j, base, err := c.from.open(tx)
	if err != nil {
		return nil, err
	}
	if c.base = base; c.at.seq <= base.seq {
		c.at = base // what was copied up to here has been trimmed meanwhile
	}
	records := j.copyOut(c.at.seq+1, math.MaxUint64, math.MaxInt, size)
	if _, err := c.from.check(stock.Batch{From: c.at.seq + 1, Prev: c.at.hash}, records); err != nil {
		return nil, err
	}
	return records, nil
}

func (c *copier) put(tx *bbolt.Tx, records []record) error {
	journal := openJournal(tx).main()
	for _, r := range records {
		if err := journal.Put(seqKey(r.seq), r.value()); err != nil {
			return err
		}
		c.at = mark{r.seq, r.hash}
	}
	return nil
}

// smallBuckets are the buckets that are copied in one transaction, as paths.
var smallBuckets = [][][]byte{
	{bucketMeta},
	{bucketState, bucketItems},
	{bucketState, bucketOrders},
	{bucketState, bucketLevels[0]},
	{bucketState, bucketLevels[1]},
	{bucketState, bucketPast},
	{bucketState, bucketKnown},
}

type pair struct{ key, value []byte }

// finish copies what is not entries, and the entries that came meanwhile.
func (c *copier) finish() error {
	var records []record
	var pairs [][]pair
	err := c.from.db.View(func(tx *bbolt.Tx) (err error) {
		for _, path := range smallBuckets {
			pairs = append(pairs, pairsOf(bucketAt(tx, path)))
		}
		records, err = c.take(tx, math.MaxInt)
		return err
	})
	if err != nil {
		return err
	}
	err = c.to.Update(func(tx *bbolt.Tx) error {
		if err := c.put(tx, records); err != nil {
			return err
		}
		for i, path := range smallBuckets {
			if err := putPairs(tx, path, pairs[i]); err != nil {
				return err
			}
		}
		return c.trim(tx)
	})
	if err != nil {
		return err
	}
	// Once more, so that both meta pages lead to the same content.
	return c.to.Update(func(*bbolt.Tx) error { return nil })
}

// trim removes entries from the copy that were trimmed while it was made.
func (c *copier) trim(tx *bbolt.Tx) error {
	journal := openJournal(tx).main()
	for {
		k, _ := journal.Cursor().First()
		if k == nil || keySeq(k) > c.base.seq {
			return nil
		}
		if err := journal.Delete(bytes.Clone(k)); err != nil {
			return err
		}
	}
}

// bucketAt gives a bucket; nil where there is none.
func bucketAt(tx *bbolt.Tx, path [][]byte) *bbolt.Bucket {
	b := tx.Bucket(path[0])
	for _, name := range path[1:] {
		b = b.Bucket(name)
	}
	return b
}

func pairsOf(b *bbolt.Bucket) (pairs []pair) {
	if b == nil {
		return nil // a file that was made before there were such things
	}
	scanBucket(b, nil, func(k, v []byte) bool {
		pairs = append(pairs, pair{bytes.Clone(k), bytes.Clone(v)})
		return true
	})
	return pairs
}

// putPairs fills a bucket, and makes it when there is something to put.
func putPairs(tx *bbolt.Tx, path [][]byte, pairs []pair) (err error) {
	b := bucketAt(tx, path)
	if b == nil && len(pairs) > 0 {
		b, err = bucketAt(tx, path[:len(path)-1]).CreateBucket(path[len(path)-1])
	}
	if err != nil || b == nil {
		return err
	}
	b.FillPercent = 1
	for _, p := range pairs {
		if err := b.Put(p.key, p.value); err != nil {
			return err
		}
	}
	return nil
}

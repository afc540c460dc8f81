package ledger

import (
	"context"
	"fmt"

	"go.etcd.io/bbolt"

	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

// A single transaction reads at most this much, so that none lives long: pages
// that a reader can see are not used again.
const (
	readEntries = 4096
	readBytes   = 4 << 20
)

// Read gives the entries after one, oldest first: at most maxEntries and about
// maxBytes, but at least one when there is one. Every entry's hash is checked.
// When the batch reaches the newest entry, also the root of the digest of all
// levels after it is given. Errors: ErrTrimmed, ErrAhead, ErrDamaged.
func (l *Ledger) Read(ctx context.Context, after stock.Seq, maxEntries, maxBytes int) (stock.Batch, *uint64, error) {
	if err := ctx.Err(); err != nil {
		return stock.Batch{}, nil, err
	}
	l.mu.RLock()
	last, digest := l.view.last.seq, l.view.sheet.Digest()
	l.mu.RUnlock()
	if after > last {
		return stock.Batch{}, nil, fmt.Errorf("read after entry %d of %d: %w", after, last, ErrAhead)
	}
	batch, err := l.pager().read(after, last, min(maxEntries, readEntries), min(maxBytes, readBytes))
	if err != nil {
		return stock.Batch{}, nil, err
	}
	if batch.To() != last {
		return batch, nil, nil
	}
	root := digest.Root()
	return batch, &root, nil
}

// HashAt gives the chain's hash after an entry that is kept, or after the
// newest one that is not. Errors: ErrTrimmed, ErrAhead, ErrDamaged.
func (l *Ledger) HashAt(seq stock.Seq) (stock.Hash, error) {
	if last := l.Position().Last; seq > last {
		return stock.Hash{}, fmt.Errorf("hash of entry %d of %d: %w", seq, last, ErrAhead)
	}
	m, err := l.pager().markAt(seq)
	return m.hash, err
}

// Entry gives one entry. Errors: ErrTrimmed, ErrAhead, ErrDamaged.
func (l *Ledger) Entry(seq stock.Seq) (stock.Entry, error) {
	if last := l.Position().Last; seq > last || seq == 0 {
		return stock.Entry{}, fmt.Errorf("entry %d of %d: %w", seq, last, ErrAhead)
	}
	batch, err := l.pager().read(seq-1, seq, 1, 0)
	if err != nil {
		return stock.Entry{}, err
	}
	return wire.DecodeEntry(batch.Entries[0])
}

func (l *Ledger) pager() pager { return pager{db: l.db, path: l.path} }

// pager reads the journal in short transactions and checks every hash.
type pager struct {
	db   *bbolt.DB
	path string
}

// newest gives the number of the newest entry, also of one that is not kept.
func (p pager) newest() (seq stock.Seq, err error) {
	err = p.db.View(func(tx *bbolt.Tx) error {
		j, base, err := p.open(tx)
		if err != nil {
			return err
		}
		seq = base.seq
		if k := j.last(); len(k) == 8 {
			seq = keySeq(k)
		}
		return nil
	})
	return seq, err
}

func (p pager) open(tx *bbolt.Tx) (*journal, mark, error) {
	j := openJournal(tx)
	b, err := getMeta(tx, metaBase)
	if err != nil {
		return j, mark{}, &DamagedError{Path: p.path, What: err.Error()}
	}
	base, ok := markFrom(b)
	if !ok {
		return j, mark{}, &DamagedError{Path: p.path, What: "no base"}
	}
	return j, base, nil
}

// read gives the entries after one up to last, and checks them.
func (p pager) read(after, last stock.Seq, maxEntries, maxBytes int) (stock.Batch, error) {
	batch := stock.Batch{From: after + 1}
	var records []record
	err := p.db.View(func(tx *bbolt.Tx) error {
		j, base, err := p.open(tx)
		if err != nil {
			return err
		}
		if batch.Prev, err = p.prev(j, base, after); err != nil {
			return err
		}
		records = j.copyOut(after+1, last, maxEntries, maxBytes)
		return nil
	})
	if err != nil {
		return stock.Batch{}, err
	}
	if len(records) == 0 && after < last && maxEntries > 0 {
		return stock.Batch{}, &DamagedError{Path: p.path, Seq: after + 1, What: "it is missing"}
	}
	return p.check(batch, records)
}

// copyOut gives records as they are stored, unchecked.
func (p pager) copyOut(from, to stock.Seq) (records []record, err error) {
	err = p.db.View(func(tx *bbolt.Tx) error {
		j, _, err := p.open(tx)
		if err == nil {
			records = j.copyOut(from, to, readEntries, readBytes)
		}
		return err
	})
	return records, err
}

// prev gives the stored hash of the entry before a batch.
func (p pager) prev(j *journal, base mark, after stock.Seq) (stock.Hash, error) {
	switch {
	case after == base.seq:
		return base.hash, nil
	case after < base.seq:
		return stock.Hash{}, fmt.Errorf("entry %d, the oldest is %d: %w", after, base.seq+1, ErrTrimmed)
	}
	v := j.get(after)
	if len(v) < len(stock.Hash{}) {
		return stock.Hash{}, &DamagedError{Path: p.path, Seq: after, What: "it is missing"}
	}
	return stock.Hash(v[:32]), nil
}

// check follows the chain over what was read.
func (p pager) check(batch stock.Batch, records []record) (stock.Batch, error) {
	hash := batch.Prev
	for i, r := range records {
		want := batch.From + stock.Seq(i)
		if r.seq != want {
			return stock.Batch{}, &DamagedError{Path: p.path, Seq: want, What: "it is missing"}
		}
		if hash = hash.Next(r.bytes); hash != r.hash {
			return stock.Batch{}, &DamagedError{Path: p.path, Seq: want, What: "its hash does not fit"}
		}
		batch.Entries = append(batch.Entries, r.bytes)
	}
	return batch, nil
}

// base gives the newest entry that is not kept any more.
func (p pager) base() (base mark, err error) {
	err = p.db.View(func(tx *bbolt.Tx) error {
		_, base, err = p.open(tx)
		return err
	})
	return base, err
}

// markAt gives the chain's hash after an entry, checked against the entry.
func (p pager) markAt(seq stock.Seq) (mark, error) {
	base, err := p.base()
	if err != nil || seq == base.seq {
		return base, err
	}
	if seq < base.seq {
		return mark{}, fmt.Errorf("entry %d, the oldest is %d: %w", seq, base.seq+1, ErrTrimmed)
	}
	batch, err := p.read(seq-1, seq, 1, 0)
	if err != nil {
		return mark{}, err
	}
	return mark{seq, batch.Head()}, nil
}

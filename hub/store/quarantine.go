package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/proto/stock"
)

// Discard marks an entry that was set aside as dealt with, and gives it with
// the record of that. Of an entry that was discarded before it gives the first
// record. The error wraps inventory.ErrNotQuarantined when there is no such
// entry; a *inventory.Refusal comes without an error.
func (p *Pebble) Discard(ctx context.Context, d inventory.Discard) (inventory.Quarantined, *inventory.Refusal, error) {
	// One at a time, and to its end even if the caller gives up: otherwise two
	// callers could both find the entry open, and it would be counted off twice.
	p.discarding.Lock()
	defer p.discarding.Unlock()
	q, err := p.setAside(d.Warehouse, d.Place)
	if err != nil || q.Discarded != nil {
		return q, nil, err
	}
	results, err := p.Apply(context.WithoutCancel(ctx), d)
	if err != nil {
		return q, nil, err
	}
	switch r := results[0].(type) {
	case inventory.Discarded:
		q.Discarded = &r
		return q, nil, nil
	case *inventory.Refusal:
		return q, r, nil
	}
	return q, nil, fmt.Errorf("discard: the book answered %T", results[0])
}

// setAside reads one entry that was set aside.
func (p *Pebble) setAside(w stock.Warehouse, at inventory.Place) (q inventory.Quarantined, err error) {
	st, ok := p.Warehouse(w)
	// What is applied is durable; rows beyond it may not be.
	if newest := (inventory.Place{Term: st.Term(), Seq: st.Applied}); !ok || newest.Before(at) {
		return q, fmt.Errorf("entry %d of term %d in %s: %w", at.Seq, at.Term, w, inventory.ErrNotQuarantined)
	}
	err = p.reading(quarantineRow, w, func(it *pebble.Iterator) error {
		if !it.SeekGE(placeKey(nil, quarantineRow, w, at)) || placeOf(it.Key()) != at {
			return errors.Join(it.Error(), inventory.ErrNotQuarantined)
		}
		if q, err = unpackQuarantined(w, at, string(it.Value())); err != nil {
			return err
		}
		return p.recall(&q)
	})
	if err != nil {
		return q, fmt.Errorf("entry %d of term %d in %s: %w", at.Seq, at.Term, w, err)
	}
	return q, nil
}

// recall adds the record of who dealt with the entry, if anybody has. Whoever
// calls holds the database open.
func (p *Pebble) recall(q *inventory.Quarantined) error {
	row, closer, err := p.db.Get(placeKey(nil, discardRow, q.Warehouse, q.Place))
	if errors.Is(err, pebble.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	d, err := unpackDiscarded(q.Warehouse, q.Place, string(row))
	q.Discarded = &d
	return errors.Join(err, closer.Close())
}

func packDiscarded(b []byte, d *inventory.Discarded) []byte {
	p := packer{b}
	p.time(d.Time)
	p.text(d.By)
	p.text(d.Why)
	return p.b
}

func unpackDiscarded(w stock.Warehouse, at inventory.Place, row string) (inventory.Discarded, error) {
	u := unpacker{s: row}
	d := inventory.Discarded{Warehouse: w, Place: at, Time: u.time(), By: u.text(), Why: u.text()}
	return d, u.end()
}

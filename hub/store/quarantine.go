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
	p.deciding.Lock()
	defer p.deciding.Unlock()
	q, err := p.setAside(d.Warehouse, d.Place)
	switch {
	case err != nil || q.Discarded != nil:
		return q, nil, err
	case q.Retried != nil:
		return q, settledAlready(&q, "applied", q.Retried.By), nil
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

// Retry reads an entry that was set aside again, applies it if that is possible
// now, and gives it with the record of that. Of an entry that was retried before
// it gives the first record. The error wraps inventory.ErrNotQuarantined when
// there is no such entry; a *inventory.Refusal comes without an error.
func (p *Pebble) Retry(ctx context.Context, r inventory.Retry) (inventory.Quarantined, *inventory.Refusal, error) {
	p.deciding.Lock() // as in Discard
	defer p.deciding.Unlock()
	q, err := p.setAside(r.Warehouse, r.Place)
	switch {
	case err != nil || q.Retried != nil:
		return q, nil, err
	case q.Discarded != nil:
		return q, settledAlready(&q, "discarded", q.Discarded.By), nil
	}
	batch := stock.Batch{From: r.Place.Seq, Entries: [][]byte{q.Raw}}
	r.Sent = inventory.NewIngest(r.Warehouse, q.Epoch, 0, batch, nil, 0).Entries[0]
	results, err := p.Apply(context.WithoutCancel(ctx), r)
	if err != nil {
		return q, nil, err
	}
	switch answer := results[0].(type) {
	case inventory.Retried:
		q.Retried = &answer
		return q, nil, nil
	case *inventory.Refusal:
		return q, answer, nil
	}
	return q, nil, fmt.Errorf("retry: the book answered %T", results[0])
}

// settledAlready refuses to decide a second time, otherwise than the first.
func settledAlready(q *inventory.Quarantined, how, by string) *inventory.Refusal {
	return &inventory.Refusal{
		Reason:  inventory.ReasonInvalid,
		Message: fmt.Sprintf("entry %d of warehouse %s was %s by %s already", q.Place.Seq, q.Warehouse, how, by),
	}
}

// recall adds the record of who dealt with the entry, if anybody has. Whoever
// calls holds the database open.
func (p *Pebble) recall(q *inventory.Quarantined) (err error) {
	if q.Retried, err = retriedAt(p.db, q.Warehouse, q.Place); err != nil {
		return err
	}
	row, ok, err := lookUp(p.db, placeKey(nil, discardRow, q.Warehouse, q.Place))
	if !ok {
		return err
	}
	d, err := unpackDiscarded(q.Warehouse, q.Place, row)
	q.Discarded = &d
	return err
}

// retriedAt gives who had the entry at a place applied late; nil for nobody.
func retriedAt(db *pebble.DB, w stock.Warehouse, at inventory.Place) (*inventory.Retried, error) {
	row, ok, err := lookUp(db, placeKey(nil, retryRow, w, at))
	if !ok {
		return nil, err
	}
	r, err := unpackRetried(w, at, row)
	return &r, err
}

// lookUp reads one row, if it is there.
func lookUp(db *pebble.DB, key []byte) (row string, ok bool, err error) {
	value, closer, err := db.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return "", false, nil
	}
	if err != nil {
		return "", false, err
	}
	row = string(value)
	return row, true, closer.Close()
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

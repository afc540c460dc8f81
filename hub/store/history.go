package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

// Movements gives up to n entries that explain the level of a SKU, newest
// first, from the cursor on, and the cursor of those before them; it is empty
// at the end. The error wraps inventory.ErrCursor when the cursor is not of
// this listing.
func (p *Pebble) Movements(ctx context.Context, w stock.Warehouse, sku stock.SKU, before inventory.Cursor, n int) ([]inventory.StoredEntry, inventory.Cursor, error) {
	at, err := before.Place()
	if err != nil {
		return nil, "", err
	}
	level, ok := p.Level(w, sku)
	if !ok {
		return nil, "", nil
	}
	// Every entry up to the level's newest is durable, like the level itself.
	h := &history{db: p.db, warehouse: w, sku: sku}
	h.state, _ = p.Warehouse(w)
	switch {
	case at.IsZero():
		at = level.Newest
	case h.newest().Before(at):
		return nil, "", fmt.Errorf("cursor %s: %w", before, inventory.ErrCursor)
	}
	var out []inventory.StoredEntry
	err = p.reading(runRow, w, func(it *pebble.Iterator) error {
		h.rows = it
		for ; len(out) < n && !at.IsZero(); at = h.prev {
			if err := ctx.Err(); err != nil {
				return err
			}
			e, err := h.read(at)
			if err != nil {
				return err
			}
			out = append(out, e)
		}
		return nil
	})
	if err != nil {
		return nil, "", fmt.Errorf("movements of %s in %s: %w", sku, w, err)
	}
	if at.IsZero() {
		return out, "", nil
	}
	return out, at.Cursor(), nil
}

// history walks the entries of one SKU back in time.
type history struct {
	db        *pebble.DB
	warehouse stock.Warehouse
	sku       stock.SKU
	state     inventory.WarehouseState
	rows      *pebble.Iterator
	prev      inventory.Place // the entry before the one that was read last
}

// read reads the entry at a place.
func (h *history) read(at inventory.Place) (inventory.StoredEntry, error) {
	var out inventory.StoredEntry
	row, from, err := h.run(at)
	if err != nil {
		return out, err
	}
	kept, stored, err := unpackKept(row, at.Seq-from.Seq)
	if err != nil {
		return out, fmt.Errorf("entry %d of term %d: %w", at.Seq, at.Term, err)
	}
	entry, err := wire.DecodeEntry(kept.Raw)
	if err != nil || entry.SKU != h.sku {
		// Places are only ever given out for entries of this SKU.
		return out, fmt.Errorf("entry %d of term %d: %w", at.Seq, at.Term, inventory.ErrCursor)
	}
	if kept.Prev.IsZero() {
		// The first entry of its SKU, or one that was applied late: then its place
		// in history stands with the decision.
		if err := h.recall(at, &kept, &stored); err != nil {
			return out, err
		}
	}
	h.prev = kept.Prev
	return inventory.StoredEntry{
		Epoch: h.state.EpochOf(at.Term), Entry: entry, Raw: kept.Raw, Stored: stored, OnHandAfter: kept.OnHandAfter,
	}, nil
}

// recall puts in what is known of an entry that somebody had applied late.
func (h *history) recall(at inventory.Place, kept *inventory.Kept, applied *time.Time) error {
	r, err := retriedAt(h.db, h.warehouse, at)
	if r != nil {
		kept.Prev, kept.OnHandAfter, *applied = r.Prev, r.OnHandAfter, r.Time
	}
	return err
}

// newest gives the place of the newest entry that is stored.
func (h *history) newest() inventory.Place {
	return inventory.Place{Term: h.state.Term(), Seq: h.state.Applied}
}

// run finds the run that holds the entry at a place.
func (h *history) run(at inventory.Place) (row string, from inventory.Place, _ error) {
	after := inventory.Place{Term: at.Term, Seq: at.Seq + 1}
	if !h.rows.SeekLT(placeKey(nil, runRow, h.warehouse, after)) {
		if err := h.rows.Error(); err != nil {
			return "", from, err
		}
		return "", from, fmt.Errorf("entry %d of term %d: %w", at.Seq, at.Term, inventory.ErrCursor)
	}
	from = placeOf(h.rows.Key())
	if from.Term != at.Term {
		return "", from, fmt.Errorf("entry %d of term %d: %w", at.Seq, at.Term, inventory.ErrCursor)
	}
	return string(h.rows.Value()), from, nil
}

// Quarantined gives up to n entries of a warehouse that were set aside, newest
// first, like Movements.
func (p *Pebble) Quarantined(ctx context.Context, w stock.Warehouse, before inventory.Cursor, n int) ([]inventory.Quarantined, inventory.Cursor, error) {
	at, err := before.Place()
	if err != nil {
		return nil, "", err
	}
	st, ok := p.Warehouse(w)
	if !ok {
		return nil, "", nil
	}
	// What is applied is durable; rows beyond it may not be.
	if newest := (inventory.Place{Term: st.Term(), Seq: st.Applied}); at.IsZero() || newest.Before(at) {
		at = newest
	}
	var out []inventory.Quarantined
	var next inventory.Cursor
	err = p.reading(quarantineRow, w, func(it *pebble.Iterator) error {
		for ok := it.SeekLT(placeKey(nil, quarantineRow, w, inventory.Place{Term: at.Term, Seq: at.Seq + 1})); ok; ok = it.Prev() {
			if err := ctx.Err(); err != nil {
				return err
			}
			place := placeOf(it.Key())
			if len(out) == n {
				next = place.Cursor()
				break
			}
			q, err := unpackQuarantined(w, place, string(it.Value()))
			if err = errors.Join(err, p.recall(&q)); err != nil {
				return err
			}
			out = append(out, q)
		}
		return it.Error()
	})
	if err != nil {
		return nil, "", fmt.Errorf("quarantine of %s: %w", w, err)
	}
	return out, next, nil
}

// reading gives f an iterator over the rows of a warehouse of one kind.
func (p *Pebble) reading(kind byte, w stock.Warehouse, f func(*pebble.Iterator) error) error {
	p.life.RLock()
	defer p.life.RUnlock()
	if p.closed {
		return ErrClosed
	}
	from, to := span(kind, w)
	it, err := p.db.NewIter(&pebble.IterOptions{LowerBound: from, UpperBound: to})
	if err != nil {
		return err
	}
	return errors.Join(f(it), it.Close())
}

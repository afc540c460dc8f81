package store

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/cockroachdb/pebble/v2"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

// Statement gives the levels of a warehouse whose box is being replaced, as of
// the newest entry that is stored. Nothing of them changes until the new box
// has taken over, so every call gives the same. The error wraps
// inventory.ErrNotFrozen when no box is being replaced.
func (p *Pebble) Statement(w stock.Warehouse) (stock.Statement, error) {
	st, ok := p.Warehouse(w)
	if !ok || st.Frozen == nil {
		return stock.Statement{}, fmt.Errorf("statement of %s: %w", w, inventory.ErrNotFrozen)
	}
	out := stock.Statement{Epoch: st.Box.Epoch, Seq: st.Applied, Head: st.Head}
	var digest stock.Digest
	levels := p.Levels(w, "", maxStatement)
	for i := range levels {
		for _, lot := range levels[i].Lots {
			for _, bin := range lot.Bins {
				cell := stock.Cell{SKU: levels[i].SKU, Lot: lot.Lot, Bin: bin.Bin}
				digest.Add(cell, bin.OnHand)
				out.Levels = append(out.Levels, stock.StatedLevel{
					Level: stock.Level{Cell: cell, OnHand: bin.OnHand, Expiry: lot.Expiry}, Produced: lot.Produced,
				})
			}
		}
	}
	out.Digest = digest.Root()
	// A statement is torn when the replacement ended while it was read.
	if now, _ := p.Warehouse(w); now.Frozen == nil || now.Box.Epoch != st.Box.Epoch || now.Applied != st.Applied {
		return stock.Statement{}, fmt.Errorf("statement of %s: %w any more", w, inventory.ErrNotFrozen)
	}
	return out, nil
}

// maxStatement bounds the SKUs of a statement, far above what a warehouse has.
const maxStatement = 1 << 20

// Booked gives by which commands the newest entries of a warehouse's ledger came,
// at most n of them, newest first. Entries that nobody can read are left out.
func (p *Pebble) Booked(ctx context.Context, w stock.Warehouse, e stock.Epoch, n int) ([]stock.Booked, error) {
	st, _ := p.Warehouse(w)
	term, last := termOf(&st, e)
	var out []stock.Booked
	err := p.reading(runRow, w, func(it *pebble.Iterator) error {
		h := &history{db: p.db, warehouse: w, state: st, rows: it}
		for seq := last; seq > 0 && len(out) < n; seq-- {
			if err := ctx.Err(); err != nil {
				return err
			}
			raw, err := h.raw(inventory.Place{Term: term, Seq: seq})
			if err != nil || raw == nil {
				return err // what is not stored was adopted, and so was all before it
			}
			if entry, err := wire.DecodeEntry(raw); err == nil {
				out = append(out, stock.Booked{Command: stock.SumOfCommand(entry.Command), Part: entry.Part})
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("commands of %s: %w", w, err)
	}
	return out, nil
}

// Trace gives the greatest of the points, which are in their order, at which
// the ledger of this epoch is stored with just these bytes; 0 where none is.
func (p *Pebble) Trace(ctx context.Context, w stock.Warehouse, e stock.Epoch, points []wire.TracePoint) (stock.Seq, error) {
	st, _ := p.Warehouse(w)
	term, last := termOf(&st, e)
	if term == 0 {
		return 0, nil
	}
	var same stock.Seq
	err := p.reading(runRow, w, func(it *pebble.Iterator) error {
		h := &history{db: p.db, warehouse: w, state: st, rows: it}
		for _, point := range slices.Backward(points) {
			if err := ctx.Err(); err != nil {
				return err
			}
			// What is applied is durable; rows beyond it may not be.
			if point.Seq == 0 || point.Seq > last {
				continue
			}
			raw, err := h.raw(inventory.Place{Term: term, Seq: point.Seq})
			if err != nil {
				return err
			}
			if raw != nil && wire.TraceSum(raw) == point.Sum {
				same = point.Seq
				return nil
			}
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("trace %s: %w", w, err)
	}
	return same, nil
}

// termOf gives the number of an epoch and the newest entry that is stored of
// it; zeros for an epoch that never counted.
func termOf(st *inventory.WarehouseState, e stock.Epoch) (inventory.Term, stock.Seq) {
	if e.IsZero() {
		return 0, 0
	}
	for i := range st.Closed {
		if c := &st.Closed[i]; c.Epoch == e {
			return inventory.Term(i + 1), c.Last
		}
	}
	if e == st.Box.Epoch {
		return st.Term(), st.Applied
	}
	return 0, 0
}

// raw gives the bytes of the entry at a place; nil where it is not stored,
// because its levels were adopted.
func (h *history) raw(at inventory.Place) ([]byte, error) {
	row, from, err := h.run(at)
	if errors.Is(err, inventory.ErrCursor) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if n, err := runLength(row); err != nil || at.Seq-from.Seq >= stock.Seq(n) {
		return nil, err
	}
	kept, _, err := unpackKept(row, at.Seq-from.Seq)
	return kept.Raw, err
}

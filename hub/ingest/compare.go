package ingest

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

// cellsAsked limits how often an agent is asked for its cells.
type cellsAsked struct{ at time.Time }

const cellsEvery = 10 * time.Second

// askCells asks the agent which cells it has in the buckets that differ. The
// store shows one moment here, because entries of this warehouse come in through
// this link only.
func (l *link) askCells(ctx context.Context, at time.Time, f *wire.Frame, applied stock.Seq) {
	if !l.cells.at.IsZero() && at.Sub(l.cells.at) < cellsEvery {
		return
	}
	l.cells.at = at
	ask := &wire.CellsWanted{Seq: applied}
	for c, n := range l.hubCells() {
		ask.Digest.Add(c, n)
	}
	l.log.ErrorContext(ctx, "hub and agent differ", "seq", uint64(applied), "hint", "the differing cells follow")
	l.send(ctx, wire.Frame{Epoch: f.Epoch, Session: f.Session, Body: ask})
}

// hubCells gives what the hub has in every cell.
func (l *link) hubCells() map[stock.Cell]int64 {
	cells := make(map[stock.Cell]int64)
	const page = 1000
	after := stock.SKU("")
	for {
		levels := l.desk.store.Levels(l.warehouse, after, page)
		for i := range levels {
			addCells(cells, &levels[i])
		}
		if len(levels) < page {
			return cells
		}
		after = levels[len(levels)-1].SKU
	}
}

func addCells(cells map[stock.Cell]int64, level *inventory.Level) {
	for _, lot := range level.Lots {
		for _, bin := range lot.Bins {
			cells[stock.Cell{SKU: level.SKU, Lot: lot.Lot, Bin: bin.Bin}] = bin.OnHand
		}
	}
}

// compare holds the agent's cells against the hub's. Cells of another moment say
// nothing: the next digest asks again.
func (l *link) compare(ctx context.Context, c *wire.Cells, st *inventory.WarehouseState) {
	if c.Seq != st.Applied {
		l.cells.at = time.Time{}
		return
	}
	differ := differences(l.hubCells(), c)
	l.log.ErrorContext(ctx, "cells in which hub and agent differ", "seq", uint64(c.Seq), "buckets", c.Buckets, "cells", len(differ), "truncated", c.Truncated,
		"first", differ[:min(len(differ), 5)])
	l.note(func(contact *Contact) {
		contact.Differ, contact.DifferAt = differ[:min(len(differ), maxDiffer)], c.Seq
	})
}

// differences gives the cells of the buckets that differ, by SKU, lot and bin. A
// list that is cut short can only tell of the cells that it holds.
func differences(hub map[stock.Cell]int64, c *wire.Cells) []Difference {
	agent := make(map[stock.Cell]int64, len(c.Cells))
	for _, level := range c.Cells {
		agent[level.Cell] = level.OnHand
	}
	var out []Difference
	for cell, n := range agent {
		if hub[cell] != n {
			out = append(out, Difference{cell, hub[cell], n})
		}
	}
	for cell, n := range hub {
		if _, ok := agent[cell]; !ok && n != 0 && !c.Truncated && slices.Contains(c.Buckets, cell.Bucket()) {
			out = append(out, Difference{cell, n, 0})
		}
	}
	slices.SortFunc(out, func(a, b Difference) int {
		return cmp.Or(cmp.Compare(a.Cell.SKU, b.Cell.SKU), cmp.Compare(a.Cell.Lot, b.Cell.Lot), cmp.Compare(a.Cell.Bin, b.Cell.Bin))
	})
	return out
}

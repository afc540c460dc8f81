package inventory

import (
	"cmp"
	"slices"
	"time"

	"github.com/forestock/forestock/proto/stock"
)

// step is one Apply under way: the Book, and what changed so far.
type step struct {
	book    *Book
	changes Changes
	wares   []*warehouse // whose state or down stream changed
	lines   []touched
}

type touched struct {
	ware *warehouse
	sku  stock.SKU
	line *line
}

func (s *step) now() time.Time { return s.changes.Time }

// touch notes that the state of w changed.
func (s *step) touch(w *warehouse) {
	s.list(w)
	w.stateChanged = true
}

// touchDown notes that the down stream of w changed.
func (s *step) touchDown(w *warehouse) {
	s.list(w)
	w.downChanged = true
}

func (s *step) list(w *warehouse) {
	if !w.stateChanged && !w.downChanged {
		s.wares = append(s.wares, w)
	}
}

// touchLine gives a SKU of w a new revision.
func (s *step) touchLine(w *warehouse, sku stock.SKU, l *line) {
	s.book.revision++
	l.revision = s.book.revision
	if !l.changed {
		l.changed = true
		s.lines = append(s.lines, touched{w, sku, l})
	}
}

// collect gives the rows of all that changed, and closes the step.
func (s *step) collect() Changes {
	out := s.changes
	for _, w := range s.wares {
		if w.stateChanged {
			out.Warehouses = append(out.Warehouses, w.row())
		}
		if w.downChanged {
			out.Downs = append(out.Downs, DownRow{w.state.Warehouse, w.down})
		}
		w.stateChanged, w.downChanged = false, false
	}
	slices.SortFunc(s.lines, func(a, b touched) int { return cmp.Compare(a.line.revision, b.line.revision) })
	if len(s.lines) > 0 {
		out.Levels = make([]Level, len(s.lines))
	}
	for i, t := range s.lines {
		t.line.changed = false
		out.Levels[i] = t.ware.level(t.sku, t.line)
	}
	return out
}

// row gives the state of w as it is now.
func (w *warehouse) row() WarehouseState {
	out := w.state
	digest := w.sheet.Digest()
	out.Digest = digest.Root()
	out.SKUs, out.Cells = len(w.lines), w.sheet.Cells()
	return out
}

// level gives the level of a SKU as it is now.
func (w *warehouse) level(sku stock.SKU, l *line) Level {
	out := Level{
		Warehouse: w.state.Warehouse, SKU: sku, OnHand: l.onHand,
		Newest: l.newest(), Revision: l.revision, Applied: w.state.Applied,
	}
	cells := w.sheet.Levels(sku)
	if len(cells) == 0 {
		return out
	}
	// Cells come by expiry, lot and bin, so the bins of a lot are neighbours.
	bins := make([]BinLevel, len(cells))
	for i, c := range cells {
		bins[i] = BinLevel{c.Bin, c.OnHand}
	}
	out.Lots = make([]LotLevel, 0, 1)
	for i := 0; i < len(cells); {
		lot := LotLevel{Lot: cells[i].Lot, Expiry: cells[i].Expiry, Produced: w.sheet.Lot(sku, cells[i].Lot).Produced}
		first := i
		for ; i < len(cells) && cells[i].Lot == lot.Lot; i++ {
			lot.OnHand += cells[i].OnHand
		}
		lot.Bins = bins[first:i:i]
		out.Lots = append(out.Lots, lot)
	}
	return out
}

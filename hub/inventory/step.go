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

	commands int // how many there are
	strays   int // picks and shorts of orders that nobody here knows

	promises []*promise // of which claims changed, as their newest revisions follow each other; nil where one came again
	repeated int        // how many of promises are nil
	lined    []*promise // of the lines of what is being put
	loose    []*promise // to be settled before the command is over
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
	s.mark(w, sku, l, revised)
}

// settleLine notes that the row of a SKU of w has to be written though readers
// see nothing new.
func (s *step) settleLine(w *warehouse, sku stock.SKU, l *line) { s.mark(w, sku, l, settled) }

// touchFold notes that the hub's own sum of a SKU of w changed.
func (s *step) touchFold(w *warehouse, sku stock.SKU, l *line) { s.mark(w, sku, l, folded) }

// touchSum notes that the hub's own sum changed, whether readers see it or not.
func (s *step) touchSum(w *warehouse, sku stock.SKU, l *line) {
	if w.apart(sku) {
		s.touchFold(w, sku, l)
	} else {
		s.touchLine(w, sku, l)
	}
}

func (s *step) mark(w *warehouse, sku stock.SKU, l *line, d dirt) {
	if l.dirty == 0 {
		s.lines = append(s.lines, touched{w, sku, l})
	}
	l.dirty |= d
	if p := l.promise; p != nil && d != settled {
		p.stale = true
		s.loosen(p)
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
			out.Downs = append(out.Downs, s.book.downRow(w))
		}
		w.stateChanged, w.downChanged = false, false
	}
	slices.SortStableFunc(s.lines, func(a, b touched) int { return cmp.Compare(a.line.revision, b.line.revision) })
	if len(s.lines) > 0 {
		out.Levels = make([]Level, 0, len(s.lines))
	}
	for _, t := range s.lines {
		switch {
		case t.line.dirty&revised != 0:
			out.Levels = append(out.Levels, s.book.level(t.ware, t.sku, t.line))
		case t.line.dirty&settled != 0:
			out.Settled = append(out.Settled, s.book.level(t.ware, t.sku, t.line))
		}
		if t.line.dirty&folded != 0 && t.ware.apart(t.sku) {
			out.Folds = append(out.Folds, t.ware.fold(t.sku, t.line))
		}
		t.line.dirty = 0
	}
	out.Claims = s.claims()
	return out
}

// row gives the state of w as it is now.
func (w *warehouse) row() WarehouseState {
	out := w.state
	digest := w.sheet.Digest()
	out.Digest = digest.Root()
	out.SKUs, out.Cells = w.lines.count, w.sheet.Cells()
	if st := w.state.Reported; st != nil {
		shown, served := *st, w.aside.sheet.Digest()
		shown.Served = served.Root()
		out.Reported = &shown
	}
	return out
}

// level gives the level of a SKU as readers see it.
func (b *Book) level(w *warehouse, sku stock.SKU, l *line) Level {
	out := Level{
		Warehouse: w.state.Warehouse, SKU: sku, OnHand: l.onHand,
		Newest: l.newest(), Revision: l.revision, Applied: w.state.Applied,
		Lots: lotsOf(w.served(sku), sku), Removed: b.catalogue.items[sku].Removed,
	}
	w.claimed(l.promise, sku, &out)
	if r := w.state.Reported; r != nil {
		out.Reported = r.Until
	}
	if newest, apart := w.aside.newest[sku]; apart {
		out.Newest, out.OnHand = newest, 0
		for i := range out.Lots {
			out.OnHand += out.Lots[i].OnHand
		}
	}
	return out
}

// fold gives the hub's own sum of a SKU.
func (w *warehouse) fold(sku stock.SKU, l *line) Level {
	return Level{Warehouse: w.state.Warehouse, SKU: sku, OnHand: l.onHand, Newest: l.newest(), Lots: lotsOf(&w.sheet, sku)}
}

// lotsOf gives the lots of a SKU that have stock.
func lotsOf(sheet *stock.Sheet, sku stock.SKU) []LotLevel {
	cells := sheet.Levels(sku)
	if len(cells) == 0 {
		return nil
	}
	// Cells come by expiry, lot and bin, so the bins of a lot are neighbours.
	bins := make([]BinLevel, len(cells))
	for i, c := range cells {
		bins[i] = BinLevel{c.Bin, c.OnHand}
	}
	out := make([]LotLevel, 0, 1)
	for i := 0; i < len(cells); {
		lot := LotLevel{Lot: cells[i].Lot, Expiry: cells[i].Expiry, Produced: sheet.Lot(sku, cells[i].Lot).Produced}
		first := i
		for ; i < len(cells) && cells[i].Lot == lot.Lot; i++ {
			lot.OnHand += cells[i].OnHand
		}
		lot.Bins = bins[first:i:i]
		out = append(out, lot)
	}
	return out
}

package floor

import (
	"cmp"
	"slices"

	"github.com/forestock/forestock/proto/stock"
)

// stop is a bin to go to for a line of an order.
type stop struct {
	line stock.OrderLine
	item stock.Item // of the line, or what is taken instead
	cell stock.Cell
	// expiry is of the lot that is to be taken first.
	expiry stock.Date
	want   int64 // how much to take here, base units
	none   bool  // the book has none: it is the home bin, to look there
}

// stops gives the bins that are left of the order at hand: by temperature
// zone, ambient first and frozen last, and then by bin, so that nothing thaws
// and nobody walks back. What the book has not got, and lines that were put off,
// come at the end.
func (t *turn) stops() []stop {
	o, open := t.openOrder(t.round.order)
	if !open {
		return nil
	}
	p := t.book.Picked(o.ID)
	promised := make(map[stock.Cell]int64)
	var out []stop
	for i := range o.Lines {
		if left := p.Left(&o.Lines[i]); left > 0 {
			out = append(out, t.stopsOf(o.Lines[i], left, promised)...)
		}
	}
	slices.SortStableFunc(out, func(a, b stop) int {
		return cmp.Or(
			cmp.Compare(t.putOff(a.line.Number), t.putOff(b.line.Number)),
			cmp.Compare(last(a.none), last(b.none)),
			cmp.Compare(coldness(a.item.Zone), coldness(b.item.Zone)),
			cmp.Compare(a.cell.Bin, b.cell.Bin),
		)
	})
	return out
}

// stopsOf gives the bins for one line, first expiring first. What the book has
// not got is looked for at the home bin, because somebody has to see it.
func (t *turn) stopsOf(line stock.OrderLine, left int64, promised map[stock.Cell]int64) []stop {
	var out []stop
	candidates := t.candidates(&line)
	for _, it := range candidates {
		for _, c := range t.fresh(it.SKU, line.MinExpiry) {
			n := min(left, c.OnHand-promised[c.Cell])
			if n <= 0 || left <= line.Tolerance && len(out) > 0 {
				continue
			}
			promised[c.Cell] += n
			left -= n
			if i := slices.IndexFunc(out, func(s stop) bool { return s.cell.SKU == c.SKU && s.cell.Bin == c.Bin }); i >= 0 {
				out[i].want += n // another lot in the same bin
				continue
			}
			out = append(out, stop{line: line, item: it, cell: c.Cell, expiry: c.Expiry, want: n})
		}
	}
	if left <= line.Tolerance && len(out) > 0 || left == 0 || len(candidates) == 0 {
		return out
	}
	it := candidates[0]
	return append(out, stop{line: line, item: it, cell: stock.Cell{SKU: it.SKU, Bin: it.Bin}, want: left, none: true})
}

// candidates gives what is to be taken for a line: its item, or what may be
// taken instead once somebody has asked for that.
func (t *turn) candidates(line *stock.OrderLine) []stock.Item {
	own, known := t.item(line.SKU)
	if !known {
		own = stock.Item{SKU: line.SKU, Name: string(line.SKU), Unit: stock.Piece, Pack: 1}
	}
	if t.round.sub != line.Number {
		return []stock.Item{own}
	}
	var out []stock.Item
	for _, sku := range line.Substitutes {
		// Another unit would be another quantity.
		if it, ok := t.item(sku); ok && it.Unit == own.Unit {
			out = append(out, it)
		}
	}
	return out
}

// putOff gives the place of a line among those that were put off, 0 for none.
func (t *turn) putOff(line int) int { return slices.Index(t.round.later, line) + 1 }

func last(late bool) int {
	if late {
		return 1
	}
	return 0
}

func coldness(z stock.Zone) int {
	switch z {
	case stock.Frozen:
		return 2
	case stock.Chilled:
		return 1
	case stock.Ambient:
	}
	return 0
}

// current gives the stop to work on: one in the bin that was scanned, or else
// the next; false when everything is picked.
func (t *turn) current() (stop, bool) {
	stops := t.stops()
	if t.placed {
		for _, s := range stops {
			if s.cell.Bin == t.place && (!s.none || stops[0].none) {
				return s, true
			}
		}
	}
	if len(stops) == 0 {
		return stop{}, false
	}
	return stops[0], true
}

// there reports whether somebody stands before the bin of a stop. The dock has
// no label, and what is taken instead may lie anywhere.
func (t *turn) there(s *stop) bool {
	return s.cell.Bin == "" || t.round.sub == s.line.Number ||
		t.placed && (t.place == s.cell.Bin || len(at(t.fresh(s.item.SKU, s.line.MinExpiry), t.place)) > 0)
}

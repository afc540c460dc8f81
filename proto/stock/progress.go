package stock

import (
	"slices"
	"strconv"
)

// Picked is how much of one lot was picked for a line of an order, without
// what was undone or put back.
type Picked struct {
	Line     int
	SKU      SKU // of the line, or of a substitute
	Lot      Lot
	Quantity int64 // base units
}

// Progress is what a ledger has done of an order. It follows from the
// movements that name the order as their Document and a line of it as their
// Line. What earlier ledgers of the warehouse did, the order's lines say.
type Progress struct {
	Picked []Picked // none is 0; in the order in which they were first picked
	Short  []int    // lines that were closed with less than was ordered
}

// Apply adds a movement that names the order and one of its lines. Others
// than picks, shorts, returns and their undos change nothing.
func (p *Progress) Apply(m *Movement) {
	line, ok := LineNumber(m.Line)
	if !ok {
		return
	}
	switch m.Kind { //nolint:exhaustive // the others are not about an order
	case Pick, Return, Undo:
		p.add(Picked{line, m.SKU, m.Lot, -m.Delta})
	case Short:
		if !p.IsShort(line) {
			p.Short = append(p.Short, line)
		}
	}
}

func (p *Progress) add(more Picked) {
	i := slices.IndexFunc(p.Picked, func(o Picked) bool {
		return o.Line == more.Line && o.SKU == more.SKU && o.Lot == more.Lot
	})
	if i < 0 {
		i = len(p.Picked)
		p.Picked = append(p.Picked, Picked{more.Line, more.SKU, more.Lot, 0})
	}
	if p.Picked[i].Quantity += more.Quantity; p.Picked[i].Quantity == 0 {
		p.Picked = slices.Delete(p.Picked, i, i+1)
	}
}

// Total gives how much of a line was picked by this ledger and those before it,
// in base units.
func (p *Progress) Total(l *OrderLine) int64 { return l.Picked + p.Of(l.Number) }

// Of gives how much this ledger picked for a line, in base units.
func (p *Progress) Of(line int) int64 {
	var n int64
	for _, o := range p.Picked {
		if o.Line == line {
			n += o.Quantity
		}
	}
	return n
}

// OfLot gives how much of a lot was picked for a line, in base units.
func (p *Progress) OfLot(line int, sku SKU, lot Lot) int64 {
	for _, o := range p.Picked {
		if o.Line == line && o.SKU == sku && o.Lot == lot {
			return o.Quantity
		}
	}
	return 0
}

// IsShort reports whether this ledger closed a line with less than was ordered.
func (p *Progress) IsShort(line int) bool { return slices.Contains(p.Short, line) }

// Done reports whether nothing more is to be picked for a line: it is short, or
// whole within its tolerance.
func (p *Progress) Done(l *OrderLine) bool {
	return l.Short || p.IsShort(l.Number) || p.Total(l) >= max(1, l.Quantity-l.Tolerance)
}

// Left gives how much is still to be picked for a line, in base units.
func (p *Progress) Left(l *OrderLine) int64 {
	if p.Done(l) {
		return 0
	}
	return l.Quantity - p.Total(l)
}

// Empty reports whether nothing was done.
func (p *Progress) Empty() bool { return len(p.Picked) == 0 && len(p.Short) == 0 }

// Clone gives an independent copy.
func (p *Progress) Clone() Progress {
	return Progress{slices.Clone(p.Picked), slices.Clone(p.Short)}
}

// Line gives a line of the order by its number.
func (o *Order) Line(n int) (*OrderLine, bool) {
	for i := range o.Lines {
		if o.Lines[i].Number == n {
			return &o.Lines[i], true
		}
	}
	return nil, false
}

// Done reports whether nothing of the order is left to be picked.
func (o *Order) Done(p *Progress) bool {
	for i := range o.Lines {
		if !p.Done(&o.Lines[i]) {
			return false
		}
	}
	return true
}

// Takes reports whether a SKU may be picked for the line.
func (l *OrderLine) Takes(sku SKU) bool { return l.SKU == sku || slices.Contains(l.Substitutes, sku) }

// LineName writes the number of a line as movements name it.
func LineName(n int) string { return strconv.Itoa(n) }

// LineNumber reads what LineName wrote; false for everything else.
func LineNumber(s string) (int, bool) {
	n, err := strconv.Atoi(s)
	return n, err == nil && n > 0 && LineName(n) == s
}

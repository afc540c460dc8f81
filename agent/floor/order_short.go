package floor

import (
	"slices"

	"github.com/forestock/forestock/proto/stock"
)

// shortButton takes the reason why there is not enough of the goods.
func (t *turn) shortButton(b Button) bool {
	switch {
	case b == OK:
		t.show(ToneLook, SoundLook, askReason)
	case slices.Contains(shortReasons, b):
		t.bookShort(b)
	default:
		return false
	}
	return true
}

// shortReasons are why goods are short: none there, damaged, expired, not found.
var shortReasons = []Button{"r01", "r02", "r03", "r04"}

// bookShort books what was found and that the rest is missing. The missing goods
// leave the book at once, so that nobody sells them again, and the bin waits to
// be counted. Only when no other bin has any the line is closed: a short that
// names it ends it for good.
func (t *turn) bookShort(why Button) {
	s, ok := t.current()
	o, open := t.openOrder(t.round.order)
	if !ok || !open {
		return
	}
	p := t.book.Picked(o.ID)
	have := p.Total(&s.line)
	found := max(have, t.round.found)
	switch {
	case t.round.found >= 0 && t.round.found < have:
		t.refuse(BadQuantity, say(badFoundLess, amount(have, s.item.Unit)), hintFound)
		return
	case found >= s.line.Quantity:
		t.refuse(BadQuantity, say(badFoundAll, amount(found, s.item.Unit)), hintFoundAll)
		return
	}
	here := at(t.fresh(s.item.SKU, s.line.MinExpiry), s.cell.Bin)
	taken, rest := take(here, found-have)
	if rest > 0 {
		t.refuse(NotEnough, say(badNotEnough, amount(found-have-rest, s.item.Unit), nameOf(s.item)), hintCountFirst)
		return
	}
	document, line := string(o.ID), stock.LineName(s.line.Number)
	movements := t.outOf(taken, stock.Movement{Kind: stock.Pick, SKU: s.item.SKU, Document: document, Line: line})
	missing := s.line.Quantity - found
	elsewhere := slices.ContainsFunc(t.fresh(s.item.SKU, s.line.MinExpiry), func(c stock.Level) bool { return c.Bin != s.cell.Bin })
	if elsewhere {
		line = ""
	}
	like := stock.Movement{Kind: stock.Short, SKU: s.item.SKU, Bin: s.cell.Bin, Document: document, Line: line, Reason: reasonName(why)}
	movements = append(movements, t.missing(here, taken, missing, why, like)...)
	text := say(saidShort, amount(missing, s.item.Unit), nameOf(s.item), placeName(s.cell.Bin))
	if elsewhere {
		text = say(saidShortHere, nameOf(s.item), placeName(s.cell.Bin))
	}
	t.save(movements, text)
}

// missing gives the shorts of the cells of a bin: all that the book has there
// when nothing is to be found, and as much as was wanted when it is there but
// cannot be sold.
func (t *turn) missing(here, taken []stock.Level, wanted int64, why Button, like stock.Movement) []stock.Movement {
	var out []stock.Movement
	for _, c := range here {
		n := c.OnHand
		if i := slices.IndexFunc(taken, func(o stock.Level) bool { return o.Cell == c.Cell }); i >= 0 {
			n -= taken[i].OnHand
		}
		if why == "r02" || why == "r03" {
			n = min(n, wanted)
		}
		wanted -= n
		if n > 0 {
			m := like
			m.Lot, m.Delta = c.Lot, -n
			out = append(out, m)
		}
	}
	if len(out) == 0 {
		out = append(out, like)
	}
	return out
}

package floor

import (
	"slices"

	"github.com/forestock/forestock/proto/stock"
)

// recount is a bin that has to be counted once more.
type recount struct {
	bin   stock.Bin
	tries int
	by    string               // badge of whoever counted last
	found map[stock.Cell]int64 // by the count before; never changed in place
}

// countAgain holds a count that is far from the book back. The first time the
// bin is counted once more, and nobody is told what the book has; two counts
// that agree are booked, and otherwise somebody else counts a third time.
func (t *turn) countAgain(movements []stock.Movement) bool {
	if t.rules.CountAgain == 0 || !slices.ContainsFunc(movements, t.farOff) {
		return false
	}
	found := make(map[stock.Cell]int64)
	for i := range movements {
		found[movements[i].Cell()] = movements[i].Count.Counted
	}
	last := t.recounted
	if last.bin != t.place {
		last = recount{}
	}
	switch {
	case last.tries == 0:
		t.countOnce(recount{t.place, 1, t.operator, found}, badCountAgain)
	case last.tries == 1 && agree(last.found, found):
		return false
	case last.tries == 1:
		t.countOnce(recount{t.place, 2, t.operator, found}, badCountThird)
	case t.operator == last.by:
		t.countOnce(recount{t.place, 2, last.by, found}, badCountThird)
	default:
		return false
	}
	return true
}

// countOnce forgets the count and asks for the next one.
func (t *turn) countOnce(r recount, message Text) {
	bin := t.place
	t.leave()
	t.place, t.placed, t.recounted = bin, true, r
	hint := hintCountAgain
	if r.tries == 2 {
		hint = hintCountThird
	}
	t.refuse(CountAgain, message, hint)
}

func (t *turn) farOff(m stock.Movement) bool {
	off := m.Count.Counted - m.Count.Seen
	return max(off, -off)*100 > int64(t.rules.CountAgain)*max(m.Count.Seen, 1)
}

func agree(a, b map[stock.Cell]int64) bool {
	for c, n := range a {
		if b[c] != n {
			return false
		}
	}
	return len(a) == len(b)
}

// dearCount asks for a second person when what a count changes is worth more
// than one may decide alone. It does not say what the book has.
func (t *turn) dearCount(movements []stock.Movement, rest bool) bool {
	var value int64
	for i := range movements {
		it, _ := t.item(movements[i].SKU)
		off := movements[i].Count.Counted - movements[i].Count.Seen
		value += valueOf(it, max(off, -off))
	}
	if t.rules.WasteLimit == 0 || value <= t.rules.WasteLimit {
		return false
	}
	t.emptied = rest
	return !t.passes(gateValue, TooDear, badDearCount)
}

package floor

import (
	"slices"

	"github.com/forestock/forestock/proto/stock"
)

// counting books what a person finds in a bin, without showing what the book
// expects. Goods that are moved meanwhile stay right: the difference is taken
// against the book as it was at the first scan of these goods.
type counting struct{}

// basis is what the book had in one cell when its count began.
type basis struct {
	cell stock.Cell
	stock.CountEvidence
}

func (counting) begin(t *turn, s sought) {
	if s.isBin {
		counting{}.bin(t, s.bin)
	} else if b, ok := t.context(s.sku); ok {
		counting{}.bin(t, b)
	}
}

func (counting) bin(t *turn, b stock.Bin) {
	if !t.blank() {
		return
	}
	t.place, t.placed = b, true
	t.hear()
}

// base remembers what the count of a cell starts from, at its first scan.
func (t *turn) base(c stock.Cell) {
	if t.collected(c) > 0 {
		return
	}
	old := slices.DeleteFunc(slices.Clone(t.bases), func(b basis) bool { return b.cell == c })
	t.bases = append(old, basis{c, t.book.Observe(c)})
}

// baseOf gives what base remembered.
func (t *turn) baseOf(c stock.Cell) stock.CountEvidence {
	i := slices.IndexFunc(t.bases, func(b basis) bool { return b.cell == c })
	return t.bases[i].CountEvidence
}

func (counting) goods(t *turn, g goods) {
	if !t.placed {
		t.refuse(NotHere, badBinFirst, say(hintNotHere, askBin))
		return
	}
	t.turnTo(g)
}

func (counting) advance(t *turn) {
	if t.goods == nil && t.placed && t.approver(gateValue) != "" {
		t.bookCount(t.emptied)
		return
	}
	if t.goods == nil {
		return
	}
	g := *t.goods
	here := t.here(g.item.SKU)
	if !t.whichLot(&g, here) {
		return
	}
	// Goods that the book has not got here need a lot and a date like new ones.
	if len(of(here, g.lot)) == 0 && !t.dates(&g) {
		return
	}
	if !t.weigh(&g) {
		return
	}
	t.consume(&g)
	t.base(stock.Cell{SKU: g.item.SKU, Lot: g.lot, Bin: t.place})
	t.collect(g)
}

func (counting) number(t *turn, n int64) bool { return t.lastLine(n) }

func (counting) button(t *turn, b Button) bool {
	switch {
	case !t.placed && b == Finish:
		t.finish()
	case t.goods != nil && (b == Finish || b == Empty):
		t.refuse(Unsaved, say(badUnsaved, nameOf(t.goods.item)), hintFinish)
	case b == Empty && t.placed:
		t.bookCount(true)
	case b == Finish && t.question != wantRest && len(t.uncounted()) > 0:
		t.question = wantRest
		t.show(ToneLook, SoundLook, askUncounted)
	case b == Finish:
		t.bookCount(false)
	default:
		return false
	}
	return true
}

// uncounted gives the cells that the book has in the bin and nobody counted.
func (t *turn) uncounted() []stock.Level {
	var out []stock.Level
	for _, c := range t.inBin(t.place) {
		if t.collected(c.Cell) == 0 {
			out = append(out, c)
		}
	}
	return out
}

// bookCount books what was counted; rest says that the rest is not there.
func (t *turn) bookCount(rest bool) {
	var movements []stock.Movement
	for _, l := range merged(t.lines, t.place) {
		e := t.baseOf(l.cell(t.place))
		e.Counted = l.qty
		m := l.movement(stock.Count)
		m.Bin, m.Count, m.Expiry, m.Produced = t.place, &e, l.expiry, l.produced
		movements = append(movements, m)
	}
	for _, c := range t.uncounted() {
		if rest {
			e := t.book.Observe(c.Cell)
			movements = append(movements, stock.Movement{
				Kind: stock.Count, SKU: c.SKU, Lot: c.Lot, Bin: c.Bin, Count: &e, Reason: "empty",
			})
		}
	}
	if t.countAgain(movements) || t.dearCount(movements, rest) {
		return
	}
	if len(movements) == 0 {
		place := t.place
		t.leave()
		t.show(ToneInfo, SoundHeard, say(saidNothing, placeName(place)))
		return
	}
	t.save(movements, say(saidCounted, placeName(t.place), len(movements)))
}

func (counting) saved(t *turn, _ *pending) {
	t.leave()
}

func (counting) ask(t *turn) (ask, next Text) {
	switch {
	case !t.placed:
		return askBin, nextCountBin
	case t.question == wantRest:
		return askUncounted, nextUncounted
	}
	return askGoods, nextCount
}

func (counting) keys(t *turn) []Button {
	switch {
	case !t.placed:
		return []Button{Finish, Undo, Cancel}
	case t.question == wantWeight:
		return []Button{OK, Tare, Undo, Cancel}
	}
	return []Button{Finish, Empty, Undo, "x6", "x12", Cancel}
}

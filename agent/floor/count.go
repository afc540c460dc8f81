package floor

import (
	"slices"

	"github.com/forestock/forestock/proto/stock"
)

// counting books what a person finds in a bin, without showing what the book
// expects. Goods that are moved meanwhile stay right: the difference is taken
// against the book as it was when the bin was scanned.
type counting struct{}

// basis is what the book had in one cell when its count began.
type basis struct {
	cell stock.Cell
	stock.CountEvidence
}

func (counting) begin(t *turn, s sought) {
	if s.isBin {
		counting{}.bin(t, s.bin)
	}
}

func (counting) bin(t *turn, b stock.Bin) {
	if what := t.unsavedText(); !what.Empty() {
		t.refuse(Unsaved, say(badUnsaved, what), hintFinish)
		return
	}
	t.place, t.placed = b, true
	t.bases = nil
	for it := range t.book.Items() {
		for _, c := range at(t.book.Levels(it.SKU), b) {
			t.base(c.Cell)
		}
	}
	t.show(ToneInfo, SoundHeard, placeName(b))
}

// base gives what the count of a cell starts from, and remembers it.
func (t *turn) base(c stock.Cell) stock.CountEvidence {
	for _, b := range t.bases {
		if b.cell == c {
			return b.CountEvidence
		}
	}
	e := t.book.Observe(c)
	t.bases = append(slices.Clone(t.bases), basis{c, e})
	return e
}

func (counting) goods(t *turn, g goods) {
	if !t.placed {
		t.refuse(NotHere, badBinFirst, say(hintNotHere, askBin))
		return
	}
	if old := t.goods; old != nil && old.qty > 0 {
		t.refuse(Unsaved, say(badUnsaved, nameOf(old.item)), hintAgain)
	}
	t.goods, t.question = &g, noQuestion
	counting{}.advance(t)
}

func (counting) advance(t *turn) {
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
func (t *turn) uncounted() []basis {
	return slices.DeleteFunc(slices.Clone(t.bases), func(b basis) bool {
		return b.Seen == 0 || slices.ContainsFunc(t.lines, func(l goods) bool { return l.cell(t.place) == b.cell })
	})
}

// bookCount books what was counted; rest says that the rest is not there.
func (t *turn) bookCount(rest bool) {
	var movements []stock.Movement
	for _, l := range merged(t.lines, t.place) {
		e := t.base(l.cell(t.place))
		e.Counted = l.qty
		m := l.movement(stock.Count)
		m.Bin, m.Count, m.Expiry, m.Produced = t.place, &e, l.expiry, l.produced
		movements = append(movements, m)
	}
	for _, b := range t.uncounted() {
		if rest {
			e := b.CountEvidence
			movements = append(movements, stock.Movement{
				Kind: stock.Count, SKU: b.cell.SKU, Lot: b.cell.Lot, Bin: b.cell.Bin, Count: &e, Reason: "empty",
			})
		}
	}
	if len(movements) == 0 {
		place := t.place
		t.leave()
		t.show(ToneInfo, SoundHeard, say(saidNothing, placeName(place)))
		return
	}
	t.save(movements, say(saidCounted, placeName(t.place), len(movements)))
}

func (counting) saved(t *turn, _ *pending) { t.leave() }

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
		return []Button{Tare, Undo, Cancel}
	}
	return []Button{Finish, Empty, Undo, "x6", "x12", Cancel}
}

package floor

import "github.com/forestock/forestock/proto/stock"

// moving books goods that go from one bin to another: from, the goods, to. A
// put-away is a move that begins at the dock.
type moving struct{}

func (moving) begin(t *turn, s sought) {
	if s.isBin && t.mode == Move {
		moving{}.bin(t, s.bin)
	}
}

func (moving) bin(t *turn, b stock.Bin) {
	switch {
	case !t.placed || (len(t.lines) == 0 && t.goods == nil):
		t.place, t.placed = b, true
		t.show(ToneInfo, SoundHeard, say(saidFrom, placeName(b)))
	case t.goods != nil:
		t.refuse(Unsaved, say(badUnsaved, nameOf(t.goods.item)), say(hintNotHere, t.askText()))
	case b == t.place:
		t.refuse(SamePlace, badSamePlace, hintSamePlace)
	default:
		t.bookMove(b)
	}
}

func (t *turn) bookMove(to stock.Bin) {
	var movements []stock.Movement
	for _, l := range merged(t.lines, t.place) {
		m := l.movement(stock.Putaway)
		m.Bin, m.To, m.Delta = t.place, to, -l.qty
		movements = append(movements, m)
	}
	t.save(movements, say(saidMoved, len(movements), placeName(to)))
}

func (moving) goods(t *turn, g goods) {
	if !t.placed {
		t.refuse(NotHere, badBinFirst, say(hintNotHere, askFrom))
		return
	}
	if old := t.goods; old != nil && old.qty > 0 {
		t.refuse(Unsaved, say(badUnsaved, nameOf(old.item)), hintAgain)
	}
	t.goods, t.question = &g, noQuestion
	moving{}.advance(t)
}

func (moving) advance(t *turn) {
	if t.goods == nil {
		return
	}
	g := *t.goods
	here := t.here(g.item.SKU)
	if len(here) == 0 {
		t.drop()
		t.refuse(NoStock, say(badNoStock, nameOf(g.item)), hintCountFirst)
		return
	}
	if !t.whichLot(&g, here) {
		return
	}
	mine := of(here, g.lot)
	if len(mine) == 0 {
		t.drop()
		t.refuse(WrongLot, say(badWrongLot, lotName(g.lot, g.expiry)), t.firstHint(here))
		return
	}
	if !t.weigh(&g) {
		return
	}
	if left := sum(mine) - t.collected(g.cell(t.place)); g.qty > left {
		t.drop()
		t.refuse(NotEnough, say(badNotEnough, amount(left, g.item.Unit), nameOf(g.item)), hintCountFirst)
		return
	}
	t.consume(&g)
	t.collect(g)
}

func (moving) number(t *turn, n int64) bool { return t.lastLine(n) }

func (moving) button(t *turn, b Button) bool {
	if b != Finish {
		return false
	}
	t.finish()
	return true
}

func (moving) saved(t *turn, _ *pending) {
	mode := t.mode
	t.leave()
	t.placed = mode == Putaway
}

func (moving) ask(t *turn) (ask, next Text) {
	switch {
	case !t.placed:
		return askFrom, nextMoveFrom
	case len(t.lines) == 0:
		return askGoods, nextMove
	}
	return askTo, nextMoveTo
}

func (moving) keys(t *turn) []Button {
	switch {
	case !t.placed || len(t.lines) == 0:
		return []Button{Finish, Undo, "x6", "x12", Cancel}
	case t.question == wantWeight:
		return []Button{OK, Tare, Undo, Cancel}
	}
	return []Button{Undo, "x6", "x12", Cancel}
}

package floor

import (
	"github.com/forestock/forestock/proto/stock"
)

// givingBack books goods that go back to whoever delivered them: the document,
// the goods, FINISH. Expired ones may go, too.
type givingBack struct{ plain }

// backTo begins to give goods back on an inbound document.
func (t *turn) backTo(number string) {
	if !t.blank() {
		return
	}
	t.leave()
	t.document, t.supplier = number, true
	t.show(ToneInfo, SoundHeard, say(saidBackTo, number))
}

func (givingBack) goods(t *turn, g goods) { t.turnTo(g) }

func (givingBack) advance(t *turn) {
	switch {
	case t.goods != nil:
		t.gather(t.here(t.goods.item.SKU))
	case len(t.lines) > 0 && t.approver(gateValue) != "":
		t.giveBack()
	}
}

func (givingBack) bin(t *turn, b stock.Bin) {
	if t.blank() {
		t.place, t.placed = b, true
		t.show(ToneInfo, SoundHeard, say(saidFrom, placeName(b)))
	}
}

func (givingBack) number(t *turn, n int64) bool { return t.lastLine(n) }

func (givingBack) button(t *turn, b Button) bool {
	if b == Finish && t.collectedAll() {
		t.giveBack()
	}
	return b == Finish
}

// giveBack books what was collected.
func (t *turn) giveBack() {
	var movements []stock.Movement
	var value int64
	lines := merged(t.lines, t.place)
	for i := range lines {
		l := &lines[i]
		taken, rest := take(of(t.here(l.item.SKU), l.lot), l.qty)
		if rest > 0 {
			t.refuse(NotEnough, say(badNotEnough, amount(l.qty-rest, l.item.Unit), nameOf(l.item)), hintCountFirst)
			return
		}
		value += valueOf(l.item, l.qty)
		like := l.movement(stock.Return)
		like.Document = t.document
		movements = append(movements, t.outOf(taken, like)...)
	}
	if t.dear(value) {
		return
	}
	t.save(movements, say(saidGaveBack, len(lines), t.document))
}

func (givingBack) saved(t *turn, _ *pending) {
	document := t.document
	t.leave()
	t.document, t.supplier = document, true
}

func (givingBack) ask(*turn) (ask, next Text) { return askGoods, nextGiveBack }

func (givingBack) keys(t *turn) []Button {
	if t.question == wantWeight {
		return []Button{OK, Tare, Cancel}
	}
	return []Button{Finish, Undo, "x6", "x12", Cancel}
}

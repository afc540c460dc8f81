package floor

import (
	"cmp"

	"github.com/forestock/forestock/proto/stock"
)

// receiving books goods that come in: every scan at once, as soon as lot and
// date are known. They lie on the dock unless a bin was scanned.
type receiving struct{ plain }

func (receiving) goods(t *turn, g goods) {
	if g.item.Removed {
		t.refuse(Removed, say(badRemoved, nameOf(g.item)), hintRemoved)
		return
	}
	if old := t.goods; old != nil && old.qty > 0 {
		if old.item.SKU == g.item.SKU && t.now.Sub(old.since) <= t.rules.JoinWithin {
			g = old.plus(g)
		} else {
			t.refuse(NoDate, say(badNoDate, nameOf(old.item)), hintNoDate)
		}
	}
	if l := t.latest; l != nil && l.item.SKU == g.item.SKU && !g.named {
		g.lot, g.expiry, g.produced = l.lot, l.expiry, l.produced
	}
	t.goods, t.question = &g, noQuestion
	receiving{}.advance(t)
}

// plus joins the same goods scanned once more.
func (g *goods) plus(more goods) goods {
	more.qty += g.qty
	more.lot = cmp.Or(more.lot, g.lot)
	more.expiry = cmp.Or(more.expiry, g.expiry)
	more.produced = cmp.Or(more.produced, g.produced)
	more.named = more.named || g.named
	more.byCode = more.byCode || g.byCode
	return more
}

func (receiving) advance(t *turn) {
	if t.goods == nil {
		return
	}
	g := *t.goods
	if !t.dates(&g) {
		return
	}
	if t.expired(g.expiry) {
		t.drop()
		t.refuse(Expired, say(badExpired, g.expiry, nameOf(g.item)), hintExpired)
		return
	}
	if left, short := t.shortLife(&g, t.rules.LifeLeft); short {
		t.goods = &g
		if !t.passes(gateLife, ShortLife, say(badShortLife, nameOf(g.item), g.expiry, left, t.rules.LifeLeft)) {
			return
		}
	}
	if !t.weigh(&g) {
		return
	}
	t.goods, t.question = &g, noQuestion
	m := g.movement(stock.Receive)
	m.Bin, m.Delta, m.Expiry, m.Produced, m.Document = t.place, g.qty, g.expiry, g.produced, t.document
	t.save([]stock.Movement{m}, say(saidReceived, amount(g.qty, g.item.Unit), nameOf(g.item)))
}

// openDocument begins to receive on an inbound document; its number goes into
// every movement until the task is finished or another one is scanned.
func (t *turn) openDocument(number string) {
	if t.mode != Receive {
		if !t.blank() {
			return
		}
		t.enter(Receive)
	}
	t.document = number
	t.show(ToneInfo, SoundHeard, say(saidDocument, number))
}

func (receiving) saved(t *turn, p *pending) {
	g := p.goods
	t.addUp(g)
	if g.scale != "" { // the next crate of the same goods needs no scan
		g.qty, g.frame, g.scale, g.since = 0, nil, "", t.now
		t.goods, t.question = &g, wantWeight
	}
}

func (receiving) bin(t *turn, b stock.Bin) {
	t.place, t.placed = b, true
	t.show(ToneInfo, SoundHeard, say(saidInto, placeName(b)))
}

// number makes n the quantity of what was received last: it books the rest.
func (receiving) number(t *turn, n int64) bool {
	l := t.latest
	if t.goods != nil || l == nil || l.loose || l.item.Unit != stock.Piece && l.item.Pack == 0 {
		return false
	}
	g := *l
	g.qty = n*max(1, g.item.Pack) - t.total
	if g.qty < 1 || g.qty > stock.MaxQty {
		return false
	}
	g.since = t.now
	t.goods, t.question = &g, noQuestion
	return true
}

func (receiving) button(t *turn, b Button) bool {
	if b != Finish {
		return false
	}
	t.finish()
	return true
}

func (receiving) ask(*turn) (ask, next Text) { return askGoods, nextReceive }

func (receiving) keys(t *turn) []Button {
	if t.question == wantWeight {
		return []Button{OK, Tare, Finish, Undo, Cancel}
	}
	return []Button{Finish, Undo, "x6", "x12", "x24", Cancel}
}

// finish ends a task that has nothing left to save.
func (t *turn) finish() {
	if !t.blank() {
		return
	}
	done := t.tallyText()
	t.enter(LookUp)
	t.show(ToneInfo, SoundHeard, say(saidFinished, done))
}

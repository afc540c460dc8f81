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
		} else if t.question == wantOver {
			t.refuse(Unsaved, say(badUnsaved, nameOf(old.item)), hintAgain)
		} else {
			t.refuse(NoDate, say(badNoDate, nameOf(old.item)), hintNoDate)
		}
	}
	if l := t.latest; l != nil && l.item.SKU == g.item.SKU && !g.named {
		g.lot, g.expiry, g.produced = l.lot, l.expiry, l.produced
	}
	t.goods, t.question, t.reason, t.broken = &g, noQuestion, "", 0
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
	if t.goods == nil && t.broken > 0 {
		t.bookDamaged()
	}
	if t.goods == nil || t.question == wantOver {
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
	if !t.announced(&g) {
		return
	}
	movements, ok := t.listed(&g)
	if !ok {
		return
	}
	m := g.movement(stock.Receive)
	m.Bin, m.Delta, m.Expiry, m.Produced, m.Document = t.inboundBin(&g.item), g.qty, g.expiry, g.produced, t.document
	if t.over {
		m.Reason = "more than announced"
	}
	t.save(append([]stock.Movement{m}, movements...), t.saidIn(&g))
	if t.pending != nil {
		t.pending.look = isUnlisted(g.item.SKU)
	}
}

// saidIn says what came in.
func (t *turn) saidIn(g *goods) Text {
	if isUnlisted(g.item.SKU) {
		return say(saidUnlisted, amount(g.qty, g.item.Unit), nameOf(g.item))
	}
	return say(saidReceived, amount(g.qty, g.item.Unit), nameOf(g.item))
}

// openDocument begins to receive on an inbound document; its number goes into
// every movement until the task is finished or another one is scanned.
func (t *turn) openDocument(number string) {
	switch {
	case t.mode == Return:
		t.backTo(number)
		return
	case t.question == wantOver && number == t.document:
		t.takeMore()
		return
	case !t.blank():
		return
	case t.mode != Receive:
		t.enter(Receive)
	}
	t.document = number
	t.expect(number)
	t.show(ToneInfo, SoundHeard, say(saidDocument, number))
}

func (receiving) saved(t *turn, p *pending) {
	g := p.goods
	if g.item.SKU == "" {
		t.total -= t.broken
		t.drop()
		t.recollect(t.latest.item.SKU)
		return
	}
	t.addUp(g)
	t.recollect(g.item.SKU)
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
	if t.question == wantDamaged {
		t.damagedQty(n)
		return true
	}
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
	switch {
	case b == Finish:
		t.finishDelivery()
		return true
	case b == OK && t.question == wantDamaged && !t.latest.loose:
		t.damagedQty(1)
		receiving{}.advance(t)
		return true
	}
	return t.damaged(b)
}

func (receiving) ask(t *turn) (ask, next Text) {
	switch {
	case t.leaving == Finish:
		return askDiffers, nextDiffers
	case t.question == wantDamaged && t.latest.loose:
		return askBadGrams, say(nextBadGrams, reasonTexts[t.reason], nameOf(t.latest.item))
	case t.question == wantDamaged:
		return askDamaged, say(nextDamaged, reasonTexts[t.reason], nameOf(t.latest.item))
	case t.question == wantOver:
		return askOver, nextOver
	}
	return askGoods, nextReceive
}

func (receiving) keys(t *turn) []Button {
	switch t.question { //nolint:exhaustive // the others have no keys of their own
	case wantWeight:
		return []Button{OK, Tare, Finish, Undo, Cancel}
	case wantDamaged:
		return []Button{OK, Cancel}
	case wantOver:
		return []Button{Cancel}
	}
	if t.latest != nil {
		return []Button{Finish, Undo, "x6", "x12", "x24", "r02", Cancel}
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

package floor

import (
	"cmp"
	"slices"

	"github.com/forestock/forestock/proto/stock"
)

// picking books goods that leave, without an order: the first expiring lot, or
// the one that the code names if it may be taken.
type picking struct{ plain }

func (picking) begin(t *turn, s sought) {
	if s.isBin {
		picking{}.bin(t, s.bin)
	}
	if s.order != "" {
		t.begin(s.order, t.book.Tote(s.order))
	}
}

func (picking) goods(t *turn, g goods) {
	t.goods, t.question = &g, noQuestion
	picking{}.advance(t)
}

func (picking) advance(t *turn) {
	if t.goods == nil {
		return
	}
	g := *t.goods
	cells, ok := t.takeFrom(&g, 0)
	if !ok || !t.weigh(&g) {
		return
	}
	taken, ok := t.takeAll(&g, cells, hintCountFirst)
	if !ok {
		return
	}
	t.save(t.outOf(taken, g.movement(stock.Pick)), say(saidPicked, amount(g.qty, g.item.Unit), nameOf(g.item), takenText(taken, g.item.Unit)))
}

// takenText says from where goods were taken.
func takenText(taken []stock.Level, u stock.Unit) Text {
	if len(taken) == 1 {
		return placeName(taken[0].Bin)
	}
	var text Text
	for i, c := range taken {
		part := say(saidOutOf, amount(c.OnHand, u), placeName(c.Bin))
		if i > 0 {
			part = Text{text.Zh + "，" + part.Zh, text.En + ", " + part.En}
		}
		text = part
	}
	return text
}

// takeFrom finds the cells that goods may be picked from, first expiring
// first; false when it has refused them or has to ask. What expires before
// least is left out.
func (t *turn) takeFrom(g *goods, least stock.Date) ([]stock.Level, bool) {
	all := t.cells(g.item.SKU)
	fresh := t.fresh(g.item.SKU, least)
	cells := fresh
	if g.named && !t.pinned(g, all) {
		t.drop()
		return nil, false
	}
	if g.lot != "" {
		cells = of(cells, g.lot)
	}
	if t.placed {
		cells = at(cells, t.place)
	}
	switch {
	case g.lot != "" && len(of(all, g.lot)) > 0 && t.offSale(g.item, of(all, g.lot)[0]), len(all) > 0 && len(fresh) == 0 && t.offSale(g.item, all[0]) && !t.expired(all[0].Expiry):
		t.condemn(g)
		t.drop()
		t.refuse(OffSale, say(badOffSale, nameOf(g.item)), hintOffSale)
		return nil, false
	case g.lot != "" && tooOld(g.expiry, least), len(fresh) == 0 && len(all) > 0 && !t.expired(all[len(all)-1].Expiry):
		t.drop()
		t.refuse(TooOld, say(badTooOld, nameOf(g.item), least), t.freshHint(fresh))
		return nil, false
	case len(all) > 0 && len(fresh) == 0:
		g.lot = cmp.Or(g.lot, all[0].Lot)
		t.condemn(g)
		t.drop()
		t.refuse(Expired, say(badExpired, all[0].Expiry, nameOf(g.item)), hintExpired)
		return nil, false
	case len(cells) == 0 && g.lot != "" && t.placed && len(of(fresh, g.lot)) > 0 && len(at(fresh, t.place)) > 0:
		t.drop()
		t.refuse(WrongLot, say(badNotInBin, lotName(g.lot, g.expiry)), t.freshHint(at(fresh, t.place)))
		return nil, false
	case len(cells) == 0:
		t.drop()
		t.refuse(NoStock, say(badNoStock, nameOf(g.item)), hintCountFirst)
		return nil, false
	case t.reason == "" && later(cells[0].Expiry, fresh[0].Expiry):
		t.wait(*g, wantEarlier)
		t.show(ToneLook, SoundLook, say(saidEarlier, lotName(fresh[0].Lot, fresh[0].Expiry), placeName(fresh[0].Bin)))
		return nil, false
	}
	return cells, true
}

// fresh gives the cells of an item that are not expired, nor before least.
func (t *turn) fresh(sku stock.SKU, least stock.Date) []stock.Level {
	it, _ := t.item(sku)
	return slices.DeleteFunc(t.cells(sku), func(l stock.Level) bool {
		return t.expired(l.Expiry) || tooOld(l.Expiry, least) || t.offSale(it, l)
	})
}

// offSale reports whether a lot is too close to its end to be sold (禁售), by its
// own dates.
func (t *turn) offSale(it stock.Item, l stock.Level) bool {
	if t.rules.SaleLeft == 0 {
		return false
	}
	_, short := t.shortLife(&goods{item: it, expiry: l.Expiry, produced: t.book.Lot(l.SKU, l.Lot).Produced}, t.rules.SaleLeft)
	return short
}

func tooOld(expiry, least stock.Date) bool { return expiry != 0 && expiry < least }

// freshHint names what to take instead.
func (t *turn) freshHint(fresh []stock.Level) Text {
	if len(fresh) == 0 {
		return hintShort
	}
	return say(hintWrongLot, lotName(fresh[0].Lot, fresh[0].Expiry), placeName(fresh[0].Bin))
}

// pinned settles the lot that a label names, or that its date tells; false
// when it has refused it.
func (t *turn) pinned(g *goods, all []stock.Level) bool {
	day := g.expiryOf()
	if g.lot == "" {
		for _, c := range all {
			if day != 0 && c.Expiry == day {
				g.lot = c.Lot
				break
			}
		}
	}
	if !t.known(g, g.expiry) {
		return false
	}
	if day == 0 {
		day = g.expiry
	}
	switch {
	case t.expired(day):
		t.condemn(g)
		t.refuse(Expired, say(badExpired, day, nameOf(g.item)), hintExpired)
		return false
	case len(of(all, g.lot)) > 0 && (g.lot != "" || day == 0):
		return true
	case g.item.ShelfLife == 0 && len(all) > 0:
		g.lot = "" // such goods are often received without their lot
		return true
	}
	t.refuse(WrongLot, say(badWrongLot, lotName(g.lot, day)), t.firstHint(all))
	return false
}

// firstHint names the lot to take instead.
func (t *turn) firstHint(all []stock.Level) Text {
	for _, c := range all {
		if !t.expired(c.Expiry) {
			return say(hintWrongLot, lotName(c.Lot, c.Expiry), placeName(c.Bin))
		}
	}
	return hintCountFirst
}

// later reports whether a expires after b; no date is the latest.
func later(a, b stock.Date) bool { return uint32(a)-1 > uint32(b)-1 }

// take takes n out of cells in their order, and gives what did not fit.
func take(cells []stock.Level, n int64) (taken []stock.Level, rest int64) {
	for _, c := range cells {
		if n == 0 {
			break
		}
		c.OnHand = min(c.OnHand, n)
		n -= c.OnHand
		taken = append(taken, c)
	}
	return taken, n
}

// takeAll takes goods out of cells; false when it has refused them because
// there are not so many.
func (t *turn) takeAll(g *goods, cells []stock.Level, hint Text) ([]stock.Level, bool) {
	taken, rest := take(cells, g.qty)
	if rest > 0 {
		t.drop()
		t.refuse(NotEnough, say(badNotEnough, amount(g.qty-rest, g.item.Unit), nameOf(g.item)), hint)
		return nil, false
	}
	g.lot, g.expiry = taken[0].Lot, taken[0].Expiry
	t.goods, t.question = g, noQuestion
	return taken, true
}

// outOf takes goods out of cells, one movement each.
func (t *turn) outOf(taken []stock.Level, like stock.Movement) []stock.Movement {
	out := make([]stock.Movement, len(taken))
	for i, c := range taken {
		like.Lot, like.Bin, like.Delta, like.Reason = c.Lot, c.Bin, -c.OnHand, reasonName(t.reason)
		out[i] = like
	}
	return out
}

func (picking) bin(t *turn, b stock.Bin) {
	t.place, t.placed = b, true
	t.show(ToneInfo, SoundHeard, say(saidFrom, placeName(b)))
}

func (picking) button(t *turn, b Button) bool {
	switch {
	case b.reason() && t.question == wantEarlier:
		t.reason, t.question = b, noQuestion
		picking{}.advance(t)
		return true
	case b == OK && t.question == wantEarlier:
		t.show(ToneLook, SoundLook, askReason)
		return true
	case b == Finish:
		t.finish()
		return true
	}
	return false
}

func (picking) saved(t *turn, p *pending) {
	t.addUp(p.goods)
}

func (picking) ask(t *turn) (ask, next Text) {
	if !t.placed && t.latest == nil && t.goods == nil && len(t.book.Orders()) > 0 {
		return askTote, nextPickOrder
	}
	return askGoods, nextPick
}

func (picking) keys(t *turn) []Button {
	if t.question == wantEarlier {
		return []Button{"r08", "r04", "r02", "r09", "r10", Cancel}
	}
	if t.question == wantWeight {
		return []Button{OK, Tare, Finish, Undo, Cancel}
	}
	return []Button{Finish, Undo, "x2", "x3", "x6", Cancel}
}

package floor

import (
	"cmp"

	"github.com/forestock/forestock/proto/stock"
)

// identify finds the item that a code names, and how much of it the code, the
// keypad and the multiplier say.
func (t *turn) identify(l label) (goods, bool) {
	it, ok := t.find(l)
	if !ok {
		it, ok = t.unlisted(&l)
	}
	if !ok {
		t.refuse(UnknownCode, say(badUnknown, l.text), hintUnknown)
		return goods{}, false
	}
	g := goods{
		item: it, lot: l.lot, expiry: l.expiry, produced: l.produced,
		scan: l.raw, device: l.device, since: t.now,
	}
	g.named = g.lot != "" || g.expiry != 0 || g.produced != 0
	t.join(&g)
	factor := max(1, t.times)
	keyed := t.entry != "" && t.question != wantDate
	if keyed {
		factor *= digits(t.entry)
	}
	if keyed && factor == 0 {
		t.refuse(BadQuantity, say(badQuantity, t.entry), hintQuantity)
		t.entry = ""
		return goods{}, false
	}
	if t.question != wantDate {
		t.entry = ""
	}
	t.times = 0
	return g, t.measure(&g, l, factor, keyed)
}

func (t *turn) find(l label) (stock.Item, bool) {
	switch {
	case l.plu != "":
		if it, ok := t.book.ItemByPLU(l.plu); ok {
			return it, true
		}
		return t.book.ItemByGTIN(l.gtin)
	case l.gtin != "":
		return t.book.ItemByGTIN(l.gtin)
	}
	return t.item(l.sku)
}

// join adds the lot and dates that were scanned a moment before their product.
func (t *turn) join(g *goods) {
	p := t.parts
	t.parts = parts{}
	if p == (parts{}) || t.now.Sub(p.at) > t.rules.JoinWithin {
		return
	}
	g.lot = cmp.Or(g.lot, p.lot)
	g.expiry = cmp.Or(g.expiry, p.expiry)
	g.produced = cmp.Or(g.produced, p.produced)
	g.named = true
	g.byCode = p.expiry != 0 || p.produced != 0
}

// measure finds how much was scanned, or that it is to be weighed.
func (t *turn) measure(g *goods, l label, factor int64, keyed bool) bool {
	name := nameOf(g.item)
	byWeight := g.item.Unit == stock.Gram
	loose := g.item.Unit != stock.Piece && g.item.Pack == 0
	weighed := l.grams > 0 || l.fen > 0
	switch {
	case weighed && l.inStore && !byWeight:
		t.refuse(WrongUnit, say(badWeighedLabel, name), hintSupervisor)
		return false
	case weighed && byWeight && factor > 1:
		t.refuse(BadQuantity, badWeighedTimes, hintQuantity)
		return false
	case l.grams > 0 && byWeight:
		g.qty = l.grams
	case l.fen > 0 && byWeight && g.item.Price == 0:
		t.refuse(NoPrice, say(badLabelPrice, name), hintWeigh)
		return false
	case l.fen > 0 && byWeight:
		// Prices are per 500 g; the nearest gram.
		g.qty = (l.fen*500 + g.item.Price/2) / g.item.Price
	case loose && keyed:
		g.qty = factor
	case loose:
		g.loose = true
		return true
	default:
		count := max(1, l.count)
		if count > stock.MaxQty/factor || count*factor > stock.MaxQty/max(1, g.item.Pack) {
			t.refuse(BadQuantity, say(badQuantity, name), hintQuantity)
			return false
		}
		g.qty = factor * count * max(1, g.item.Pack)
	}
	if g.qty < 1 || g.qty > stock.MaxQty {
		t.refuse(BadQuantity, say(badQuantity, name), hintQuantity)
		return false
	}
	return true
}

// part takes a code that has a lot or a date and no product.
func (t *turn) part(l label) {
	what := lotName(l.lot, cmp.Or(l.expiry, l.produced))
	if t.goods == nil || !t.asksLot() {
		if t.now.Sub(t.parts.at) > t.rules.JoinWithin {
			t.parts = parts{}
		}
		t.parts = parts{cmp.Or(l.lot, t.parts.lot), cmp.Or(l.expiry, t.parts.expiry), cmp.Or(l.produced, t.parts.produced), t.now}
		t.show(ToneInfo, SoundHeard, say(saidHeardPart, what))
		return
	}
	if t.now.Sub(t.goods.since) > t.rules.JoinWithin {
		t.refuse(TooLate, badTooLate, hintTooLate)
		return
	}
	g := *t.goods
	g.lot = cmp.Or(l.lot, g.lot)
	g.expiry = cmp.Or(l.expiry, g.expiry)
	g.produced = cmp.Or(l.produced, g.produced)
	g.byCode = g.byCode || l.expiry != 0 || l.produced != 0
	g.named, g.since = true, t.now
	t.goods, t.question = &g, noQuestion
	t.show(ToneInfo, SoundHeard, what)
	t.trade().advance(t)
}

// withoutLot takes the answer that the package has no lot number.
func (t *turn) withoutLot() {
	g := *t.goods
	g.noLot = true
	t.goods, t.question = &g, noQuestion
	t.trade().advance(t)
}

func (t *turn) asksLot() bool {
	return t.question == wantLot || t.question == wantDate || t.question == wantWhich
}

// wait asks something about goods.
func (t *turn) wait(g goods, q question) {
	t.goods, t.question = &g, q
	if t.sound == Silence {
		t.hear()
	}
}

// drop forgets the goods in question.
func (t *turn) drop() {
	t.goods, t.question, t.reason = nil, noQuestion, ""
	t.broken, t.over = 0, false
	t.gate, t.approved = "", nil
}

// today is the day that decides what is expired: that of the clock that Step
// was given, in its time zone.
func (t *turn) today() stock.Date { return stock.DateOf(t.now) }

// expired reports whether goods may not be sold any more: the day after the
// date on the package.
func (t *turn) expired(d stock.Date) bool { return d != 0 && d < t.today() }

// maxEvidence bounds the raw bytes that are kept of a scan; see stock.Movement.
const maxEvidence = 4096

// movement begins a movement of goods, with the evidence of where they come from.
func (g *goods) movement(kind stock.Kind) stock.Movement {
	return stock.Movement{
		Kind: kind, SKU: g.item.SKU, Lot: g.lot, Device: cmp.Or(g.device, g.scale),
		Scan: g.scan[:min(len(g.scan), maxEvidence)], Frame: g.frame,
	}
}

package floor

import (
	"slices"

	"github.com/forestock/forestock/proto/stock"
)

// returning books goods that come back: of a cancelled order, or from a
// customer. Good ones go into a bin, bad ones are wasted.
type returning struct{}

func (returning) begin(t *turn, s sought) {
	if o, ok := t.book.Order(s.order); ok && s.order != "" {
		t.returnOf(o)
	}
}

// returnOf begins to take back goods of an order.
func (t *turn) returnOf(o stock.Order) {
	if t.goods != nil {
		t.refuse(Unsaved, say(badUnsaved, nameOf(t.goods.item)), hintFinish)
		return
	}
	t.document = string(o.ID)
	t.show(ToneInfo, SoundHeard, say(saidOrder, orderName(&o)))
}

func (returning) goods(t *turn, g goods) {
	if t.document == "" {
		t.goods = &g
		if !t.passes(gateReturn, NoOrder, badReturnOrder) {
			return
		}
	}
	if old := t.goods; old != nil && old.qty > 0 {
		if old.item.SKU == g.item.SKU && !g.loose && !old.loose && (g.lot == "" || g.lot == old.lot) {
			g = old.plus(g)
		} else {
			t.refuse(Unsaved, say(badUnsaved, nameOf(old.item)), hintAgain)
		}
	}
	t.goods, t.question = &g, noQuestion
	returning{}.advance(t)
}

func (returning) advance(t *turn) {
	if t.goods == nil || t.question == wantHome {
		return
	}
	g := *t.goods
	if _, known := t.book.Order(stock.OrderID(t.document)); known {
		if !t.fromOrder(&g) {
			return
		}
	} else if t.document == "" && !t.passes(gateReturn, NoOrder, badReturnOrder) || !t.dates(&g) {
		return
	}
	if !t.weigh(&g) {
		return
	}
	t.goods, t.question = &g, wantVerdict
	t.again(say(saidAdded, amount(g.qty, g.item.Unit), nameOf(g.item)))
}

// fromOrder settles which lot of an order comes back; false when it has
// refused the goods. Only what was picked can come back.
func (t *turn) fromOrder(g *goods) bool {
	p := t.book.Picked(stock.OrderID(t.document))
	mine := slices.DeleteFunc(slices.Clone(p.Picked), func(o stock.Picked) bool {
		return o.SKU != g.item.SKU || g.lot != "" && o.Lot != g.lot
	})
	switch {
	case len(mine) == 0:
		t.drop()
		t.refuse(WrongItem, say(badNotPicked, nameOf(g.item)), hintNotPicked)
		return false
	case g.item.Unit == stock.Gram && g.loose && g.qty == 0:
		// Nobody weighs again what was weighed into the tote.
		g.qty, g.loose = mine[0].Quantity, false
	}
	for _, o := range mine {
		if g.qty <= o.Quantity {
			g.lot = o.Lot
			lot := t.book.Lot(g.item.SKU, o.Lot)
			g.expiry, g.produced = lot.Expiry, lot.Produced
			return true
		}
	}
	t.drop()
	t.refuse(TooMany, say(badBackMany, amount(mine[0].Quantity, g.item.Unit), nameOf(g.item)), hintTooMany)
	return false
}

func (returning) bin(t *turn, b stock.Bin) {
	switch {
	case t.goods == nil || t.goods.qty == 0 || t.question != wantVerdict && t.question != wantHome:
		t.notHere(placeName(b))
	case t.expired(t.goods.expiry):
		t.refuse(Expired, say(badExpired, t.goods.expiry, nameOf(t.goods.item)), hintBadReturn)
	default:
		m := t.backMovement()
		m.Bin = b
		t.save([]stock.Movement{m}, say(saidBack, amount(m.Delta, t.goods.item.Unit), nameOf(t.goods.item), placeName(b)))
	}
}

func (t *turn) backMovement() stock.Movement {
	g := t.goods
	m := g.movement(stock.Return)
	m.Delta, m.Expiry, m.Produced, m.Document = g.qty, g.expiry, g.produced, t.document
	p := t.book.Picked(stock.OrderID(t.document))
	for _, o := range p.Picked {
		if o.SKU == g.item.SKU && o.Lot == g.lot && o.Quantity >= g.qty {
			m.Line = stock.LineName(o.Line)
			break
		}
	}
	return m
}

func (returning) button(t *turn, b Button) bool {
	g := t.goods
	switch {
	case b == Finish:
		t.finish()
	case g == nil || t.question != wantVerdict && t.question != wantHome:
		return false
	case b == Good && t.expired(g.expiry):
		t.refuse(Expired, say(badExpired, g.expiry, nameOf(g.item)), hintBadReturn)
	case b == Good:
		t.question = wantHome
		t.hear()
	case b == Bad:
		in := t.backMovement()
		out := g.movement(stock.Waste)
		out.Delta, out.Document, out.Reason = -in.Delta, in.Document, "bad return"
		t.save([]stock.Movement{in, out}, say(saidWasted, amount(in.Delta, g.item.Unit), nameOf(g.item)))
	default:
		return false
	}
	return true
}

func (returning) number(t *turn, n int64) bool {
	if !t.setQty(n) {
		return false
	}
	t.question = noQuestion
	return true
}

// saved ends the work once nothing of a cancelled order is left to put back.
func (returning) saved(t *turn, p *pending) {
	g := p.goods
	t.latest, t.total = &g, g.qty
	t.drop()
	o, known := t.book.Order(stock.OrderID(t.document))
	if progress := t.book.Picked(o.ID); known && o.State == stock.OrderCancelled && len(progress.Picked) == 0 {
		t.document = ""
	}
}

// backLines shows what of an order is still to be put back.
func (t *turn) backLines() []Line {
	p := t.book.Picked(stock.OrderID(t.document))
	var out []Line
	for _, o := range p.Picked {
		it, _ := t.item(o.SKU)
		out = append(out, line(nameOf(it), o.Lot, amount(o.Quantity, it.Unit)))
	}
	return out
}

func (returning) ask(t *turn) (ask, next Text) {
	switch {
	case t.question == wantVerdict:
		return askVerdict, say(nextVerdict, placeName(t.goods.item.Bin))
	case t.question == wantHome:
		return placeName(t.goods.item.Bin), nextHome
	case t.document == "":
		return askTicket, nextTicket
	}
	return askGoods, nextReturn
}

func (returning) keys(t *turn) []Button {
	switch t.question { //nolint:exhaustive // the others have no keys of their own
	case wantWeight:
		return []Button{OK, Tare, Cancel}
	case wantVerdict:
		return []Button{Good, Bad, Cancel}
	case wantHome:
		return []Button{Bad, Cancel}
	}
	return []Button{Finish, Undo, Cancel}
}

package floor

import "github.com/forestock/forestock/proto/stock"

// wasting books goods that are thrown away: what, how much, why, OK.
type wasting struct{}

func (wasting) begin(t *turn, s sought) {
	if s.isBin {
		wasting{}.bin(t, s.bin)
		return
	}
	if g := s.condemned; g != nil {
		wasting{}.goods(t, g.forWaste(t))
		if t.goods != nil && t.expired(t.goods.expiry) {
			t.reason = "r03"
		}
		return
	}
	if it, ok := t.item(s.sku); ok {
		wasting{}.goods(t, goods{item: it, qty: max(1, it.Pack), loose: it.Unit != stock.Piece && it.Pack == 0, since: t.now}.weighable())
	}
}

// weighable clears the quantity of goods that are to be weighed.
func (g goods) weighable() goods {
	if g.loose {
		g.qty = 0
	}
	return g
}

func (wasting) goods(t *turn, g goods) {
	if old := t.goods; old != nil && old.qty > 0 {
		if old.item.SKU == g.item.SKU && !g.loose && (g.lot == "" || g.lot == old.lot) {
			g = old.plus(g)
		} else {
			t.refuse(Unsaved, say(badUnsaved, nameOf(old.item)), hintAgain)
			t.reason = ""
		}
	}
	t.goods, t.question = &g, noQuestion
	wasting{}.advance(t)
}

func (wasting) advance(t *turn) {
	if t.goods == nil {
		return
	}
	if t.reason != "" && t.approver(gateValue) != "" {
		t.writeOff()
		return
	}
	g := *t.goods
	cells := t.here(g.item.SKU)
	if len(cells) == 0 {
		t.drop()
		t.refuse(NoStock, say(badNoStock, nameOf(g.item)), hintCountFirst)
		return
	}
	if !t.whichLot(&g, cells) || !t.weigh(&g) {
		return
	}
	if t.goods.qty == 0 {
		t.consume(&g)
	}
	t.goods, t.question = &g, noQuestion
	t.again(say(saidAdded, amount(g.qty, g.item.Unit), nameOf(g.item)))
}

// here gives the cells of an item in the bin that the work is about, or
// everywhere when none was scanned.
func (t *turn) here(sku stock.SKU) []stock.Level {
	cells := t.cells(sku)
	if t.placed {
		cells = at(cells, t.place)
	}
	return cells
}

func (wasting) bin(t *turn, b stock.Bin) { picking{}.bin(t, b) }

func (wasting) number(t *turn, n int64) bool { return t.setQty(n) }

func (wasting) button(t *turn, b Button) bool {
	switch {
	case b.reason():
		t.reason = b
		t.show(ToneInfo, SoundHeard, reasonTexts[b])
	case b == Finish && t.goods == nil:
		t.finish()
	case b == OK && t.goods != nil && t.question == noQuestion && t.reason != "":
		t.writeOff()
	default:
		return false
	}
	return true
}

// valueOf gives what goods are worth, in fen; 0 where nobody knows.
func valueOf(it stock.Item, qty int64) int64 {
	if it.Unit == stock.Piece {
		return it.Price * qty
	}
	return it.Price * qty / 500 // prices are per 500 g or ml
}

func (t *turn) writeOff() {
	g := *t.goods
	taken, rest := take(of(t.here(g.item.SKU), g.lot), g.qty)
	if rest > 0 {
		t.refuse(NotEnough, say(badNotEnough, amount(g.qty-rest, g.item.Unit), nameOf(g.item)), hintCountFirst)
		return
	}
	if t.dear(valueOf(g.item, g.qty)) {
		return
	}
	t.save(t.outOf(taken, g.movement(stock.Waste)), say(saidWasted, amount(g.qty, g.item.Unit), nameOf(g.item)))
}

func (wasting) saved(t *turn, p *pending) {
	g := p.goods
	t.latest, t.total = &g, g.qty
	t.drop()
}

func (wasting) ask(t *turn) (ask, next Text) {
	switch {
	case t.goods == nil:
		return askGoods, nextWaste
	case t.reason == "":
		return askReason, nextReason
	}
	return askConfirm, nextWasteOK
}

func (wasting) keys(t *turn) []Button {
	switch {
	case t.goods == nil:
		return []Button{Finish, Undo, Cancel}
	case t.question == wantWeight:
		return []Button{OK, Tare, Cancel}
	case t.reason == "":
		return []Button{"r02", "r03", "r05", "r06", "r07", "r10", Cancel}
	}
	return []Button{OK, Cancel}
}

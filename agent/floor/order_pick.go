package floor

import (
	"slices"

	"github.com/forestock/forestock/proto/stock"
)

// filling books goods that go into an order: the bin, the goods, the next bin.
type filling struct{ plain }

func (filling) bin(t *turn, b stock.Bin) {
	t.clearZero()
	stops := t.stops()
	switch {
	case t.goods != nil && t.goods.qty > 0:
		t.refuse(Unsaved, say(badUnsaved, nameOf(t.goods.item)), say(hintNotHere, t.askText()))
	case len(stops) == 0:
		t.staged(b)
	case slices.ContainsFunc(stops, func(s stop) bool { return s.cell.Bin == b && (!s.none || stops[0].none) }):
		t.drop()
		t.place, t.placed = b, true
		t.hear()
	default:
		t.otherBin(b)
	}
}

// otherBin takes a bin that the way does not lead to: it may hold a later lot.
func (t *turn) otherBin(b stock.Bin) {
	s, _ := t.current()
	if len(at(t.fresh(s.item.SKU, s.line.MinExpiry), b)) == 0 {
		t.refuse(WrongBin, say(badWrongBin, placeName(b)), say(hintWrongBin, placeName(s.cell.Bin)))
		return
	}
	t.drop()
	t.place, t.placed = b, true
	t.show(ToneLook, SoundLook, say(saidEarlier, lotName(s.cell.Lot, s.expiry), placeName(s.cell.Bin)))
}

func (filling) goods(t *turn, g goods) {
	t.clearZero()
	s, ok := t.stopFor(g.item)
	if !ok {
		return
	}
	o, _ := t.book.Order(t.round.order)
	p := t.book.Picked(o.ID)
	if left := p.Left(&s.line); !g.loose && g.item.Unit == stock.Piece && g.qty > left {
		t.refuse(TooMany, say(badTooMany, amount(left, g.item.Unit), nameOf(g.item)), hintTooMany)
		return
	}
	if s.cell.Bin == "" {
		t.place, t.placed = "", true
	}
	r := t.change()
	r.line, r.off = s.line.Number, 0
	if r.sub == r.line && len(at(t.cells(g.item.SKU), t.place)) == 0 {
		t.placed = false
	}
	t.goods, t.question, t.reason = &g, noQuestion, ""
	filling{}.advance(t)
}

// stopFor finds the stop that goods are for; false when it has refused them.
func (t *turn) stopFor(it stock.Item) (stop, bool) {
	now, ok := t.current()
	if !ok {
		t.refuse(TooMany, say(badLineDone, nameOf(it)), hintLineDone)
		return stop{}, false
	}
	fits := func(s *stop) bool {
		return s.item.SKU == it.SKU || t.round.sub == s.line.Number && slices.Contains(s.line.Substitutes, it.SKU)
	}
	stops := append([]stop{now}, t.stops()...)
	for i := range stops {
		if s := &stops[i]; fits(s) && t.there(s) {
			return *s, true
		}
	}
	o, _ := t.book.Order(t.round.order)
	p := t.book.Picked(o.ID)
	switch {
	case fits(&now):
		t.refuse(NotHere, badBinFirst, say(hintWrongBin, placeName(now.cell.Bin)))
	case slices.ContainsFunc(o.Lines, func(l stock.OrderLine) bool { return l.SKU == it.SKU && p.Done(&l) }):
		t.refuse(TooMany, say(badLineDone, nameOf(it)), hintLineDone)
	default:
		t.refuse(WrongItem, say(badWrongItem, nameOf(it), nameOf(now.item)), say(hintWrongItem, placeName(now.cell.Bin)))
	}
	return stop{}, false
}

func (filling) advance(t *turn) {
	o, open := t.openOrder(t.round.order)
	if t.goods == nil || !open {
		return
	}
	line, ok := o.Line(t.round.line)
	if !ok {
		return
	}
	g := *t.goods
	cells, ok := t.takeFrom(&g, line.MinExpiry)
	if !ok || !t.weigh(&g) {
		return
	}
	p := t.book.Picked(o.ID)
	if t.outside(&g, line, p.Left(line)) {
		return
	}
	taken, ok := t.takeAll(&g, cells, hintShort)
	if !ok {
		return
	}
	m := g.movement(stock.Pick)
	m.Document, m.Line = string(o.ID), stock.LineName(line.Number)
	done := p.Total(line) + g.qty
	t.save(t.outOf(taken, m), say(saidPicked, of2(done, line.Quantity, g.item.Unit), nameOf(g.item), takenText(taken, g.item.Unit)))
}

// of2 writes how much of how much: 2/3 pc.
func of2(n, of int64, u stock.Unit) Text {
	if u == stock.Piece {
		return say(same("%d/%s"), n, amount(of, u))
	}
	return say(same("%s/%s"), amount(n, u), amount(of, u))
}

func (filling) button(t *turn, b Button) bool {
	s, left := t.current()
	switch {
	case t.question == wantZero && b == OK:
		t.clearZero()
		t.hear()
	case t.question == wantFound:
		return t.shortButton(b)
	case t.question == wantOff || t.question == wantEarlier:
		return t.because(b)
	case b == Finish:
		t.finishOrder()
	case !left || t.goods != nil && t.question != wantWeight:
		return false
	case b == Short:
		t.drop()
		t.question = wantFound
		t.change().found = -1
		t.hear()
	case b == Later:
		t.drop()
		r := t.change()
		n := s.line.Number
		r.later = append(slices.DeleteFunc(slices.Clone(r.later), func(l int) bool { return l == n }), n)
		t.place, t.placed = "", false
		t.show(ToneInfo, SoundHeard, say(saidLater, nameOf(s.item)))
	case b == Sub:
		t.substitute(&s)
	default:
		return false
	}
	return true
}

// because takes the reason for a later lot, or for a weight outside the tolerance.
func (t *turn) because(b Button) bool {
	switch {
	case b.reason():
		t.reason, t.question = b, noQuestion
		filling{}.advance(t)
	case b == OK:
		t.show(ToneLook, SoundLook, askReason)
	default:
		return false
	}
	return true
}

// substitute shows what may be taken instead.
func (t *turn) substitute(s *stop) {
	t.drop()
	r := t.change()
	if r.sub == s.line.Number {
		r.sub = 0 // back to what was ordered
		t.hear()
		return
	}
	r.sub = s.line.Number
	for _, it := range t.candidates(&s.line) {
		if len(t.fresh(it.SKU, s.line.MinExpiry)) > 0 {
			t.show(ToneInfo, SoundHeard, say(saidSub, nameOf(s.item)))
			return
		}
	}
	r.sub = 0
	t.refuse(NoSubstitute, say(badNoSub, nameOf(s.item)), hintShort)
}

// finishOrder leaves the order to whoever comes next; at the second time when
// something is left.
func (t *turn) finishOrder() {
	left := len(t.stops())
	if left > 0 && !t.sure {
		t.leaving = Finish
		t.show(ToneLook, SoundLook, say(saidStopsLeft, left))
		return
	}
	t.enter(Pick)
	t.hear()
}

func (filling) number(t *turn, n int64) bool {
	switch t.question { //nolint:exhaustive // no other question is answered by a number
	case wantZero:
		return t.notEmpty(n)
	case wantFound:
		s, ok := t.current()
		if !ok || n > stock.MaxQty/max(1, s.item.Pack) {
			return false
		}
		t.change().found = n * max(1, s.item.Pack)
		t.show(ToneInfo, SoundHeard, askReason)
		return true
	}
	return false
}

func (filling) saved(t *turn, p *pending) {
	g := p.goods
	t.drop()
	r := t.change()
	r.found, r.off = -1, 0
	if g.item.SKU == "" {
		return // a short, or a count of what was left
	}
	t.latest, t.total = &g, g.qty
	o, _ := t.book.Order(r.order)
	done := t.book.Picked(o.ID)
	if l, ok := o.Line(r.line); ok {
		t.total = done.Total(l)
		if r.sub == r.line && done.Done(l) {
			r.sub = 0
		}
	}
	if t.placed && t.place != "" && sum(at(t.cells(g.item.SKU), t.place)) == 0 {
		r.zero, t.question = g.cell(t.place), wantZero
	}
}

// clearZero takes going on for the answer that the bin is empty.
func (t *turn) clearZero() {
	if t.question == wantZero {
		t.question = noQuestion
	}
}

// notEmpty books what is in a bin that the book takes for empty.
func (t *turn) notEmpty(n int64) bool {
	t.question = noQuestion
	c := t.round.zero
	it, ok := t.item(c.SKU)
	if !ok || n > stock.MaxQty/max(1, it.Pack) {
		return false
	}
	if n == 0 {
		t.hear()
		return true
	}
	e := t.book.Observe(c)
	e.Counted = n * max(1, it.Pack)
	lot := t.book.Lot(c.SKU, c.Lot)
	t.save([]stock.Movement{{
		Kind: stock.Count, SKU: c.SKU, Lot: c.Lot, Bin: c.Bin, Count: &e, Expiry: lot.Expiry, Produced: lot.Produced, Reason: "zero check",
	}}, say(saidCounted, placeName(c.Bin), 1))
	return true
}

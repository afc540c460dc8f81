package floor

import (
	"slices"

	"github.com/forestock/forestock/proto/stock"
)

func (filling) ask(t *turn) (ask, next Text) {
	s, left := t.current()
	switch {
	case t.question == wantFound:
		return askFound, nextFound
	case t.question == wantOff:
		return askReason, nextOff
	case t.question == wantZero:
		return askZero, nextZero
	case !left && t.round.tote != "" && !t.round.placed:
		return askTote, say(nextToteAgain, t.round.tote)
	case !left:
		return askStaging, nextStaging
	case !t.there(&s):
		return placeName(s.cell.Bin), say(nextStop, of2(0, s.want, s.item.Unit), nameOf(s.item))
	case t.round.sub == s.line.Number:
		return askSub, nextSub
	case s.none:
		return askLook, say(nextNone, nameOf(s.item))
	}
	o, _ := t.book.Order(t.round.order)
	p := t.book.Picked(o.ID)
	return say(askTake, of2(p.Total(&s.line), s.line.Quantity, s.item.Unit)), say(nextTake, nameOf(s.item), lotName(s.cell.Lot, s.expiry))
}

func (filling) keys(t *turn) []Button {
	_, left := t.current()
	switch {
	case t.question == wantFound:
		return append(slices.Clip(shortReasons), Cancel)
	case t.question == wantOff:
		return []Button{"r09", "r04", "r10", Cancel}
	case t.question == wantEarlier:
		return []Button{"r08", "r04", "r02", "r09", "r10", Cancel}
	case t.question == wantZero:
		return []Button{OK, Undo}
	case t.question == wantWeight:
		return []Button{OK, Tare, Short, Undo, Cancel}
	case !left:
		return []Button{Undo, Finish}
	}
	return []Button{Short, Later, Sub, Undo, Finish}
}

// orderView shows the order at hand.
func (t *turn) orderView() *Order {
	if t.round == nil {
		return nil
	}
	o, _ := t.book.Order(t.round.order)
	p := t.book.Picked(t.round.order)
	v := &Order{ID: t.round.order, Ref: o.Ref, Tote: t.round.tote, Lines: len(o.Lines)}
	if !o.Due.IsZero() {
		due := o.Due.In(t.now.Location())
		v.Due = &due
	}
	for i := range o.Lines {
		if p.Done(&o.Lines[i]) {
			v.Done++
		}
	}
	s, left := t.current()
	if !left {
		return v
	}
	v.Stop = &Stop{
		Bin: placeName(s.cell.Bin), Zone: s.item.Zone, Name: nameOf(s.item), Lot: s.cell.Lot, Expiry: s.expiry.String(),
		Want: s.line.Quantity, Picked: p.Total(&s.line), Here: amount(s.want, s.item.Unit), There: t.there(&s), None: s.none,
	}
	if s.item.Unit == stock.Gram {
		rest := p.Left(&s.line)
		v.Stop.Low, v.Stop.High = rest-s.line.Tolerance, rest+s.line.Tolerance
		for _, p := range t.pans {
			v.Stop.Tare = max(v.Stop.Tare, p.tare)
		}
	}
	return v
}

// stopLines shows the way that is left, or what may be taken instead.
func (t *turn) stopLines() []Line {
	var out []Line
	for _, s := range t.stops() {
		name := say(same("%s  %s"), placeName(s.cell.Bin), nameOf(s.item))
		out = append(out, Line{Name: name, Lot: s.cell.Lot, Quantity: amount(s.want, s.item.Unit)})
	}
	s, ok := t.current()
	if !ok || t.round.sub != s.line.Number {
		return out
	}
	out = nil
	for _, it := range t.candidates(&s.line) {
		for _, c := range t.fresh(it.SKU, s.line.MinExpiry) {
			out = append(out, line(say(same("%s  %s"), placeName(c.Bin), nameOf(it)), c.Lot, amount(c.OnHand, it.Unit)))
		}
	}
	return out
}

// orderFound shows an order.
func (t *turn) orderFound(id stock.OrderID) *Found {
	o, known := t.book.Order(id)
	if !known {
		return nil
	}
	p := t.book.Picked(id)
	f := &Found{Title: say(saidOrder, orderName(&o)), Sub: orderStates[o.State]}
	if who := t.book.Claimant(id); who != "" {
		f.Sub = say(orderClaimed, who)
	}
	done := 0
	for i := range o.Lines {
		l := &o.Lines[i]
		it, ok := t.item(l.SKU)
		if !ok {
			it = stock.Item{SKU: l.SKU, Name: string(l.SKU), Unit: stock.Piece}
		}
		s := Shelf{Name: nameOf(it), Bin: placeName(it.Bin), Quantity: of2(p.Total(l), l.Quantity, it.Unit), Tone: ToneInfo}
		switch {
		case l.Short || p.IsShort(l.Number):
			s.Tone, s.Left = ToneBad, lineShort
		case p.Done(l):
			s.Tone, s.Left = ToneGood, lineDone
		}
		if p.Done(l) {
			done++
		}
		f.Cells = append(f.Cells, s)
	}
	f.Total = say(Text{"%d/%d 行", "%d/%d lines"}, done, len(o.Lines))
	return f
}

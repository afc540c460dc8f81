package floor

import (
	"strings"

	"github.com/forestock/forestock/proto/stock"
)

// round is the way through one order.
type round struct {
	order  stock.OrderID
	tote   string // empty where the ticket was scanned
	later  []int  // lines that were put off, in that order; copied before it is changed
	sub    int    // the line that something else is taken for; 0 for none
	line   int    // the line that the goods in question are for
	found  int64  // keyed in after SHORT, base units; -1 for nothing
	off    int64  // the weight outside the tolerance that was told, grams
	zero   stock.Cell
	placed bool // the tote was scanned again: only the staging bin is missing
	done   bool // nothing was left to pick when the order was last seen
}

// change gives a copy of the round that may be changed, and makes it the
// station's.
func (t *turn) change() *round {
	r := *t.round
	t.round = &r
	return t.round
}

// tote takes the code of a tote: it begins the order that is due first, goes
// on with the one that it was taken for, or ends the one at hand.
func (t *turn) tote(number string) {
	if t.round != nil {
		t.toteAgain(number)
		return
	}
	if t.mode != Pick && t.mode != LookUp {
		t.notHere(say(saidTote, number))
		return
	}
	if !t.blank() {
		return
	}
	id := t.book.Filling(number)
	if _, open := t.openOrder(id); open && t.mode == LookUp {
		t.sought = sought{order: id}
		t.hear()
		return
	} else if open {
		t.begin(id, number)
		return
	}
	for _, o := range t.book.Orders() {
		p := t.book.Picked(o.ID)
		if !o.Done(&p) && t.book.Claimant(o.ID) == "" && t.book.Tote(o.ID) == "" {
			t.begin(o.ID, number)
			return
		}
	}
	t.refuse(NoOrder, badNoOrder, hintNoOrder)
}

// toteAgain takes a tote while an order is picked.
func (t *turn) toteAgain(number string) {
	switch left := len(t.stops()); {
	case t.round.tote == "" && t.book.Filling(number) == "":
		t.change().tote = number
		t.show(ToneInfo, SoundHeard, say(saidTote, number))
	case t.round.tote != number:
		t.refuse(NotHere, say(badOtherTote, t.round.tote), hintOtherTote)
	case left > 0:
		t.show(ToneLook, SoundLook, say(saidStopsLeft, left))
	default:
		t.change().placed = true
		t.hear()
	}
}

func (t *turn) openOrder(id stock.OrderID) (stock.Order, bool) {
	o, known := t.book.Order(id)
	return o, known && id != "" && o.State == stock.OrderOpen
}

// ticket takes the code of an order.
func (t *turn) ticket(text string) {
	o, known := t.orderOf(text)
	switch {
	case !known:
		t.refuse(NoOrder, say(badNoTicket, text), hintNoTicket)
	case t.mode == Return:
		t.returnOf(o)
	case t.round != nil && t.round.order == o.ID:
		t.show(ToneInfo, SoundHeard, say(saidStopsLeft, len(t.stops())))
	case t.mode == LookUp:
		t.sought = sought{order: o.ID}
		t.hear()
	case t.mode != Pick || t.round != nil:
		t.notHere(say(saidOrder, orderName(&o)))
	default:
		t.begin(o.ID, t.book.Tote(o.ID))
	}
}

// orderOf finds an order by its id, by the platform's number, or by a ticket,
// which has digits only and may begin with zeros.
func (t *turn) orderOf(text string) (stock.Order, bool) {
	if o, ok := t.book.Order(stock.OrderID(text)); ok {
		return o, true
	}
	bare := strings.TrimLeft(text, "0")
	for _, o := range t.book.Orders() {
		if o.Ref == text || bare != "" && (strings.TrimLeft(string(o.ID), "0") == bare || strings.TrimLeft(o.Ref, "0") == bare) {
			return o, true
		}
	}
	return stock.Order{}, false
}

// isTicket reports whether a text that is no code by itself names an order.
func (t *turn) isTicket(l label) bool {
	if l.sku == "" {
		return false
	}
	if _, item := t.item(l.sku); item {
		return false
	}
	_, ok := t.orderOf(l.text)
	return ok
}

// begin begins to pick an order.
func (t *turn) begin(id stock.OrderID, tote string) {
	o, open := t.openOrder(id)
	p := t.book.Picked(id)
	switch who := t.book.Claimant(id); {
	case !open && o.State == stock.OrderCancelled:
		t.callOff(o)
		return
	case !open:
		t.refuse(OrderGone, say(badOrderGone, id), hintOrderGone)
		return
	case who != "" && who != t.station:
		t.refuse(OrderTaken, say(badOrderTaken, orderName(&o), who), hintOrderTaken)
		return
	}
	t.enter(Pick)
	t.round = &round{order: id, tote: tote, found: -1}
	if len(p.Picked) > 0 && (tote == "" || t.book.Tote(id) != tote) {
		t.show(ToneLook, SoundLook, say(saidBegun, orderName(&o)))
		return
	}
	t.show(ToneInfo, SoundHeard, say(saidOrder, orderName(&o)))
}

// orderGone tells whoever picks an order that it is not wanted any more; the
// input that finds it out does nothing else.
func (t *turn) orderGone(in Input) bool {
	if t.round == nil {
		return false
	}
	o, known := t.book.Order(t.round.order)
	if known && o.State == stock.OrderOpen {
		if p := t.book.Picked(o.ID); o.Done(&p) != t.round.done {
			t.change().done = !t.round.done
		}
		return false
	}
	if !known && t.round.done {
		return false // the hub has all of it; only the staging is left
	}
	switch in.(type) {
	case Scan, Press, Tick, Weight, Repeat:
	default:
		return false
	}
	o.ID = t.round.order
	t.callOff(o)
	return true
}

// callOff ends the picking of an order that was cancelled. What was picked goes
// back, piece by piece.
func (t *turn) callOff(o stock.Order) {
	p := t.book.Picked(o.ID)
	if len(p.Picked) == 0 {
		t.enter(Pick)
		t.refuse(OrderGone, say(badOrderGone, orderName(&o)), hintOrderGone)
		return
	}
	t.enter(Return)
	t.document = string(o.ID)
	t.refuse(OrderGone, say(badOrderGone, orderName(&o)), hintPutBack)
}

// staged ends an order at the bin where it waits for the rider.
func (t *turn) staged(b stock.Bin) {
	id, tote := t.round.order, t.round.tote
	if tote != "" && !t.round.placed {
		t.refuse(NotHere, say(badNotHere, placeName(b)), say(hintNotHere, askTote))
		return
	}
	name := same(string(id))
	if o, ok := t.book.Order(id); ok {
		name = orderName(&o)
	}
	t.enter(Pick)
	t.show(ToneGood, SoundDone, say(saidStaged, name, placeName(b)))
}

// orderName gives what people call an order.
func orderName(o *stock.Order) Text {
	if o.Ref != "" {
		return same(o.Ref)
	}
	return same(string(o.ID))
}

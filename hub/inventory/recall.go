package inventory

import (
	"slices"
	"time"

	"github.com/forestock/forestock/proto/stock"
)

// Recall tells the Book which orders a box holds to be picked, as it does when
// the down stream begins anew: the hub may have gone back to a copy that is older
// than they are. An order that the Book does not know as confirmed was confirmed
// all the same, or no warehouse would have it. What the Book thinks of each goes
// down to the box. The result is a Recalled or a *Refusal.
type Recall struct {
	Warehouse stock.Warehouse
	Session   Session
	Orders    []stock.Order
}

// Recalled answers a Recall.
type Recalled struct {
	Adopted []stock.OrderID // those that were not known as confirmed
}

func (Recalled) result() {}

func (c Recall) apply(s *step) Result {
	w := s.book.warehouses[c.Warehouse]
	if w == nil {
		return refuse(ReasonWarehouse, "warehouse %s is not enrolled at this hub", c.Warehouse)
	}
	if refusal := w.seated(c.Session); refusal != nil {
		return refusal
	}
	var out Recalled
	for i := range c.Orders {
		if o := &c.Orders[i]; o.State == stock.OrderOpen && o.Validate() == nil && s.recall(w, o) {
			out.Adopted = append(out.Adopted, o.ID)
		}
	}
	s.fill(w)
	return out
}

// recall takes one order, and reports whether it was not known as confirmed.
func (s *step) recall(w *warehouse, o *stock.Order) (adopted bool) {
	d := &s.book.desk
	k, known := d.known[SumOf(o.ID)]
	slot, open := k.slot()
	if known && !open && k.state() != Expired || known && open && d.records[slot].ware != w {
		w.tellOver(s, o.ID)
		return false
	}
	if !known || !open {
		slot, adopted = s.adopt(w, o, k.payload), true
	}
	switch r := d.records[slot].r; {
	case r.State == Tried:
		s.confirm(slot)
		adopted = true
	case r.State != Confirmed && !w.tells(r):
		r = s.change(slot)
		s.ask(slot, r)
		s.put(slot, r, EventKept)
		return false
	case r.State != Confirmed:
		return false
	}
	s.catchUp(w, slot, o)
	return adopted
}

// tellOver lets the box hear that an order is over of which no record is in
// memory.
func (w *warehouse) tellOver(s *step, id stock.OrderID) {
	if !w.pends(id) {
		w.down.Pending = append(slices.Clip(w.down.Pending), DownKey{Order: id})
		s.touchDown(w)
	}
}

// over stands on the down stream for an order that is over.
func (b *Book) over(id stock.OrderID) *Reservation {
	r := &Reservation{ID: id, State: Cancelled} // another warehouse has it, or it was forgotten
	if k, ok := b.desk.known[SumOf(id)]; ok && k.at&ended != 0 {
		r.State = k.state()
	}
	return r
}

// adopt makes a confirmed reservation of an order. Its payload is what is
// remembered of it; none fits every Try.
func (s *step) adopt(w *warehouse, o *stock.Order, payload uint32) uint32 {
	b := s.book
	at := o.Confirmed.Round(0).Truncate(time.Millisecond).UTC()
	if o.Confirmed.IsZero() {
		at = s.clock()
	}
	r := &Reservation{
		ID: o.ID, Payload: uint64(payload), Warehouse: w.state.Warehouse, Ref: o.Ref, Channel: b.names.of(o.Channel), State: Confirmed,
		TTL: DefaultTTL, Expires: at, Created: at, Confirmed: at, Updated: s.clock(),
	}
	if !o.Due.IsZero() {
		r.Due = o.Due.Round(0).Truncate(time.Millisecond).UTC()
	}
	for i := range o.Lines {
		l := &o.Lines[i]
		for len(r.Lines) < l.Number { // a line that got nothing is not told
			r.Lines = append(r.Lines, ReservationLine{SKU: l.SKU, Done: true})
		}
		r.Lines[l.Number-1] = ReservationLine{
			SKU: l.SKU, Quantity: l.Quantity, Granted: l.Quantity, MinExpiry: l.MinExpiry, Tolerance: l.Tolerance, Substitutes: slices.Clone(l.Substitutes),
		}
	}
	slot := b.desk.hire(w, SumOf(o.ID))
	b.desk.records[slot].r = r
	for i := range r.Lines {
		l := &r.Lines[i]
		if w.lines.find(l.SKU) == nil { // its entries are still to come
			sku := stock.SKU(b.names.of(string(l.SKU)))
			s.touchSum(w, sku, w.line(s, sku))
			s.touch(w)
		}
		p := w.promise(b, l.SKU)
		l.SKU = p.sku
		p.count(Confirmed, r.Channel, l.Reserved())
		s.loosen(p) // settle sets aside what there is
	}
	s.ask(slot, r)
	s.put(slot, r, EventConfirmed)
	return slot
}

// catchUp takes over what the box knows that earlier ledgers did of an order,
// where the hub has lost entries of theirs.
func (s *step) catchUp(w *warehouse, slot uint32, o *stock.Order) {
	before := w.state.Before()
	r, more := s.change(slot), false
	for i := range o.Lines {
		told := &o.Lines[i]
		line := told.Number - 1
		if line >= len(r.Lines) {
			continue
		}
		picked, short := r.earlier(line, before)
		n := max(0, told.Picked-picked)
		if n == 0 && (short || !told.Short) {
			continue
		}
		more = true
		r.Picks = append(slices.Clip(r.Picks), PickOf{Line: line, Place: Place{Term: before}, Quantity: n, Short: told.Short})
		s.recommit(w, r, line, n)
	}
	if more {
		s.picked(slot, r)
	}
}

// earlier gives what ledgers up to a term did of a line.
func (r *Reservation) earlier(line int, upto Term) (picked int64, short bool) {
	for _, p := range r.Picks {
		if p.Line == line && p.Place.Term <= upto {
			picked += p.Quantity
			short = short || p.Short
		}
	}
	return picked, short
}

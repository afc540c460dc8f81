package inventory

import "github.com/forestock/forestock/proto/stock"

// find gives the record of an id that is in memory, or what to answer instead.
func (s *step) find(id stock.OrderID) (slot uint32, k known, ok bool) { return s.lookUp(SumOf(id)) }

// lookUp is find by the sum of an id. A hold whose time is over has ended before
// anybody asks for it.
func (s *step) lookUp(sum Sum) (slot uint32, k known, ok bool) {
	d := &s.book.desk
	k, ok = d.known[sum]
	if slot, open := k.slot(); ok && open {
		if !d.lapsed(slot) {
			return slot, k, true
		}
		s.end(slot, Expired, "", EventExpired)
		k = d.known[sum]
	}
	return 0, k, ok
}

func notFound() *Denied { return deny(ReservationNotFound, "no reservation has this id") }

// elsewhere answers with a record that is not in memory.
func (k known) elsewhere(id stock.OrderID, retry bool) Ended {
	return Ended{ID: id, State: k.state(), Revision: k.revision, Retry: retry}
}

func (k known) state() ReservationState { return ReservationState(k.at &^ ended) }

func (c Confirm) apply(s *step) Result {
	slot, k, ok := s.find(c.ID)
	if !ok {
		return notFound()
	}
	if slot == 0 {
		return c.ended(s, k)
	}
	r := s.book.desk.records[slot].r
	if r.State == Tried {
		return Reserved{Reservation: s.confirm(slot)}
	}
	if r.State == Cancelled {
		return deny(ReservationCancelled, "the reservation was cancelled")
	}
	return Reserved{Reservation: r, Replayed: true}
}

// ended confirms a reservation that is not in memory.
func (c Confirm) ended(s *step, k known) Result {
	if k.state() == Cancelled {
		return deny(ReservationCancelled, "the reservation was cancelled")
	}
	if k.state() != Expired {
		return k.elsewhere(c.ID, false)
	}
	if c.Past == nil || c.Past.Revision != k.revision {
		return k.elsewhere(c.ID, true)
	}
	return c.again(s)
}

// confirm turns the hold in a slot into an order.
func (s *step) confirm(slot uint32) *Reservation {
	w := s.book.desk.records[slot].ware
	r := s.change(slot)
	for i := range r.Lines {
		l := &r.Lines[i]
		if p := w.promise(s.book, l.SKU); p != nil {
			p.count(Tried, r.Channel, -l.Reserved())
			p.count(Confirmed, r.Channel, l.Reserved())
		}
	}
	r.State, r.Confirmed = Confirmed, s.clock()
	s.book.desk.released()
	s.ask(slot, r)
	s.put(slot, r, EventConfirmed)
	s.fill(w)
	return s.book.desk.records[slot].r
}

// again holds once more what had run out, and confirms it.
func (c Confirm) again(s *step) Result {
	past := c.Past
	gone := deny(ReservationExpired, "the hold ran out, and the stock is not there any more")
	if past.ID != c.ID || past.State != Expired {
		return deny(InvalidReservation, "the record handed in is of another reservation")
	}
	w := s.book.warehouses[past.Warehouse]
	if w == nil {
		return gone
	}
	if why := w.closedTo(c.Freshness, c.Age); why != nil {
		return why
	}
	t := past.asTry(c)
	if whole, some := t.setAside(s.book, w, &t.Candidates[0], false); !whole || !some {
		d := t.shortages(s.book, w, &t.Candidates[0])
		t.giveUp(s.book)
		gone.Shortages = d.Shortages
		return gone
	}
	r := t.draft(s, w)
	r.Created, r.Expires = past.Created, past.Expires
	for i := range r.Lines {
		r.Lines[i].Quantity = past.Lines[i].Quantity // of a part that was allowed, the rest stays missing
	}
	slot := s.book.desk.hire(w, SumOf(c.ID))
	s.book.desk.records[slot].r = r
	s.book.desk.due.gone-- // confirm counts a hold in the heap off, and this one never was in it
	return Reserved{Reservation: s.confirm(slot)}
}

// asTry gives the Try that would hold again what a reservation held.
func (r *Reservation) asTry(c Confirm) *Try {
	t := &Try{
		ID: r.ID, payload: r.Payload, Candidates: []Candidate{{Warehouse: r.Warehouse, Freshness: c.Freshness, Age: c.Age}},
		Ask: Ask{Ref: r.Ref, Channel: r.Channel, TTL: r.TTL, Due: r.Due, Lines: make([]AskLine, len(r.Lines))},
	}
	for i := range r.Lines {
		l := &r.Lines[i]
		t.Ask.Lines[i] = AskLine{SKU: l.SKU, Quantity: l.Granted, MinShelfLife: l.MinShelfLife, Substitutes: l.Substitutes}
	}
	return t
}

func (c Cancel) apply(s *step) Result {
	if stock.CheckText(c.Reason) != nil {
		return deny(InvalidReservation, "the reason is longer than 128 bytes or cannot be printed")
	}
	slot, k, ok := s.find(c.ID)
	if !ok {
		return c.mark(s)
	}
	if slot == 0 {
		return c.ended(s, k)
	}
	switch r := s.book.desk.records[slot].r; {
	case r.State == Cancelled:
		return Reserved{Reservation: r, Replayed: true}
	case !r.State.Open() || r.Picked():
		return deny(AlreadyPicked, "goods were picked for it already: have them returned instead")
	}
	return Reserved{Reservation: s.end(slot, Cancelled, c.Reason, EventCancelled)}
}

// mark leaves a record for a Try that comes late.
func (c Cancel) mark(s *step) Result {
	if _, err := stock.ParseOrderID(string(c.ID)); err != nil {
		return deny(InvalidReservation, err.Error())
	}
	s.book.revision++
	now := s.clock()
	r := &Reservation{
		ID: c.ID, State: Cancelled, Reason: c.Reason, Created: now, Updated: now,
		Born: s.book.revision, Revision: s.book.revision,
	}
	s.book.desk.remember(SumOf(c.ID), r, 0)
	s.tell(r, EventCancelled)
	return Reserved{Reservation: r}
}

// ended cancels a reservation that is not in memory.
func (c Cancel) ended(s *step, k known) Result {
	if k.state() == Cancelled {
		return k.elsewhere(c.ID, false)
	}
	if k.state() != Expired {
		return deny(AlreadyPicked, "goods were picked for it already: have them returned instead")
	}
	if c.Past == nil || c.Past.Revision != k.revision || c.Past.ID != c.ID {
		return k.elsewhere(c.ID, true)
	}
	r := *c.Past // a Confirm that comes late must not hold it again
	r.State, r.Reason, r.Updated = Cancelled, c.Reason, s.clock()
	s.book.revision += Revision(len(r.Lines)) + 1
	r.Revision = s.book.revision
	s.book.desk.remember(SumOf(c.ID), &r, 0)
	s.tell(&r, EventCancelled)
	return Reserved{Reservation: &r}
}

func (e Extend) apply(s *step) Result {
	if e.TTL < 0 || e.TTL > MaxTTL {
		return deny(InvalidReservation, "a hold lasts at most 24 hours")
	}
	slot, k, ok := s.find(e.ID)
	if !ok {
		return notFound()
	}
	state := k.state()
	if slot != 0 {
		r := s.book.desk.records[slot].r
		if r.State == Tried {
			return e.extend(s, slot)
		}
		if r.State == Confirmed {
			return Reserved{Reservation: r, Replayed: true} // it does not end by itself any more
		}
		state = r.State
	}
	if state == Expired {
		return deny(ReservationExpired, "the hold ran out")
	}
	if state == Cancelled {
		return deny(ReservationCancelled, "the reservation was cancelled")
	}
	return deny(AlreadyPicked, "the order was picked already")
}

func (e Extend) extend(s *step, slot uint32) Result {
	r := s.change(slot)
	r.TTL = lasting(e.TTL)
	r.Expires = s.clock().Add(r.TTL)
	s.put(slot, r, EventExtended)
	s.book.desk.released()
	s.book.desk.expects(slot, r)
	return Reserved{Reservation: r}
}

func (l Look) apply(s *step) Result {
	slot, k, ok := s.find(l.ID)
	switch {
	case !ok:
		return notFound()
	case slot == 0:
		return k.elsewhere(l.ID, false)
	}
	return Reserved{Reservation: s.book.desk.records[slot].r, Replayed: true}
}

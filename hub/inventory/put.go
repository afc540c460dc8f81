package inventory

import "time"

// clock is the time of reservations: it never goes back.
func (s *step) clock() time.Time { return s.book.desk.reached }

// put makes r the newest state of the reservation in a slot: r gets its
// revision, the levels of its lines get theirs, and an event tells it.
func (s *step) put(slot uint32, r *Reservation, t EventType) {
	w := s.book.desk.records[slot].ware
	s.lined = s.lined[:0]
	for i := range r.Lines {
		s.lined = append(s.lined, w.promise(s.book, r.Lines[i].SKU))
	}
	s.putOn(s.lined, slot, r, t)
}

// putOn is put where the promises of the lines are at hand.
func (s *step) putOn(lines []*promise, slot uint32, r *Reservation, t EventType) {
	b := s.book
	rec := &b.desk.records[slot]
	b.revision += Revision(len(r.Lines)) + 1
	r.Revision = b.revision
	if r.Born == 0 {
		r.Born = r.Revision
	}
	first := r.Revision - Revision(len(r.Lines))
	for i, p := range lines {
		if p != nil {
			p.line.revision = first + Revision(i)
			s.touchPromise(p, !r.State.Open())
		}
	}
	rec.r = r
	b.desk.remember(rec.sum, r, slot)
	s.tell(r, t)
	if len(rec.ware.down.Pending) > 0 && r.Asked != 0 && rec.ware.pends(r.ID) {
		s.touchDown(rec.ware)
	}
}

// tell notes an event.
func (s *step) tell(r *Reservation, t EventType) {
	if s.changes.Events == nil {
		s.changes.Events = make([]Event, 0, s.commands)
	}
	s.changes.Events = append(s.changes.Events, Event{Type: t, Time: s.clock(), Reservation: r})
}

// touchPromise notes that claims changed. Once a reservation has ended nothing
// on disk but the level's own row knows the revision any more, so that is
// written too.
func (s *step) touchPromise(p *promise, ended bool) {
	if p.changed { // the place of its newest revision is at the end
		s.promises[p.at] = nil
		s.repeated++
	}
	p.changed, p.at = true, uint32(len(s.promises))
	s.promises = append(s.promises, p)
	if ended {
		s.settleLine(p.ware, p.sku, p.line)
	}
}

// change gives a copy of the reservation in a slot, to be changed and put.
func (s *step) change(slot uint32) *Reservation {
	r := *s.book.desk.records[slot].r
	r.Lines = append([]ReservationLine(nil), r.Lines...)
	r.Updated = s.clock()
	return &r
}

// end makes the reservation in a slot one that claims nothing.
func (s *step) end(slot uint32, state ReservationState, reason string, t EventType) *Reservation {
	d := &s.book.desk
	w := d.records[slot].ware
	r := s.change(slot)
	was := r.State
	for i := range r.Lines {
		s.release(w, r, &r.Lines[i])
	}
	r.State, r.Reason, r.AtRisk = state, reason, false
	if was == Tried {
		d.released()
	}
	s.close(slot, r, t)
	return r
}

// release ends the claim of one line.
func (s *step) release(w *warehouse, r *Reservation, l *ReservationLine) {
	if p := w.promise(s.book, l.SKU); p != nil {
		p.putBack(l.Lots)
		p.count(r.State, r.Channel, -l.Reserved())
		if p.overdrawn(s.book.desk.today) {
			s.loosen(p) // somebody else may become safe
		}
	}
	l.Lots, l.Done, l.AtRisk = nil, true, false
}

// close puts a reservation that has ended, tells the floor if it knows of it,
// and lets go of the slot unless it is still needed.
func (s *step) close(slot uint32, r *Reservation, t EventType) {
	d := &s.book.desk
	w := d.records[slot].ware
	if r.Asked != 0 {
		s.ask(slot, r)
	}
	s.put(slot, r, t)
	s.fill(w)
	s.leave(slot)
}

// leave lets go of a slot whose reservation has ended, once the floor knows.
func (s *step) leave(slot uint32) {
	d := &s.book.desk
	rec := &d.records[slot]
	if rec.r == nil || rec.ware.needs(rec.r) {
		return
	}
	d.remember(rec.sum, rec.r, 0)
	d.fire(slot)
}

// needs reports whether a reservation has to stay in memory: it claims stock,
// the floor has still to hear of it, or a pick may still come for it.
func (w *warehouse) needs(r *Reservation) bool {
	if r.State.Open() || r.State == Cancelled && r.Asked != 0 {
		return true
	}
	return w.tells(r)
}

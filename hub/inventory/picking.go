package inventory

import (
	"slices"
	"strconv"

	"github.com/forestock/forestock/proto/stock"
)

// fulfil lets an entry of the floor move what an order claims: picks, shorts
// and returns name the order and its line, an undo names the entry that it
// takes back. The stock has moved already, whatever becomes of the order.
func (w *warehouse) fulfil(s *step, at Place, m *stock.Movement) {
	if m.Kind == stock.Undo {
		of := Place{at.Term, m.Undoes}
		if slot, ok := w.picked[of]; ok && s.book.desk.records[slot].r.outstanding() != stock.OrderClosed {
			s.unpick(slot, of)
		}
		return
	}
	if m.Kind != stock.Pick && m.Kind != stock.Short && m.Kind != stock.Return {
		return
	}
	slot, line, ok := w.order(s, m)
	if !ok {
		if m.Line != "" && m.Kind != stock.Return {
			s.strays++
		}
		return
	}
	state := s.book.desk.records[slot].r.State
	if state == Tried && m.Kind != stock.Return {
		// Only what was confirmed is picked: the hub went back to before that.
		state = s.confirm(slot).State
	}
	switch {
	case state == Confirmed && m.Kind == stock.Return:
		s.putBack(slot, line, at, m)
	case state == Confirmed:
		s.pick(slot, line, at, m)
	case state == Cancelled:
		s.pickCancelled(slot, line, at, m)
	}
}

// order finds the line of an order that an entry names.
func (w *warehouse) order(s *step, m *stock.Movement) (slot uint32, line int, ok bool) {
	d := &s.book.desk
	if m.Document == "" || len(d.known) == 0 {
		return 0, 0, false
	}
	slot, ok = d.known[SumOf(stock.OrderID(m.Document))].slot()
	if !ok || slot == 0 || d.records[slot].ware != w {
		return 0, 0, false
	}
	line, err := strconv.Atoi(m.Line)
	return slot, line - 1, err == nil && line >= 1 && line <= len(d.records[slot].r.Lines)
}

// pick turns what is committed into what is picked, or closes the line.
func (s *step) pick(slot uint32, line int, at Place, m *stock.Movement) {
	w := s.book.desk.records[slot].ware
	r := s.change(slot)
	l := &r.Lines[line]
	quantity := max(0, -m.Delta)
	if m.Kind == stock.Short {
		quantity = 0
	}
	before := l.Reserved()
	l.Picked += quantity
	l.Done = l.Done || m.Kind == stock.Short || l.whole()
	s.unclaim(w, r, l, before-l.Reserved(), m)
	r.Picks = append(slices.Clip(r.Picks), PickOf{Line: line, Place: at, Quantity: quantity, Short: m.Kind == stock.Short})
	w.note(at, slot)
	s.picked(slot, r)
}

// putBack commits again what comes back to the shelf before the order is whole.
func (s *step) putBack(slot uint32, line int, at Place, m *stock.Movement) {
	w := s.book.desk.records[slot].ware
	r := s.change(slot)
	n := min(m.Delta, r.Lines[line].Picked)
	if n <= 0 {
		return
	}
	r.Picks = append(slices.Clip(r.Picks), PickOf{Line: line, Place: at, Quantity: -n})
	w.note(at, slot)
	s.recommit(w, r, line, -n)
	s.picked(slot, r)
}

// picked puts an order of which something was picked or put back, and ends it
// with its last line.
func (s *step) picked(slot uint32, r *Reservation) {
	if slices.ContainsFunc(r.Lines, func(l ReservationLine) bool { return !l.Done }) {
		s.put(slot, r, EventPicked)
		return
	}
	s.finish(slot, r)
}

func (w *warehouse) note(at Place, slot uint32) {
	if w.picked == nil {
		w.picked = make(map[Place]uint32)
	}
	w.picked[at] = slot
}

// finish ends an order of which every line is done.
func (s *step) finish(slot uint32, r *Reservation) {
	t := EventFulfilled
	r.State, r.AtRisk = Fulfilled, false
	for i := range r.Lines {
		if !r.Lines[i].whole() {
			r.State, t = Shorted, EventShorted
		}
	}
	s.close(slot, r, t)
}

// unclaim gives up n of what a line claims: first from the lot that was
// picked, then from the one that expires last, which others need least.
func (s *step) unclaim(w *warehouse, r *Reservation, l *ReservationLine, n int64, m *stock.Movement) {
	p := w.promise(s.book, l.SKU)
	if p == nil || n <= 0 {
		return
	}
	p.count(Confirmed, r.Channel, -n)
	lots := slices.Clone(l.Lots)
	give := func(a *Allocation) {
		k := min(n, a.Quantity)
		a.Quantity -= k
		n -= k
		p.lot(a.Lot, a.Expiry).claimed -= k
	}
	for i := range lots {
		if m.SKU == l.SKU && lots[i].Lot == m.Lot {
			give(&lots[i])
		}
	}
	for i := range slices.Backward(lots) {
		give(&lots[i])
	}
	l.Lots = slices.DeleteFunc(lots, func(a Allocation) bool { return a.Quantity == 0 })
	if l.Reserved() == 0 {
		l.AtRisk = false
		r.AtRisk = slices.ContainsFunc(r.Lines, func(l ReservationLine) bool { return l.AtRisk })
	}
	if p.overdrawn(s.book.desk.today) {
		s.loosen(p)
	}
}

// pickCancelled notes goods that were picked for an order that was cancelled, and
// those of them that came back to the shelf.
func (s *step) pickCancelled(slot uint32, line int, at Place, m *stock.Movement) {
	w := s.book.desk.records[slot].ware
	r := s.change(slot)
	n := max(-m.Delta, -r.Lines[line].Picked)
	if m.Kind == stock.Short || n == 0 || (n > 0) != (m.Kind == stock.Pick) {
		return
	}
	t := EventKept
	if n > 0 && !r.PickedAfterCancel { // told once
		r.PickedAfterCancel, t = true, EventPickedAfterCancel
	}
	r.Picks = append(slices.Clip(r.Picks), PickOf{Line: line, Place: at, Quantity: n})
	w.note(at, slot)
	r.Lines[line].Picked += n
	s.put(slot, r, t)
}

// unpick takes back one entry: what was picked is committed again.
func (s *step) unpick(slot uint32, of Place) {
	w := s.book.desk.records[slot].ware
	r := s.change(slot)
	i := slices.IndexFunc(r.Picks, func(p PickOf) bool { return p.Place == of })
	if i < 0 {
		return
	}
	was := r.Picks[i]
	r.Picks = slices.Delete(slices.Clone(r.Picks), i, i+1)
	delete(w.picked, of)
	if r.State == Cancelled {
		l := &r.Lines[was.Line]
		l.Picked = max(0, l.Picked-was.Quantity)
		s.put(slot, r, EventKept)
		return
	}
	s.recommit(w, r, was.Line, -was.Quantity)
	s.picked(slot, r)
}

// recommit changes by how much of a line left the shelf, when something that was
// done of it was taken back.
func (s *step) recommit(w *warehouse, r *Reservation, line int, n int64) {
	l := &r.Lines[line]
	before := l.Reserved()
	l.Picked = max(0, l.Picked+n) // a pick can be put back and undone as well
	l.Done = l.Granted == 0 || l.whole() || slices.ContainsFunc(r.Picks, func(p PickOf) bool { return p.Line == line && p.Short })
	more := l.Reserved() - before
	if more < 0 {
		s.unclaim(w, r, l, -more, new(stock.Movement))
		return
	}
	if p := w.promise(s.book, l.SKU); p != nil {
		p.count(Confirmed, r.Channel, more)
		s.loosen(p) // settle sets aside what it needs
	}
}

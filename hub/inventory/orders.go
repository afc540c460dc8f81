package inventory

import (
	"cmp"
	"slices"

	"github.com/forestock/forestock/proto/stock"
)

// ask is an order that waits for its number on the down stream.
type ask struct {
	asked Revision
	slot  uint32
}

// waits reports whether what was asked for then has no number yet.
func (w *warehouse) waits(asked Revision) bool { return !w.down.Epoch.IsZero() && asked > w.down.Asked }

// pends reports whether an order has a number that the box has not stored yet.
func (w *warehouse) pends(id stock.OrderID) bool {
	return slices.ContainsFunc(w.down.Pending, func(k DownKey) bool { return k.Order == id })
}

// ask lets the floor hear of an order. One that it never heard of is simply
// not told any more when it ends. The caller puts r next, with no other change
// in between, and fills the stream then.
func (s *step) ask(slot uint32, r *Reservation) {
	w := s.book.desk.records[slot].ware
	if r.Asked != 0 && w.waits(r.Asked) {
		w.asking--
		r.Asked = 0
		s.touchDown(w)
		if !r.State.Open() {
			return
		}
	}
	r.Asked = s.book.revision + Revision(len(r.Lines)) + 1 // what put will give
	w.asks = append(w.asks, ask{r.Asked, slot})
	w.asking++
	s.touchDown(w)
}

// nextAsk takes the order that has waited longest.
func (w *warehouse) nextAsk(d *desk) (*Reservation, bool) {
	for len(w.asks) > 0 {
		a := w.asks[0]
		w.asks = w.asks[1:]
		if r := d.records[a.slot].r; r != nil && d.records[a.slot].ware == w && r.Asked == a.asked {
			w.asking--
			return r, true
		}
	}
	w.asks = nil
	return nil, false
}

// fillOrders gives numbers to orders, as many as there is room for.
func (w *warehouse) fillOrders(d *desk) {
	pending := slices.Clip(w.down.Pending) // what was given out never changes
	for len(pending) < downWindow {
		r, ok := w.nextAsk(d)
		if !ok {
			break
		}
		pending = append(pending, DownKey{Order: r.ID})
		w.down.Asked = r.Asked
	}
	w.down.Pending = pending
}

// tellAgain lets a down stream that begins anew carry every order that is open.
func (s *step) tellAgain(w *warehouse) {
	d := &s.book.desk
	w.asks, w.asking = nil, 0
	w.down.Asked = s.book.revision
	open := slices.Clone(w.slots)
	slices.SortFunc(open, func(a, b uint32) int { return cmp.Compare(d.records[a].r.Asked, d.records[b].r.Asked) })
	for _, slot := range open {
		if d.records[slot].r.State == Confirmed {
			r := s.change(slot)
			s.ask(slot, r)
			s.put(slot, r, EventKept)
		}
	}
	for _, slot := range open {
		s.leave(slot) // a new stream does not speak of what has ended
	}
}

// tellPicked tells the box whose ledger begins to count what the ledgers before
// it did of open orders, now that nothing is added to that any more.
func (s *step) tellPicked(w *warehouse) {
	d := &s.book.desk
	picked := slices.DeleteFunc(slices.Clone(w.slots), func(slot uint32) bool {
		r := d.records[slot].r
		return r.State != Confirmed || len(r.Picks) == 0
	})
	slices.SortFunc(picked, func(a, b uint32) int { return cmp.Compare(d.records[a].r.Asked, d.records[b].r.Asked) })
	for _, slot := range picked {
		r := s.change(slot)
		s.ask(slot, r)
		s.put(slot, r, EventKept)
	}
	s.fill(w)
}

// heard lets go of orders that ended and that the floor has now heard of.
func (s *step) heard(keys []DownKey) {
	for _, k := range keys {
		if k.Order == "" {
			continue
		}
		if slot, ok := s.book.desk.known[SumOf(k.Order)].slot(); ok && slot != 0 {
			s.leave(slot)
		}
	}
}

// Before gives the newest term whose picks the box that is told things cannot
// know: they are not in its ledger.
func (s *WarehouseState) Before() Term {
	if c := s.Candidate; c != nil && c.Session > s.Box.Session {
		return s.Term()
	}
	return s.Term() - 1
}

// Order gives the order as the floor has to see it, where a ledger counts that
// came after those of the terms up to before.
func (r *Reservation) Order(before Term) stock.Order {
	o := stock.Order{
		ID: r.ID, Ref: r.Ref, Channel: r.Channel, State: r.outstanding(), Confirmed: r.Confirmed, Due: r.Due, Before: int(before),
	}
	if o.State == stock.OrderClosed {
		return o
	}
	for i := range r.Lines {
		l := &r.Lines[i]
		if l.Granted == 0 {
			continue
		}
		line := stock.OrderLine{
			Number: i + 1, SKU: l.SKU, Quantity: l.Granted, Tolerance: l.Tolerance, MinExpiry: l.MinExpiry, Substitutes: l.Substitutes,
		}
		for _, a := range l.Lots[:min(len(l.Lots), maxOrderLots)] {
			line.Lots = append(line.Lots, stock.LotShare{Lot: a.Lot, Quantity: a.Quantity})
		}
		line.Picked, line.Short = r.earlier(i, before)
		o.Lines = append(o.Lines, line)
	}
	return o
}

// maxOrderLots bounds the hints of a line.
const maxOrderLots = 16

package inventory

import (
	"slices"
	"time"

	"github.com/forestock/forestock/proto/stock"
)

// scratch is what a Try under way has set aside, and what an Apply under way
// lists. It is used again by the next.
type scratch struct {
	lots     []Allocation
	lines    []trial
	promises []*promise
	lined    []*promise
}

// trial is one line of a Try under way.
type trial struct {
	promise   *promise // nil where the warehouse never had the SKU
	from, to  int      // of scratch.lots
	granted   int64
	available int64
	minExpiry stock.Date
}

func (t *Try) apply(s *step) Result {
	if _, k, ok := s.lookUp(t.sum); ok {
		return t.again(s, k)
	}
	if t.payload == 0 {
		return deny(InvalidReservation, "a Try is made by NewTry")
	}
	var denied *Denied
	for i := range t.Candidates {
		r, why := t.attempt(s, &t.Candidates[i], false)
		if why == nil {
			return r
		}
		denied = denied.merge(why)
	}
	if t.Ask.AllowPartial && denied.Reason == InsufficientStock {
		for i := range t.Candidates {
			if r, why := t.attempt(s, &t.Candidates[i], true); why == nil {
				return r
			}
		}
	}
	return denied
}

// again answers a Try of an id that is known.
func (t *Try) again(s *step, k known) Result {
	// The mark of a Cancel that came first fits every payload.
	if k.payload != 0 && k.payload != uint32(t.payload) {
		return deny(IdempotencyMismatch, "this id was used for another reservation")
	}
	if slot, ok := k.slot(); ok {
		return Reserved{Reservation: s.book.desk.records[slot].r, Replayed: true}
	}
	return Ended{ID: t.ID, State: ReservationState(k.at &^ ended), Revision: k.revision}
}

// merge keeps the denial that says most, with the shortages of both.
func (d *Denied) merge(other *Denied) *Denied {
	if d == nil {
		return other
	}
	shortages := append(d.Shortages, other.Shortages...)
	if other.Reason.weight() > d.Reason.weight() {
		d = other
	}
	d.Shortages = shortages
	return d
}

// weight orders the denials of several warehouses: a shortage before what may
// pass, that before what is simply wrong.
func (d Denial) weight() int {
	return slices.Index([]Denial{UnknownWarehouse, UnknownSKU, WarehouseFrozen, InsufficientStock}, d)
}

// attempt tries one warehouse.
func (t *Try) attempt(s *step, c *Candidate, partial bool) (Result, *Denied) {
	b := s.book
	w := b.warehouses[c.Warehouse]
	if w == nil {
		return nil, deny(UnknownWarehouse, "the warehouse is not known to this hub")
	}
	if why := w.closedTo(c.Freshness, c.Age); why != nil {
		return nil, why
	}
	whole, some := t.setAside(b, w, c, partial)
	if whole && some && !t.ValidateOnly {
		return Reserved{Reservation: t.book(s, w)}, nil
	}
	defer t.giveUp(b)
	if whole && some {
		return Reserved{Reservation: t.draft(s, w), Dry: true}, nil
	}
	return nil, t.shortages(b, w, c)
}

// closedTo refuses to promise from numbers that are too old.
func (w *warehouse) closedTo(f Freshness, age time.Duration) *Denied {
	if !w.state.ClosedTo(w.policyOf(""), f, age) {
		return nil
	}
	d := deny(WarehouseFrozen, "the warehouse's numbers are too old to promise from")
	d.RetryAfter = frozenRetry
	return d
}

// frozenRetry is when to try a warehouse again that was not heard from.
const frozenRetry = 15 * time.Second

// setAside claims lots for every line, those before counted: whole tells
// whether the order can be taken, some whether it claims anything.
func (t *Try) setAside(b *Book, w *warehouse, c *Candidate, partial bool) (whole, some bool) {
	sc := &b.scratch
	sc.lots, sc.lines = sc.lots[:0], sc.lines[:0]
	today, whole := b.desk.today, true
	terms := Terms{Today: today, Channel: t.Ask.Channel, Degraded: c.Freshness != Live}
	for i := range t.Ask.Lines {
		l := &t.Ask.Lines[i]
		tr := trial{promise: w.promise(b, l.SKU), from: len(sc.lots)}
		if l.MinShelfLife > 0 {
			tr.minExpiry = today.AddDays(l.MinShelfLife)
		}
		if p := tr.promise; p != nil {
			tr.available = p.room(terms)
			sc.lots = p.take(sc.lots, min(l.Quantity, tr.available), today, tr.minExpiry)
			for j := tr.from; j < len(sc.lots); j++ {
				tr.granted += sc.lots[j].Quantity
			}
			if tr.granted < l.Quantity {
				tr.available = tr.granted
			}
			p.count(Tried, t.Ask.Channel, tr.granted)
		}
		tr.to = len(sc.lots)
		sc.lines = append(sc.lines, tr)
		whole = whole && (tr.granted == l.Quantity || partial)
		some = some || tr.granted > 0
	}
	return whole, some
}

// giveUp puts back what setAside claimed.
func (t *Try) giveUp(b *Book) {
	for i := range b.scratch.lines {
		if tr := &b.scratch.lines[i]; tr.promise != nil {
			tr.promise.putBack(b.scratch.lots[tr.from:tr.to])
			tr.promise.count(Tried, t.Ask.Channel, -tr.granted)
		}
	}
}

// shortages lists the short lines of a Try that was not taken.
func (t *Try) shortages(b *Book, w *warehouse, c *Candidate) *Denied {
	d := deny(InsufficientStock, "not all of it is in stock")
	for i := range b.scratch.lines {
		tr, l := &b.scratch.lines[i], &t.Ask.Lines[i]
		if tr.promise == nil {
			if _, known := b.catalogue.items[l.SKU]; !known {
				return deny(UnknownSKU, "SKU "+string(l.SKU)+" is not known to this hub")
			}
		}
		if tr.granted < l.Quantity {
			d.Shortages = append(d.Shortages, Shortage{
				Line: i, SKU: l.SKU, Requested: l.Quantity, Available: tr.available, Warehouse: w.state.Warehouse, Age: c.Age,
			})
		}
	}
	return d
}

// draft makes the reservation that the scratch describes.
func (t *Try) draft(s *step, w *warehouse) *Reservation {
	b := s.book
	now := s.clock()
	r := &Reservation{
		ID: t.ID, Payload: t.payload, Warehouse: w.state.Warehouse, Ref: t.Ask.Ref, Channel: b.names.of(t.Ask.Channel), State: Tried,
		Lines: make([]ReservationLine, len(t.Ask.Lines)),
		TTL:   t.Ask.TTL, Expires: now.Add(t.Ask.TTL), Created: now, Updated: now, Due: t.Ask.Due,
	}
	lots := append(make([]Allocation, 0, len(b.scratch.lots)), b.scratch.lots...)
	for i := range r.Lines {
		tr, l := &b.scratch.lines[i], &t.Ask.Lines[i]
		r.Lines[i] = ReservationLine{
			SKU: l.SKU, Quantity: l.Quantity, Granted: tr.granted, MinShelfLife: l.MinShelfLife, MinExpiry: tr.minExpiry,
			Substitutes: l.Substitutes, Lots: lots[tr.from:tr.to:tr.to], Done: tr.granted == 0,
		}
		if tr.promise != nil {
			r.Lines[i].SKU = tr.promise.sku
			r.Lines[i].Tolerance = tr.promise.tolerance(tr.granted)
		}
	}
	return r
}

// tolerance gives by how much a line of the SKU may differ and still be whole.
func (p *promise) tolerance(quantity int64) int64 {
	percent := int64(p.policy.Tolerance)
	if percent == 0 {
		percent = DefaultTolerance
	}
	if !p.weighed || percent < 0 {
		return 0
	}
	return quantity * min(percent, 100) / 100
}

// book makes the claim one that lasts.
func (t *Try) book(s *step, w *warehouse) *Reservation {
	r := t.draft(s, w)
	slot := s.book.desk.hire(w, t.sum)
	s.lined = s.lined[:0]
	for i := range s.book.scratch.lines {
		s.lined = append(s.lined, s.book.scratch.lines[i].promise)
	}
	s.putOn(s.lined, slot, r, EventTried)
	s.book.desk.expects(slot, r)
	return r
}

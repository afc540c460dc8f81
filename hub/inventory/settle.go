package inventory

import (
	"cmp"
	"slices"
	"time"

	"github.com/forestock/forestock/proto/stock"
)

// loosen notes that what is set aside of a SKU has to be looked at again
// before the command is over.
func (s *step) loosen(p *promise) {
	if !p.loose {
		p.loose = true
		s.loose = append(s.loose, p)
	}
}

// settle looks after the SKUs of which more may be promised than there is.
func (s *step) settle() {
	for len(s.loose) > 0 { // settling one may loosen another
		p := s.loose[0]
		s.loose = s.loose[1:]
		p.loose = false
		if p.stale {
			p.refresh(s.book)
		}
		if p.overdrawn(s.book.desk.today) && !p.ware.early() {
			s.deal(p)
		}
	}
}

// early reports whether the served levels are ahead of the entries: goods that
// left for an order are missing already, and the entry that says so is still to
// come. Who goes without is decided when the two are one again.
func (w *warehouse) early() bool { return w.state.Reported != nil && !w.tookOver() }

// recheck looks at every SKU of a warehouse of which something is claimed.
func (s *step) recheck(w *warehouse) {
	if len(w.slots) == 0 {
		return
	}
	var over []*promise
	for _, p := range w.promises {
		if p.overdrawn(s.book.desk.today) {
			over = append(over, p)
		}
	}
	slices.SortFunc(over, func(a, b *promise) int { return cmp.Compare(a.sku, b.sku) })
	for _, p := range over {
		s.loosen(p)
	}
}

// share is one open line of a SKU, while its stock is dealt out anew.
type share struct {
	slot uint32
	line int
	lots []Allocation
	left int64 // not set aside yet
}

// deal sets the lots of a SKU aside anew. Everybody keeps what can be kept, as
// long as all get what they need. Where it is not enough, orders that are being
// picked are served first, then the oldest, and the newest go without.
func (s *step) deal(p *promise) {
	shares := s.shares(p)
	budget := p.clear(s.book.desk.today)
	for i := range shares {
		s.keep(p, &shares[i], &budget)
	}
	lacking := int64(0)
	for i := range shares {
		s.search(p, &shares[i], &budget)
		lacking += shares[i].left
	}
	if lacking > 0 {
		budget = p.clear(s.book.desk.today)
		for i := range shares {
			sh := &shares[i]
			sh.lots, sh.left = nil, s.book.desk.records[sh.slot].r.Lines[sh.line].Reserved()
			s.keep(p, sh, &budget)
			s.search(p, sh, &budget)
		}
	}
	for i := range shares {
		s.dealt(p, &shares[i])
	}
}

// clear sets nothing aside any more, and gives how much there is to deal.
func (p *promise) clear(today stock.Date) int64 {
	for i := range p.lots {
		p.lots[i].claimed = 0
	}
	return max(0, p.unexpired(today))
}

// shares lists the open lines of a SKU, the first to be served first.
func (s *step) shares(p *promise) []share {
	d := &s.book.desk
	var out []share
	for _, slot := range p.ware.slots {
		r := d.records[slot].r
		if !r.State.Open() {
			continue
		}
		for i := range r.Lines {
			if l := &r.Lines[i]; l.SKU == p.sku && l.Reserved() > 0 {
				out = append(out, share{slot: slot, line: i, left: l.Reserved()})
			}
		}
	}
	slices.SortFunc(out, func(a, b share) int {
		x, y := d.records[a.slot].r, d.records[b.slot].r
		return cmp.Or(first(x.Picked(), y.Picked()), cmp.Compare(x.Born, y.Born), cmp.Compare(a.line, b.line))
	})
	return out
}

func first(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// keep leaves a line the lots that it has, as far as they are still there.
func (s *step) keep(p *promise, sh *share, budget *int64) {
	l := &s.book.desk.records[sh.slot].r.Lines[sh.line]
	for _, a := range l.Lots {
		lot := p.lot(a.Lot, a.Expiry)
		n := min(a.Quantity, sh.left, *budget, lot.free(s.book.desk.today, l.MinExpiry))
		if n <= 0 {
			continue
		}
		lot.claimed += n
		sh.left -= n
		*budget -= n
		sh.lots = append(sh.lots, Allocation{Lot: a.Lot, Expiry: a.Expiry, Quantity: n})
	}
}

// search finds other lots for what a line lacks.
func (s *step) search(p *promise, sh *share, budget *int64) {
	l := &s.book.desk.records[sh.slot].r.Lines[sh.line]
	for _, a := range p.take(nil, min(sh.left, *budget), s.book.desk.today, l.MinExpiry) {
		sh.left -= a.Quantity
		*budget -= a.Quantity
		if i := slices.IndexFunc(sh.lots, func(b Allocation) bool { return b.Lot == a.Lot }); i >= 0 {
			sh.lots[i].Quantity += a.Quantity
		} else {
			sh.lots = append(sh.lots, a)
		}
	}
}

// dealt writes down what a line got, if that is not what it had.
func (s *step) dealt(p *promise, sh *share) {
	before := s.book.desk.records[sh.slot].r
	if l := &before.Lines[sh.line]; slices.Equal(l.Lots, sh.lots) && l.AtRisk == (sh.left > 0) {
		return
	}
	r := s.change(sh.slot)
	l := &r.Lines[sh.line]
	l.Lots, l.AtRisk = sh.lots, sh.left > 0
	r.AtRisk = slices.ContainsFunc(r.Lines, func(l ReservationLine) bool { return l.AtRisk })
	if r.AtRisk && r.State == Tried && p.policy.Deficit == CancelHeld {
		s.book.desk.records[sh.slot].r = r // with the lots that are counted
		s.end(sh.slot, Cancelled, stockLost, EventCancelled)
		return
	}
	t := EventKept
	switch {
	case r.AtRisk && !before.AtRisk:
		t = EventAtRisk
	case !r.AtRisk && before.AtRisk:
		t = EventSafe
	}
	s.put(sh.slot, r, t)
}

// stockLost is the reason of a hold that was cancelled by policy.
const stockLost = "the stock for it was lost"

// newDay looks at every SKU of which something is claimed: lots expired.
func (s *step) newDay() {
	for _, id := range sortedKeys(s.book.warehouses) {
		s.recheck(s.book.warehouses[id])
	}
	s.settle()
}

// expire ends holds whose time is over, before anything else happens: all of
// them, or so many that the next Apply is not kept waiting.
func (s *step) expire() {
	for _, slot := range s.book.desk.over() {
		s.end(slot, Expired, "", EventExpired)
	}
	s.settle()
}

// outstanding gives what a warehouse's floor has to know of an order.
func (r *Reservation) outstanding() stock.OrderState {
	if r.State == Confirmed {
		return stock.OrderOpen
	}
	if r.State == Cancelled {
		return stock.OrderCancelled
	}
	return stock.OrderClosed
}

// Due gives when the Book next wants to be told the time, if ever: a hold ends
// then, or the day on which lots expire.
func (b *Book) Due() (time.Time, bool) {
	d := &b.desk
	switch {
	case len(d.due.all) > 0:
		due := time.UnixMilli(d.due.all[0].at)
		if d.midnight.Before(due) {
			return d.midnight, true
		}
		return due, true
	case len(d.records)-len(d.free) > 1:
		return d.midnight, true
	}
	return time.Time{}, false
}

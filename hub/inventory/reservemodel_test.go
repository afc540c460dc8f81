package inventory_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/proto/stock"
)

// promised is all that a reservation has to be, as simple as can be.
type promised struct {
	state   inventory.ReservationState
	sent    bool // to the floor, which may pick it even when it is cancelled
	expires time.Time
	lines   []promisedLine
	picks   []promisedPick
}

type promisedLine struct {
	sku             stock.SKU
	granted, picked int64
	short           bool
}

type promisedPick struct {
	seq      stock.Seq
	line     int
	quantity int64
	short    bool
	undone   bool
}

func (l *promisedLine) left() int64 {
	if l.short {
		return 0
	}
	return max(0, l.granted-l.picked)
}

// naive is a warehouse without lots, where everything is looked up anew every
// time. forgetful makes it one that checks two lines of a SKU against the same
// number; it must be told from the Book.
type naive struct {
	onHand    map[stock.SKU]int64
	orders    map[stock.OrderID]*promised
	forgetful bool
}

func (n *naive) claimed(sku stock.SKU, state inventory.ReservationState) (sum int64) {
	for _, o := range n.orders {
		for i := range o.lines {
			if o.state == state && o.lines[i].sku == sku {
				sum += o.lines[i].left()
			}
		}
	}
	return sum
}

func (n *naive) free(sku stock.SKU) int64 {
	return max(0, n.onHand[sku]-n.claimed(sku, inventory.Tried)-n.claimed(sku, inventory.Confirmed))
}

// fits reports whether all lines can be had at once.
func (n *naive) fits(lines []promisedLine) bool {
	wanted := make(map[stock.SKU]int64)
	for _, l := range lines {
		if !n.forgetful {
			wanted[l.sku] += l.granted
		} else {
			wanted[l.sku] = max(wanted[l.sku], l.granted)
		}
	}
	for sku, q := range wanted {
		if q > n.free(sku) {
			return false
		}
	}
	return true
}

func (n *naive) expire(now time.Time) {
	for _, o := range n.orders {
		if o.state == inventory.Tried && !o.expires.After(now) {
			o.state = inventory.Expired
		}
	}
}

// try gives the state that the answer must have; 0 for a shortage.
func (n *naive) try(id stock.OrderID, lines []promisedLine, now time.Time) inventory.ReservationState {
	if o := n.orders[id]; o != nil {
		return o.state
	}
	if !n.fits(lines) {
		return 0
	}
	n.orders[id] = &promised{state: inventory.Tried, expires: now.Add(inventory.DefaultTTL), lines: slices.Clone(lines)}
	return inventory.Tried
}

func (n *naive) confirm(id stock.OrderID) inventory.ReservationState {
	o := n.orders[id]
	switch {
	case o == nil || o.state == inventory.Cancelled:
		return 0
	case o.state == inventory.Expired && !n.fits(o.lines):
		return 0
	case o.state == inventory.Expired || o.state == inventory.Tried:
		o.state, o.sent = inventory.Confirmed, true
	}
	return o.state
}

func (n *naive) cancel(id stock.OrderID) inventory.ReservationState {
	o := n.orders[id]
	if o == nil {
		n.orders[id] = &promised{state: inventory.Cancelled}
		return inventory.Cancelled
	}
	for i := range o.lines {
		if o.lines[i].picked > 0 && o.state != inventory.Cancelled {
			return 0
		}
	}
	if o.state == inventory.Fulfilled || o.state == inventory.Shorted {
		return 0
	}
	o.state = inventory.Cancelled
	return o.state
}

func (n *naive) extend(id stock.OrderID, now time.Time) inventory.ReservationState {
	o := n.orders[id]
	switch {
	case o == nil || o.state != inventory.Tried && o.state != inventory.Confirmed:
		return 0
	case o.state == inventory.Tried:
		o.expires = now.Add(inventory.DefaultTTL)
	}
	return o.state
}

// move is what an entry of the floor does.
func (n *naive) move(seq stock.Seq, m *stock.Movement) {
	n.onHand[m.SKU] += m.Delta
	if m.Kind == stock.Undo {
		n.undo(m)
		return
	}
	var line int
	o := n.orders[stock.OrderID(m.Document)]
	if _, err := fmt.Sscan(m.Line, &line); err != nil || o == nil || line > len(o.lines) {
		return
	}
	l := &o.lines[line-1]
	if o.state == inventory.Tried && m.Kind != stock.Return {
		o.state, o.sent = inventory.Confirmed, true // nobody picks what was not confirmed
	}
	switch {
	case o.state == inventory.Cancelled && o.sent && m.Kind != stock.Short: // it goes back: nobody counts on it
		n := max(-m.Delta, -l.picked)
		l.picked += n
		o.picks = append(o.picks, promisedPick{seq: seq, line: line - 1, quantity: n})
		return
	case o.state != inventory.Confirmed:
		return
	}
	p := promisedPick{seq: seq, line: line - 1, short: m.Kind == stock.Short}
	if !p.short {
		p.quantity = max(-m.Delta, -l.picked) // no more comes back than left
	}
	if p.quantity == 0 && m.Kind == stock.Return {
		return
	}
	l.picked += p.quantity
	l.short = l.short || p.short
	o.picks = append(o.picks, p)
	o.finish()
}

func (o *promised) finish() {
	state := inventory.Fulfilled
	for i := range o.lines {
		if o.lines[i].left() > 0 {
			return
		}
		if o.lines[i].picked < o.lines[i].granted {
			state = inventory.Shorted
		}
	}
	o.state = state
}

func (n *naive) undo(m *stock.Movement) {
	for _, o := range n.orders {
		for i := range o.picks {
			p := &o.picks[i]
			if p.seq != m.Undoes || p.undone || o.state != inventory.Confirmed && o.state != inventory.Cancelled {
				continue
			}
			p.undone = true
			o.lines[p.line].picked = max(0, o.lines[p.line].picked-p.quantity)
			if o.state == inventory.Cancelled {
				continue
			}
			o.lines[p.line].short = slices.ContainsFunc(o.picks, func(q promisedPick) bool { return q.line == p.line && q.short && !q.undone })
			o.finish()
		}
	}
}

// difference says where the Book and the naive warehouse differ.
func (n *naive) difference(s *shop) string {
	for _, l := range s.book.Rows().Levels {
		held, committed := n.claimed(l.SKU, inventory.Tried), n.claimed(l.SKU, inventory.Confirmed)
		if l.OnHand != n.onHand[l.SKU] || l.Held != held || l.Committed != committed {
			return fmt.Sprintf("%s: on hand %d, held %d, committed %d; naive %d, %d, %d", l.SKU, l.OnHand, l.Held, l.Committed, n.onHand[l.SKU], held, committed)
		}
	}
	for id, o := range n.orders {
		got, ok := s.do(inventory.Look{ID: id}).(inventory.Reserved)
		if !ok || got.Reservation.State != o.state {
			return fmt.Sprintf("%s is %+v, naive %s", id, got.Reservation, o.state)
		}
		risk := false
		for i := range got.Reservation.Lines {
			l := &got.Reservation.Lines[i]
			if l.Picked != o.lines[i].picked {
				return fmt.Sprintf("%s line %d: picked %d, naive %d", id, i, l.Picked, o.lines[i].picked)
			}
			aside := int64(0)
			for _, a := range l.Lots {
				aside += a.Quantity
			}
			risk = risk || l.AtRisk
			if l.AtRisk != (aside < l.Reserved()) || aside > l.Reserved() {
				return fmt.Sprintf("%s line %d: %d set aside of %d, at risk %v", id, i, aside, l.Reserved(), l.AtRisk)
			}
		}
		if risk != got.Reservation.AtRisk {
			return fmt.Sprintf("%s: at risk %v, its lines %v", id, got.Reservation.AtRisk, risk)
		}
	}
	if r := s.do(inventory.Reconcile{Warehouse: "wh-0"}).(inventory.Reconciled); len(r.Differences) > 0 {
		return fmt.Sprintf("counters: %+v", r.Differences)
	}
	return n.risky(s)
}

// risky checks that who is at risk is exactly who must be: what is set aside is
// all there is, as long as somebody lacks something.
func (n *naive) risky(s *shop) string {
	aside, lacking := make(map[stock.SKU]int64), make(map[stock.SKU]int64)
	for _, e := range s.book.Rows().Events {
		for _, l := range e.Reservation.Lines {
			lacking[l.SKU] += l.Reserved()
			for _, a := range l.Lots {
				aside[l.SKU] += a.Quantity
				lacking[l.SKU] -= a.Quantity
			}
		}
	}
	for sku, lack := range lacking {
		if have := max(0, n.onHand[sku]); aside[sku] > have || lack > 0 && aside[sku] < have {
			return fmt.Sprintf("%s: %d set aside and %d lacking, on hand %d", sku, aside[sku], lack, have)
		}
	}
	return ""
}

var naiveSKUs = []stock.SKU{"milk", "eggs", "rice"}

// deed does one random thing to the Book and to the naive warehouse, and says
// where their answers differ.
func (n *naive) deed(t *rapid.T, s *shop) string {
	id := stock.OrderID(fmt.Sprintf("o-%d", rapid.IntRange(0, 3).Draw(t, "order")))
	var want inventory.ReservationState
	var got inventory.Result
	switch rapid.IntRange(0, 13).Draw(t, "deed") {
	case 0, 1, 2, 3:
		lines := linesOf(id, rapid.IntRange(0, 3).Draw(t, "shape"))
		want = n.try(id, lines, s.now)
		ask := inventory.Ask{}
		for _, l := range lines {
			ask.Lines = append(ask.Lines, inventory.AskLine{SKU: l.sku, Quantity: l.granted})
		}
		got = s.do(s.ask(id, ask))
		if d, ok := got.(*inventory.Denied); ok && d.Reason == inventory.IdempotencyMismatch {
			return "" // another shape: see TestTry_AnotherPayloadIsRefused
		}
	case 4, 5:
		want, got = n.confirm(id), s.confirm(id)
	case 6:
		want, got = n.cancel(id), s.cancel(id)
	case 7:
		want, got = n.extend(id, s.now), s.do(inventory.Extend{ID: id})
	case 8:
		s.wait(rapid.SampledFrom([]time.Duration{0, time.Minute, 14 * time.Minute, 16 * time.Minute, -time.Hour}).Draw(t, "wait"))
		n.expire(s.now)
		return ""
	case 9:
		s.restart()
		return ""
	default:
		m := n.movement(t, s, id)
		s.floor(m)
		n.move(s.box.Last(), &m)
		return ""
	}
	r, ok := got.(inventory.Reserved)
	if ok != (want != 0) || ok && r.Reservation.State != want {
		return fmt.Sprintf("%s: answered %T %v, naive says %s", id, got, got, want)
	}
	return ""
}

// linesOf gives an order of one of a few shapes, some with a SKU twice.
func linesOf(id stock.OrderID, shape int) []promisedLine {
	one := promisedLine{sku: naiveSKUs[int(id[2])%3], granted: int64(shape)*2 + 1}
	switch shape {
	case 0:
		return []promisedLine{one}
	case 1:
		return []promisedLine{one, one}
	}
	return []promisedLine{one, {sku: naiveSKUs[shape%3], granted: 2}, {sku: "rice", granted: 1}}
}

func (n *naive) movement(t *rapid.T, s *shop, id stock.OrderID) stock.Movement {
	sku := rapid.SampledFrom(naiveSKUs).Draw(t, "sku")
	switch rapid.IntRange(0, 7).Draw(t, "movement") {
	case 0, 1:
		return stock.Movement{Kind: stock.Receive, SKU: sku, Delta: rapid.Int64Range(1, 12).Draw(t, "received")}
	case 2:
		return stock.Movement{Kind: stock.Waste, SKU: sku, Delta: -rapid.Int64Range(1, 6).Draw(t, "wasted")}
	case 3:
		if last := s.box.Last(); last > 0 {
			undoes := stock.Seq(rapid.Uint64Range(max(5, uint64(last))-4, uint64(last)).Draw(t, "undoes"))
			return stock.Movement{Kind: stock.Undo, Undoes: undoes, SKU: sku, Delta: rapid.Int64Range(0, 3).Draw(t, "undone")}
		}
	case 4:
		return back(string(id), rapid.SampledFrom([]string{"1", "2", "3"}).Draw(t, "line"), sku, rapid.Int64Range(1, 4).Draw(t, "put back"))
	case 5:
		return short(string(id), rapid.SampledFrom([]string{"1", "2", "3", "9", ""}).Draw(t, "line"), sku)
	}
	return pick(string(id), rapid.SampledFrom([]string{"1", "2", "3"}).Draw(t, "line"), sku, rapid.Int64Range(1, 4).Draw(t, "picked"))
}

// TestReservations_AddUpLikeANaiveWarehouse: whatever is tried, confirmed,
// cancelled, extended, picked, found short, undone, received and lost, in any
// order, with clocks that stand still or go back and restarts in between, the
// Book answers and counts like a warehouse that adds everything up anew.
func TestReservations_AddUpLikeANaiveWarehouse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newShop(t)
		n := &naive{onHand: make(map[stock.SKU]int64), orders: make(map[stock.OrderID]*promised)}
		for i, sku := range naiveSKUs {
			n.onHand[sku] = int64(8 * i)
			s.receive(sku, int64(8*i))
		}
		for range rapid.IntRange(1, 80).Draw(t, "deeds") {
			latest := s.now
			diff := n.deed(t, s)
			if diff == "" {
				diff = n.difference(s)
			}
			if diff == "" {
				diff = s.loaded()
			}
			if diff != "" {
				t.Fatal(diff)
			}
			if s.now.Before(latest) {
				s.now = latest // the naive warehouse has no clock that goes back; the Book had to bear it
			}
		}
	})
}

// TestNaive_NoticesWhoChecksEachLineAlone is the negative control: a Book that
// checks two lines of a SKU against the same number differs.
func TestNaive_NoticesWhoChecksEachLineAlone(t *testing.T) {
	s := newShop(t)
	n := &naive{onHand: map[stock.SKU]int64{"milk": 4}, orders: make(map[stock.OrderID]*promised), forgetful: true}
	s.receive("milk", 4)
	lines := []promisedLine{{sku: "milk", granted: 3}, {sku: "milk", granted: 3}}
	if n.try("o-1", lines, s.now) != inventory.Tried {
		t.Fatal("the control refuses")
	}
	s.try("o-1", want("milk", 3), want("milk", 3))
	if n.difference(s) == "" {
		t.Error("a warehouse that sells the same units twice is not told from the Book")
	}
}

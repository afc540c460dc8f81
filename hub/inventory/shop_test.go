package inventory_test

import (
	"reflect"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/hub/store/storetest"
	"github.com/forestock/forestock/proto/stock"
)

// shop is a Book with one warehouse, told what happens in words. It keeps the
// events as a store does.
type shop struct {
	rapid.TB
	book *inventory.Book
	box  *storetest.Box
	now  time.Time
	log  []inventory.Event
	rows []inventory.Changes // everything that was to be made durable

	follower *inventory.Book // loads the rows one by one
	followed int             // how many of them it has
}

func newShop(tb rapid.TB) *shop {
	tb.Helper()
	s := &shop{TB: tb, follower: newBook(), book: newBook(), box: storetest.NewBox("wh-0", 1), now: now}
	s.box.Hear(s.do(s.box.Hello()))
	return s
}

// do applies one command, and answers from the events where the Book asks for it.
func (s *shop) do(c inventory.Command) inventory.Result {
	s.Helper()
	results, changes := s.book.Apply(s.now, []inventory.Command{c})
	s.keep(changes)
	ended, ok := results[0].(inventory.Ended)
	if !ok {
		return results[0]
	}
	past := s.event(ended.Revision).Reservation
	if !ended.Retry {
		return inventory.Reserved{Reservation: past, Replayed: true}
	}
	switch c := c.(type) {
	case inventory.Confirm:
		c.Past = past
		return s.do(c)
	case inventory.Cancel:
		c.Past = past
		return s.do(c)
	}
	s.Fatalf("%T cannot be given again", c)
	return nil
}

func (s *shop) keep(c inventory.Changes) {
	s.log = append(s.log, c.Events...)
	s.rows = append(s.rows, c)
}

func (s *shop) event(r inventory.Revision) inventory.Event {
	s.Helper()
	for _, e := range s.log {
		if e.Reservation.Revision == r {
			return e
		}
	}
	s.Fatalf("no event has revision %d", r)
	return inventory.Event{}
}

// wait lets time pass.
func (s *shop) wait(d time.Duration) {
	s.Helper()
	s.now = s.now.Add(d)
	_, changes := s.book.Apply(s.now, nil)
	s.keep(changes)
}

// restart makes the Book anew from what was made durable.
func (s *shop) restart() {
	s.Helper()
	s.book = newBook()
	for i := range s.rows {
		s.book.Load(&s.rows[i])
	}
	if err := s.book.Check(); err != nil {
		s.Fatal(err)
	}
}

// floor lets the warehouse book movements and sends them.
func (s *shop) floor(movements ...stock.Movement) {
	s.Helper()
	for _, m := range movements {
		s.box.Move(s, m)
	}
	s.box.Hear(s.do(s.box.Rest(len(movements))))
}

func (s *shop) receive(sku stock.SKU, n int64) {
	s.Helper()
	s.floor(stock.Movement{Kind: stock.Receive, SKU: sku, Delta: n})
}

func (s *shop) receiveMilk(lot stock.Lot, expiry stock.Date, n int64) {
	s.Helper()
	s.floor(stock.Movement{Kind: stock.Receive, SKU: "milk", Lot: lot, Expiry: expiry, Delta: n})
}

func pick(order, line string, sku stock.SKU, n int64) stock.Movement {
	return stock.Movement{Kind: stock.Pick, Document: order, Line: line, SKU: sku, Delta: -n}
}

func short(order, line string, sku stock.SKU) stock.Movement {
	return stock.Movement{Kind: stock.Short, Document: order, Line: line, SKU: sku}
}

func want(sku stock.SKU, n int64) inventory.AskLine {
	return inventory.AskLine{SKU: sku, Quantity: n}
}

// ask makes a Try, which the caller may change before it is given.
func (s *shop) ask(id stock.OrderID, ask inventory.Ask) *inventory.Try {
	s.Helper()
	t, err := inventory.NewTry(id, ask, []inventory.Candidate{{Warehouse: "wh-0"}})
	if err != nil {
		s.Fatal(err)
	}
	return t
}

func (s *shop) try(id stock.OrderID, lines ...inventory.AskLine) inventory.Result {
	s.Helper()
	return s.do(s.ask(id, inventory.Ask{Lines: lines}))
}

func (s *shop) confirm(id stock.OrderID) inventory.Result {
	s.Helper()
	return s.do(inventory.Confirm{ID: id})
}

func (s *shop) cancel(id stock.OrderID) inventory.Result {
	s.Helper()
	return s.do(inventory.Cancel{ID: id, Reason: "changed their mind"})
}

// reserved wants an answer with a reservation in a state.
func (s *shop) reserved(r inventory.Result, state inventory.ReservationState) *inventory.Reservation {
	s.Helper()
	got, ok := r.(inventory.Reserved)
	if !ok {
		s.Fatalf("answered %T %v, want a reservation", r, r)
	}
	if got.Reservation.State != state {
		s.Errorf("reservation %s is %s, want %s", got.Reservation.ID, got.Reservation.State, state)
	}
	return got.Reservation
}

// denied wants a denial for a reason.
func (s *shop) denied(r inventory.Result, why inventory.Denial) *inventory.Denied {
	s.Helper()
	got, ok := r.(*inventory.Denied)
	if !ok {
		s.Fatalf("answered %T %v, want a denial", r, r)
	}
	if got.Reason != why {
		s.Errorf("denied for %v, want %s", got, why)
	}
	return got
}

// is wants a reservation to be in a state now.
func (s *shop) is(id stock.OrderID, state inventory.ReservationState) *inventory.Reservation {
	s.Helper()
	return s.reserved(s.do(inventory.Look{ID: id}), state)
}

// level gives one level as the Book has it.
func (s *shop) level(sku stock.SKU) inventory.Level {
	s.Helper()
	rows := s.book.Rows()
	for _, l := range rows.Levels {
		if l.SKU == sku {
			return l
		}
	}
	s.Fatalf("no level of %s", sku)
	return inventory.Level{}
}

// counts wants what is held, committed and sellable of a SKU.
func (s *shop) counts(sku stock.SKU, held, committed, sellable int64) {
	s.Helper()
	l := s.level(sku)
	if got := l.Offer(inventory.Terms{Today: stock.DateOf(s.now)}).Quantity; l.Held != held || l.Committed != committed || got != sellable {
		s.Errorf("%s: held %d, committed %d, sellable %d; want %d, %d, %d", sku, l.Held, l.Committed, got, held, committed, sellable)
	}
	if r := s.do(inventory.Reconcile{Warehouse: "wh-0"}).(inventory.Reconciled); len(r.Differences) > 0 {
		s.Errorf("counters differ from the open reservations: %v", r.Differences)
	}
}

// heard gives the types of all events of a reservation, but for silent ones.
func (s *shop) heard(id stock.OrderID) []string {
	var out []string
	for _, e := range s.log {
		if e.Reservation.ID == id && e.Type != inventory.EventKept {
			out = append(out, e.Type.String()[len("reservation."):])
		}
	}
	return out
}

// loaded says where a Book that was loaded from the rows of this one, or from
// all of its changes one by one, differs from it.
func (s *shop) loaded() string {
	for ; s.followed < len(s.rows); s.followed++ {
		s.follower.Load(&s.rows[s.followed])
	}
	rows := s.book.Rows()
	at := newBook()
	at.Load(&rows)
	for what, other := range map[string]*inventory.Book{"rows": at, "changes": s.follower} {
		if got := other.Rows(); !reflect.DeepEqual(rows, got) {
			if diff := cmp.Diff(rows, got, cmpopts.EquateEmpty()); diff != "" {
				return "a book that was loaded from " + what + " differs (-book +loaded):\n" + diff
			}
		}
	}
	return ""
}

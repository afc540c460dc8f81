package inventory_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/hub/store/storetest"
	"github.com/forestock/forestock/proto/stock"
)

func back(order, line string, sku stock.SKU, n int64) stock.Movement {
	m := pick(order, line, sku, -n)
	m.Kind = stock.Return
	return m
}

// told gives the orders that wait for the box, as it will see them.
func (s *shop) told() map[stock.OrderID]stock.Order {
	out := make(map[stock.OrderID]stock.Order)
	states, downs := s.book.Rows().Warehouses, s.book.Shown().Downs
	for _, r := range downs[0].Orders {
		if r != nil {
			out[r.ID] = r.Order(states[0].Before())
		}
	}
	return out
}

// replace lets an empty box take the warehouse over, and sends what it took
// over with.
func (s *shop) replace(number int) {
	s.Helper()
	box := storetest.NewBox("wh-0", number)
	box.May = true
	box.Hear(s.do(box.Hello()))
	if box.Wanted.IsZero() {
		s.Fatal("the hub wants nothing taken over")
	}
	s.box = box
}

// takeOver takes over what the hub wants taken over, and says so.
func (s *shop) takeOver() {
	s.Helper()
	took := s.box.Wanted
	for _, l := range s.book.Rows().Levels {
		s.box.Move(s, stock.Movement{Kind: stock.Opening, SKU: l.SKU, Delta: l.OnHand})
	}
	took.Last = s.box.Last()
	s.box.TookOver = took
	s.box.Hear(s.do(s.box.Hello()))
	s.box.Hear(s.do(s.box.Rest(1000)))
}

// A box that takes the place of another has to pick what is left of an order,
// and not what left the shelf already.
func TestOrder_ANewBoxIsToldWhatWasPickedBeforeIt(t *testing.T) {
	s := newShop(t)
	s.receive("milk", 9)
	s.receive("rice", 9)
	s.try("o-1", want("milk", 5), want("rice", 2))
	s.confirm("o-1")
	s.floor(pick("o-1", "1", "milk", 3), back("o-1", "1", "milk", 1), short("o-1", "2", "rice"))
	want := func(when string, picked int64, short bool) {
		t.Helper()
		var got []stock.OrderLine
		for _, l := range s.told()["o-1"].Lines {
			got = append(got, stock.OrderLine{Number: l.Number, SKU: l.SKU, Quantity: l.Quantity, Picked: l.Picked, Short: l.Short})
		}
		lines := []stock.OrderLine{{Number: 1, SKU: "milk", Quantity: 5, Picked: picked}, {Number: 2, SKU: "rice", Quantity: 2, Short: short}}
		if diff := cmp.Diff(lines, got); diff != "" {
			t.Errorf("%s: lines (-want +got):\n%s", when, diff)
		}
	}
	want("the box that picked", 0, false)
	s.replace(2)
	want("the box after it", 2, true)
	s.takeOver()
	want("once it counts", 2, true)
	s.floor(pick("o-1", "1", "milk", 1))
	want("what it picks itself it knows", 2, true)
	s.replace(3)
	want("the third box", 3, true)
	s.takeOver()
	s.floor(pick("o-1", "1", "milk", 2))
	if r := s.is("o-1", inventory.Shorted); r.Lines[0].Picked != 5 {
		t.Errorf("picked %d of 5", r.Lines[0].Picked)
	}
	if diff := s.loaded(); diff != "" {
		t.Error(diff)
	}
}

// Goods that are put back from an open order are wanted again, there and here.
func TestOrder_GoodsThatArePutBackAreWantedAgain(t *testing.T) {
	s := newShop(t)
	s.receive("milk", 9)
	s.receive("rice", 9)
	s.try("o-1", want("milk", 3), want("rice", 1))
	s.confirm("o-1")
	s.floor(pick("o-1", "1", "milk", 3))
	s.counts("milk", 0, 0, 6)
	s.floor(back("o-1", "1", "milk", 2))
	s.counts("milk", 0, 2, 6)
	s.floor(pick("o-1", "2", "rice", 1))
	s.is("o-1", inventory.Confirmed)
	s.floor(stock.Movement{Kind: stock.Undo, Undoes: s.box.Last() - 1, SKU: "milk", Delta: -2, Document: "o-1", Line: "1"})
	if r := s.is("o-1", inventory.Fulfilled); r.Lines[0].Picked != 3 {
		t.Errorf("picked %d of 3", r.Lines[0].Picked)
	}
	s.counts("milk", 0, 0, 6)
	if diff := s.loaded(); diff != "" {
		t.Error(diff)
	}
}

// restore makes the Book what a backup holds, with so many events, and lets the
// box say hello again.
func (s *shop) restore(rows inventory.Changes, events int) {
	s.Helper()
	s.log = s.log[:events]
	rows.Downs = nil
	rows.Warehouses = slices.Clone(rows.Warehouses)
	for i := range rows.Warehouses {
		rows.Warehouses[i].Reborn(s.now)
	}
	s.book, s.rows = newBook(), []inventory.Changes{rows}
	s.follower, s.followed = newBook(), 0
	s.book.Load(&rows)
	if err := s.book.Check(); err != nil {
		s.Fatal(err)
	}
	s.box.Hear(s.do(s.box.Hello()))
}

// recall tells the Book what the box holds.
func (s *shop) recall(orders ...stock.Order) inventory.Recalled {
	s.Helper()
	got, ok := s.do(inventory.Recall{Warehouse: "wh-0", Session: s.box.Session, Orders: orders}).(inventory.Recalled)
	if !ok {
		s.Fatal("the orders were refused")
	}
	return got
}

// A hub that went back to an older copy has its orders from the warehouse that
// holds them, whatever the copy knows of them, and what was picked of them counts.
func TestRecall_OrdersComeBackFromTheWarehouse(t *testing.T) {
	s := newShop(t)
	s.receive("milk", 20)
	s.try("tried", want("milk", 2))
	s.try("expired", want("milk", 3))
	s.try("both", want("milk", 1))
	s.confirm("both")
	s.try("cancelled", want("milk", 1))
	s.confirm("cancelled")
	s.cancel("cancelled") // which the box has not heard
	s.wait(time.Minute)
	backup, events := s.book.Rows(), len(s.log)
	for _, id := range []stock.OrderID{"tried", "expired"} {
		s.confirm(id)
	}
	s.receive("rice", 1)
	s.try("new", want("milk", 4), want("rice", 1))
	s.confirm("new")
	held := s.told()
	s.floor(pick("tried", "1", "milk", 2), pick("new", "1", "milk", 1))
	s.wait(time.Hour)
	s.restore(backup, events)
	s.wait(time.Hour) // what was tried has run out
	s.is("tried", inventory.Expired)
	s.denied(s.do(inventory.Look{ID: "new"}), inventory.ReservationNotFound)

	var orders []stock.Order
	for _, id := range []stock.OrderID{"tried", "expired", "both", "new"} {
		orders = append(orders, held[id])
	}
	orders = append(orders, stock.Order{ID: "cancelled", State: stock.OrderOpen, Lines: []stock.OrderLine{{Number: 1, SKU: "milk", Quantity: 1}}})
	if got, want := s.recall(orders...).Adopted, []stock.OrderID{"tried", "expired", "new"}; !slices.Equal(got, want) {
		t.Errorf("adopted %v, want %v", got, want)
	}
	again := s.told()
	if got := s.recall(orders...).Adopted; len(got) > 0 || !cmp.Equal(again, s.told()) {
		t.Errorf("told again, %v are adopted and %d orders are on the stream, not %d", got, len(s.told()), len(again))
	}
	for id, state := range map[stock.OrderID]stock.OrderState{
		"tried": stock.OrderOpen, "expired": stock.OrderOpen, "both": stock.OrderOpen, "new": stock.OrderOpen, "cancelled": stock.OrderCancelled,
	} {
		if o, ok := again[id]; !ok || o.State != state {
			t.Errorf("the box is told that order %s is %s, want %s", id, o.State, state)
		}
	}
	s.counts("milk", 0, 2+3+1+4, 10)
	s.box.Hear(s.do(s.box.Rest(100)))
	s.counts("milk", 0, 3+1+3, 10)
	s.is("tried", inventory.Fulfilled)
	if r := s.reserved(s.try("new", want("milk", 4), want("rice", 1)), inventory.Confirmed); r.Lines[0].Picked != 1 || r.Lines[1].SKU != "rice" {
		t.Errorf("tried again it is %+v", r.Lines)
	}
	if diff := s.loaded(); diff != "" {
		t.Error(diff)
	}
	s.restart()
	s.counts("milk", 0, 3+1+3, 10)
}

// A hub that never knew the warehouse has the orders before the entries of the
// goods, and loses none of what earlier ledgers did of them.
func TestRecall_ByAHubThatKnowsNothing(t *testing.T) {
	s := newShop(t)
	told := stock.Order{ID: "o-1", State: stock.OrderOpen, Before: 1, Lines: []stock.OrderLine{
		{Number: 1, SKU: "milk", Quantity: 5, Picked: 2}, {Number: 3, SKU: "rice", Quantity: 2, Short: true},
	}}
	s.recall(told)
	s.counts("milk", 0, 3, 0)
	if r := s.is("o-1", inventory.Confirmed); !r.AtRisk {
		t.Error("an order without any goods is not at risk")
	}
	s.receive("milk", 4)
	s.counts("milk", 0, 3, 1)
	s.restart()
	s.floor(pick("o-1", "1", "milk", 3))
	s.is("o-1", inventory.Shorted)
	if diff := s.loaded(); diff != "" {
		t.Error(diff)
	}
}

// What the floor picks was confirmed, or it would not be there: a hub that went
// back to before the confirmation counts it, and says what it cannot place.
func TestPick_OfWhatTheHubHasForgotten(t *testing.T) {
	s := newShop(t)
	s.receive("milk", 9)
	s.try("o-1", want("milk", 3))
	s.box.Move(s, pick("o-1", "1", "milk", 2))
	s.box.Move(s, pick("o-9", "1", "milk", 1))
	s.box.Move(s, stock.Movement{Kind: stock.Pick, SKU: "milk", Delta: -1}) // for no order
	r := s.do(s.box.Rest(3)).(inventory.Ingested)
	s.box.Hear(r)
	if r.Strays != 1 {
		t.Errorf("%d strays, want the one that names an order nobody knows", r.Strays)
	}
	s.is("o-1", inventory.Confirmed)
	s.counts("milk", 0, 1, 4)
	s.denied(s.cancel("o-1"), inventory.AlreadyPicked)
}

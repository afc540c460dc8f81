package inventory_test

import (
	"testing"

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

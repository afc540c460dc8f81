package inventory_test

import (
	"slices"
	"testing"
	"time"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/proto/stock"
)

func TestReservation_GoesTheWholeWay(t *testing.T) {
	s := newShop(t)
	s.receive("milk", 5)
	s.receive("eggs", 10)
	r := s.reserved(s.try("o-1", want("milk", 2), want("eggs", 10)), inventory.Tried)
	if !r.Expires.Equal(now.Add(inventory.DefaultTTL)) {
		t.Errorf("expires %v", r.Expires)
	}
	s.counts("milk", 2, 0, 3)
	s.reserved(s.confirm("o-1"), inventory.Confirmed)
	s.counts("milk", 0, 2, 3)
	s.floor(pick("o-1", "1", "milk", "", 2))
	s.counts("milk", 0, 0, 3)
	s.counts("eggs", 0, 10, 0)
	s.floor(pick("o-1", "2", "eggs", "", 9), short("o-1", "2", "eggs"))
	s.counts("eggs", 0, 0, 1)
	r = s.is("o-1", inventory.Shorted)
	if r.Lines[1].Short() != 1 || r.Lines[1].Picked != 9 || r.Lines[0].Short() != 0 {
		t.Errorf("lines %+v", r.Lines)
	}
	if got := s.heard("o-1"); !slices.Equal(got, []string{"tried", "confirmed", "picked", "picked", "shorted"}) {
		t.Errorf("events %v", got)
	}
}

func TestTry_TheSameSKUTwiceIsSummed(t *testing.T) {
	s := newShop(t)
	s.receive("milk", 5)
	d := s.denied(s.try("o-1", want("milk", 3), want("milk", 3)), inventory.InsufficientStock)
	if len(d.Shortages) != 1 || d.Shortages[0].Line != 1 || d.Shortages[0].Available != 2 {
		t.Errorf("shortages %+v", d.Shortages)
	}
	s.counts("milk", 0, 0, 5)
	s.reserved(s.try("o-1", want("milk", 3), want("milk", 2)), inventory.Tried)
	s.counts("milk", 5, 0, 0)
}

func TestExpiry_HappensOnceAndConfirmHoldsAgain(t *testing.T) {
	s := newShop(t)
	s.receive("milk", 5)
	s.try("o-1", want("milk", 5))
	s.wait(inventory.DefaultTTL - time.Millisecond)
	s.counts("milk", 5, 0, 0)
	s.wait(time.Millisecond)
	s.counts("milk", 0, 0, 5)
	s.wait(time.Hour)
	s.is("o-1", inventory.Expired)
	s.reserved(s.confirm("o-1"), inventory.Confirmed)
	s.counts("milk", 0, 5, 0)
	s.reserved(s.confirm("o-1"), inventory.Confirmed)
	s.reserved(s.cancel("o-1"), inventory.Cancelled)
	s.counts("milk", 0, 0, 5)
	if got := s.heard("o-1"); !slices.Equal(got, []string{"tried", "expired", "confirmed", "cancelled"}) {
		t.Errorf("events %v", got)
	}
}

func TestOrder_GoesDownAndIsTakenBack(t *testing.T) {
	s := newShop(t)
	s.receive("milk", 5)
	s.try("o-1", want("milk", 5))
	s.confirm("o-1")
	down := s.book.Shown().Downs[0]
	if len(down.Pending) != 1 || down.Pending[0].Order != "o-1" || down.Orders[0].Order().State != stock.OrderOpen {
		t.Fatalf("down stream %+v", down)
	}
	s.cancel("o-1")
	down = s.book.Shown().Downs[0]
	if len(down.Pending) != 2 || down.Orders[1].Order().State != stock.OrderCancelled {
		t.Fatalf("down stream %+v", down)
	}
}

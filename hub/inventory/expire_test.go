package inventory_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/proto/stock"
)

// TestExpire_ManyHoldsThatEndTogetherKeepNobodyWaiting: they end in bounded
// parts, oldest first. Whoever asks for one is answered as if all had ended, and
// stock comes back with each part.
func TestExpire_ManyHoldsThatEndTogetherKeepNobodyWaiting(t *testing.T) {
	const holds = 10_000
	s := newShop(t)
	s.receive("milk", holds)
	var tries []inventory.Command
	id := func(i int) stock.OrderID { return stock.OrderID(fmt.Sprintf("o-%04d", i)) }
	for i := range holds {
		tries = append(tries, s.ask(id(i), inventory.Ask{Lines: []inventory.AskLine{want("milk", 1)}}))
	}
	_, changes := s.book.Apply(s.now, tries)
	s.keep(changes)
	s.counts("milk", holds, 0, 0)

	s.wait(time.Hour)
	first := s.level("milk").Held
	if first == 0 || first == holds {
		t.Errorf("after the first part %d of %d are held", first, holds)
	}
	// The newest of all waits still; asked for, it has ended.
	newest := id(holds - 1)
	s.is(newest, inventory.Expired)
	s.reserved(s.do(tries[holds-2]), inventory.Expired)
	s.denied(s.do(inventory.Extend{ID: id(holds - 3)}), inventory.ReservationExpired)
	if got := s.heard(newest); !slices.Equal(got, []string{"tried", "expired"}) {
		t.Errorf("%s is told %v", newest, got)
	}
	for range 3 {
		if due, ok := s.book.Due(); s.level("milk").Held > 0 && (!ok || due.After(s.now)) {
			t.Errorf("the Book wants to be told the time at %v, %v: too late for what waits", due, ok)
		}
		s.wait(0)
	}
	s.counts("milk", 0, 0, holds)
	for i := range holds {
		if got := s.heard(id(i)); i%500 == 0 && !slices.Equal(got, []string{"tried", "expired"}) {
			t.Errorf("%s is told %v", id(i), got)
		}
	}
	if diff := s.loaded(); diff != "" {
		t.Error(diff)
	}
}

package store

import (
	"flag"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/hub/store/storetest"
	"github.com/forestock/forestock/proto/stock"
)

// stocked is a running store with one warehouse that has some milk.
func stocked(tb testing.TB, dir string, milk int64) *running {
	tb.Helper()
	s := start(tb, dir, Options{})
	box := storetest.NewBox("wh-0", 1)
	hear(tb, s, box, box.Hello())
	box.Move(tb, stock.Movement{Kind: stock.Receive, SKU: "milk", Delta: milk})
	hear(tb, s, box, box.Rest(1))
	return s
}

func try(tb testing.TB, id string, sku stock.SKU, n int64) *inventory.Try {
	tb.Helper()
	ask := inventory.Ask{Ref: "ref-" + id, Channel: "app", Lines: []inventory.AskLine{{SKU: sku, Quantity: n}}}
	t, err := inventory.NewTry(stock.OrderID(id), ask, []inventory.Candidate{{Warehouse: "wh-0"}})
	if err != nil {
		tb.Fatal(err)
	}
	return t
}

var rounds = flag.Int("rounds", 20, "rounds of many callers who want one unit")

// TestTry_TheLastUnitIsSoldOnce: of a thousand callers who want the only unit
// at once, exactly one gets it.
func TestTry_TheLastUnitIsSoldOnce(t *testing.T) {
	const callers = 1000
	s := start(t, t.TempDir(), Options{})
	box := storetest.NewBox("wh-0", 1)
	hear(t, s, box, box.Hello())
	for round := range *rounds {
		sku := stock.SKU(fmt.Sprintf("sku-%d", round))
		box.Move(t, stock.Movement{Kind: stock.Receive, SKU: sku, Delta: 1})
		hear(t, s, box, box.Rest(1))
		var won, lost atomic.Int64
		var wg sync.WaitGroup
		for i := range callers {
			wg.Go(func() {
				results, err := s.Apply(t.Context(), try(t, fmt.Sprintf("r%d-%d", round, i), sku, 1))
				if err != nil {
					t.Error(err)
					return
				}
				switch r := results[0].(type) {
				case inventory.Reserved:
					won.Add(1)
				case *inventory.Denied:
					lost.Add(sign(r.Reason == inventory.InsufficientStock))
				}
			})
		}
		wg.Wait()
		if won.Load() != 1 || lost.Load() != callers-1 {
			t.Fatalf("round %d: %d won and %d lost", round, won.Load(), lost.Load())
		}
	}
}

func sign(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

func TestReservation_SurvivesARestart(t *testing.T) {
	dir := t.TempDir()
	s := stocked(t, dir, 10)
	for i := range 4 {
		one(t, s, try(t, fmt.Sprintf("o-%d", i), "milk", 2))
	}
	one(t, s, inventory.Confirm{ID: "o-1"})
	one(t, s, inventory.Cancel{ID: "o-2"})
	before, _ := s.Level("wh-0", "milk")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = start(t, dir, Options{})
	after, _ := s.Level("wh-0", "milk")
	if before.Held != 4 || before.Committed != 2 || after.Held != 4 || after.Committed != 2 || after.Revision != before.Revision {
		t.Errorf("before %+v, after %+v", before, after)
	}
	r, ok, err := s.Reservation(t.Context(), "o-2")
	if err != nil || !ok || r.State != inventory.Cancelled {
		t.Errorf("o-2 is %+v, %v, %v", r, ok, err)
	}
	list, next, err := s.Reservations(t.Context(), inventory.ReservationFilter{}, "", 10)
	if err != nil || len(list) != 4 || next != "" {
		t.Errorf("%d reservations, next %q, %v", len(list), next, err)
	}
	list, _, err = s.Reservations(t.Context(), inventory.ReservationFilter{Ref: "ref-o-1"}, "", 10)
	if err != nil || len(list) != 1 || list[0].State != inventory.Confirmed {
		t.Errorf("by order number: %+v, %v", list, err)
	}
	if d := s.Down("wh-0", 0, 10); len(d.Entries) != 1 || d.Entries[0].Order == nil || d.Entries[0].Order.ID != "o-1" {
		t.Errorf("down stream %+v", d)
	}
}

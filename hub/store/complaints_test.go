package store

import (
	"fmt"
	"sync"
	"testing"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/hub/store/storetest"
	"github.com/forestock/forestock/proto/stock"
)

// What users of other systems complain about where many work at once; what needs
// one caller only is in hub/inventory.

// TestComplaint_DuplicateKeysAndOpposedOrdersDeadlock: orders that named an item
// twice, or the same items the other way round, waited for each other's locks.
func TestComplaint_DuplicateKeysAndOpposedOrdersDeadlock(t *testing.T) {
	const callers, each, stocked = 50, 20, 1000
	s := start(t, t.TempDir(), Options{})
	box := storetest.NewBox("wh-0", 1)
	hear(t, s, box, box.Hello())
	for _, sku := range []stock.SKU{"milk", "rice"} {
		box.Move(t, stock.Movement{Kind: stock.Receive, SKU: sku, Delta: stocked})
	}
	hear(t, s, box, box.Rest(2))
	shapes := [][]stock.SKU{{"milk", "rice"}, {"rice", "milk"}, {"milk", "milk"}, {"rice", "milk", "rice"}}
	var wg sync.WaitGroup
	var mu sync.Mutex // guards sold
	sold := make(map[stock.SKU]int64)
	for caller := range callers {
		wg.Go(func() {
			for i := range each {
				var ask inventory.Ask
				for _, sku := range shapes[(caller+i)%len(shapes)] {
					ask.Lines = append(ask.Lines, inventory.AskLine{SKU: sku, Quantity: 1})
				}
				id := stock.OrderID(fmt.Sprintf("o-%d-%d", caller, i))
				c, err := inventory.NewTry(id, ask, []inventory.Candidate{{Warehouse: "wh-0"}})
				if err != nil {
					t.Error(err)
					return
				}
				results, err := s.Apply(t.Context(), c)
				if err != nil {
					t.Error(err)
					return
				}
				if r, ok := results[0].(inventory.Reserved); ok {
					mu.Lock()
					for _, l := range r.Reservation.Lines {
						sold[l.SKU] += l.Granted
					}
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	for sku, n := range sold {
		if l, _ := s.Level("wh-0", sku); l.Held != n || n > stocked {
			t.Errorf("%s: %d held, %d were answered, %d in stock", sku, l.Held, n, stocked)
		}
	}
	if sold["milk"] < stocked-3 { // all callers together want more than there is
		t.Errorf("only %d of %d milk were sold", sold["milk"], stocked)
	}
}

// TestComplaint_LocksAreHeldOverThePayment: while one customer paid, nobody else
// could order the same item, or any other of the warehouse, until a lock timed
// out. A hold is a record and no lock.
func TestComplaint_LocksAreHeldOverThePayment(t *testing.T) {
	s := stocked(t, t.TempDir(), 10)
	one(t, s, try(t, "pays", "milk", 4)) // and is never heard of again
	for i := range 3 {
		one(t, s, try(t, fmt.Sprintf("other-%d", i), "milk", 2))
		one(t, s, inventory.Confirm{ID: stock.OrderID(fmt.Sprintf("other-%d", i))})
	}
	if l, _ := s.Level("wh-0", "milk"); l.Held != 4 || l.Committed != 6 {
		t.Errorf("held %d, committed %d", l.Held, l.Committed)
	}
}

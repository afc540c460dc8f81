package inventory_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/proto/stock"
)

// What users of other systems complain about, each as a test. The names say
// what happened to them.

// TestComplaint_ConcurrentReservationsOversubscribe: an update of the reserved
// quantity was lost, so that more was promised than there was.
func TestComplaint_ConcurrentReservationsOversubscribe(t *testing.T) {
	s := newShop(t)
	s.receive("milk", 100)
	group := make([]inventory.Command, 256)
	for i := range group {
		group[i] = s.ask(stock.OrderID(fmt.Sprintf("o-%d", i)), inventory.Ask{Lines: []inventory.AskLine{want("milk", 1)}})
	}
	results, changes := s.book.Apply(s.now, group)
	s.keep(changes)
	won := 0
	for i, r := range results {
		if _, ok := r.(inventory.Reserved); ok {
			won++
			if i >= 100 {
				t.Errorf("caller %d got what was sold", i)
			}
		}
	}
	if won != 100 {
		t.Errorf("%d of 256 got one of 100", won)
	}
	s.counts("milk", 100, 0, 0)
}

// TestComplaint_TwoLinesCheckedAgainstTheSameNumber: both lines of one request
// were checked against the same availability.
func TestComplaint_TwoLinesCheckedAgainstTheSameNumber(t *testing.T) {
	s := newShop(t)
	s.receive("milk", 5)
	d := s.denied(s.try("o-1", want("milk", 3), want("milk", 3)), inventory.InsufficientStock)
	if len(d.Shortages) != 1 || d.Shortages[0].Line != 1 || d.Shortages[0].Available != 2 || d.Shortages[0].Requested != 3 {
		t.Errorf("shortages %+v", d.Shortages)
	}
	s.counts("milk", 0, 0, 5)
	s.reserved(s.try("o-1", want("milk", 3), want("milk", 2)), inventory.Tried)
	s.counts("milk", 5, 0, 0)
}

// TestComplaint_ReservedQuantityBecomesNegative: a reservation was given back
// twice, by its expiry and by a cancel.
func TestComplaint_ReservedQuantityBecomesNegative(t *testing.T) {
	s := newShop(t)
	s.receive("milk", 5)
	s.try("o-1", want("milk", 2))
	s.wait(time.Hour)
	s.reserved(s.cancel("o-1"), inventory.Cancelled)
	s.reserved(s.cancel("o-1"), inventory.Cancelled)
	s.counts("milk", 0, 0, 5)
	s.denied(s.confirm("o-1"), inventory.ReservationCancelled)
}

// TestComplaint_NoWayToFixWrongCounters: counters and rows drifted apart, with
// nothing to bring them together. That they drift is prevented; that a repair
// of sound counters changes nothing is what can be seen from outside.
func TestComplaint_NoWayToFixWrongCounters(t *testing.T) {
	s := newShop(t)
	s.receive("milk", 5)
	s.try("o-1", want("milk", 2))
	r := s.do(inventory.Reconcile{Warehouse: "wh-0", Repair: true}).(inventory.Reconciled)
	if r.Open != 1 || len(r.Differences) != 0 || r.Repaired {
		t.Errorf("reconciled %+v", r)
	}
}

// TestComplaint_TheLoserOfTheLastUnitIsAnOrphan: two orders were accepted for
// one unit, and the second had no reservation.
func TestComplaint_TheLoserOfTheLastUnitIsAnOrphan(t *testing.T) {
	s := newShop(t)
	s.receive("milk", 1)
	s.reserved(s.try("o-1", want("milk", 1)), inventory.Tried)
	s.denied(s.try("o-2", want("milk", 1)), inventory.InsufficientStock)
	s.denied(s.confirm("o-2"), inventory.ReservationNotFound)
	s.reserved(s.confirm("o-1"), inventory.Confirmed)
}

// TestComplaint_PaidOrderIsAllocatedTooLittle: check and allocation were two
// transactions, and a paid order got less than it was promised in silence.
func TestComplaint_PaidOrderIsAllocatedTooLittle(t *testing.T) {
	s := newShop(t)
	s.receive("milk", 5)
	s.try("o-1", want("milk", 5))
	s.floor(stock.Movement{Kind: stock.Waste, SKU: "milk", Delta: -2})
	r := s.reserved(s.confirm("o-1"), inventory.Confirmed)
	if !r.AtRisk || !r.Lines[0].AtRisk {
		t.Errorf("an order whose stock was lost is not marked: %+v", r)
	}
	s.receive("milk", 2)
	if r := s.is("o-1", inventory.Confirmed); r.AtRisk {
		t.Errorf("an order whose stock came back is still marked: %+v", r)
	}
}

// TestComplaint_LastUnitSoldTwiceGoesToMinusOne: the shortage was noticed only
// when the order was placed.
func TestComplaint_LastUnitSoldTwiceGoesToMinusOne(t *testing.T) {
	s := newShop(t)
	s.receive("milk", 1)
	s.try("o-1", want("milk", 1))
	s.wait(time.Hour) // ran out
	s.reserved(s.try("o-2", want("milk", 1)), inventory.Tried)
	d := s.denied(s.confirm("o-1"), inventory.ReservationExpired)
	if len(d.Shortages) != 1 {
		t.Errorf("shortages %+v", d.Shortages)
	}
	s.counts("milk", 1, 0, 0)
}

// TestComplaint_ReservationAfterTheOrderGoesToMinusOne: goods were picked first
// and reserved afterwards.
func TestComplaint_ReservationAfterTheOrderGoesToMinusOne(t *testing.T) {
	s := newShop(t)
	s.receive("milk", 1)
	s.floor(pick("o-1", "1", "milk", 1))
	s.denied(s.try("o-1", want("milk", 1)), inventory.InsufficientStock)
	s.counts("milk", 0, 0, 0)
}

// TestComplaint_ALateListenerOversells: a reservation that was cancelled was
// taken afterwards, because the messages overtook each other.
func TestComplaint_ALateListenerOversells(t *testing.T) {
	s := newShop(t)
	s.receive("milk", 5)
	s.reserved(s.cancel("o-1"), inventory.Cancelled)
	s.reserved(s.try("o-1", want("milk", 2)), inventory.Cancelled)
	s.counts("milk", 0, 0, 5)
}

// TestComplaint_ConsumeDeletesRowsNotUnits: picking a part of a line released
// all of it.
func TestComplaint_ConsumeDeletesRowsNotUnits(t *testing.T) {
	s := newShop(t)
	s.receive("milk", 5)
	s.try("o-1", want("milk", 4))
	s.confirm("o-1")
	s.floor(pick("o-1", "1", "milk", 1))
	s.counts("milk", 0, 3, 1)
	s.denied(s.cancel("o-1"), inventory.AlreadyPicked)
}

// TestComplaint_SafetyStockCountsInOneAnswerAndNotInTheOther: what one call
// showed as available another refused.
func TestComplaint_SafetyStockCountsInOneAnswerAndNotInTheOther(t *testing.T) {
	s := newShop(t)
	s.receive("milk", 5)
	s.do(inventory.SetPolicy{Warehouse: "wh-0", Policy: &inventory.Policy{Safety: 1, LocalReserve: 1}, By: "ops", Why: "test"})
	s.counts("milk", 0, 0, 3)
	s.denied(s.try("o-1", want("milk", 4)), inventory.InsufficientStock)
	s.reserved(s.try("o-1", want("milk", 3)), inventory.Tried)
	s.counts("milk", 3, 0, 0)
}

// TestComplaint_ExpiredButNotYetReleased: stock of a hold that had run out came
// back only minutes later.
func TestComplaint_ExpiredButNotYetReleased(t *testing.T) {
	s := newShop(t)
	s.receive("milk", 1)
	s.try("o-1", want("milk", 1))
	s.now = s.now.Add(inventory.DefaultTTL) // and nobody sweeps
	s.reserved(s.try("o-2", want("milk", 1)), inventory.Tried)
}

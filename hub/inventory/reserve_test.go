package inventory_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/hub/store/storetest"
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
	s.floor(pick("o-1", "1", "milk", 2))
	s.counts("milk", 0, 0, 3)
	s.counts("eggs", 0, 10, 0)
	s.floor(pick("o-1", "2", "eggs", 9), short("o-1", "2", "eggs"))
	s.counts("eggs", 0, 0, 1)
	r = s.is("o-1", inventory.Shorted)
	if r.Lines[1].Short() != 1 || r.Lines[1].Picked != 9 || r.Lines[0].Short() != 0 {
		t.Errorf("lines %+v", r.Lines)
	}
	if got := s.heard("o-1"); !slices.Equal(got, []string{"tried", "confirmed", "picked", "picked", "shorted"}) {
		t.Errorf("events %v", got)
	}
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

// TestCommands_InEveryState is the table of what each command does to a
// reservation in each state.
func TestCommands_InEveryState(t *testing.T) {
	states := map[string]func(s *shop){
		"unknown":   func(*shop) {},
		"tried":     func(s *shop) { s.try("o-1", want("milk", 2)) },
		"confirmed": func(s *shop) { s.try("o-1", want("milk", 2)); s.confirm("o-1") },
		"picking": func(s *shop) {
			s.try("o-1", want("milk", 2))
			s.confirm("o-1")
			s.floor(pick("o-1", "1", "milk", 1))
		},
		"fulfilled": func(s *shop) {
			s.try("o-1", want("milk", 2))
			s.confirm("o-1")
			s.floor(pick("o-1", "1", "milk", 2))
		},
		"shorted":   func(s *shop) { s.try("o-1", want("milk", 2)); s.confirm("o-1"); s.floor(short("o-1", "1", "milk")) },
		"cancelled": func(s *shop) { s.try("o-1", want("milk", 2)); s.cancel("o-1") },
		"expired":   func(s *shop) { s.try("o-1", want("milk", 2)); s.wait(time.Hour) },
		"gone":      func(s *shop) { s.try("o-1", want("milk", 2)); s.wait(time.Hour); s.try("o-2", want("milk", 5)) },
	}
	for _, tt := range []struct {
		state, do, want string // a state, or the reason of a denial
	}{
		{"unknown", "confirm", "NOT_FOUND"},
		{"unknown", "cancel", "cancelled"},
		{"unknown", "extend", "NOT_FOUND"},
		{"unknown", "look", "NOT_FOUND"},
		{"tried", "try", "tried"},
		{"tried", "other", "IDEMPOTENCY_MISMATCH"},
		{"tried", "confirm", "confirmed"},
		{"tried", "cancel", "cancelled"},
		{"tried", "extend", "tried"},
		{"confirmed", "try", "confirmed"},
		{"confirmed", "other", "IDEMPOTENCY_MISMATCH"},
		{"confirmed", "confirm", "confirmed"},
		{"confirmed", "cancel", "cancelled"},
		{"confirmed", "extend", "confirmed"},
		{"picking", "confirm", "confirmed"},
		{"picking", "cancel", "ALREADY_PICKED"},
		{"fulfilled", "try", "fulfilled"},
		{"fulfilled", "other", "IDEMPOTENCY_MISMATCH"},
		{"fulfilled", "confirm", "fulfilled"},
		{"fulfilled", "cancel", "ALREADY_PICKED"},
		{"fulfilled", "extend", "ALREADY_PICKED"},
		{"shorted", "confirm", "shorted"},
		{"shorted", "cancel", "ALREADY_PICKED"},
		{"cancelled", "try", "cancelled"},
		{"cancelled", "other", "IDEMPOTENCY_MISMATCH"},
		{"cancelled", "confirm", "RESERVATION_CANCELLED"},
		{"cancelled", "cancel", "cancelled"},
		{"cancelled", "extend", "RESERVATION_CANCELLED"},
		{"expired", "try", "expired"},
		{"expired", "other", "IDEMPOTENCY_MISMATCH"},
		{"expired", "confirm", "confirmed"},
		{"expired", "cancel", "cancelled"},
		{"expired", "extend", "RESERVATION_EXPIRED"},
		{"gone", "confirm", "RESERVATION_EXPIRED"},
	} {
		for _, restart := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s %s restart=%v", tt.do, tt.state, restart), func(t *testing.T) {
				s := newShop(t)
				s.receive("milk", 5)
				states[tt.state](s)
				if restart {
					s.restart()
				}
				got := ""
				switch r := s.command(tt.do).(type) {
				case inventory.Reserved:
					got = r.Reservation.State.String()
				case *inventory.Denied:
					got = string(r.Reason)
				}
				if got != tt.want {
					t.Errorf("%s of a reservation that is %s: %s, want %s", tt.do, tt.state, got, tt.want)
				}
				if r := s.do(inventory.Reconcile{Warehouse: "wh-0"}).(inventory.Reconciled); len(r.Differences) > 0 {
					t.Errorf("counters differ: %v", r.Differences)
				}
			})
		}
	}
}

// command gives a command about o-1 by its name.
func (s *shop) command(name string) inventory.Result {
	s.Helper()
	switch name {
	case "try":
		return s.try("o-1", want("milk", 2))
	case "other":
		return s.try("o-1", want("milk", 1))
	case "confirm":
		return s.confirm("o-1")
	case "cancel":
		return s.cancel("o-1")
	case "extend":
		return s.do(inventory.Extend{ID: "o-1"})
	}
	return s.do(inventory.Look{ID: "o-1"})
}

func TestTry_TakesWhatExpiresFirstAndNothingTooShort(t *testing.T) {
	s := newShop(t)
	s.receiveMilk("later", 20261201, 2)
	s.receiveMilk("soon", 20261123, 2)
	s.receiveMilk("gone", 20261120, 9)
	s.receiveMilk("undated", 0, 1)
	r := s.reserved(s.try("o-1", want("milk", 3)), inventory.Tried)
	if got := fmt.Sprint(r.Lines[0].Lots); got != "[{soon 2026-11-23 2} {later 2026-12-01 1}]" {
		t.Errorf("lots %s", got)
	}
	picky := inventory.AskLine{SKU: "milk", Quantity: 2, MinShelfLife: 5}
	r = s.reserved(s.try("o-2", picky), inventory.Tried)
	if got := fmt.Sprint(r.Lines[0].Lots); got != "[{later 2026-12-01 1} {undated  1}]" {
		t.Errorf("lots %s", got)
	}
	s.denied(s.try("o-3", want("milk", 1)), inventory.InsufficientStock)
}

func TestNewDay_ExpiredLotsPutPromisesAtRisk(t *testing.T) {
	s := newShop(t)
	s.receiveMilk("today", 20261121, 2)
	s.receiveMilk("later", 20261201, 1)
	s.try("o-1", want("milk", 1))
	s.confirm("o-1")
	s.try("o-2", want("milk", 2))
	s.confirm("o-2")
	s.wait(24 * time.Hour)
	if r := s.is("o-1", inventory.Confirmed); r.AtRisk || r.Lines[0].Lots[0].Lot != "later" {
		t.Errorf("the older order: %+v", r)
	}
	if r := s.is("o-2", inventory.Confirmed); !r.AtRisk {
		t.Errorf("the newer order: %+v", r)
	}
}

func TestPolicy_CancelsHoldsWhoseStockWasLost(t *testing.T) {
	s := newShop(t)
	s.receive("milk", 4)
	s.do(inventory.SetPolicy{Warehouse: "wh-0", Policy: &inventory.Policy{Deficit: inventory.CancelHeld}, By: "ops", Why: "test"})
	s.try("o-1", want("milk", 2))
	s.try("o-2", want("milk", 2))
	s.floor(stock.Movement{Kind: stock.Waste, SKU: "milk", Delta: -1})
	s.is("o-1", inventory.Tried)
	if r := s.is("o-2", inventory.Cancelled); r.Reason == "" {
		t.Error("nobody is told why")
	}
	s.counts("milk", 2, 0, 1)
}

func TestPolicy_BoundsAChannel(t *testing.T) {
	s := newShop(t)
	s.receive("milk", 10)
	s.do(inventory.SetPolicy{Warehouse: "wh-0", SKU: "milk", Policy: &inventory.Policy{Quotas: []inventory.Quota{{Channel: "app", Percent: 30}}}, By: "ops", Why: "test"})
	ask := func(id stock.OrderID, channel string, n int64) inventory.Result {
		return s.do(s.ask(id, inventory.Ask{Channel: channel, Lines: []inventory.AskLine{want("milk", n)}}))
	}
	s.denied(ask("o-1", "app", 4), inventory.InsufficientStock)
	s.reserved(ask("o-1", "app", 3), inventory.Tried)
	s.denied(ask("o-2", "app", 1), inventory.InsufficientStock)
	s.reserved(ask("o-2", "wechat", 7), inventory.Tried)
	s.cancel("o-1")
	s.reserved(ask("o-3", "app", 3), inventory.Tried)
}

func TestPolicy_RefusesOldNumbers(t *testing.T) {
	s := newShop(t)
	s.receive("milk", 10)
	try := func(id stock.OrderID, n int64, f inventory.Freshness, age time.Duration) inventory.Result {
		c := s.ask(id, inventory.Ask{Lines: []inventory.AskLine{want("milk", n)}})
		c.Candidates[0].Freshness, c.Candidates[0].Age = f, age
		return s.do(c)
	}
	if d := s.denied(try("o-1", 5, inventory.Stale, time.Hour), inventory.WarehouseFrozen); d.RetryAfter == 0 {
		t.Error("nobody is told when to try again")
	}
	s.do(inventory.SetPolicy{Warehouse: "wh-0", Policy: &inventory.Policy{MaxAge: 2 * time.Hour, DegradedBuffer: 60}, By: "ops", Why: "test"})
	s.denied(try("o-1", 5, inventory.Stale, time.Hour), inventory.InsufficientStock) // older than Degraded keeps back no less
	s.reserved(try("o-1", 4, inventory.Stale, time.Hour), inventory.Tried)
	s.cancel("o-1")
	s.denied(try("o-2", 5, inventory.Live, 3*time.Hour), inventory.WarehouseFrozen)
	s.denied(try("o-3", 5, inventory.Degraded, time.Minute), inventory.InsufficientStock)
	s.reserved(try("o-4", 5, inventory.Live, time.Minute), inventory.Tried)
}

func TestTry_OneOfSeveralWarehousesTakesTheWholeOrder(t *testing.T) {
	s := newShop(t)
	s.receive("milk", 1)
	other := storetest.NewBox("wh-1", 2)
	other.Hear(s.do(other.Hello()))
	other.Move(t, stock.Movement{Kind: stock.Receive, SKU: "milk", Delta: 5})
	other.Hear(s.do(other.Rest(1)))
	both := []inventory.Candidate{{Warehouse: "wh-0"}, {Warehouse: "wh-1"}}
	ask := inventory.Ask{Lines: []inventory.AskLine{want("milk", 3)}, AllowPartial: true}
	try, err := inventory.NewTry("o-1", ask, both)
	if err != nil {
		t.Fatal(err)
	}
	if r := s.reserved(s.do(try), inventory.Tried); r.Warehouse != "wh-1" || r.Lines[0].Granted != 3 {
		t.Errorf("taken by %s: %+v", r.Warehouse, r.Lines)
	}
	try, _ = inventory.NewTry("o-2", ask, both)
	if r := s.reserved(s.do(try), inventory.Tried); r.Warehouse != "wh-0" || r.Lines[0].Granted != 1 || r.Lines[0].Short() != 2 {
		t.Errorf("a part is taken by %s: %+v", r.Warehouse, r.Lines)
	}
	try, _ = inventory.NewTry("o-3", inventory.Ask{Lines: []inventory.AskLine{want("milk", 3)}}, both)
	if d := s.denied(s.do(try), inventory.InsufficientStock); len(d.Shortages) != 2 {
		t.Errorf("shortages %+v", d.Shortages)
	}
}

func TestTry_ValidateOnlyHoldsNothing(t *testing.T) {
	s := newShop(t)
	s.receive("milk", 3)
	c := s.ask("o-1", inventory.Ask{Lines: []inventory.AskLine{want("milk", 3)}})
	c.ValidateOnly = true
	if r, ok := s.do(c).(inventory.Reserved); !ok || !r.Dry || r.Reservation.Lines[0].Granted != 3 {
		t.Errorf("answered %+v", r)
	}
	s.counts("milk", 0, 0, 3)
	s.denied(s.do(inventory.Look{ID: "o-1"}), inventory.ReservationNotFound)
}

func TestPick_OfWeighedGoodsIsWholeWithinItsTolerance(t *testing.T) {
	s := newShop(t)
	s.do(inventory.UpdateItems{Items: []stock.Item{{SKU: "pear", Name: "pear", Unit: stock.Gram}}})
	s.receive("pear", 5000)
	for grams, state := range map[int64]inventory.ReservationState{900: inventory.Fulfilled, 1100: inventory.Fulfilled, 899: inventory.Confirmed} {
		id := fmt.Sprintf("o-%d", grams)
		s.try(stock.OrderID(id), want("pear", 1000))
		s.confirm(stock.OrderID(id))
		s.floor(pick(id, "1", "pear", grams))
		r := s.is(stock.OrderID(id), state)
		if r.Lines[0].Picked != grams {
			t.Errorf("picked %d of %d", r.Lines[0].Picked, grams)
		}
	}
	s.counts("pear", 0, 101, 5000-900-1100-899-101)
}

func TestPick_OfASubstituteServesTheLine(t *testing.T) {
	s := newShop(t)
	s.receive("milk", 2)
	s.receive("soy", 2)
	s.try("o-1", want("milk", 2))
	s.confirm("o-1")
	s.floor(pick("o-1", "1", "soy", 2))
	s.is("o-1", inventory.Fulfilled)
	s.counts("milk", 0, 0, 2)
	s.counts("soy", 0, 0, 0)
}

func TestPick_AfterACancelIsTold(t *testing.T) {
	s := newShop(t)
	s.receive("milk", 2)
	s.try("o-1", want("milk", 2))
	s.confirm("o-1")
	s.cancel("o-1")
	s.restart()
	s.floor(pick("o-1", "1", "milk", 2))
	if r := s.is("o-1", inventory.Cancelled); !r.PickedAfterCancel {
		t.Errorf("nobody is told: %+v", r)
	}
	s.counts("milk", 0, 0, 0)
	if got := s.heard("o-1"); !slices.Equal(got, []string{"tried", "confirmed", "cancelled", "picked_after_cancel"}) {
		t.Errorf("events %v", got)
	}
}

func TestExpiry_AClockThatJumpsEndsNothingTwice(t *testing.T) {
	s := newShop(t)
	s.receive("milk", 5)
	s.try("o-1", want("milk", 2))
	s.wait(-time.Hour) // the hold lasts no longer for it
	s.try("o-2", want("milk", 2))
	s.wait(time.Hour + inventory.DefaultTTL)
	s.is("o-1", inventory.Expired)
	s.is("o-2", inventory.Expired)
	s.wait(-2 * time.Hour)
	s.counts("milk", 0, 0, 5)
	s.wait(3 * time.Hour)
	for _, id := range []stock.OrderID{"o-1", "o-2"} {
		if got := s.heard(id); !slices.Equal(got, []string{"tried", "expired"}) {
			t.Errorf("%s: %v", id, got)
		}
	}
}

func TestOrder_GoesDownAndIsTakenBack(t *testing.T) {
	s := newShop(t)
	s.receive("milk", 5)
	s.try("o-1", want("milk", 5))
	s.confirm("o-1")
	down := s.book.Shown().Downs[0]
	if len(down.Pending) != 1 || down.Pending[0].Order != "o-1" || down.Orders[0].Order(0).State != stock.OrderOpen {
		t.Fatalf("down stream %+v", down)
	}
	s.cancel("o-1")
	down = s.book.Shown().Downs[0]
	if len(down.Pending) != 2 || down.Orders[1].Order(0).State != stock.OrderCancelled {
		t.Fatalf("down stream %+v", down)
	}
}

// TestOrders_QueueForTheDownStream: orders come before prices, are numbered in
// the order they were confirmed, and one that is cancelled while it waits is
// never told.
func TestOrders_QueueForTheDownStream(t *testing.T) {
	const orders = 300
	s := newShop(t)
	s.receive("milk", orders)
	for i := range orders {
		id := stock.OrderID(fmt.Sprintf("o-%03d", i))
		s.try(id, want("milk", 1))
		s.confirm(id)
	}
	s.cancel("o-299")
	d := s.book.Shown().Downs[0]
	if len(d.Pending) != 256 || d.Waiting != 43 || d.Pending[255].Order != "o-255" {
		t.Fatalf("%d pending, %d waiting, the last is %+v", len(d.Pending), d.Waiting, d.Pending[255])
	}
	s.restart()
	s.do(inventory.DownStored{Warehouse: "wh-0", Session: s.box.Session, Position: stock.DownPosition{Epoch: d.Epoch, Applied: 256}})
	d = s.book.Shown().Downs[0]
	if len(d.Pending) != 43 || d.Waiting != 0 || d.Pending[0].Order != "o-256" || d.Orders[42].ID != "o-298" {
		t.Fatalf("%d pending, %d waiting: %+v", len(d.Pending), d.Waiting, d.Pending)
	}
	if diff := s.loaded(); diff != "" {
		t.Error(diff)
	}
}

// TestOrders_GoDownAgainWithANewStream: a box that lost what it was sent gets
// every open order again, and nothing of those that ended.
func TestOrders_GoDownAgainWithANewStream(t *testing.T) {
	s := newShop(t)
	s.receive("milk", 9)
	for _, id := range []stock.OrderID{"o-1", "o-2", "o-3"} {
		s.try(id, want("milk", 1))
		s.confirm(id)
	}
	down := s.book.Shown().Downs[0]
	s.do(inventory.DownStored{Warehouse: "wh-0", Session: s.box.Session, Position: stock.DownPosition{Epoch: down.Epoch, Applied: 3}})
	s.cancel("o-2")
	s.floor(pick("o-3", "1", "milk", 1))
	s.box.Start(7)
	s.box.Hear(s.do(s.box.Hello())) // it names a down stream that nobody knows
	down = s.book.Shown().Downs[0]
	if len(down.Pending) != 1 || down.Pending[0].Order != "o-1" || down.Orders[0].Order(0).State != stock.OrderOpen {
		t.Errorf("down stream %+v", down)
	}
	if diff := s.loaded(); diff != "" {
		t.Error(diff)
	}
}

// TestOrders_ThatEndedAreClosedOnTheFloor: the floor hears that an order is
// over, and the hub forgets the order once it has heard.
func TestOrders_ThatEndedAreClosedOnTheFloor(t *testing.T) {
	s := newShop(t)
	s.receive("milk", 9)
	s.try("o-1", want("milk", 1))
	s.confirm("o-1")
	s.floor(pick("o-1", "1", "milk", 1))
	down := s.book.Shown().Downs[0]
	if len(down.Pending) != 2 || down.Orders[1].Order(0).State != stock.OrderClosed {
		t.Fatalf("down stream %+v", down)
	}
	s.do(inventory.DownStored{Warehouse: "wh-0", Session: s.box.Session, Position: stock.DownPosition{Epoch: down.Epoch, Applied: 2}})
	if rows := s.book.Rows(); len(rows.Events) != 0 || len(rows.Ended) != 1 {
		t.Errorf("%d records in memory, %d ended", len(rows.Events), len(rows.Ended))
	}
	if diff := s.loaded(); diff != "" {
		t.Error(diff)
	}
	s.is("o-1", inventory.Fulfilled)
}

func TestRetire_ForgetsWhatEndedAndKeepsWhatIsOpen(t *testing.T) {
	s := newShop(t)
	s.receive("milk", 9)
	s.try("o-1", want("milk", 1))
	s.try("o-2", want("milk", 1))
	s.cancel("o-1")
	last := s.log[len(s.log)-1].Reservation.Revision
	got := s.do(inventory.Retire{Upto: last, IDs: []inventory.Sum{inventory.SumOf("o-1"), inventory.SumOf("o-2")}})
	if got != (inventory.Retired{Forgotten: 1, Kept: 1}) {
		t.Errorf("retired %+v", got)
	}
	s.denied(s.do(inventory.Look{ID: "o-1"}), inventory.ReservationNotFound)
	if r := s.is("o-2", inventory.Tried); r.Revision <= last {
		t.Errorf("an open record was not written again: %+v", r)
	}
	if diff := s.loaded(); diff != "" {
		t.Error(diff)
	}
	s.counts("milk", 1, 0, 8)
}

func TestReport_AheadOfTheEntriesPutsNobodyAtRisk(t *testing.T) {
	s := newShop(t)
	s.receive("milk", 2)
	s.try("o-1", want("milk", 2))
	s.confirm("o-1")
	s.box.Move(t, pick("o-1", "1", "milk", 2))
	s.do(inventory.Report{Warehouse: "wh-0", Session: s.box.Session, Statement: s.box.Statement(s.box.Last())})
	if r := s.is("o-1", inventory.Confirmed); r.AtRisk {
		t.Error("an order is at risk for goods that were picked for it")
	}
	s.box.Hear(s.do(s.box.Rest(1)))
	s.is("o-1", inventory.Fulfilled)
	s.counts("milk", 0, 0, 0)
}

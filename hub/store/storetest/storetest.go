package storetest

import (
	"context"
	"flag"
	"strconv"
	"testing"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

// Store is what the suite takes: a store that is open and running.
type Store interface {
	Apply(ctx context.Context, cmds ...inventory.Command) ([]inventory.Result, error)
	Level(w stock.Warehouse, sku stock.SKU) (inventory.Level, bool)
	Levels(w stock.Warehouse, after stock.SKU, n int) []inventory.Level
	Warehouse(w stock.Warehouse) (inventory.WarehouseState, bool)
	Warehouses() []inventory.WarehouseState
	Item(sku stock.SKU) (stock.Item, bool)
	Items(after stock.SKU, n int) []stock.Item
	Down(w stock.Warehouse, after stock.Seq, n int) stock.DownBatch
	DownChanged() <-chan struct{}
	Movements(ctx context.Context, w stock.Warehouse, sku stock.SKU, before inventory.Cursor, n int) ([]inventory.StoredEntry, inventory.Cursor, error)
	Quarantined(ctx context.Context, w stock.Warehouse, before inventory.Cursor, n int) ([]inventory.Quarantined, inventory.Cursor, error)
	Statement(w stock.Warehouse) (stock.Statement, error)
	Trace(ctx context.Context, w stock.Warehouse, e stock.Epoch, points []wire.TracePoint) (stock.Seq, error)
	Booked(ctx context.Context, w stock.Warehouse, e stock.Epoch, n int) ([]stock.Booked, error)
	Repair(ctx context.Context, r inventory.Repair) (inventory.Repairing, *inventory.Refusal, error)
	Repairs(ctx context.Context, w stock.Warehouse, before inventory.Cursor, n int) ([]inventory.Repaired, inventory.Cursor, error)
	Retry(ctx context.Context, r inventory.Retry) (inventory.Quarantined, *inventory.Refusal, error)
	Watch(since inventory.Token, of inventory.Scope) (inventory.Feed, error)
	Reservation(ctx context.Context, id stock.OrderID) (*inventory.Reservation, bool, error)
	Reservations(ctx context.Context, of inventory.ReservationFilter, before inventory.Cursor, n int) ([]*inventory.Reservation, inventory.Cursor, error)
	Events(since inventory.Token, warehouses ...stock.Warehouse) (inventory.EventFeed, error)
	OldestEvents() inventory.Token
	Policies(w stock.Warehouse) []inventory.PolicyRow
	// Close ends the store and waits for it.
	Close() error
}

// Crasher is a store that can tell what a power cut would leave of it.
type Crasher interface {
	// Crash gives the store as it would come back if the power failed now. The
	// store itself runs on.
	Crash(tb testing.TB) Store
}

// Open opens the store in dir, or creates it, with warehouses that enrol
// themselves.
type Open func(tb testing.TB, dir string) Store

// checks are the suite, in the order of what they build on.
var checks = []struct {
	name string
	run  func(tb testing.TB, open Open)
}{
	{"random commands, random faults and restarts give what the book gives", checkMachine},
	{"concurrent callers get what each would get alone", checkCallers},
	{"what a reader saw survives a power cut", checkDurable},
	{"history explains every number", checkHistory},
	{"a watch misses nothing and goes on after a restart", checkWatch},
	{"a token of another life is refused", checkTokens},
	{"stated levels are shown until the sum is theirs", checkReport},
	{"a new box takes over what is stored", checkTakeover},
	{"an entry that can be read at last counts once", checkRetry},
	{"a repair counts what came since, and is recorded", checkRepair},
	{"what comes twice, late or in the wrong order is answered as the table says", checkLives},
	{"pages of a listing join without a seam", checkPages},
	{"the down stream carries the newest state of each thing", checkDown},
	{"a closed store refuses and does not hang", checkClosed},
}

// Run runs the suite.
func Run(t *testing.T, open Open) {
	t.Helper()
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) { c.run(t, open) })
	}
}

// Checks bounds how many random cases each check tries, until the test ends.
func Checks(tb testing.TB, n int) {
	tb.Helper()
	set(tb, "rapid.checks", strconv.Itoa(n))
}

// set sets a flag until the test ends.
func set(tb testing.TB, name, value string) {
	tb.Helper()
	f := flag.Lookup(name)
	before := f.Value.String()
	must(tb, f.Value.Set(value))
	tb.Cleanup(func() { _ = f.Value.Set(before) })
}

// Failure runs the suite on a store that is wrong on purpose, and gives the
// name of the first check that notices; empty if none does.
func Failure(tb testing.TB, open Open) string {
	tb.Helper()
	Checks(tb, 20)
	// Nobody will read these failures: do not look for the smallest one.
	set(tb, "rapid.shrinktime", "0s")
	set(tb, "rapid.nofailfile", "true")
	for _, c := range checks {
		if r := record(tb, c.run, open); r.Failed() {
			tb.Logf("%s: %s", c.name, r.first())
			return c.name
		}
	}
	return ""
}

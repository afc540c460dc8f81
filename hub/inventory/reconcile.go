package inventory

import "github.com/forestock/forestock/proto/stock"

// Reconcile compares what is counted as claimed in a warehouse with the sum of
// its open reservations. The two differ only if this program is wrong. The
// result is a Reconciled or a *Refusal.
type Reconcile struct {
	Warehouse stock.Warehouse
	Repair    bool // makes the counters the sums
}

// Reconciled answers a Reconcile.
type Reconciled struct {
	Warehouse   stock.Warehouse
	Open        int // reservations that were added up
	Differences []Difference
	Repaired    bool
}

// Difference is a counter that is not what it should be.
type Difference struct {
	SKU     stock.SKU
	Lot     stock.Lot
	Counter string // held, committed, channel, lot
	Counted int64  // what the counter says
	Sum     int64  // what open reservations add up to
}

func (Reconciled) result() {}

package inventory

import (
	"cmp"
	"slices"

	"github.com/forestock/forestock/proto/stock"
)

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
	AtRisk      int // those among them whose promise may not be kept
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

func (c Reconcile) apply(s *step) Result {
	w := s.book.warehouses[c.Warehouse]
	if w == nil {
		return refuse(ReasonWarehouse, "warehouse %s is not enrolled at this hub", c.Warehouse)
	}
	out := Reconciled{Warehouse: c.Warehouse}
	sums := make(map[counter]int64)
	for _, slot := range w.slots {
		if r := s.book.desk.records[slot].r; r.State.Open() {
			out.Open++
			if r.AtRisk {
				out.AtRisk++
			}
			addUp(r, sums)
		}
	}
	for _, p := range w.promises {
		p.counters(func(k counter, n *int64) {
			k.sku = p.sku
			if *n != sums[k] {
				out.Differences = append(out.Differences, Difference{SKU: k.sku, Lot: k.lot, Counter: k.name, Counted: *n, Sum: sums[k]})
				if c.Repair {
					*n, out.Repaired = sums[k], true
				}
			}
			delete(sums, k)
		})
	}
	for k, n := range sums { // claims of what no counter knows
		if n != 0 && w.lines.find(k.sku) != nil {
			out.Differences = append(out.Differences, Difference{SKU: k.sku, Lot: k.lot, Counter: k.name, Sum: n})
		}
	}
	slices.SortFunc(out.Differences, func(a, b Difference) int {
		return cmp.Or(cmp.Compare(a.SKU, b.SKU), cmp.Compare(a.Counter, b.Counter), cmp.Compare(a.Lot, b.Lot))
	})
	if out.Repaired {
		s.retell(w, out.Differences)
	}
	return out
}

// counter names one number that is derived from open reservations.
type counter struct {
	sku  stock.SKU
	name string // held, committed, lot or "channel " and its name
	lot  stock.Lot
}

// addUp adds what a reservation claims.
func addUp(r *Reservation, sums map[counter]int64) {
	state := "held"
	if r.State == Confirmed {
		state = "committed"
	}
	for i := range r.Lines {
		l := &r.Lines[i]
		sums[counter{sku: l.SKU, name: state}] += l.Reserved()
		sums[counter{sku: l.SKU, name: "channel " + r.Channel}] += l.Reserved()
		for _, a := range l.Lots {
			sums[counter{sku: l.SKU, name: "lot", lot: a.Lot}] += a.Quantity
		}
	}
}

// counters goes through all of a promise's counters.
func (p *promise) counters(visit func(k counter, n *int64)) {
	visit(counter{name: "held"}, &p.held)
	visit(counter{name: "committed"}, &p.committed)
	for i := range p.channels {
		visit(counter{name: "channel " + p.channels[i].Channel}, &p.channels[i].Open)
	}
	for i := range p.lots {
		visit(counter{name: "lot", lot: p.lots[i].lot}, &p.lots[i].claimed)
	}
}

// retell shows readers the counters that were repaired.
func (s *step) retell(w *warehouse, differences []Difference) {
	for _, d := range differences {
		if l := w.lines.find(d.SKU); l != nil && l.promise != nil {
			s.touchLine(w, d.SKU, l)
			s.touchPromise(l.promise, false)
		}
	}
}

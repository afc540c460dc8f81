package storetest

import (
	"context"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/proto/stock"
)

// all is a page that holds everything a check ever writes.
const all = 1 << 20

// alike compares without what only the clock decides.
var alike = cmp.Options{
	cmp.Comparer(func(a, b time.Time) bool { return a.IsZero() == b.IsZero() }),
	cmpopts.EquateEmpty(),
}

// twin is a store and the book that it must not differ from.
type twin struct {
	store Store
	book  *inventory.Book
	now   time.Time
	past  records
}

func newTwin(s Store) *twin {
	return &twin{store: s, book: inventory.NewBook(inventory.Config{AutoEnrol: true}), now: time.UnixMilli(1), past: make(records)}
}

// Warehouse implements Hub with the store of the moment.
func (w *twin) Warehouse(id stock.Warehouse) (inventory.WarehouseState, bool) {
	return w.store.Warehouse(id)
}

// Statement implements Hub with the store of the moment.
func (w *twin) Statement(id stock.Warehouse) (stock.Statement, error) { return w.store.Statement(id) }

// apply gives the commands to both, compares the answers and passes them on.
func (w *twin) apply(ctx context.Context, tb rapid.TB, sent ...Sent) []inventory.Result {
	tb.Helper()
	cmds := make([]inventory.Command, len(sent))
	for i := range sent {
		cmds[i] = sent[i].Command
	}
	got, err := w.store.Apply(ctx, cmds...)
	if err != nil {
		tb.Fatalf("Apply: %v", err)
	}
	if diff := cmp.Diff(w.oracle(cmds, got), got, alike); diff != "" {
		tb.Fatalf("results (-book +store):\n%s", diff)
	}
	for i := range sent {
		sent[i].Hear(got[i])
	}
	return got
}

// oracle gives the book's answers. New sessions are read off the clock, so the
// book is told the time at which it gives the store's.
func (w *twin) oracle(cmds []inventory.Command, got []inventory.Result) []inventory.Result {
	want := make([]inventory.Result, 0, len(cmds))
	for i, c := range cmds {
		if i < len(got) {
			if welcome, ok := got[i].(inventory.Welcome); ok {
				w.now = time.UnixMilli(int64(welcome.Session))
			}
		}
		want = append(want, w.past.conclude(c, w.ask(c), w.ask))
	}
	return want
}

// ask gives the book one command.
func (w *twin) ask(c inventory.Command) inventory.Result {
	results, changes := w.book.Apply(w.now, []inventory.Command{c})
	w.past.keep(&changes)
	return results[0]
}

// compare holds everything that can be read against the book.
func (w *twin) compare(tb rapid.TB) {
	tb.Helper()
	want := w.book.Rows()
	for i := range want.Warehouses {
		want.Warehouses[i].Down = want.Downs[i].DownState
	}
	same(tb, "warehouses", timeless(want.Warehouses), timeless(w.store.Warehouses()))
	same(tb, "levels", want.Levels, levelsOf(w.store))
	items := make(map[stock.SKU]stock.Item)
	for _, row := range want.Items {
		items[row.SKU] = row.Item
	}
	same(tb, "items", items, itemsOf(w.store))
	for i := range want.Levels {
		l := &want.Levels[i]
		got, _ := w.store.Level(l.Warehouse, l.SKU)
		same(tb, "one level", *l, got)
	}
	w.compareReservations(tb, &want)
}

// compareReservations holds records, listings, policies and down streams
// against the book.
func (w *twin) compareReservations(tb rapid.TB, want *inventory.Changes) {
	tb.Helper()
	ctx := context.Background()
	policies := make(map[stock.Warehouse][]inventory.PolicyRow)
	for _, row := range want.Policies {
		if row.Policy != nil {
			policies[row.Warehouse] = append(policies[row.Warehouse], row)
		}
	}
	for _, d := range want.Downs {
		same(tb, "policies", policies[d.Warehouse], w.store.Policies(d.Warehouse))
		same(tb, "orders", ordersOf(d.Orders, w.before(d.Warehouse)), downOrders(w.store.Down(d.Warehouse, 0, all)))
	}
	known := make(map[stock.OrderID]*inventory.Reservation)
	for _, r := range w.past {
		if k := known[r.ID]; k == nil || k.Revision < r.Revision {
			known[r.ID] = r
		}
	}
	for id, r := range known {
		got, ok, err := w.store.Reservation(ctx, id)
		if err != nil || !ok {
			tb.Fatalf("reservation %s: %v, %v", id, ok, err)
		}
		same(tb, "reservation", r, got)
	}
	listed, _, err := w.store.Reservations(ctx, inventory.ReservationFilter{}, "", all)
	if err != nil || len(listed) != len(known) {
		tb.Fatalf("%d reservations are listed, want %d: %v", len(listed), len(known), err)
	}
	for _, r := range listed {
		same(tb, "listed reservation", known[r.ID], r)
	}
}

// before gives the term whose picks the box that is told cannot know.
func (w *twin) before(id stock.Warehouse) inventory.Term {
	st, _ := w.store.Warehouse(id)
	return st.Before()
}

func ordersOf(records []*inventory.Reservation, before inventory.Term) (out []stock.Order) {
	for _, r := range records {
		if r != nil {
			out = append(out, r.Order(before))
		}
	}
	return out
}

func downOrders(batch stock.DownBatch) (out []stock.Order) {
	for _, d := range batch.Entries {
		if d.Order != nil {
			out = append(out, *d.Order)
		}
	}
	return out
}

// timeless makes all times one, but for the zero time.
func timeless(states []inventory.WarehouseState) []inventory.WarehouseState {
	one := func(t *time.Time) {
		if !t.IsZero() {
			*t = time.Unix(1, 0)
		}
	}
	for i := range states {
		st := &states[i]
		st.Closed = slices.Clone(st.Closed)
		for _, t := range []*time.Time{&st.Enrolled, &st.Box.Since, &st.Stored, &st.Cloned} {
			one(t)
		}
		if st.Candidate != nil {
			candidate := *st.Candidate
			one(&candidate.Since)
			st.Candidate = &candidate
		}
		if st.Divergence != nil {
			divergence := *st.Divergence
			one(&divergence.Since)
			st.Divergence = &divergence
		}
		if st.Reported != nil {
			reported := *st.Reported
			one(&reported.Since)
			st.Reported = &reported
		}
		if st.Adopted != nil {
			adopted := *st.Adopted
			one(&adopted.Time)
			st.Adopted = &adopted
		}
		if st.Frozen != nil {
			frozen := *st.Frozen
			one(&frozen.Since)
			st.Frozen = &frozen
		}
		for j := range st.Closed {
			one(&st.Closed[j].Closed)
		}
	}
	return states
}

// same compares without what only the clock decides. DeepEqual is asked first:
// it is a hundred times faster, and mostly right.
func same(tb rapid.TB, what string, want, got any) {
	tb.Helper()
	if reflect.DeepEqual(want, got) {
		return
	}
	if diff := cmp.Diff(want, got, alike); diff != "" {
		tb.Fatalf("%s (-book +store):\n%s", what, diff)
	}
}

func levelsOf(s Store) []inventory.Level {
	var out []inventory.Level
	for _, st := range s.Warehouses() {
		out = append(out, s.Levels(st.Warehouse, "", all)...)
	}
	return out
}

func itemsOf(s Store) map[stock.SKU]stock.Item {
	out := make(map[stock.SKU]stock.Item)
	for _, it := range s.Items("", all) {
		out[it.SKU] = it
	}
	return out
}

// must fails the check on an error.
func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

package storetest

import (
	"context"
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
}

func newTwin(s Store) *twin {
	return &twin{store: s, book: inventory.NewBook(inventory.Config{AutoEnrol: true}), now: time.UnixMilli(1)}
}

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
		results, _ := w.book.Apply(w.now, []inventory.Command{c})
		want = append(want, results...)
	}
	return want
}

// compare holds everything that can be read against the book.
func (w *twin) compare(tb rapid.TB) {
	tb.Helper()
	want := w.book.Rows()
	for i := range want.Warehouses {
		want.Warehouses[i].Down = want.Downs[i].DownState
	}
	if diff := cmp.Diff(want.Warehouses, w.store.Warehouses(), alike); diff != "" {
		tb.Fatalf("warehouses (-book +store):\n%s", diff)
	}
	if diff := cmp.Diff(want.Levels, levelsOf(w.store), alike); diff != "" {
		tb.Fatalf("levels (-book +store):\n%s", diff)
	}
	items := make(map[stock.SKU]stock.Item)
	for _, row := range want.Items {
		items[row.SKU] = row.Item
	}
	if diff := cmp.Diff(items, itemsOf(w.store), alike); diff != "" {
		tb.Fatalf("items (-book +store):\n%s", diff)
	}
	for i := range want.Levels {
		l := &want.Levels[i]
		if got, _ := w.store.Level(l.Warehouse, l.SKU); !cmp.Equal(*l, got, alike) {
			tb.Fatalf("Level(%s, %s) = %+v, want %+v", l.Warehouse, l.SKU, got, *l)
		}
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

package storetest

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/proto/stock"
)

// checkMachine: whatever a fleet sends, in whatever groups, with restarts in
// between, the store answers as the book answers and shows what the book has.
func checkMachine(tb testing.TB, open Open) {
	tb.Helper()
	rapid.Check(tb, func(t *rapid.T) {
		dir := tb.TempDir()
		w := newTwin(open(tb, dir))
		defer func() { _ = w.store.Close() }()
		fleet := NewFleet(t, 3, w)
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			if rapid.IntRange(0, 14).Draw(t, "restart") == 0 {
				if err := w.store.Close(); err != nil {
					t.Fatalf("Close: %v", err)
				}
				w.store = open(tb, dir)
			} else {
				group := make([]Sent, rapid.IntRange(1, 4).Draw(t, "group"))
				for i := range group {
					group[i] = fleet.Next(t)
				}
				w.apply(tb.Context(), t, group...)
			}
			w.compare(t)
		}
	})
}

// checkCallers: many callers at once, each with a warehouse of its own, get
// the answers and the levels that each would get alone.
func checkCallers(tb testing.TB, open Open) {
	tb.Helper()
	const callers, rounds = 8, 60
	seed := rand.Uint64()
	tb.Logf("seed %d", seed)
	s := open(tb, tb.TempDir())
	alone := make([]*twin, callers)
	var wg sync.WaitGroup
	for i := range alone {
		alone[i] = newTwin(s)
		wg.Go(func() {
			call(tb, alone[i], NewBox(stock.Warehouse(fmt.Sprintf("wh-%d", i)), i+1), rand.New(rand.NewPCG(seed, uint64(i))), rounds)
		})
	}
	wg.Wait()
	var want []inventory.Level
	for _, w := range alone {
		want = append(want, w.book.Rows().Levels...)
	}
	// One counter gives all revisions, so those depend on who came first.
	sameButRevision := cmp.Options{alike, cmpopts.IgnoreFields(inventory.Level{}, "Revision")}
	if diff := cmp.Diff(want, levelsOf(s), sameButRevision); diff != "" {
		tb.Errorf("levels (-alone +together):\n%s", diff)
	}
	seen := make(map[inventory.Revision]bool)
	for _, l := range levelsOf(s) {
		if seen[l.Revision] {
			tb.Errorf("revision %d was given twice", l.Revision)
		}
		seen[l.Revision] = true
	}
}

// call is one caller: a box that works and sends, sometimes twice, while it
// reads what it wrote.
func call(tb testing.TB, w *twin, b *Box, r *rand.Rand, rounds int) {
	tb.Helper()
	for range rounds {
		if b.Session == 0 || r.IntN(20) == 0 {
			w.apply(tb.Context(), tb, Sent{b.Hello(), b})
		}
		scurry(tb, b, r, 1+r.IntN(4))
		in := b.Rest(1 + r.IntN(5))
		sent := []Sent{{in, b}}
		if r.IntN(4) == 0 {
			sent = append(sent, Sent{in, b})
		}
		w.apply(tb.Context(), tb, sent...)
		if st, _ := w.store.Warehouse(b.Warehouse); st.Applied != b.Stored {
			tb.Errorf("%s was answered up to entry %d and reads %d", b.Warehouse, b.Stored, st.Applied)
		}
		w.store.Levels(b.Warehouse, "", all)
	}
}

// scurry appends n movements to the ledger.
func scurry(tb testing.TB, b *Box, r *rand.Rand, n int) {
	tb.Helper()
	skus := [...]stock.SKU{"milk", "rice", "eggs-10", "pear", "plum", "salt"}
	for range n {
		b.Move(tb, stock.Movement{
			Kind: stock.Receive, SKU: skus[r.IntN(len(skus))], Lot: "A1", Bin: "C-1", Expiry: 20270131, Delta: int64(r.IntN(40) - 10),
		})
	}
}

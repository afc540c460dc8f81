package storetest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/proto/stock"
)

// checkDurable: at any moment of a busy store, what a caller was answered and
// what a reader saw is there after a power cut, and what is there adds up.
func checkDurable(tb testing.TB, open Open) {
	tb.Helper()
	s := open(tb, tb.TempDir())
	crasher, ok := s.(Crasher)
	if !ok {
		tb.Skip("this store cannot lose its power")
	}
	ctx, stop := context.WithCancel(tb.Context())
	var wg sync.WaitGroup
	defer wg.Wait()
	defer stop()
	answered := make([]atomic.Uint64, 4)
	boxes := make([]*Box, len(answered))
	for i := range boxes {
		boxes[i] = NewBox(stock.Warehouse(fmt.Sprintf("wh-%d", i)), i+1)
		wg.Go(func() { busy(ctx, tb, s, boxes[i], &answered[i]) })
	}
	for range 6 {
		for answered[0].Load() < 20 { // until it is busy
			if _, err := s.Apply(ctx); err != nil {
				tb.Fatalf("Apply of nothing: %v", err)
			}
		}
		var upto []uint64
		for i := range answered {
			upto = append(upto, answered[i].Load())
		}
		levels, states := levelsOf(s), s.Warehouses()
		after := crasher.Crash(tb)
		for i, b := range boxes {
			if st, _ := after.Warehouse(b.Warehouse); uint64(st.Applied) < upto[i] {
				tb.Errorf("%s was answered up to entry %d, the power cut left %d", b.Warehouse, upto[i], st.Applied)
			}
		}
		survive(tb, after, levels, states)
		must(tb, after.Close())
	}
}

// busy sends one entry after the other until the context ends.
func busy(ctx context.Context, tb testing.TB, s Store, b *Box, answered *atomic.Uint64) {
	tb.Helper()
	r := rand.New(rand.NewPCG(1, uint64(b.Boot[0])))
	for {
		cmd := inventory.Command(b.Hello())
		if b.Session != 0 {
			scurry(tb, b, r, 1)
			cmd = b.Rest(1)
		}
		results, err := s.Apply(ctx, cmd)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			tb.Errorf("Apply: %v", err)
			return
		}
		b.Hear(results[0])
		answered.Store(uint64(b.Stored))
	}
}

func survive(tb testing.TB, after Store, levels []inventory.Level, states []inventory.WarehouseState) {
	tb.Helper()
	for i := range states {
		want := &states[i]
		if got, _ := after.Warehouse(want.Warehouse); got.Applied < want.Applied || got.Box.Session < want.Box.Session {
			tb.Errorf("a reader saw %s at entry %d, the power cut left %d", want.Warehouse, want.Applied, got.Applied)
		}
	}
	for i := range levels {
		want := &levels[i]
		got, _ := after.Level(want.Warehouse, want.SKU)
		if got.Revision < want.Revision {
			tb.Errorf("a reader saw %s in %s at revision %d, the power cut left %d", want.SKU, want.Warehouse, want.Revision, got.Revision)
		}
		if got.Revision == want.Revision && got.OnHand != want.OnHand {
			tb.Errorf("%s in %s at revision %d: a reader saw %d, the power cut left %d", want.SKU, want.Warehouse, want.Revision, want.OnHand, got.OnHand)
		}
	}
}

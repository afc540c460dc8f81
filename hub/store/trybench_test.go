package store

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/hub/store/storetest"
	"github.com/forestock/forestock/proto/stock"
)

// BenchmarkTry holds orders of three lines, each its own call, at 256 callers,
// through a real disk: over 10,000 SKUs, all of one SKU, and of what is sold
// out.
func BenchmarkTry(b *testing.B) {
	for _, tt := range []struct {
		name   string
		skus   int
		onHand int64
		want   bool
	}{
		{"spread", 10_000, 1 << 30, true},
		{"hot", 1, 1 << 30, true},
		{"sold out", 10_000, 0, false},
	} {
		b.Run(tt.name, func(b *testing.B) {
			s, skus := shopFor(b, tt.skus, tt.onHand)
			benchmarkTry(b, s, []stock.Warehouse{"wh-0"}, skus, tt.want)
		})
	}
}

// BenchmarkTry_Warehouses does it over half a million cells, most of which meet
// their first order.
func BenchmarkTry_Warehouses(b *testing.B) {
	const warehouses, skus = 100, 5000
	s := filled(b, b.TempDir(), warehouses, skus)
	ids, names := make([]stock.Warehouse, warehouses), make([]stock.SKU, skus)
	for i := range ids {
		ids[i] = stock.Warehouse(fmt.Sprintf("wh-%04d", i))
	}
	for i := range names {
		names[i] = stock.SKU(fmt.Sprintf("sku-%05d", i))
	}
	benchmarkTry(b, s, ids, names, true)
}

// shopFor is a running store with skus in one warehouse.
func shopFor(b *testing.B, skus int, onHand int64) (*running, []stock.SKU) {
	b.Helper()
	s := start(b, b.TempDir(), Options{})
	box := storetest.NewBox("wh-0", 1)
	hear(b, s, box, box.Hello())
	names := make([]stock.SKU, skus)
	for i := range names {
		names[i] = stock.SKU(fmt.Sprintf("sku-%05d", i))
		box.Move(b, stock.Movement{Kind: stock.Opening, SKU: names[i], Lot: "L20261101", Bin: "A-12-3", Expiry: 20991231, Delta: onHand})
	}
	for box.Stored < box.Last() {
		hear(b, s, box, box.Rest(512))
	}
	return s, names
}

func benchmarkTry(b *testing.B, s *running, warehouses []stock.Warehouse, skus []stock.SKU, want bool) {
	b.Helper()
	const callers = 256
	before := s.Stats()
	var next atomic.Int64
	used := processorTime(b)
	b.ReportAllocs()
	b.ResetTimer()
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			ctx, cancel := context.WithCancel(b.Context()) // every call has one of its own
			defer cancel()
			r := rand.New(rand.NewPCG(rand.Uint64(), 1))
			for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
				results, err := s.Apply(ctx, threeLines(b, fmt.Sprintf("order-%012d", n), warehouses[r.IntN(len(warehouses))], skus, r))
				if err != nil {
					b.Error(err)
					return
				}
				if _, ok := results[0].(inventory.Reserved); ok != want {
					b.Errorf("answered %v", results[0])
					return
				}
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	b.ReportMetric(float64((processorTime(b)-used).Nanoseconds())/float64(b.N), "cpu-ns/reservation")
	st := s.Stats()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "reservations/s")
	if groups := st.Groups - before.Groups; groups > 0 {
		b.ReportMetric(float64(b.N)/float64(groups), "reservations/sync")
		b.ReportMetric(float64(st.Bytes-before.Bytes)/float64(b.N), "walB/reservation")
	}
}

// processorTime gives what this process used of all cores, which a busy
// machine does not change.
func processorTime(tb testing.TB) time.Duration {
	tb.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func threeLines(tb testing.TB, id string, w stock.Warehouse, skus []stock.SKU, r *rand.Rand) *inventory.Try {
	tb.Helper()
	lines := make([]inventory.AskLine, 3)
	for i := range lines {
		lines[i] = inventory.AskLine{SKU: skus[r.IntN(len(skus))], Quantity: 1}
	}
	ask := inventory.Ask{Where: string(w), Ref: id, Channel: "app", Lines: lines}
	t, err := inventory.NewTry(stock.OrderID(id), ask, []inventory.Candidate{{Warehouse: w}})
	if err != nil {
		tb.Fatal(err)
	}
	return t
}

package store

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/hub/store/storetest"
	"github.com/forestock/forestock/proto/stock"
)

// BenchmarkIngest stores the entries of many warehouses through a real disk, in
// runs of the length that a link sends under load, and in runs of one.
func BenchmarkIngest(b *testing.B) {
	for _, run := range []int{1, 16, 256} {
		b.Run(fmt.Sprintf("run=%d", run), func(b *testing.B) { benchmarkIngest(b, 50, run) })
	}
}

func benchmarkIngest(b *testing.B, warehouses, run int) {
	b.Helper()
	s := start(b, b.TempDir(), Options{})
	boxes := make([]*storetest.Box, warehouses)
	for i := range boxes {
		boxes[i] = storetest.NewBox(stock.Warehouse(fmt.Sprintf("wh-%03d", i)), i+1)
		hear(b, s, boxes[i], boxes[i].Hello())
		r := rand.New(rand.NewPCG(7, uint64(i)))
		for range b.N/warehouses + 1 {
			sell(b, boxes[i], r)
		}
	}
	b.ResetTimer()
	var wg sync.WaitGroup
	for _, box := range boxes {
		wg.Go(func() {
			for box.Stored < box.Last() {
				hear(b, s, box, box.Rest(run))
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	st := s.Stats()
	b.ReportMetric(float64(st.Entries)/b.Elapsed().Seconds(), "entries/s")
	b.ReportMetric(float64(st.Bytes)/float64(st.Entries), "walB/entry")
	b.ReportMetric(float64(st.Entries)/float64(st.Groups), "entries/sync")
}

// sell appends a movement as a station makes it: about 150 bytes.
func sell(tb testing.TB, box *storetest.Box, r *rand.Rand) {
	tb.Helper()
	box.Move(tb, stock.Movement{
		Kind: stock.Pick, SKU: stock.SKU(fmt.Sprintf("sku-%05d", r.IntN(5000))), Lot: "L20261101", Bin: "A-12-3", Delta: -1,
		Expiry: 20270131, Time: time.UnixMilli(1_795_000_000_000), Operator: "staff-17", Station: "st-2", Device: "scanner-1",
		Document: "order-8812345", Line: "2", Scan: []byte("]C10106901234567892172701311020261101"),
	})
}

func hear(tb testing.TB, s *running, box *storetest.Box, c inventory.Command) {
	tb.Helper()
	results, err := s.Apply(tb.Context(), c)
	if err != nil {
		tb.Fatal(err)
	}
	box.Hear(results[0])
}

// filled is a store with warehouses × skus cells, one lot in one bin each.
func filled(b *testing.B, dir string, warehouses, skus int) *running {
	b.Helper()
	s := start(b, dir, Options{})
	for w := range warehouses {
		box := storetest.NewBox(stock.Warehouse(fmt.Sprintf("wh-%04d", w)), w+1)
		hear(b, s, box, box.Hello())
		for sku := range skus {
			box.Move(b, stock.Movement{
				Kind: stock.Opening, SKU: stock.SKU(fmt.Sprintf("sku-%05d", sku)), Lot: "L20261101", Bin: stock.Bin(fmt.Sprintf("A-%02d-%d", sku/100, sku%10)),
				Expiry: 20270131, Delta: 40,
			})
		}
		for box.Stored < box.Last() {
			hear(b, s, box, box.Rest(512))
		}
	}
	return s
}

// BenchmarkLevel reads single levels while nothing else goes on.
func BenchmarkLevel(b *testing.B) {
	s := filled(b, b.TempDir(), 20, 5000)
	levels := levelsOf(s)
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		r := rand.New(rand.NewPCG(rand.Uint64(), 1))
		for pb.Next() {
			want := &levels[r.IntN(len(levels))]
			if l, ok := s.Level(want.Warehouse, want.SKU); !ok || l.OnHand != 40 {
				b.Error("level is wrong")
			}
		}
	})
}

func levelsOf(s *running) (out []inventory.Level) {
	for _, st := range s.Warehouses() {
		out = append(out, s.Levels(st.Warehouse, "", 1<<20)...)
	}
	return out
}

// BenchmarkRestart opens a store with a million cells, and tells what a cell
// costs in memory and on disk.
func BenchmarkRestart(b *testing.B) {
	const warehouses, skus = 200, 5000
	dir := b.TempDir()
	s := filled(b, dir, warehouses, skus)
	disk := s.Stats().DiskBytes
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	before := heap()
	for b.Loop() {
		p, err := Open(dir, Options{})
		if err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		b.ReportMetric(float64(heap()-before)/(warehouses*skus), "heapB/cell")
		b.ReportMetric(float64(disk)/(warehouses*skus), "diskB/cell")
		if err := p.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

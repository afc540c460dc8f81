package inventory

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/forestock/forestock/proto/stock"
)

// BenchmarkApply_Try is the Book's part of a Try of three lines, in groups of
// 100: over one SKU and 10,000 in one warehouse, and 5,000 in each of 100.
func BenchmarkApply_Try(b *testing.B) {
	for _, tt := range []struct{ warehouses, skus int }{{1, 1}, {1, 10_000}, {100, 5000}} {
		b.Run(fmt.Sprintf("%dx%d", tt.warehouses, tt.skus), func(b *testing.B) {
			book := stockedBook(tt.warehouses, tt.skus)
			r := rand.New(rand.NewPCG(1, 1))
			cmds := make([]Command, b.N)
			for i := range cmds {
				cmds[i] = orderOfThree(b, i, tt.warehouses, tt.skus, r)
			}
			b.ReportAllocs()
			used := usedTime(b)
			b.ResetTimer()
			for i, group := range slices.Collect(slices.Chunk(cmds, 100)) {
				results, _ := book.Apply(time.UnixMilli(int64(i)), group)
				if _, ok := results[0].(Reserved); !ok {
					b.Fatalf("answered %v", results[0])
				}
			}
			b.StopTimer()
			b.ReportMetric(float64(usedTime(b)-used)/float64(b.N), "cpu-ns/op")
		})
	}
}

// usedTime gives what this process used of all cores, which a busy machine
// changes less than the time that passes.
func usedTime(tb testing.TB) time.Duration {
	tb.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func benchWarehouse(i int) stock.Warehouse { return stock.Warehouse(fmt.Sprintf("wh-%04d", i)) }

func benchSKU(i int) stock.SKU { return stock.SKU(fmt.Sprintf("sku-%05d", i)) }

// stockedBook has plenty of everything, one lot of each.
func stockedBook(warehouses, skus int) *Book {
	b := NewBook(Config{})
	for w := range warehouses {
		rows := Changes{Warehouses: []WarehouseState{{Warehouse: benchWarehouse(w)}}}
		for i := range skus {
			rows.Levels = append(rows.Levels, Level{
				Warehouse: benchWarehouse(w), SKU: benchSKU(i), OnHand: 1 << 30, Revision: Revision(w*skus + i + 1),
				Lots: []LotLevel{{Lot: "L20261101", Expiry: 20991231, OnHand: 1 << 30, Bins: []BinLevel{{"A-12-3", 1 << 30}}}},
			})
		}
		b.Load(&rows)
	}
	return b
}

func orderOfThree(tb testing.TB, n, warehouses, skus int, r *rand.Rand) *Try {
	tb.Helper()
	lines := make([]AskLine, 3)
	for i := range lines {
		lines[i] = AskLine{SKU: benchSKU(r.IntN(skus)), Quantity: 1}
	}
	id := fmt.Sprintf("order-%012d", n)
	t, err := NewTry(stock.OrderID(id), Ask{Ref: id, Channel: "app", Lines: lines}, []Candidate{{Warehouse: benchWarehouse(r.IntN(warehouses))}})
	if err != nil {
		tb.Fatal(err)
	}
	return t
}

package api

import (
	"fmt"
	"sync/atomic"
	"testing"

	healthv1 "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/forestock/forestock/proto/stock"
)

// BenchmarkGRPC_Reserve takes orders of three lines from 64 callers over one
// connection; BenchmarkGRPC_Echo beside it is the least that a call can cost.
func BenchmarkGRPC_Reserve(b *testing.B) {
	w := newWorld(b, func(c *Config) { c.Limits.CallsPerSecond = 0 })
	wh := w.box("wh-01")
	for i := range 100 {
		wh.receive(stockName(i), 100_000_000)
	}
	client := w.reservations()
	var n atomic.Int64
	b.ReportAllocs()
	b.SetParallelism(32)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			i := int(n.Add(1))
			ask := want(fmt.Sprintf("o-%d", i), units(string(stockName(i%100)), 1), units(string(stockName((i+7)%100)), 1), units(string(stockName((i+31)%100)), 1))
			if _, err := client.CreateReservation(b.Context(), ask); err != nil {
				b.Error(err)
				return
			}
		}
	})
	report(b, 1)
}

func BenchmarkGRPC_Echo(b *testing.B) {
	w := newWorld(b, func(c *Config) { c.Limits.CallsPerSecond = 0 })
	client := healthv1.NewHealthClient(w.dial())
	b.ReportAllocs()
	b.SetParallelism(32)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := client.Check(b.Context(), &healthv1.HealthCheckRequest{}); err != nil {
				b.Error(err)
				return
			}
		}
	})
	report(b, 1)
}

func stockName(i int) stock.SKU { return stock.SKU(fmt.Sprintf("sku-%03d", i)) }

package api

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
	"github.com/forestock/forestock/proto/stock"
)

// newBenchWorld has 100 SKUs with two lots each in one warehouse, and no limit
// per caller.
func newBenchWorld(b *testing.B) *world {
	b.Helper()
	w := newWorld(b, func(c *Config) { c.Limits.CallsPerSecond = 0 })
	wh := w.box("wh-01")
	var items []stock.Item
	var movements []stock.Movement
	for i := range 100 {
		sku := stock.SKU(fmt.Sprintf("sku-%03d", i))
		items = append(items, stock.Item{SKU: sku, Name: "纯牛奶", NameEn: "Whole milk", Unit: stock.Piece, Pack: 1})
		for _, lot := range []stock.Lot{"L1", "L2"} {
			movements = append(movements, stock.Movement{Kind: stock.Receive, SKU: sku, Lot: lot, Bin: "A-01", Delta: 12, Expiry: 20991231})
		}
	}
	w.catalogue(items...)
	wh.report(movements...)
	return w
}

func benchNames() []string {
	names := make([]string, 100)
	for i := range names {
		names[i] = fmt.Sprintf("warehouses/wh-01/skus/sku-%03d", i)
	}
	return names
}

// report tells numbers a second besides the time of a call.
func report(b *testing.B, numbers int) {
	b.Helper()
	b.ReportMetric(float64(b.N*numbers)/b.Elapsed().Seconds(), "numbers/s")
}

func BenchmarkGRPC_Get(b *testing.B) {
	c := newBenchWorld(b).availability()
	ask := &forestockv1.GetAvailabilityRequest{Name: "warehouses/wh-01/skus/sku-007"}
	b.ReportAllocs()
	b.SetParallelism(16)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := c.GetAvailability(b.Context(), ask); err != nil {
				b.Error(err)
			}
		}
	})
	report(b, 1)
}

func BenchmarkGRPC_BatchGet100(b *testing.B) {
	c := newBenchWorld(b).availability()
	ask := &forestockv1.BatchGetAvailabilityRequest{Names: benchNames()}
	b.ReportAllocs()
	b.SetParallelism(16)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if r, err := c.BatchGetAvailability(b.Context(), ask); err != nil || len(r.GetAvailability()) != 100 {
				b.Error(err)
			}
		}
	})
	report(b, 100)
}

// benchREST calls the REST API over as many connections as there are callers.
func benchREST(b *testing.B, method, path, body string, numbers int) {
	b.Helper()
	w := newBenchWorld(b)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	defer client.CloseIdleConnections()
	b.ReportAllocs()
	b.SetParallelism(16)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			req, err := http.NewRequestWithContext(b.Context(), method, w.url(path), strings.NewReader(body))
			if err != nil {
				b.Error(err)
				return
			}
			resp, err := client.Do(req)
			if err != nil {
				b.Error(err)
				return
			}
			_, err = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
			if err != nil || resp.StatusCode != http.StatusOK {
				b.Error(resp.Status, err)
			}
		}
	})
	report(b, numbers)
}

func BenchmarkREST_Get(b *testing.B) {
	benchREST(b, http.MethodGet, "/v1/warehouses/wh-01/skus/sku-007/availability", "", 1)
}

func BenchmarkREST_BatchGet100(b *testing.B) {
	body := `{"names": ["` + strings.Join(benchNames(), `", "`) + `"]}`
	benchREST(b, http.MethodPost, "/v1/availability:batchGet", body, 100)
}

package ledger_test

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/forestock/forestock/agent/ledger"
	"github.com/forestock/forestock/proto/stock"
)

// benchOptions reserve enough for the longest run.
var benchOptions = ledger.Options{Warehouse: warehouse, MaxSize: 1 << 30}

// scanned is a movement as a scan station makes it: about 200 bytes.
func scanned(i int) stock.Movement {
	return stock.Movement{
		Kind: stock.Pick, SKU: stock.SKU("SKU-" + strconv.Itoa(10000+i%5000)), Lot: stock.Lot("L2026" + strconv.Itoa(i%40)),
		Bin: stock.Bin("A-" + strconv.Itoa(i%90)), Delta: -1, Expiry: 20270131, Time: time.UnixMilli(1_780_000_000_000 + int64(i)),
		Operator: "op-0042", Station: "station-3", Device: "scanner-1", Document: "ORD-20260601-000123", Line: "4",
		Scan: []byte("]C101069012345678901710L2026"),
	}
}

func command(id string, i int) stock.Command {
	return stock.Command{ID: "01J9Z3" + id + "-" + strconv.Itoa(i), Movements: []stock.Movement{scanned(i)}}
}

// BenchmarkAppend reports durable movements per second and the bytes that were
// handed to the file system per movement, at 1, 8 and 64 concurrent callers.
func BenchmarkAppend(b *testing.B) {
	for _, callers := range []int{1, 8, 64} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			l, _ := open(b, filepath.Join(b.TempDir(), "ledger.db"), benchOptions)
			var next atomic.Int64
			var all sync.WaitGroup
			before := written(b)
			b.ResetTimer()
			for range callers {
				all.Go(func() {
					for i := int(next.Add(1)); i <= b.N; i = int(next.Add(1)) {
						if _, err := l.Append(b.Context(), command("X", i)); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			all.Wait()
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "movements/s")
			b.ReportMetric(float64(b.N)/float64(l.Status().Commits), "movements/commit")
			b.ReportMetric(float64(written(b)-before)/float64(b.N), "B-written/movement")
		})
	}
}

// BenchmarkRead reports how fast a backlog is read, checked and ready to send,
// in the batches of the link.
func BenchmarkRead(b *testing.B) {
	l, _ := open(b, filepath.Join(b.TempDir(), "ledger.db"), benchOptions)
	const backlog = 100_000
	for i := range backlog / 1000 {
		c := stock.Command{ID: strconv.Itoa(i)}
		for k := range 1000 {
			c.Movements = append(c.Movements, scanned(i*1000+k))
		}
		if _, err := l.Append(b.Context(), c); err != nil {
			b.Fatal(err)
		}
	}
	var after stock.Seq
	read := 0
	for b.Loop() {
		batch, _, err := l.Read(b.Context(), after%backlog, 512, 48<<10)
		if err != nil {
			b.Fatal(err)
		}
		read += len(batch.Entries)
		after = batch.To()
	}
	b.ReportMetric(float64(read)/b.Elapsed().Seconds(), "entries/s")
}

// written gives the bytes that the process has passed to write calls. What
// /proc/self/io calls write_bytes is not used: it counts whole folios of the page
// cache, twice as much as reaches the disk.
func written(tb testing.TB) int64 {
	tb.Helper()
	f, err := os.Open("/proc/self/io")
	if err != nil {
		tb.Skipf("no /proc/self/io: %v", err)
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		if v, ok := strings.CutPrefix(s.Text(), "wchar: "); ok {
			n, _ := strconv.ParseInt(v, 10, 64)
			return n
		}
	}
	return 0
}

package ledger_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/forestock/forestock/agent/ledger"
	"github.com/forestock/forestock/proto/stock"
)

const warehouse = stock.Warehouse("wh-test")

// small are options that keep a test's file small.
var small = ledger.Options{Warehouse: warehouse, MaxSize: 16 << 20}

// open opens a ledger, runs it, and ends it with the test.
func open(tb testing.TB, path string, o ledger.Options) (*ledger.Ledger, func()) {
	tb.Helper()
	l, err := ledger.Open(path, o)
	if err != nil {
		tb.Fatalf("Open: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- l.Run(ctx) }()
	closed := false
	end := func() {
		if closed {
			return
		}
		closed = true
		cancel()
		if err := <-ended; err != nil {
			tb.Errorf("Run: %v", err)
		}
		if err := l.Close(); err != nil {
			tb.Errorf("Close: %v", err)
		}
	}
	tb.Cleanup(end)
	return l, end
}

func receive(sku stock.SKU, delta int64) stock.Movement {
	return stock.Movement{
		Kind: stock.Receive, SKU: sku, Lot: "L1", Bin: "A-01", Delta: delta, Expiry: 20270131,
		Time: time.UnixMilli(1_780_000_000_000), Operator: "wang", Station: "s1",
	}
}

func TestAppend_IsThereAfterReopening(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	l, end := open(t, path, small)
	for i, id := range []string{"a", "b", "c"} {
		got, err := l.Append(t.Context(), stock.Command{ID: id, Movements: []stock.Movement{receive("milk", 10)}})
		want := stock.Receipt{From: stock.Seq(i + 1), To: stock.Seq(i + 1)}
		if err != nil || got != want {
			t.Fatalf("Append(%s) = %+v, %v; want %+v", id, got, err, want)
		}
	}
	position := l.Position()
	end()
	l, _ = open(t, path, small)
	if got := l.Position(); got != position {
		t.Errorf("position after reopening = %+v, want %+v", got, position)
	}
	if got := l.OnHand(stock.Cell{SKU: "milk", Lot: "L1", Bin: "A-01"}); got != 30 {
		t.Errorf("on hand after reopening = %d, want 30", got)
	}
	got, err := l.Append(t.Context(), stock.Command{ID: "b", Movements: []stock.Movement{receive("milk", 10)}})
	if want := (stock.Receipt{From: 2, To: 2, Replayed: true}); err != nil || got != want {
		t.Errorf("Append(b) again = %+v, %v; want %+v", got, err, want)
	}
	batch, digest, err := l.Read(t.Context(), 0, 100, 1<<20)
	if err != nil || digest == nil || batch.To() != 3 || batch.Head() != position.Head {
		t.Errorf("Read = %v to %d, digest %v, %v", batch.From, batch.To(), digest, err)
	}
}

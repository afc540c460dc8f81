package uplink_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"testing"
	"time"

	"github.com/forestock/forestock/agent/agentd"
	"github.com/forestock/forestock/agent/ledger"
	"github.com/forestock/forestock/agent/uplink"
	"github.com/forestock/forestock/hub/broker"
	"github.com/forestock/forestock/hub/ingest"
	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/hub/store"
	"github.com/forestock/forestock/proto/stock"
)

// site is a hub with everything real: Pebble on disk, the embedded broker on a
// port of loopback.
type site struct {
	store *store.Pebble
	desk  *ingest.Desk
	addr  string
}

func newSite(tb testing.TB) *site {
	tb.Helper()
	log := slog.New(slog.DiscardHandler)
	s, err := store.Open(tb.TempDir(), store.Options{Book: inventory.Config{AutoEnrol: true}})
	if err != nil {
		tb.Fatal(err)
	}
	listener, err := (&net.ListenConfig{}).Listen(tb.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	b, err := broker.NewEmbedded(listener, broker.DefaultConfig(), nil, log)
	if err != nil {
		tb.Fatal(err)
	}
	desk, err := ingest.New(ingest.DefaultConfig(), s, b, nil, log)
	if err != nil {
		tb.Fatal(err)
	}
	background(tb, s.Run)
	background(tb, desk.Run)
	background(tb, func(ctx context.Context) error { return b.Run(ctx, desk) })
	return &site{s, desk, "tcp://" + listener.Addr().String()}
}

// background runs something until the test ends.
func background(tb testing.TB, f func(context.Context) error) {
	tb.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- f(ctx) }()
	tb.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			tb.Errorf("ended with %v", err)
		}
	})
}

// newLedger makes a ledger on disk with n entries.
func newLedger(tb testing.TB, id stock.Warehouse, n int) *ledger.Ledger {
	tb.Helper()
	l, err := ledger.Open(filepath.Join(tb.TempDir(), "ledger.db"), ledger.Options{Warehouse: id, NoPreallocate: true})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := l.Close(); err != nil {
			tb.Errorf("close the ledger: %v", err)
		}
	})
	background(tb, l.Run)
	const group = 500
	for i := 0; i < n; i += group {
		c := stock.Command{ID: fmt.Sprintf("fill-%d", i)}
		for k := range min(group, n-i) {
			c.Movements = append(c.Movements, stock.Movement{
				Kind: stock.Receive, SKU: stock.SKU(fmt.Sprintf("sku-%d", (i+k)%2000)), Lot: stock.Lot(fmt.Sprintf("L2026%04d", (i+k)%9000)),
				Bin: "A-01", Delta: 12, Operator: "li", Station: "dock-1", Device: "scan-1", Time: time.Now(),
				Scan: []byte("]C10106901234567892"), Document: fmt.Sprintf("PO-%d", i),
			})
		}
		if _, err := l.Append(tb.Context(), c); err != nil {
			tb.Fatal(err)
		}
	}
	return l
}

func (s *site) link(tb testing.TB, l *ledger.Ledger) *uplink.Link {
	tb.Helper()
	link, err := uplink.New(uplink.Config{Warehouse: l.Warehouse(), Brokers: []string{s.addr}}, agentd.NewJournal(l, slog.New(slog.DiscardHandler), func(err error) { tb.Error(err) }), nil, slog.New(slog.DiscardHandler))
	if err != nil {
		tb.Fatal(err)
	}
	return link
}

// wait waits until the hub has stored everything of the ledgers.
func (s *site) wait(tb testing.TB, ledgers ...*ledger.Ledger) {
	tb.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	timeout := time.After(2 * time.Minute)
	for {
		left := 0
		for _, l := range ledgers {
			st, _ := s.store.Warehouse(l.Warehouse())
			left += int(l.Position().Last - st.Applied)
		}
		if left == 0 {
			return
		}
		select {
		case <-tick.C:
		case <-timeout:
			tb.Fatalf("%d entries are still not at the hub", left)
		}
	}
}

// Everything real, over TCP: a ledger on disk drains into a hub on disk, and
// both agree.
func TestLink_OverTCPWithTheRealLedgerAndStore(t *testing.T) {
	s := newSite(t)
	l := newLedger(t, "sh-1", 5000)
	link := s.link(t, l)
	background(t, link.Run)
	s.wait(t, l)
	st, _ := s.store.Warehouse("sh-1")
	digest, _ := l.Digest()
	if st.Digest != digest.Root() || st.Head != l.Position().Head || st.Quarantined != 0 {
		t.Errorf("the hub has %+v, the ledger %+v with digest %x", st, l.Position(), digest.Root())
	}
}

// BenchmarkDrain measures how fast a backlog gets from ledgers on disk into a
// hub on disk over loopback TCP.
func BenchmarkDrain(b *testing.B) {
	for _, agents := range []int{1, 50} {
		b.Run(fmt.Sprintf("agents=%d", agents), func(b *testing.B) {
			s := newSite(b)
			per := max(1, b.N/agents)
			var ledgers []*ledger.Ledger
			for i := range agents {
				ledgers = append(ledgers, newLedger(b, stock.Warehouse(fmt.Sprintf("sh-%d", i)), per))
			}
			var links []*uplink.Link
			for _, l := range ledgers {
				links = append(links, s.link(b, l))
			}
			b.ResetTimer()
			for _, link := range links {
				background(b, link.Run)
			}
			waitOpen(b, links)
			begin := time.Now()
			s.wait(b, ledgers...)
			b.StopTimer()
			b.ReportMetric(float64(per*agents)/time.Since(begin).Seconds(), "entries/s")
		})
	}
}

// waitOpen waits until every link has its session, so that the jitter before
// the first connection is not measured.
func waitOpen(tb testing.TB, links []*uplink.Link) {
	tb.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for _, l := range links {
		for s := l.Status().State; s != uplink.Draining && s != uplink.Synced; s = l.Status().State {
			<-tick.C
		}
	}
}

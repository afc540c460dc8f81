package agentd

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/forestock/forestock/proto/stock"
)

// running starts an agent, with nobody at the other end of its line to the hub.
func running(t *testing.T, cfg Config) (*Agent, func()) {
	t.Helper()
	a, err := New(cfg, "test", quiet())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	stopped := false
	stop := func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	}
	t.Cleanup(stop)
	return a, stop
}

// until waits until check holds.
func until(t *testing.T, what string, check func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	late := time.After(patience)
	for !check() {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

func damageable(t *testing.T) Config {
	t.Helper()
	cfg := DefaultConfig()
	cfg.Warehouse, cfg.Data, cfg.Station.Listen = "dark-01", filepath.Join(t.TempDir(), "data"), "127.0.0.1:0"
	cfg.Ledger.MaxSize, cfg.Backup.Dir, cfg.Hub.Brokers = 64<<20, t.TempDir(), []string{"tcp://127.0.0.1:1"}
	return cfg
}

// snapshot takes one, after that which an agent takes when it begins.
func snapshot(t *testing.T, a *Agent) {
	t.Helper()
	b := a.present().upkeep.backup
	until(t, "the first snapshot", func() bool {
		last, _ := b.state()
		return !last.IsZero()
	})
	if _, err := b.take(t.Context(), time.Now()); err != nil {
		t.Fatal(err)
	}
}

// rot flips a bit of an entry in the file of an agent.
func rot(t *testing.T, cfg Config, entry []byte) {
	t.Helper()
	flip(t, LedgerPath(cfg.Data), entry)
}

// want checks that the ledger is the one that it was, restored from a snapshot.
func wantRestored(t *testing.T, a *Agent, before *LedgerStatus) {
	t.Helper()
	s := a.Status()
	got := s.Ledger
	if got.Restored == nil || got.Restored.Snapshot == "" || got.Restored.Reborn || got.Restored.Missing != 0 {
		t.Fatalf("restored: %+v", got.Restored)
	}
	if got.Epoch != before.Epoch || got.Last != before.Last || got.Digest != before.Digest {
		t.Errorf("the ledger is at entry %d of %s with digest %s, was at %d of %s with %s", got.Last, got.Epoch, got.Digest, before.Last, before.Epoch, before.Digest)
	}
}

// A box whose disk rotted while it was off goes on with every entry, although the
// hub is away: those of the snapshot, and those of the damaged file after it.
func TestAgent_RestoresALedgerThatWasDamagedWhileItWasOff(t *testing.T) {
	cfg := damageable(t)
	a, stop := running(t, cfg)
	fill(t, a.present().ledger, 300, today)
	snapshot(t, a)
	fill(t, a.present().ledger, 200, today)
	before := a.Status().Ledger
	batch, _, err := a.present().ledger.Read(t.Context(), 99, 1, 0)
	if err != nil {
		t.Fatal(err)
	}
	stop()
	rot(t, cfg, batch.Entries[0])
	again, _ := running(t, cfg)
	wantRestored(t, again, &before)
	if n := again.Status().Ledger.Restored.Salvaged; n != 200 {
		t.Errorf("%d entries were salvaged, want 200", n)
	}
	if _, err := again.present().ledger.Append(t.Context(), stock.Command{ID: "on", Movements: []stock.Movement{{Kind: stock.Receive, SKU: "A1", Bin: "B-01", Delta: 1}}}); err != nil {
		t.Errorf("work after the restore: %v", err)
	}
}

// A bit that rots under a running agent is found by the scrub: the agent restores
// the ledger and goes on at the same address, in the same process.
func TestAgent_RestoresALedgerThatRotsWhileItRuns(t *testing.T) {
	cfg := damageable(t)
	a, _ := running(t, cfg)
	first := a.present()
	fill(t, first.ledger, 300, today)
	snapshot(t, a)
	before, address := a.Status().Ledger, a.Station()
	batch, _, err := first.ledger.Read(t.Context(), 99, 1, 0)
	if err != nil {
		t.Fatal(err)
	}
	rot(t, cfg, batch.Entries[0])
	if _, err := first.upkeep.scrub.step(t.Context(), 0, today); err != nil {
		t.Fatal(err)
	}
	until(t, "another shift", func() bool { return a.present() != first })
	wantRestored(t, a, &before)
	if a.Station() != address {
		t.Errorf("pages find the agent at %s, it was at %s", a.Station(), address)
	}
}

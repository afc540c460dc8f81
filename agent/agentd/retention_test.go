package agentd

import (
	"context"
	"crypto/rand"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/forestock/forestock/agent/ledger"
	"github.com/forestock/forestock/proto/stock"
)

// today is the clock of these tests.
var today = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

const day = 24 * time.Hour

// book opens a ledger that knows the commands of its newest ten entries, and
// runs it until the test ends.
func book(t *testing.T) *ledger.Ledger {
	t.Helper()
	l, _ := bookAt(t)
	return l
}

// bookAt gives the file's path too.
func bookAt(t *testing.T) (_ *ledger.Ledger, path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "ledger.db")
	l, err := ledger.Open(path, ledger.Options{
		Warehouse: "dark-01", MaxSize: 16 << 20, NoPreallocate: true, CommandWindow: 10, CheckpointEvery: 50,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- l.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
		if err := l.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return l, path
}

// fill books n entries of one time, 50 in a command.
func fill(t *testing.T, l *ledger.Ledger, n int, at time.Time) {
	t.Helper()
	for n > 0 {
		// Ids are as unlike as those of stations: the same one again would count once.
		c := stock.Command{ID: rand.Text(), Movements: make([]stock.Movement, min(n, 50))}
		for i := range c.Movements {
			c.Movements[i] = stock.Movement{
				Kind: stock.Receive, SKU: "milk", Lot: "L1", Bin: "A-01", Delta: 1, Time: at, Operator: "wang", Station: "s1",
			}
		}
		if _, err := l.Append(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		n -= len(c.Movements)
	}
}

// checkpointed waits until both checkpoints of the levels are on disk, which
// trimming needs: a checkpoint is written between two commits.
func checkpointed(t *testing.T, l *ledger.Ledger) {
	t.Helper()
	for ctx := t.Context(); l.Status().Checkpoint+50 <= l.Position().Last; {
		if err := ctx.Err(); err != nil {
			t.Fatal(err)
		}
	}
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// Whatever is old or too much: an entry that the hub has not stored stays.
func TestRetention_ForgetsOnlyWhatIsStoredAndOld(t *testing.T) {
	for _, c := range []struct {
		name     string
		ages     []time.Duration // of 200 entries each
		stored   stock.Seq
		keepSize int64
		want     stock.Seq // oldest entry that is kept
	}{
		{"all young", []time.Duration{day, day, day}, 600, 1 << 30, 1},
		{"the oldest third is old", []time.Duration{40 * day, day, day}, 600, 1 << 30, 201},
		{"old, and the hub has stored half of it", []time.Duration{40 * day, day, day}, 100, 1 << 30, 101},
		{"old, and the hub has stored nothing", []time.Duration{40 * day, 40 * day, 40 * day}, 0, 1 << 30, 1},
		{"from the future, followed by old ones", []time.Duration{-3650 * day, 40 * day, day}, 600, 1 << 30, 401},
		{"from the future, followed by young ones", []time.Duration{-3650 * day, day, 40 * day}, 600, 1 << 30, 1},
		{"young, and the file is too large", []time.Duration{day, day, day}, 150, 1, 151},
		{"young, the file is too large, and the hub has stored nothing", []time.Duration{day, day, day}, 0, 1, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := book(t)
			for _, age := range c.ages {
				fill(t, l, 200, today.Add(-age))
				checkpointed(t, l)
			}
			if err := l.Stored(t.Context(), c.stored); err != nil {
				t.Fatal(err)
			}
			r := retention{ledger: l, keep: 30 * day, keepSize: c.keepSize, log: quiet()}
			if err := r.bySize(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := r.byAge(t.Context(), today); err != nil {
				t.Fatal(err)
			}
			if got := l.Position().First; got != c.want {
				t.Errorf("the oldest entry kept is %d, want %d", got, c.want)
			}
		})
	}
}

func TestRetention_AWrongClockCostsLittle(t *testing.T) {
	l := book(t)
	for range 3 {
		fill(t, l, 1000, today)
		checkpointed(t, l)
	}
	if err := l.Stored(t.Context(), 3000); err != nil {
		t.Fatal(err)
	}
	r := retention{ledger: l, keep: 30 * day, keepSize: 1 << 30, log: quiet()}
	if err := r.byAge(t.Context(), today.Add(3650*day)); err != nil {
		t.Fatal(err)
	}
	if got := l.Position().First; got != agedLeast+1 {
		t.Errorf("the oldest entry kept is %d, want %d", got, agedLeast+1)
	}
}

func TestRetention_RunEndsWithItsContext(t *testing.T) {
	l := book(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := retention{ledger: l, keep: day, keepSize: 1, log: quiet()}
	if err := r.Run(ctx); err != nil {
		t.Errorf("Run = %v", err)
	}
}

package store

import (
	"context"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/hub/store/storetest"
	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

// running is a store whose Run runs until it is closed or the test ends.
type running struct {
	*Pebble
	options Options
	dir     string
	stop    context.CancelFunc
	done    chan struct{}
	err     error // of Run; written before done is closed
}

func start(tb testing.TB, dir string, o Options) *running {
	tb.Helper()
	o.Book.AutoEnrol = true
	p, err := Open(dir, o)
	if err != nil {
		tb.Fatal(err)
	}
	r := &running{Pebble: p, options: o, dir: dir, done: make(chan struct{})}
	ctx, stop := context.WithCancel(context.Background())
	r.stop = stop
	go func() {
		defer close(r.done)
		r.err = p.Run(ctx)
	}()
	tb.Cleanup(func() {
		if err := r.Close(); err != nil {
			tb.Error(err)
		}
	})
	return r
}

// Close implements storetest.Store.
func (r *running) Close() error {
	r.stop()
	<-r.done
	return r.Pebble.Close()
}

// Crash implements storetest.Crasher: what was not synced is gone, or torn.
func (r *running) Crash(tb testing.TB) storetest.Store {
	tb.Helper()
	o := r.options
	o.fs = o.fs.(*vfs.MemFS).CrashClone(vfs.CrashCloneCfg{
		UnsyncedDataPercent: 40, RNG: rand.New(rand.NewPCG(rand.Uint64(), 2)),
	})
	return start(tb, r.dir, o)
}

// memory opens stores on a file system in memory, one for each directory,
// which knows what was synced.
func memory(o Options) storetest.Open {
	var mu sync.Mutex // guards disks
	disks := make(map[string]*vfs.MemFS)
	return func(tb testing.TB, dir string) storetest.Store {
		tb.Helper()
		mu.Lock()
		defer mu.Unlock()
		if disks[dir] == nil {
			disks[dir] = vfs.NewCrashableMem()
		}
		o := o
		o.fs = disks[dir]
		return start(tb, "store", o)
	}
}

func TestStore_ConformsToTheBook(t *testing.T) {
	storetest.Run(t, memory(Options{}))
}

func TestStore_ConformsOnARealDisk(t *testing.T) {
	storetest.Checks(t, 20)
	storetest.Run(t, func(tb testing.TB, dir string) storetest.Store {
		tb.Helper()
		return disk{start(tb, dir, Options{})}
	})
}

// disk is a store whose power is not cut.
type disk struct{ *running }

// Crash hides running's, which needs a file system in memory.
func (disk) Crash() {}

// forgetful drops the last command of every call that has several, and makes
// up the answer of the one before it.
type forgetful struct{ storetest.Store }

func (f forgetful) Apply(ctx context.Context, cmds ...inventory.Command) ([]inventory.Result, error) {
	if len(cmds) < 2 {
		return f.Store.Apply(ctx, cmds...)
	}
	results, err := f.Store.Apply(ctx, cmds[:len(cmds)-1]...)
	if err != nil {
		return nil, err
	}
	return append(results, results[len(results)-1]), nil
}

// gullible says of every ledger that it is stored.
type gullible struct{ storetest.Store }

func (g gullible) Trace(_ context.Context, _ stock.Warehouse, _ stock.Epoch, points []wire.TracePoint) (stock.Seq, error) {
	return points[len(points)-1].Seq, nil
}

// hasty repairs as if nothing had come since.
type hasty struct{ storetest.Store }

func (h hasty) Repair(ctx context.Context, r inventory.Repair) (inventory.Repairing, *inventory.Refusal, error) {
	st, _ := h.Warehouse(r.Warehouse)
	r.Upto = st.Applied
	results, err := h.Apply(ctx, r)
	if err != nil {
		return inventory.Repairing{}, nil, err
	}
	done, _ := results[0].(inventory.Repairing)
	return done, nil, nil
}

func TestConformance_NoticesAStoreThatIsWrong(t *testing.T) {
	right := memory(Options{})
	for _, tt := range []struct {
		name string
		open storetest.Open
		want string // the check that notices first
	}{
		{"drops the last command of a group", func(tb testing.TB, dir string) storetest.Store {
			tb.Helper()
			return forgetful{right(tb, dir)}
		}, "random commands, random faults and restarts give what the book gives"},
		{"answers and shows what is not synced", memory(Options{noSync: true}), "what a reader saw survives a power cut"},
		{"forgets everything at a restart", func(tb testing.TB, dir string) storetest.Store {
			tb.Helper()
			return right(tb, filepath.Join(dir, tb.TempDir()))
		}, "random commands, random faults and restarts give what the book gives"},
		{"believes that it has every ledger", func(tb testing.TB, dir string) storetest.Store {
			tb.Helper()
			return gullible{right(tb, dir)}
		}, "a new box takes over what is stored"},
		{"forgets what came while it was repaired", func(tb testing.TB, dir string) storetest.Store {
			tb.Helper()
			return hasty{right(tb, dir)}
		}, "a repair counts what came since, and is recorded"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := storetest.Failure(t, tt.open); got != tt.want {
				t.Errorf("noticed by %q, want %q", got, tt.want)
			}
		})
	}
}

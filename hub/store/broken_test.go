package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/hub/store/storetest"
	"github.com/forestock/forestock/proto/stock"
)

// tripwire fails one file operation: the one that comes when left is 1.
type tripwire struct {
	kinds []errorfs.OpKind // empty is every write
	path  string           // part of the path; other files' failures end the process itself
	left  atomic.Int64
}

// MaybeError implements errorfs.Injector.
func (w *tripwire) MaybeError(op errorfs.Op) error {
	if !w.concerns(op) || w.left.Add(-1) != 0 {
		return nil
	}
	return errorfs.ErrInjected
}

func (w *tripwire) String() string { return "tripwire" }

func (w *tripwire) concerns(op errorfs.Op) bool {
	if !strings.Contains(op.Path, w.path) {
		return false
	}
	if len(w.kinds) == 0 {
		return op.Kind.ReadOrWrite() == errorfs.OpIsWrite
	}
	return slices.Contains(w.kinds, op.Kind)
}

// TestApply_AStorageErrorIsNeverASuccess fails every single operation on the
// write-ahead log in turn. Whatever happens: what was answered is there after
// a power cut, nothing is there twice, and once a call has failed no later one
// succeeds.
func TestApply_AStorageErrorIsNeverASuccess(t *testing.T) {
	broken := 0
	for n := int64(1); ; n++ { // until the life is shorter than n operations
		disk, wire, box := vfs.NewCrashableMem(), &tripwire{path: ".log"}, storetest.NewBox("wh-0", 1)
		wire.left.Store(n)
		if lifeUntilBroken(t, Options{fs: errorfs.Wrap(disk, wire)}, box, 100) {
			broken++
		}
		if wire.left.Load() > 0 {
			break
		}
		survives(t, disk, box)
	}
	t.Logf("%d failed operations broke the store", broken)
	if broken < 50 {
		t.Errorf("only %d failed operations broke the store: the wire is not in its way", broken)
	}
}

// TestApply_ABackgroundErrorIsNotItsBusiness fails every operation on tables
// in turn: the write-ahead log has it all, and the database tries again.
func TestApply_ABackgroundErrorIsNotItsBusiness(t *testing.T) {
	failed := 0
	for n := int64(1); ; n++ {
		disk, wire, box := vfs.NewCrashableMem(), &tripwire{path: ".sst"}, storetest.NewBox("wh-0", 1)
		wire.left.Store(n)
		if lifeUntilBroken(t, Options{fs: errorfs.Wrap(disk, wire), MemTableBytes: 64 << 10}, box, 4000) {
			t.Errorf("the failure of operation %d on a table broke the store", n)
		}
		survives(t, disk, box)
		if wire.left.Load() > 0 {
			break
		}
		failed++
	}
	if failed < 5 {
		t.Errorf("only %d operations failed: the wire is not in the way of a flush", failed)
	}
}

// survives holds what a power cut leaves against what a box was answered.
func survives(t *testing.T, disk *vfs.MemFS, box *storetest.Box) {
	t.Helper()
	after := start(t, "store", Options{fs: disk.CrashClone(vfs.CrashCloneCfg{})})
	if st, _ := after.Warehouse("wh-0"); st.Applied < box.Stored {
		t.Fatalf("answered up to entry %d, a power cut leaves %d", box.Stored, st.Applied)
	}
	catchUp(t, after, box)
	closeStore(t, after)
}

// lifeUntilBroken opens a store and lets a box send entries of some length one
// by one. It reports whether an error came.
func lifeUntilBroken(t *testing.T, o Options, box *storetest.Box, length int) bool {
	t.Helper()
	o.Book.AutoEnrol = true
	p, err := Open("store", o)
	if err != nil {
		return true
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var runErr error
	var running sync.WaitGroup
	running.Go(func() { runErr = p.Run(ctx) })
	results, err := p.Apply(ctx, box.Hello())
	for i := 0; err == nil && i < 60; i++ {
		box.Hear(results[0])
		box.Move(t, stock.Movement{Kind: stock.Receive, SKU: "milk", Delta: 1, Scan: make([]byte, length)})
		results, err = p.Apply(ctx, box.Rest(1))
	}
	if err == nil {
		box.Hear(results[0])
		stop()
		running.Wait()
		return p.Close() != nil
	}
	running.Wait()
	if !errors.Is(err, ErrBroken) || !errors.Is(runErr, ErrBroken) {
		t.Errorf("Apply: %v, Run: %v, want both ErrBroken", err, runErr)
	}
	if _, err := p.Apply(t.Context(), box.HelloAgain()); !errors.Is(err, ErrBroken) {
		t.Errorf("Apply after the failure: %v, want ErrBroken", err)
	}
	if err := p.Close(); err != nil {
		t.Errorf("Close after the failure: %v", err)
	}
	return true
}

// catchUp sends what a box has left and holds the hub against it.
func catchUp(t *testing.T, s storetest.Store, box *storetest.Box) {
	t.Helper()
	cmd := inventory.Command(box.Hello())
	for {
		results, err := s.Apply(t.Context(), cmd)
		if err != nil {
			t.Fatal(err)
		}
		box.Hear(results[0])
		if box.Session == 0 {
			t.Fatalf("refused: %v", results[0])
		}
		if box.Stored == box.Last() {
			break
		}
		cmd = box.Rest(100)
	}
	if l, _ := s.Level("wh-0", "milk"); l.OnHand != int64(box.Last()) {
		t.Fatalf("on hand %d after %d entries of one each", l.OnHand, box.Last())
	}
}

// TestRun_EndsWhenTheDatabaseMustNotGoOn: a manifest that cannot be written
// stops the database's own goroutine; the store still ends, with the reason.
func TestRun_EndsWhenTheDatabaseMustNotGoOn(t *testing.T) {
	wire := &tripwire{path: "MANIFEST", kinds: []errorfs.OpKind{errorfs.OpFileSync, errorfs.OpFileSyncData}}
	wire.left.Store(1 << 30)
	p, err := Open("store", Options{fs: errorfs.Wrap(vfs.NewCrashableMem(), wire), Book: inventory.Config{AutoEnrol: true}, MemTableBytes: 64 << 10})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- p.Run(t.Context()) }()
	wire.left.Store(1)
	box := storetest.NewBox("wh-0", 1)
	cmd := inventory.Command(box.Hello())
	for err == nil {
		var results []inventory.Result
		if results, err = p.Apply(t.Context(), cmd); err == nil {
			box.Hear(results[0])
			box.Move(t, stock.Movement{Kind: stock.Receive, SKU: "milk", Delta: 1, Scan: make([]byte, 4000)})
			cmd = box.Rest(1)
		}
	}
	if !errors.Is(err, ErrBroken) {
		t.Errorf("Apply: %v, want ErrBroken", err)
	}
	if err := <-done; !errors.Is(err, ErrBroken) || !strings.Contains(err.Error(), "MANIFEST") {
		t.Errorf("Run: %v, want ErrBroken about the MANIFEST", err)
	}
	p.Stats() // does not wait for a goroutine that was stopped with its locks
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}

func TestOpen_SaysWhatIsWrong(t *testing.T) {
	dir := t.TempDir()
	s := start(t, dir, Options{})
	box := storetest.NewBox("wh-0", 1)
	box.Move(t, stock.Movement{Kind: stock.Receive, SKU: "milk", Delta: 5})
	catchUpOne(t, s, box)
	if _, err := Open(dir, Options{}); err == nil {
		t.Error("two processes can have one store open")
	}
	closeStore(t, s)

	tamper(t, dir, func(p *Pebble) error {
		return p.db.Set(levelKey(nil, levelRow, "wh-0", "milk"), packLevel(nil, &inventory.Level{
			Revision: 1, OnHand: 6, Lots: []inventory.LotLevel{{Bins: []inventory.BinLevel{{OnHand: 6}}}},
		}), nil)
	})
	wantOpenError(t, dir, "levels do not add up: warehouse wh-0")
	tamper(t, dir, func(p *Pebble) error { return p.db.Set(levelKey(nil, levelRow, "wh-0", "milk"), []byte{1}, nil) })
	wantOpenError(t, dir, "damaged row")
	tamper(t, dir, func(p *Pebble) error { return p.db.Set(formatKey, []byte{0, 0, 0, 0, 0, 0, 0, format + 1}, nil) })
	wantOpenError(t, dir, fmt.Sprintf("later version of the hub (format %d", format+1))
}

// A table of the database that is not what was written is told, and not waited
// for: the database itself stops for ever where it meets one.
func TestOpen_TellsThatATableIsDamaged(t *testing.T) {
	dir := t.TempDir()
	s := start(t, dir, Options{})
	catchUpOne(t, s, storetest.NewBox("wh-0", 1))
	if err := s.db.Flush(); err != nil {
		t.Fatal(err)
	}
	closeStore(t, s)
	tables, err := filepath.Glob(filepath.Join(dir, "*.sst"))
	if err != nil || len(tables) == 0 {
		t.Fatalf("no table was written: %v", err)
	}
	for _, table := range tables {
		info, err := os.Stat(table)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(table, make([]byte, info.Size()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	wantOpenError(t, dir, "on-disk corruption")
}

func catchUpOne(t *testing.T, s *running, box *storetest.Box) {
	t.Helper()
	for _, cmd := range []func() inventory.Command{
		func() inventory.Command { return box.Hello() },
		func() inventory.Command { return box.Rest(100) },
	} {
		results, err := s.Apply(t.Context(), cmd())
		if err != nil {
			t.Fatal(err)
		}
		box.Hear(results[0])
	}
}

func closeStore(t *testing.T, s *running) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// tamper changes rows behind the store's back.
func tamper(t *testing.T, dir string, change func(*Pebble) error) {
	t.Helper()
	p := &Pebble{options: Options{}.withDefaults(), failed: make(chan struct{})}
	db, err := p.openDB(dir)
	if err != nil {
		t.Fatal(err)
	}
	p.db = db
	if err := errors.Join(change(p), db.Close()); err != nil {
		t.Fatal(err)
	}
}

func wantOpenError(t *testing.T, dir, want string) {
	t.Helper()
	p, err := Open(dir, Options{})
	if err == nil {
		_ = p.Close()
	}
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("Open: %v, want %q", err, want)
	}
}

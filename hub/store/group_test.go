package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/hub/store/storetest"
	"github.com/forestock/forestock/proto/stock"
)

// gate holds back syncs of the write-ahead log while it is shut.
type gate struct {
	mu   sync.Mutex // guards shut
	shut chan struct{}
}

func (g *gate) close() { g.mu.Lock(); g.shut = make(chan struct{}); g.mu.Unlock() }

func (g *gate) open() { g.mu.Lock(); close(g.shut); g.shut = nil; g.mu.Unlock() }

// MaybeError implements errorfs.Injector.
func (g *gate) MaybeError(op errorfs.Op) error {
	g.mu.Lock()
	shut := g.shut
	g.mu.Unlock()
	if shut != nil && strings.HasSuffix(op.Path, ".log") && (op.Kind == errorfs.OpFileSync || op.Kind == errorfs.OpFileSyncData) {
		<-shut
	}
	return nil
}

func (g *gate) String() string { return "gate" }

// gated runs a test in a bubble, where synctest.Wait tells when nothing moves
// any more until the gate opens.
func gated(t *testing.T, test func(t *testing.T, s *running, g *gate)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		g := new(gate)
		s := start(t, "store", Options{fs: errorfs.Wrap(vfs.NewMem(), g)})
		test(t, s, g)
		closeStore(t, s)
	})
}

// call is one caller of Apply.
type call struct {
	results []inventory.Result
	err     error
	done    bool
}

func apply(t *testing.T, s *running, ctx context.Context, cmds ...inventory.Command) *call {
	t.Helper()
	c := new(call)
	go func() {
		c.results, c.err = s.Apply(ctx, cmds...)
		c.done = true
	}()
	synctest.Wait()
	return c
}

func (c *call) want(t *testing.T, who string, done bool) {
	t.Helper()
	synctest.Wait()
	if c.done != done || c.err != nil {
		t.Errorf("%s is answered: %v (%v), want %v", who, c.done, c.err, done)
	}
}

// TestApply_NothingIsSeenBeforeItIsSynced: while a sync is under way, nobody is
// answered and no reader sees anything; who comes meanwhile shares the next
// sync, however many they are.
func TestApply_NothingIsSeenBeforeItIsSynced(t *testing.T) {
	gated(t, func(t *testing.T, s *running, g *gate) {
		t.Helper()
		g.close()
		var calls []*call
		for i := range 200 {
			box := storetest.NewBox(stock.Warehouse(fmt.Sprintf("wh-%d", i)), i+1)
			calls = append(calls, apply(t, s, t.Context(), box.Hello()))
		}
		for _, c := range calls {
			c.want(t, "a caller behind the sync", false)
		}
		if got := s.Warehouses(); len(got) != 0 {
			t.Errorf("%d warehouses are seen before the sync", len(got))
		}
		g.open()
		for _, c := range calls {
			c.want(t, "a caller after the sync", true)
		}
		if got := len(s.Warehouses()); got != len(calls) {
			t.Errorf("%d warehouses are seen, want %d", got, len(calls))
		}
		// The first, the second that the writer had prepared, and all others.
		if got := s.Stats(); got.Groups != 3 || got.Commands != uint64(len(calls)) {
			t.Errorf("%d syncs for %d commands, want 3 for %d", got.Groups, got.Commands, len(calls))
		}
	})
}

// TestHistory_WaitsForTheSyncToo: the database has the rows in memory before
// they are synced, but history does not show them.
func TestHistory_WaitsForTheSyncToo(t *testing.T) {
	gated(t, func(t *testing.T, s *running, g *gate) {
		t.Helper()
		box := storetest.NewBox("wh-0", 1)
		catchUpOne(t, s, box)
		count := func() (n int) {
			movements, _, err := s.Movements(t.Context(), "wh-0", "milk", "", 10)
			aside, _, err2 := s.Quarantined(t.Context(), "wh-0", "", 10)
			if err := errors.Join(err, err2); err != nil {
				t.Error(err)
			}
			return len(movements) + len(aside)
		}
		box.Move(t, stock.Movement{Kind: stock.Receive, SKU: "milk", Delta: 1})
		box.Scribble([]byte("junk"))
		g.close()
		c := apply(t, s, t.Context(), box.Rest(2))
		c.want(t, "the box", false)
		if got := count(); got != 0 {
			t.Errorf("%d entries are listed before the sync", got)
		}
		g.open()
		c.want(t, "the box", true)
		if got := count(); got != 2 {
			t.Errorf("%d entries are listed after the sync, want 2", got)
		}
	})
}

// TestApply_AnAnswerWaitsItsTurn: a command that changes nothing may speak of
// one that is not synced yet, so it is not answered before it.
func TestApply_AnAnswerWaitsItsTurn(t *testing.T) {
	gated(t, func(t *testing.T, s *running, g *gate) {
		t.Helper()
		box := storetest.NewBox("wh-0", 1)
		box.Move(t, stock.Movement{Kind: stock.Receive, SKU: "milk", Delta: 1})
		catchUpOne(t, s, storetest.NewBox("wh-0", 1))
		hello := apply(t, s, t.Context(), box.Hello())
		hello.want(t, "a hello", true)
		box.Hear(hello.results[0])
		g.close()
		first := apply(t, s, t.Context(), box.Rest(1))
		again := apply(t, s, t.Context(), box.Rest(1))
		again.want(t, "a repetition of what is not synced", false)
		g.open()
		first.want(t, "the first", true)
		again.want(t, "its repetition", true)
		if got := again.results[0].(inventory.Ingested); got.Applied != 1 || got.Stored != 0 {
			t.Errorf("the repetition is answered %+v", got)
		}
	})
}

func TestApply_GivesUpWithItsContext(t *testing.T) {
	gated(t, func(t *testing.T, s *running, g *gate) {
		t.Helper()
		g.close()
		ctx, cancel := context.WithCancel(t.Context())
		c := apply(t, s, ctx, storetest.NewBox("wh-0", 1).Hello())
		cancel()
		synctest.Wait()
		if !errors.Is(c.err, context.Canceled) {
			t.Errorf("Apply: %v, want context.Canceled", c.err)
		}
		g.open()
		synctest.Wait()
		if _, ok := s.Warehouse("wh-0"); !ok {
			t.Error("the command of a caller who left was dropped half way")
		}
	})
}

// TestApply_WhatWasLeftBeforeItsTurnIsNotApplied: the store does no work for
// those who gave up behind a slow disk.
func TestApply_WhatWasLeftBeforeItsTurnIsNotApplied(t *testing.T) {
	gated(t, func(t *testing.T, s *running, g *gate) {
		t.Helper()
		g.close()
		hello := func(ctx context.Context, n int) *call {
			return apply(t, s, ctx, storetest.NewBox(stock.Warehouse(fmt.Sprintf("wh-%d", n)), n+1).Hello())
		}
		syncing, ready := hello(t.Context(), 0), hello(t.Context(), 1)
		ctx, cancel := context.WithCancel(t.Context())
		left, behind := hello(ctx, 2), hello(t.Context(), 3)
		cancel()
		synctest.Wait()
		if !errors.Is(left.err, context.Canceled) {
			t.Errorf("who left is told %v, want context.Canceled", left.err)
		}
		g.open()
		for _, c := range []*call{syncing, ready, behind} {
			c.want(t, "a caller who stayed", true)
		}
		for n, want := range []bool{true, true, false, true} {
			if _, got := s.Warehouse(stock.Warehouse(fmt.Sprintf("wh-%d", n))); got != want {
				t.Errorf("wh-%d is there: %v, want %v", n, got, want)
			}
		}
	})
}

// TestRun_FinishesTheGroupUnderWay: the end of the context takes nothing back
// from a caller whose commands are being synced, and refuses those behind.
func TestRun_FinishesTheGroupUnderWay(t *testing.T) {
	gated(t, func(t *testing.T, s *running, g *gate) {
		t.Helper()
		g.close()
		c := apply(t, s, t.Context(), storetest.NewBox("wh-0", 1).Hello())
		s.stop()
		synctest.Wait()
		g.open()
		c.want(t, "the caller whose sync was under way", true)
		<-s.done
		if s.err != nil {
			t.Errorf("Run: %v", s.err)
		}
		if _, err := s.Apply(t.Context(), storetest.NewBox("wh-1", 2).Hello()); !errors.Is(err, ErrClosed) {
			t.Errorf("Apply behind the end: %v, want ErrClosed", err)
		}
	})
}

// TestRun_AnswersWhoeverWaitsAtItsEnd: callers wait for nothing but their
// answer, so each of them must get one, and one that is true.
func TestRun_AnswersWhoeverWaitsAtItsEnd(t *testing.T) {
	gated(t, func(t *testing.T, s *running, g *gate) {
		t.Helper()
		g.close()
		var calls []*call
		for i := range 20 {
			calls = append(calls, apply(t, s, t.Context(), storetest.NewBox(stock.Warehouse(fmt.Sprintf("wh-%d", i)), i+1).Hello()))
		}
		s.stop()
		synctest.Wait()
		g.open()
		<-s.done
		synctest.Wait()
		for i, c := range calls {
			_, there := s.Warehouse(stock.Warehouse(fmt.Sprintf("wh-%d", i)))
			if !c.done || there != (c.err == nil) || c.err != nil && !errors.Is(c.err, ErrClosed) {
				t.Errorf("caller %d: answered %v, error %v, applied %v", i, c.done, c.err, there)
			}
		}
	})
}

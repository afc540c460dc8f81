package store

import (
	"context"
	"fmt"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/hub/store/storetest"
	"github.com/forestock/forestock/proto/stock"
)

// TestWatch_FindsWhatTheLogForgot: a watch that sleeps through more changes
// than the log remembers still learns of every level, the ones that changed
// long ago included.
func TestWatch_FindsWhatTheLogForgot(t *testing.T) {
	s := start(t, "store", Options{fs: vfs.NewMem()})
	box := storetest.NewBox("wh-0", 1)
	send := func(cmd inventory.Command) {
		results, err := s.Apply(t.Context(), cmd)
		if err != nil {
			t.Fatal(err)
		}
		box.Hear(results[0])
	}
	send(box.Hello())
	next, err := s.Watch(inventory.Token{}, inventory.Scope{})
	if err != nil {
		t.Fatal(err)
	}
	if u, err := next(t.Context()); err != nil || !u.Bookmark {
		t.Fatalf("watch of an empty store begins with %+v, %v", u, err)
	}
	for i := range logWindow + logWindow/2 {
		sku := stock.SKU("hot")
		if i%1000 == 0 {
			sku = stock.SKU(fmt.Sprintf("cold-%d", i))
		}
		box.Move(t, stock.Movement{Kind: stock.Receive, SKU: sku, Delta: 1})
		if i%512 == 0 {
			send(box.Rest(512))
		}
	}
	send(box.Rest(512))
	seen := make(map[stock.SKU]int64)
	for {
		u, err := next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if u.Bookmark {
			break
		}
		seen[u.Level.SKU] = u.Level.OnHand
	}
	for _, l := range s.Levels("wh-0", "", 1<<20) {
		if seen[l.SKU] != l.OnHand {
			t.Errorf("the watch saw %d of %s, the store has %d", seen[l.SKU], l.SKU, l.OnHand)
		}
	}
}

// TestChangeLog_AfterAnyRevision: every revision finds its successors, or is
// told that the log lost some, before and after the ring has turned.
func TestChangeLog_AfterAnyRevision(t *testing.T) {
	var l changeLog
	l.begin(10)
	for r := inventory.Revision(11); r <= logWindow+5000; r++ {
		l.append([]mark{{revision: r * 2}})
		if r%997 != 0 {
			continue
		}
		for _, from := range []inventory.Revision{9, 10, 21, 22, r, r*2 - 1, r * 2} {
			checkAfter(t, &l, from)
		}
	}
}

func checkAfter(t *testing.T, l *changeLog, from inventory.Revision) {
	t.Helper()
	marks, ok := l.after(from)
	if ok != (from >= l.lost) {
		t.Fatalf("after(%d) = %v with everything up to %d lost", from, ok, l.lost)
	}
	want := max(from/2+1, 11) * 2
	for _, m := range marks {
		if m.revision != want {
			t.Fatalf("after(%d) gives %d, want %d", from, m.revision, want)
		}
		want += 2
	}
	if ok && len(marks) < logChunk && want != l.newest+2 {
		t.Fatalf("after(%d) ends before %d, the newest is %d", from, want, l.newest)
	}
}

func TestWatch_EndsWithItsContext(t *testing.T) {
	s := start(t, "store", Options{fs: vfs.NewMem()})
	next, err := s.Watch(inventory.Token{}, inventory.Scope{})
	if err != nil {
		t.Fatal(err)
	}
	if u, err := next(t.Context()); err != nil || !u.Bookmark {
		t.Fatalf("watch of an empty store begins with %+v, %v", u, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	waits := make(chan error)
	go func() { _, err := next(ctx); waits <- err }()
	cancel()
	if err := <-waits; err == nil {
		t.Error("a watch gives an update after its context ended")
	}
}

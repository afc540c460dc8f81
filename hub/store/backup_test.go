package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/hub/store/storetest"
	"github.com/forestock/forestock/proto/stock"
)

// loaded is a store into which several boxes write as fast as it answers.
type loaded struct {
	*running
	boxes    []*storetest.Box
	answered []atomic.Uint64 // by box: up to which entry
	stop     func()          // ends the load
}

func load(t *testing.T, s *running) *loaded {
	t.Helper()
	const boxes = 4
	l := &loaded{running: s, answered: make([]atomic.Uint64, boxes)}
	ctx, cancel := context.WithCancel(t.Context())
	var working sync.WaitGroup
	for i := range boxes {
		b := storetest.NewBox(stock.Warehouse(fmt.Sprintf("wh-%d", i)), i+1)
		l.boxes = append(l.boxes, b)
		working.Go(func() {
			for ctx.Err() == nil {
				send(t, s, b)
				l.answered[i].Store(uint64(b.Stored))
			}
		})
	}
	l.stop = sync.OnceFunc(func() { cancel(); working.Wait() })
	t.Cleanup(l.stop)
	return l
}

// send books one receipt and gives it to the store, after a hello where the
// box has no session.
func send(t *testing.T, s *running, b *storetest.Box) {
	t.Helper()
	for b.Session == 0 || b.Stored == b.Last() {
		if b.Session == 0 {
			b.Hear(one(t, s, b.Hello()))
			continue
		}
		b.Move(t, stock.Movement{Kind: stock.Receive, SKU: "milk", Lot: "L1", Bin: "A-01", Delta: 1, Time: time.UnixMilli(1)})
	}
	b.Hear(one(t, s, b.Rest(1)))
}

func one(t *testing.T, s *running, c inventory.Command) inventory.Result {
	t.Helper()
	results, err := s.Apply(context.WithoutCancel(t.Context()), c)
	if err != nil {
		t.Errorf("apply: %v", err)
		return nil
	}
	return results[0]
}

func (l *loaded) upto() []uint64 {
	var out []uint64
	for i := range l.answered {
		out = append(out, l.answered[i].Load())
	}
	return out
}

// lacks says what a store lacks of what was answered.
func (l *loaded) lacks(s *Pebble, upto []uint64) error {
	var all []error
	for i, b := range l.boxes {
		st, _ := s.Warehouse(b.Warehouse)
		level, _ := s.Level(b.Warehouse, "milk")
		if uint64(st.Applied) < upto[i] || uint64(level.OnHand) < upto[i] {
			all = append(all, fmt.Errorf("%s was answered up to %d, there is %d, %d on hand", b.Warehouse, upto[i], st.Applied, level.OnHand))
		}
	}
	return errors.Join(all...)
}

// A copy that is made under load, and then survives a power cut, opens, adds up,
// and holds everything that was answered before it was asked for.
func TestBackup_HoldsEverythingThatWasAnswered(t *testing.T) {
	disk := vfs.NewCrashableMem()
	s := start(t, "store", Options{fs: disk})
	l := load(t, s)
	for round := range 3 {
		for slices.Min(l.upto()) < uint64(50*(round+1)) {
			time.Sleep(time.Millisecond)
		}
		upto, name := l.upto(), fmt.Sprintf("b%d", round)
		b, err := s.Backup("copies", name, "v1")
		if err != nil {
			t.Fatal(err)
		}
		after := Options{fs: disk.CrashClone(vfs.CrashCloneCfg{})}
		again, err := Restore(b.Path, "new", after)
		if err != nil {
			t.Fatal(err)
		}
		p, err := Open("new", after)
		if err != nil {
			t.Fatal(err)
		}
		if err := l.lacks(p, upto); err != nil {
			t.Error(err)
		}
		if len(again.Warehouses) != len(l.boxes) || again.Version != "v1" || again.Time.IsZero() || uint64(again.Warehouses[0].Applied) < upto[0] {
			t.Errorf("the manifest says %+v", again)
		}
		// The negative control: what was answered later is not in the copy.
		if round == 2 {
			l.stop()
			send(t, s, l.boxes[1])
			l.answered[1].Store(uint64(l.boxes[1].Stored))
			if l.lacks(p, l.upto()) == nil {
				t.Error("nobody notices that the copy lacks an entry")
			}
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestBackup_RefusesWhatItMustNotWrite(t *testing.T) {
	s := start(t, filepath.Join(t.TempDir(), "store"), Options{})
	dir := t.TempDir()
	for _, name := range []string{"", ".", "..", "../up", "a/b", "/tmp/x", ".hidden", "a b", "a\x00b", "-rf", "日"} {
		if _, err := s.Backup(dir, name, ""); !errors.Is(err, inventory.ErrBackupName) {
			t.Errorf("backup %q: %v", name, err)
		}
	}
	if _, err := s.Backup(dir, "one", ""); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Backup(dir, "one", ""); !errors.Is(err, inventory.ErrBackupExists) {
		t.Errorf("a second backup of one name: %v", err)
	}
	if got, _ := os.ReadDir(dir); len(got) != 1 {
		t.Errorf("the folder of the backups holds %v", got)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Backup(dir, "two", ""); !errors.Is(err, ErrClosed) {
		t.Errorf("a backup of a closed store: %v", err)
	}
}

func TestRestore_RefusesWhatIsNoBackupOrNoEmptyFolder(t *testing.T) {
	s := start(t, filepath.Join(t.TempDir(), "store"), Options{})
	send(t, s, storetest.NewBox("wh-1", 1))
	dir := t.TempDir()
	b, err := s.Backup(dir, "one", "")
	if err != nil {
		t.Fatal(err)
	}
	full := filepath.Join(dir, "full")
	if err := os.MkdirAll(filepath.Join(full, "something"), 0o750); err != nil {
		t.Fatal(err)
	}
	if _, err := Restore(b.Path, full, Options{}); !errors.Is(err, ErrNotEmpty) {
		t.Errorf("restore over something: %v", err)
	}
	if _, err := Restore(full, filepath.Join(dir, "new"), Options{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("restore of what is no backup: %v", err)
	}
	b.Warehouses[0].Applied++
	if err := writeManifest(vfs.Default, b.Path, &b); err != nil {
		t.Fatal(err)
	}
	if _, err := Restore(b.Path, filepath.Join(dir, "new"), Options{}); err == nil {
		t.Error("a copy that lacks an entry of its manifest was restored")
	}
	if got, _ := os.ReadDir(dir); len(got) != 2 {
		t.Errorf("refused restores left %v behind", got)
	}
}

// After a restore the box's old session is over, its next one is greater, what
// the copy forgot is asked for again, and items whose numbers the former life
// used are sent once more.
func TestRestore_IsANewLife(t *testing.T) {
	dir := t.TempDir()
	s := start(t, filepath.Join(dir, "store"), Options{})
	box := storetest.NewBox("wh-1", 1)
	send(t, s, box)
	items := func(skus ...stock.SKU) (c inventory.UpdateItems) {
		for _, sku := range skus {
			c.Items = append(c.Items, stock.Item{SKU: sku, Name: "x", Unit: stock.Piece, Pack: 1})
		}
		return c
	}
	stored := func(s *running) {
		st, _ := s.Warehouse(box.Warehouse)
		box.Down = stock.DownPosition{Epoch: st.Down.Epoch, Applied: st.Down.Last()}
		one(t, s, inventory.DownStored{Warehouse: box.Warehouse, Session: box.Session, Position: box.Down})
	}
	one(t, s, items("a"))
	stored(s)
	b, err := s.Backup(dir, "copy", "")
	if err != nil {
		t.Fatal(err)
	}
	send(t, s, box)
	send(t, s, box)
	one(t, s, items("b"))
	stored(s)
	session, token := box.Session, inventory.Token{Incarnation: s.incarnation, Revision: 1}

	if _, err := Restore(b.Path, filepath.Join(dir, "new"), Options{}); err != nil {
		t.Fatal(err)
	}
	again := start(t, filepath.Join(dir, "new"), Options{})
	if _, err := again.Watch(token, inventory.Scope{}); !errors.Is(err, inventory.ErrTokenTooOld) {
		t.Errorf("a watch goes on over a restore: %v", err)
	}
	one(t, again, items("c", "d"))
	if r, ok := one(t, again, box.Batch(2, 3)).(*inventory.Refusal); !ok || r.Reason != inventory.ReasonSession {
		t.Errorf("the old session still works: %v", r)
	}
	box.Hear(one(t, again, box.Hello()))
	if box.Session <= session || box.Stored != 1 {
		t.Errorf("session %d after %d, stored up to %d, want 1", box.Session, session, box.Stored)
	}
	for range 2 { // the second time is a copy
		box.Hear(one(t, again, box.Batch(1, 3)))
	}
	st, _ := again.Warehouse(box.Warehouse)
	if level, _ := again.Level(box.Warehouse, "milk"); level.OnHand != 3 || st.Applied != 3 || st.Divergence != nil {
		t.Errorf("on hand %d at entry %d, divergence %v", level.OnHand, st.Applied, st.Divergence)
	}
	down := again.Down(box.Warehouse, 0, 10)
	if down.Epoch == box.Down.Epoch || down.From != 1 || len(down.Entries) != 3 {
		t.Errorf("down stream: %d entries from %d", len(down.Entries), down.From)
	}
}

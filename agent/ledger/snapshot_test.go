package ledger_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"github.com/forestock/forestock/agent/ledger"
	"github.com/forestock/forestock/proto/stock"
)

// shelved opens a ledger with n entries and a catalogue.
func shelved(t *testing.T, n int) *ledger.Ledger {
	t.Helper()
	l, _ := open(t, filepath.Join(t.TempDir(), "ledger.db"), ledger.Options{
		Warehouse: warehouse, MaxSize: 32 << 20, NoPreallocate: true, CheckpointEvery: 500, CommandWindow: 500,
	})
	down := stock.DownBatch{Epoch: stock.Epoch{1}, From: 1}
	for i := range 50 {
		down.Entries = append(down.Entries, stock.Down{Item: &stock.Item{SKU: stock.SKU(fmt.Sprint("SKU-", i)), Name: "有机牛奶", Unit: stock.Piece}})
	}
	if _, err := l.ApplyDown(t.Context(), down); err != nil {
		t.Fatal(err)
	}
	more(t, l, n)
	return l
}

// more books n entries, up to a hundred in a command.
func more(t *testing.T, l *ledger.Ledger, n int) {
	t.Helper()
	for n > 0 {
		c := stock.Command{ID: fmt.Sprint("after-", l.Position().Last)}
		for i := range min(n, 100) {
			c.Movements = append(c.Movements, scanned(n+i))
		}
		if _, err := l.Append(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		n -= len(c.Movements)
	}
}

// prefixed opens a snapshot as a ledger, and holds what it knows against the
// ledger that it is of.
func prefixed(t *testing.T, of *ledger.Ledger, path string, p stock.Position) {
	t.Helper()
	l, end := open(t, path, ledger.Options{Warehouse: warehouse, MaxSize: 32 << 20, NoPreallocate: true, CheckpointEvery: 500, CommandWindow: 500})
	defer end()
	if got := l.Position(); got != p {
		t.Errorf("the snapshot opens at %+v, verified was %+v", got, p)
	}
	if hash, err := of.HashAt(p.Last); err != nil || hash != p.Head || p.Epoch != of.Position().Epoch {
		t.Errorf("entry %d has hash %v in the ledger, %v; %v in the snapshot", p.Last, hash, err, p.Head)
	}
	for after := max(p.First, of.Position().First) - 1; after < p.Last; {
		got, _, err := l.Read(t.Context(), after, 1000, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		want, _, err := of.Read(t.Context(), after, len(got.Entries), 1<<24)
		if err != nil {
			t.Fatal(err)
		}
		for i := range got.Entries {
			if !bytes.Equal(got.Entries[i], want.Entries[i]) {
				t.Fatalf("entry %d differs", got.From+stock.Seq(i))
			}
		}
		after = got.To()
	}
	if got, want := l.DownPosition(), of.DownPosition(); got != want {
		t.Errorf("the hub's stream is at %+v, want %+v", got, want)
	}
	for it := range of.Items() {
		if got, ok := l.Item(it.SKU); !ok || got.Name != it.Name {
			t.Errorf("item %s = %+v, %v", it.SKU, got, ok)
		}
	}
	more(t, l, 10)
}

// A snapshot that is taken while others book is the ledger up to one commit: it
// opens, verifies, has the same bytes, and can be worked with.
func TestSnapshot_UnderLoadIsAPrefixOfTheLedger(t *testing.T) {
	l := shelved(t, 10_000)
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	var load sync.WaitGroup
	for caller := range 4 {
		load.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				c := stock.Command{ID: fmt.Sprintf("load-%d-%d", caller, i), Movements: []stock.Movement{scanned(i)}}
				if _, err := l.Append(ctx, c); err != nil && ctx.Err() == nil {
					t.Errorf("Append during a snapshot: %v", err)
				}
			}
		})
	}
	before := l.Position().Last
	paths := make(map[string]stock.Position)
	for i := range 3 {
		path := filepath.Join(dir, strconv.Itoa(i))
		report, err := l.Snapshot(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		if report.Position.Last < before || report.Path != path || report.Items != 50 || !report.Levels {
			t.Errorf("snapshot %d begun at entry %d: %+v", i, before, report)
		}
		before, paths[path] = report.Position.Last, report.Position
	}
	cancel()
	load.Wait()
	for path, p := range paths {
		prefixed(t, l, path, p)
	}
	if left, err := filepath.Glob(filepath.Join(dir, "*.part")); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestSnapshot_OfAnEmptyAndOfATrimmedLedger(t *testing.T) {
	for _, n := range []int{0, 5000} {
		t.Run(fmt.Sprint(n, " entries"), func(t *testing.T) {
			l := shelved(t, n)
			if n > 0 {
				for l.Status().Checkpoint+500 <= l.Position().Last {
					if err := t.Context().Err(); err != nil {
						t.Fatal(err)
					}
				}
				if err := l.Stored(t.Context(), 3000); err != nil {
					t.Fatal(err)
				}
				if base, err := l.Trim(t.Context(), 3000); err != nil || base == 0 {
					t.Fatalf("Trim = %d, %v", base, err)
				}
			}
			path := filepath.Join(t.TempDir(), "copy.db")
			report, err := l.Snapshot(t.Context(), path)
			if err != nil || report.Position != l.Position() {
				t.Fatalf("Snapshot = %+v, %v; want %+v", report.Position, err, l.Position())
			}
			prefixed(t, l, path, report.Position)
		})
	}
}

func TestSnapshot_SaysWhatToDoAndLeavesTheLedgerAlone(t *testing.T) {
	l := shelved(t, 100)
	dir := t.TempDir()
	taken := filepath.Join(dir, "taken.db")
	if err := os.WriteFile(taken, []byte("another's"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Snapshot(t.Context(), taken); !errors.Is(err, fs.ErrExist) {
		t.Errorf("Snapshot over a file = %v, want fs.ErrExist", err)
	}
	if b, err := os.ReadFile(taken); err != nil || string(b) != "another's" {
		t.Errorf("the file that was there is %q, %v", b, err)
	}
	_, err := l.Snapshot(t.Context(), filepath.Join(dir, "not mounted", "a.db"))
	if !errors.Is(err, fs.ErrNotExist) || !bytes.Contains([]byte(err.Error()), []byte("mount the backup disk")) {
		t.Errorf("Snapshot into a missing folder = %v", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.Snapshot(ended, filepath.Join(dir, "b.db")); !errors.Is(err, context.Canceled) {
		t.Errorf("Snapshot after the end = %v", err)
	}
	more(t, l, 10)
	if names, err := os.ReadDir(dir); err != nil || len(names) != 1 {
		t.Errorf("left behind: %v, %v", names, err)
	}
}

// What a killed process left is no obstacle.
func TestSnapshot_ReplacesAHalfMadeOne(t *testing.T) {
	l := shelved(t, 100)
	path := filepath.Join(t.TempDir(), "a.db")
	if err := os.WriteFile(path+".part", []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Snapshot(t.Context(), path); err != nil {
		t.Error(err)
	}
}

// A copy is put in its place only when it is what was to be copied: a bit that
// flips in an entry, in a checkpoint or in a page, and a copy of less. The
// control is the same copy untouched, which is.
func TestSnapshot_NeverAdmitsACorruptedCopy(t *testing.T) {
	l := shelved(t, 3000)
	dir := t.TempDir()
	copied := filepath.Join(dir, "copied")
	want, err := l.CopyTo(t.Context(), copied)
	if err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(copied)
	if err != nil {
		t.Fatal(err)
	}
	batch, _, err := l.Read(t.Context(), 1233, 1, 0)
	if err != nil || bytes.Count(good, batch.Entries[0]) == 0 {
		t.Fatalf("entry 1234 is not in the copy: %v", err)
	}
	entry := batch.Entries[0]
	flipped := bytes.Clone(entry)
	flipped[len(flipped)/2] ^= 1
	other := want
	other.Last++
	for _, c := range []struct {
		name   string
		damage func(b []byte) []byte
		want   stock.Position
		ok     bool
	}{
		{"the control", func(b []byte) []byte { return b }, want, true},
		{"a bit of an entry", func(b []byte) []byte { return bytes.ReplaceAll(b, entry, flipped) }, want, false},
		{"the root page's header", func(b []byte) []byte { b[pageOfRoot(b)*4096] ^= 1; return b }, want, false},
		{"one meta page", func(b []byte) []byte { b[16] ^= 1; return b }, want, false},
		{"cut off", func(b []byte) []byte { return b[:len(b)/2] }, want, false},
		{"empty", func([]byte) []byte { return nil }, want, false},
		{"an entry less than was copied", func(b []byte) []byte { return b }, other, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			temp, path := filepath.Join(dir, "temp"), filepath.Join(dir, c.name)
			if err := os.WriteFile(temp, c.damage(bytes.Clone(good)), 0o600); err != nil {
				t.Fatal(err)
			}
			err := ledger.Admit(t.Context(), temp, path, c.want)
			if _, there := os.Stat(path); (err == nil) != c.ok || (there == nil) != c.ok {
				t.Errorf("Admit = %v, in place: %v", err, there == nil)
			}
			if !c.ok && (!errors.Is(err, ledger.ErrSnapshot) || errors.Is(err, ledger.ErrDamaged)) {
				t.Errorf("Admit = %v, want ErrSnapshot, which does not accuse the ledger", err)
			}
		})
	}
}

// pageOfRoot gives the root page that the first meta page names.
func pageOfRoot(b []byte) int { return int(b[32]) | int(b[33])<<8 }

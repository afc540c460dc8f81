package ledger_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/forestock/forestock/agent/ledger"
	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

// filled makes a ledger file of n entries with a small catalogue and two
// checkpoints, and gives its path and the entries as stored.
func filled(t *testing.T, n int) (path string, entries [][]byte, items []stock.Item) {
	t.Helper()
	o := small
	o.NoPreallocate, o.CheckpointEvery, o.CommandWindow = true, n/5, n/4
	path = filepath.Join(t.TempDir(), "ledger.db")
	l, end := open(t, path, o)
	for i := range n / 2 {
		c := stock.Command{ID: fmt.Sprint("cmd-", i), Movements: []stock.Movement{scanned(i), scanned(i + n)}}
		if _, err := l.Append(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		if i%(n/10) == 0 { // a checkpoint is written between two commits
			down := stock.DownBatch{Epoch: stock.Epoch{1}, From: l.DownPosition().Applied + 1}
			down.Entries = []stock.Down{{Item: &stock.Item{SKU: stock.SKU(fmt.Sprint("SKU-", i)), Name: "有机牛奶", Unit: stock.Piece}}}
			if _, err := l.ApplyDown(t.Context(), down); err != nil {
				t.Fatal(err)
			}
		}
	}
	batch, _, err := l.Read(t.Context(), 0, n, 1<<24)
	if err != nil || len(batch.Entries) != n {
		t.Fatalf("%d entries, %v; want %d", len(batch.Entries), err, n)
	}
	for it := range l.Items() {
		items = append(items, it)
	}
	end()
	return path, batch.Entries, items
}

func TestRead_NoticesEveryFlippedBitOfAnEntry(t *testing.T) {
	path, entries, _ := filled(t, 200)
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	dice := rand.New(rand.NewPCG(1, 2))
	unnoticed := 0
	for range 60 {
		seq := dice.IntN(len(entries))
		at := bytes.LastIndex(file, entries[seq])
		if at < 0 {
			t.Fatalf("entry %d is not in the file", seq+1)
		}
		at += dice.IntN(len(entries[seq])+32) - 32 // its hash stands before it
		damaged := bytes.Clone(file)
		for from := 0; ; { // bbolt leaves old copies in free pages: damage them all
			i := bytes.Index(file[from:], entries[seq])
			if i < 0 {
				break
			}
			damaged[from+i+at-bytes.LastIndex(file, entries[seq])] ^= 1 << dice.IntN(8)
			from += i + 1
		}
		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		report, err := ledger.Verify(t.Context(), path, nil)
		if err != nil || report.OK() {
			t.Errorf("byte %d of the file, in entry %d: Verify = %+v, %v", at, seq+1, report.Damages, err)
		}
		if rawlyFine(t, path, len(entries)) {
			unnoticed++
		}
	}
	if unnoticed == 0 { // the control: without the hashes nobody would know
		t.Error("bbolt itself noticed every flipped bit")
	}
	t.Logf("60 damages noticed, of which bbolt alone would have missed %d", unnoticed)
}

// rawlyFine reports whether bbolt finds nothing wrong with a file of n entries.
func rawlyFine(t *testing.T, path string, n int) (fine bool) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{ReadOnly: true})
	if err != nil {
		return false
	}
	defer db.Close()
	db.View(func(tx *bbolt.Tx) error {
		for range tx.Check() {
			return nil
		}
		found := 0
		for _, name := range []string{"journal", "h0", "h1", "h2"} {
			tx.Bucket([]byte(name)).ForEach(func(_, _ []byte) error { found++; return nil })
		}
		fine = found == n
		return nil
	})
	return fine
}

// A bit that flips anywhere in the file may make the ledger refuse to open, or
// do nothing because nobody uses that byte. What it may never do is change an
// answer, hang, or crash.
func TestOpen_NoFlippedBitChangesAnAnswer(t *testing.T) {
	path, entries, items := filled(t, 200)
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var sheet stock.Sheet
	for _, b := range entries {
		e, err := wire.DecodeEntry(b)
		if err != nil {
			t.Fatal(err)
		}
		sheet.Apply(&e.Movement)
	}
	dice := rand.New(rand.NewPCG(3, 4))
	used := usedBytes(t, path)
	refused := 0
	for range 300 {
		at, bit := 2*4096+dice.IntN(used-2*4096), dice.IntN(8) // a lost meta page has a test of its own
		file[at] ^= 1 << bit
		err := os.WriteFile(path, file, 0o600)
		file[at] ^= 1 << bit
		if err != nil {
			t.Fatal(err)
		}
		o := small
		o.NoPreallocate = true
		l, err := ledger.Open(path, o)
		if err != nil {
			if !errors.Is(err, ledger.ErrDamaged) && !errors.Is(err, ledger.ErrWarehouse) {
				t.Errorf("byte %d bit %d: Open = %v, want ErrDamaged", at, bit, err)
			}
			refused++
			continue
		}
		if what := differs(t, l, entries, items, &sheet); what != "" {
			t.Errorf("byte %d bit %d: silently another %s", at, bit, what)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
	if refused == 0 || refused == 300 {
		t.Errorf("%d of 300 damaged files were refused: the test tells nothing", refused)
	}
	t.Logf("%d of 300 damaged files were refused, the others gave the right answers", refused)
}

// usedBytes gives the length of the part of the file that holds pages.
func usedBytes(t *testing.T, path string) int {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var size int64
	db.View(func(tx *bbolt.Tx) error { size = tx.Size(); return nil })
	return int(size)
}

// differs names the first answer of a ledger that is wrong; an error is none.
func differs(t *testing.T, l *ledger.Ledger, entries [][]byte, items []stock.Item, sheet *stock.Sheet) string {
	t.Helper()
	if got, last := l.Digest(); last != stock.Seq(len(entries)) || got != sheet.Digest() {
		return "level"
	}
	found := 0
	for it := range l.Items() {
		if found >= len(items) || it.SKU != items[found].SKU || it.Name != items[found].Name {
			return "catalogue"
		}
		found++
	}
	if found != len(items) {
		return "number of items"
	}
	for after := stock.Seq(0); int(after) < len(entries); {
		batch, _, err := l.Read(t.Context(), after, 1000, 1<<20)
		if err != nil {
			return "" // noticed
		}
		for i, b := range batch.Entries {
			if !bytes.Equal(b, entries[int(after)+i]) {
				return fmt.Sprint("entry ", int(after)+i+1)
			}
		}
		after = batch.To()
	}
	return ""
}

func TestOpen_DoesWithoutADamagedCheckpoint(t *testing.T) {
	t.Parallel() // it waits for a lock
	path, entries, _ := filled(t, 200)
	report, err := ledger.Verify(t.Context(), path, nil)
	if err != nil || len(report.Checkpoints) != 2 {
		t.Fatalf("Verify = %+v, %v; want two checkpoints", report, err)
	}
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		for _, name := range []string{"levels0", "levels1"} {
			b := tx.Bucket([]byte("state")).Bucket([]byte(name))
			k, v := b.Cursor().First()
			if v = bytes.Clone(v); len(v) > 0 {
				v[len(v)/2] ^= 1
			}
			if err := b.Put(k, v); err != nil {
				return err
			}
		}
		return nil
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	l, _ := open(t, path, small)
	if got, last := l.Digest(); int(last) != len(entries) || got.Root() != report.Digest {
		t.Errorf("levels at entry %d have digest %x, want %x at %d", last, got.Root(), report.Digest, len(entries))
	}
	end, err := ledger.Verify(t.Context(), path, nil)
	if !errors.Is(err, ledger.ErrLocked) {
		t.Errorf("Verify of a ledger in use = %+v, %v; want ErrLocked", end, err)
	}
}

func TestOpen_TellsOfALostMetaPage(t *testing.T) {
	path, entries, _ := filled(t, 50)
	whole, err := ledger.Verify(t.Context(), path, nil)
	if err != nil || whole.Torn {
		t.Fatalf("Verify = %+v, %v; want no torn meta page", whole, err)
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.WriteAt([]byte("torn"), 16)
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	torn, err := ledger.Verify(t.Context(), path, nil)
	if err != nil || !torn.Torn || !torn.OK() || int(torn.Position.Last) != len(entries) {
		t.Errorf("Verify = %+v, %v; want every entry, and torn", torn, err)
	}
}

package ledger_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/forestock/forestock/agent/ledger"
	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

// original is a ledger in truth, its file, and a folder with a snapshot of its
// first entries.
type original struct {
	file      []byte
	snapshots string
	position  stock.Position
	entries   [][]byte
	snapshot  stock.Seq
}

var restoreOptions = ledger.Options{Warehouse: warehouse, MaxSize: 8 << 20, NoPreallocate: true, CheckpointEvery: 100, CommandWindow: 200}

// shelve books n entries, singly and in groups, and takes a snapshot in between.
func shelve(t *testing.T, n int) *original {
	t.Helper()
	o := &original{snapshots: t.TempDir()}
	path := filepath.Join(t.TempDir(), "ledger.db")
	l, end := open(t, path, restoreOptions)
	down := stock.DownBatch{Epoch: stock.Epoch{1}, From: 1, Entries: []stock.Down{{Item: &stock.Item{SKU: "milk", Name: "有机牛奶", Unit: stock.Piece}}}}
	if _, err := l.ApplyDown(t.Context(), down); err != nil {
		t.Fatal(err)
	}
	for int(l.Position().Last) < n {
		at := int(l.Position().Last)
		c := stock.Command{ID: fmt.Sprint("cmd-", at)}
		for i := range min(1+at%7, n-at) {
			c.Movements = append(c.Movements, scanned(at+i))
		}
		if _, err := l.Append(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		if o.snapshot == 0 && at > n/2 {
			report, err := l.Snapshot(t.Context(), filepath.Join(o.snapshots, "wh-test-00000007-20260601T000000Z.db"))
			if err != nil {
				t.Fatal(err)
			}
			o.snapshot = report.Position.Last
		}
	}
	batch, _, err := l.Read(t.Context(), 0, n, 1<<24)
	if err != nil || len(batch.Entries) != n {
		t.Fatalf("%d entries, %v; want %d", len(batch.Entries), err, n)
	}
	o.entries, o.position = batch.Entries, l.Position()
	end()
	if o.file, err = os.ReadFile(path); err != nil {
		t.Fatal(err)
	}
	return o
}

// put writes a file as the ledger of a folder of its own.
func (o *original) put(t *testing.T, file []byte) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "ledger.db")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// levels gives what the entries up to one add up to, but for some.
func (o *original) levels(t *testing.T, upto stock.Seq, without map[stock.Seq]bool) stock.Digest {
	t.Helper()
	var sheet stock.Sheet
	for i, b := range o.entries[:upto] {
		e, err := wire.DecodeEntry(b)
		if err != nil {
			t.Fatal(err)
		}
		if !without[stock.Seq(i+1)] {
			sheet.Apply(&e.Movement)
		}
	}
	return sheet.Digest()
}

// statement gives the levels as of an entry, as the hub has them.
func (o *original) statement(t *testing.T, at stock.Seq) stock.Statement {
	t.Helper()
	var sheet stock.Sheet
	for _, b := range o.entries[:at] {
		e, err := wire.DecodeEntry(b)
		if err != nil {
			t.Fatal(err)
		}
		sheet.Apply(&e.Movement)
	}
	st := stateOf(sheet)
	st.Epoch, st.Seq = o.position.Epoch, at
	return st
}

// spoilt gives the file with a bit flipped, or a page zeroed, overwritten with
// noise, or replaced by another.
func (o *original) spoilt(dice *rand.Rand) (file []byte, what string) {
	file = bytes.Clone(o.file)
	const page = 4096
	at := dice.IntN(len(file) / page)
	p := file[at*page : (at+1)*page]
	switch dice.IntN(6) {
	case 0:
		clear(p)
		return file, fmt.Sprintf("page %d zeroed", at)
	case 1:
		for i := range p {
			p[i] = byte(dice.Uint32())
		}
		return file, fmt.Sprintf("page %d is noise", at)
	case 2:
		other := dice.IntN(len(file) / page)
		copy(p, o.file[other*page:(other+1)*page])
		return file, fmt.Sprintf("page %d is page %d", at, other)
	default:
		bit := dice.IntN(page * 8)
		p[bit/8] ^= 1 << (bit % 8)
		return file, fmt.Sprintf("bit %d of page %d flipped", bit, at)
	}
}

// Whatever is damaged, what is restored is what was written: a part of the true
// entries from the first on, which goes on in its epoch and tells what it knows
// to be missing; or a new ledger, which with the hub's levels as of any entry has
// all but the entries that were hit.
func TestRestore_NothingIsSilentlyWrong(t *testing.T) {
	o := shelve(t, 400)
	var tally struct{ whole, complete, short, reborn, lost int }
	dice := rand.New(rand.NewPCG(5, 6))
	for range 150 {
		file, what := o.spoilt(dice)
		path := o.put(t, file)
		snapshots := o.snapshots
		if dice.IntN(3) == 0 {
			snapshots = ""
		}
		done, err := ledger.Restore(t.Context(), path, snapshots, restoreOptions)
		switch {
		case errors.Is(err, ledger.ErrWhole):
			tally.whole++
			continue
		case err != nil:
			t.Fatalf("%s: Restore = %v", what, err)
		case done.Reborn:
			tally.reborn++
			tally.lost += o.reborn(t, path, what, stock.Seq(dice.IntN(401)))
		case done.Last == o.position.Last:
			tally.complete++
		default:
			tally.short++
			if done.Missing <= done.Last && !done.Doubt {
				t.Errorf("%s: restored up to entry %d of 400 without a word: %+v", what, done.Last, done)
			}
		}
		if kept, err := os.ReadFile(done.SetAside); err != nil || !bytes.Equal(kept, file) {
			t.Errorf("%s: the damaged file was not kept as it was: %v", what, err)
		}
		if !done.Reborn {
			o.goesOn(t, path, what, done)
		}
	}
	t.Logf("of 150 damages %d hit nothing, %d were restored in full, %d up to what is left, %d began anew and lost %d entries of 400",
		tally.whole, tally.complete, tally.short, tally.reborn, tally.lost)
	if tally.complete == 0 || tally.reborn == 0 || tally.whole == 0 {
		t.Error("some of the ways were never gone")
	}
}

// goesOn checks a ledger that was restored in its epoch.
func (o *original) goesOn(t *testing.T, path, what string, done ledger.Restored) {
	t.Helper()
	l, end := open(t, path, restoreOptions)
	defer end()
	p := l.Position()
	if p.Epoch != o.position.Epoch || p.First != 1 || p.Last != done.Last || (done.Snapshot != "" && p.Last < o.snapshot) {
		t.Fatalf("%s: restored %+v of %+v, the snapshot had %d: %+v", what, p, o.position, o.snapshot, done)
	}
	batch, _, err := l.Read(t.Context(), 0, int(p.Last), 1<<24)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	for i, b := range batch.Entries {
		if !bytes.Equal(b, o.entries[i]) {
			t.Fatalf("%s: entry %d is not what was written", what, i+1)
		}
	}
	if got, _ := l.Digest(); got != o.levels(t, p.Last, nil) {
		t.Errorf("%s: other levels", what)
	}
	if s := l.Status().Restored; s == nil || s.SetAside != done.SetAside || s.Last != done.Last {
		t.Errorf("%s: the status says %+v, want %+v", what, s, done)
	}
	more(t, l, 3)
}

// reborn lets a ledger that began anew take over the hub's levels, and gives how
// many entries it lost.
func (o *original) reborn(t *testing.T, path, what string, hub stock.Seq) (lost int) {
	t.Helper()
	l, end := open(t, path, restoreOptions)
	defer end()
	return o.rebornFrom(t, l, what, hub)
}

func (o *original) rebornFrom(t *testing.T, l *ledger.Ledger, what string, hub stock.Seq) (lost int) {
	t.Helper()
	st := o.statement(t, hub)
	if old, ok := l.Predecessor(o.position.Epoch); ok {
		points, err := old.Sums(t.Context(), numbers(1, o.position.Last))
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range points {
			if p.Sum != wire.TraceSum(o.entries[p.Seq-1]) {
				t.Fatalf("%s: entry %d of the predecessor is not what was written", what, p.Seq)
			}
		}
	}
	took, err := l.TakeOver(t.Context(), st, hub)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	brought := make(map[string]int)
	for seq := stock.Seq(len(st.Levels)) + 1; seq <= took.Last; seq++ {
		e, err := l.Entry(seq)
		if err != nil {
			t.Fatal(err)
		}
		brought[string(e.Scan)+e.Time.String()]++
	}
	missing := make(map[stock.Seq]bool)
	for i, b := range o.entries[hub:] {
		e, _ := wire.DecodeEntry(b)
		if key := string(e.Scan) + e.Time.String(); brought[key] == 0 {
			missing[hub+stock.Seq(i)+1] = true
		} else {
			brought[key]--
		}
	}
	if got, _ := l.Digest(); got != o.levels(t, o.position.Last, missing) {
		t.Errorf("%s: with the hub's levels as of entry %d there are others than all but %d entries add up to", what, hub, len(missing))
	}
	if s := l.Status(); len(missing) > 0 && s.Predecessors[0].Lost == 0 && !s.Restored.Doubt {
		t.Errorf("%s: %d entries are lost without a word", what, len(missing))
	}
	if len(missing) > 60 { // a page of entries, and those that stood only in the root page
		t.Errorf("%s: %d entries are lost", what, len(missing))
	}
	return len(missing)
}

func numbers(from, to stock.Seq) (all []stock.Seq) {
	for seq := from; seq <= to; seq++ {
		all = append(all, seq)
	}
	return all
}

// The control: copying what bbolt gives, without looking at a hash, restores
// entries that nobody wrote.
func TestRestore_ControlWithoutHashesIsSilentlyWrong(t *testing.T) {
	o := shelve(t, 400)
	dice := rand.New(rand.NewPCG(7, 8))
	wrong := 0
	for range 60 {
		file := bytes.Clone(o.file)
		at := bytes.LastIndex(file, o.entries[dice.IntN(len(o.entries))])
		file[at+dice.IntN(150)] ^= 1 << dice.IntN(8)
		for i, b := range copied(o.put(t, file)) {
			if i < len(o.entries) && !bytes.Equal(b, o.entries[i]) {
				wrong++
				break
			}
		}
	}
	if wrong == 0 {
		t.Error("bbolt alone restored only what was written: the hashes show nothing")
	}
	t.Logf("%d of 60 damages would have been restored as they are", wrong)
}

// copied gives the entries as bbolt gives them; fewer when it fails.
func copied(path string) (entries [][]byte) {
	defer func() { _ = recover() }()
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		return nil
	}
	defer db.Close()
	_ = db.View(func(tx *bbolt.Tx) error {
		for _, name := range []string{"journal", "h0", "h1", "h2"} {
			_ = tx.Bucket([]byte(name)).ForEach(func(_, v []byte) error {
				entries = append(entries, bytes.Clone(v[32:]))
				return nil
			})
		}
		return nil
	})
	return entries
}

func TestRestore_PassesOverSnapshotsThatAreNotWhole(t *testing.T) {
	o := shelve(t, 100)
	good, err := os.ReadFile(filepath.Join(o.snapshots, "wh-test-00000007-20260601T000000Z.db"))
	if err != nil {
		t.Fatal(err)
	}
	other, end := open(t, filepath.Join(o.snapshots, "wh-test-00000009-20260603T000000Z.db"), restoreOptions) // of another epoch
	more(t, other, 5)
	end()
	bad := bytes.Clone(good)
	bad[bytes.Index(bad, o.entries[0])+10] ^= 1
	for name, file := range map[string][]byte{"wh-test-00000008-20260602T000000Z.db": bad, "wh-test-00000010-20260604T000000Z.db.part": good, "notes.txt": []byte("x")} {
		if err := os.WriteFile(filepath.Join(o.snapshots, name), file, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	path := o.put(t, o.file[:8192]) // nothing but its meta pages is left
	done, err := ledger.Restore(t.Context(), path, o.snapshots, restoreOptions)
	if err != nil || !done.Reborn {
		t.Errorf("Restore of a file of which nobody knows what it was = %+v, %v; want a rebirth", done, err)
	}
	file := bytes.Clone(o.file)
	file[bytes.LastIndex(file, o.entries[70])+10] ^= 1 // a leaf; the epoch can still be read
	path = o.put(t, file)
	done, err = ledger.Restore(t.Context(), path, o.snapshots, restoreOptions)
	if err != nil || done.Reborn != (o.snapshot < 71) || !done.Reborn && !strings.HasSuffix(done.Snapshot, "00000007-20260601T000000Z.db") {
		t.Errorf("Restore = %+v, %v; want the newest snapshot that is whole and of this ledger", done, err)
	}
}

func TestRestore_LeavesAWholeLedgerAlone(t *testing.T) {
	o := shelve(t, 50)
	path := o.put(t, o.file)
	if _, err := ledger.Restore(t.Context(), path, o.snapshots, restoreOptions); !errors.Is(err, ledger.ErrWhole) {
		t.Errorf("Restore = %v, want ErrWhole", err)
	}
	if file, err := os.ReadFile(path); err != nil || !bytes.Equal(file, o.file) {
		t.Errorf("the file was changed, %v", err)
	}
	_, end := open(t, path, restoreOptions)
	defer end()
	if _, err := ledger.Restore(t.Context(), path, o.snapshots, restoreOptions); !errors.Is(err, ledger.ErrLocked) {
		t.Errorf("Restore of a ledger that runs = %v, want ErrLocked", err)
	}
	if _, err := ledger.Rebirth(t.Context(), path, ledger.RebirthOptions{Options: restoreOptions}); !errors.Is(err, ledger.ErrLocked) {
		t.Errorf("Rebirth of a ledger that runs = %v, want ErrLocked", err)
	}
}

func TestRestore_RefusesAnotherWarehouse(t *testing.T) {
	o := shelve(t, 50)
	file := bytes.Clone(o.file)
	file[bytes.LastIndex(file, o.entries[20])+10] ^= 1
	path := o.put(t, file)
	other := restoreOptions
	other.Warehouse = "wh-other"
	if _, err := ledger.Restore(t.Context(), path, o.snapshots, other); !errors.Is(err, ledger.ErrWarehouse) {
		t.Errorf("Restore = %v, want ErrWarehouse", err)
	}
	if now, err := os.ReadFile(path); err != nil || !bytes.Equal(now, file) {
		t.Errorf("the file was changed, %v", err)
	}
}

// A takeover that the snapshot lacks is salvaged whole, or the ledger begins anew:
// half of it would be levels that nobody ever had.
func TestRestore_TakesATakeoverWholeOrNotAtAll(t *testing.T) {
	path, snapshots := filepath.Join(t.TempDir(), "ledger.db"), t.TempDir()
	l, end := open(t, path, restoreOptions)
	more(t, l, 20)
	if _, err := l.Snapshot(t.Context(), filepath.Join(snapshots, "a.db")); err != nil {
		t.Fatal(err)
	}
	took, err := l.TakeOver(t.Context(), stated(200), 0)
	if err != nil {
		t.Fatal(err)
	}
	want := l.Newest()
	batch, _, err := l.Read(t.Context(), 0, int(took.Last), 1<<24)
	if err != nil {
		t.Fatal(err)
	}
	end()
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		hit    stock.Seq
		reborn bool
	}{{5, false}, {took.Last, true}, {100, true}} {
		damaged := bytes.Clone(file)
		damaged[bytes.LastIndex(damaged, batch.Entries[tt.hit-1])+10] ^= 1
		if err := errors.Join(os.RemoveAll(filepath.Join(filepath.Dir(path), "set-aside")), os.WriteFile(path, damaged, 0o600)); err != nil {
			t.Fatal(err)
		}
		done, err := ledger.Restore(t.Context(), path, snapshots, restoreOptions)
		if err != nil || done.Reborn != tt.reborn {
			t.Fatalf("entry %d damaged: %+v, %v; want reborn %v", tt.hit, done, err, tt.reborn)
		}
		l, end := open(t, path, restoreOptions)
		if !tt.reborn && (l.TookOver() != took || l.Newest().Digest != want.Digest) {
			t.Errorf("entry %d damaged: it took over %+v, want %+v", tt.hit, l.TookOver(), took)
		}
		if tt.reborn && !l.TookOver().IsZero() {
			t.Errorf("entry %d damaged: a new ledger took over %+v already", tt.hit, l.TookOver())
		}
		end()
	}
}

func TestRestore_OfALedgerThatIsGoneTakesTheSnapshot(t *testing.T) {
	o := shelve(t, 100)
	path := filepath.Join(t.TempDir(), "ledger.db")
	if _, err := ledger.Restore(t.Context(), path, "", restoreOptions); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Restore of nothing from nothing = %v, want fs.ErrNotExist", err)
	}
	done, err := ledger.Restore(t.Context(), path, o.snapshots, restoreOptions)
	if err != nil || done.Last != o.snapshot || done.SetAside != "" {
		t.Fatalf("Restore = %+v, %v; want entry %d", done, err, o.snapshot)
	}
	o.goesOn(t, path, "no file", done)
}

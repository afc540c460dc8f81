package ledger_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/forestock/forestock/agent/ledger"
	"github.com/forestock/forestock/proto/stock"
)

// pass scrubs a whole ledger.
func pass(t *testing.T, l *ledger.Ledger) (whole uint64, damages []ledger.Damage, calls int) {
	t.Helper()
	for after := stock.Seq(0); ; {
		s, err := l.Scrub(t.Context(), after)
		if err != nil {
			t.Fatal(err)
		}
		whole, damages, calls = whole+s.Entries, append(damages, s.Damages...), calls+1
		if s.Done {
			return whole, damages, calls
		}
		if s.To <= after {
			t.Fatalf("Scrub after %d came to %d", after, s.To)
		}
		after = s.To
	}
}

// flip changes a bit of the disk's copy of something under a running ledger, in
// all copies that bbolt left of it.
func flip(t *testing.T, path string, what []byte, at int) {
	t.Helper()
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	flipped := 0
	for from := 0; ; flipped++ {
		i := bytes.Index(file[from:], what)
		if i < 0 {
			break
		}
		if _, err := f.WriteAt([]byte{what[at] ^ 4}, int64(from+i+at)); err != nil {
			t.Fatal(err)
		}
		from += i + 1
	}
	if flipped == 0 {
		t.Fatal("what was to be damaged is not in the file")
	}
}

// A bit that flips in an entry of a running ledger is found by the next pass,
// at that entry and only there; the control is the pass before it, which finds
// nothing. Work goes on meanwhile.
func TestScrub_FindsABitThatFlippedInARunningLedger(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	l, _ := open(t, path, ledger.Options{Warehouse: warehouse, MaxSize: 32 << 20, NoPreallocate: true, CheckpointEvery: 500})
	if whole, damages, calls := pass(t, l); whole != 0 || len(damages) != 0 || calls != 1 {
		t.Errorf("an empty ledger: %d whole, %v, in %d calls", whole, damages, calls)
	}
	more(t, l, 12_000)
	if whole, damages, calls := pass(t, l); whole != 12_000 || len(damages) != 0 || calls < 3 {
		t.Fatalf("a whole ledger: %d whole, %v, in %d calls", whole, damages, calls)
	}
	for _, seq := range []stock.Seq{1, 4242, 7777} {
		batch, _, err := l.Read(t.Context(), seq-1, 1, 0)
		if err != nil {
			t.Fatal(err)
		}
		flip(t, path, batch.Entries[0], len(batch.Entries[0])/2)
	}
	whole, damages, _ := pass(t, l)
	if whole != 12_000-3 || len(damages) != 3 {
		t.Fatalf("%d whole, %v; want three damages", whole, damages)
	}
	for i, seq := range []stock.Seq{1, 4242, 7777} {
		if damages[i].From != seq || damages[i].To != seq {
			t.Errorf("damage %d is %+v, want entry %d", i, damages[i], seq)
		}
	}
	more(t, l, 100)
}

func TestScrub_FindsADamagedItem(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	l, _ := open(t, path, small)
	item := stock.Item{SKU: "milk", Name: "有机牛奶-有机牛奶", Unit: stock.Piece}
	down := stock.DownBatch{Epoch: stock.Epoch{1}, From: 1, Entries: []stock.Down{{Item: &item}}}
	if _, err := l.ApplyDown(t.Context(), down); err != nil {
		t.Fatal(err)
	}
	if _, damages, _ := pass(t, l); len(damages) != 0 {
		t.Fatalf("before: %v", damages)
	}
	flip(t, path, []byte(item.Name), 5)
	if _, damages, _ := pass(t, l); len(damages) != 1 || damages[0].From != 0 {
		t.Errorf("damages = %+v, want one that is no entry's", damages)
	}
}

// Pages that make no sense under a running ledger end the pass with a damage and
// not the process.
func TestScrub_OutlivesADamagedPage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	l, _ := open(t, path, small)
	more(t, l, 3000)
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	page, kept := make([]byte, 16), make(map[int64][]byte)
	for at := int64(2 * 4096); at < info.Size(); at += 4096 {
		if _, err := f.ReadAt(page, at); err != nil {
			t.Fatal(err)
		}
		if page[8] == 2 { // the flags of a leaf
			kept[at+8] = bytes.Clone(page[8:10])
			if _, err := f.WriteAt([]byte{0x40, 0}, at+8); err != nil {
				t.Fatal(err)
			}
		}
	}
	whole, damages, _ := pass(t, l)
	if len(damages) == 0 || whole != 0 {
		t.Errorf("%d whole, %v; want damage", whole, damages)
	}
	for at, flags := range kept { // so that the ledger can end
		if _, err := f.WriteAt(flags, at); err != nil {
			t.Fatal(err)
		}
	}
	if whole, damages, _ := pass(t, l); whole != 3000 || len(damages) != 0 {
		t.Errorf("with its pages again: %d whole, %v", whole, damages)
	}
}

package stock_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/forestock/forestock/proto/stock"
)

// The chain is compared between two programs and kept for ever, so its values
// are part of the protocol.
func TestChain_IsAsAgreed(t *testing.T) {
	h := stock.Genesis(stock.Epoch{1, 2, 3}).Next([]byte("one")).Next([]byte("two"))
	if got, want := h.String(), "8a5619eee33f7b8eea4458366882e667ae9e7b1ef79c0b7dcea8b74ef9fd2340"; got != want {
		t.Errorf("hash = %s, want %s", got, want)
	}
}

func TestBatch_HeadShowsEveryChange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		entries := rapid.SliceOfN(rapid.SliceOfN(rapid.Byte(), 1, 8), 1, 8).Draw(t, "entries")
		b := stock.Batch{From: 7, Prev: stock.Genesis(stock.Epoch{1}), Entries: entries}
		if got, want := b.To(), stock.Seq(6+len(entries)); got != want {
			t.Fatalf("To = %d, want %d", got, want)
		}
		cut := rapid.IntRange(0, len(entries)).Draw(t, "cut")
		first := stock.Batch{From: 7, Prev: b.Prev, Entries: entries[:cut]}
		rest := stock.Batch{From: first.To() + 1, Prev: first.Head(), Entries: entries[cut:]}
		if rest.Head() != b.Head() {
			t.Fatal("two parts have another head than the whole")
		}
		changed := stock.Batch{Prev: b.Prev, Entries: slices.Clone(entries)}
		at := rapid.IntRange(0, len(entries)-1).Draw(t, "entry")
		changed.Entries[at] = slices.Clone(entries[at])
		changed.Entries[at][rapid.IntRange(0, len(entries[at])-1).Draw(t, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		if changed.Head() == b.Head() {
			t.Fatal("a changed bit does not show in the head")
		}
	})
}

func TestEpoch_IsZero(t *testing.T) {
	if !(stock.Epoch{}).IsZero() || (stock.Epoch{15: 1}).IsZero() {
		t.Error("IsZero is wrong")
	}
}

func TestBatch_OfNothing(t *testing.T) {
	b := stock.Batch{From: 5, Prev: stock.Hash{9}}
	if b.To() != 4 || b.Head() != b.Prev {
		t.Errorf("empty batch goes to %d with head %v", b.To(), b.Head())
	}
	d := stock.DownBatch{From: 5, Entries: make([]stock.Down, 2)}
	if d.To() != 6 {
		t.Errorf("down batch of 2 from 5 goes to %d", d.To())
	}
}

package storetest

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/proto/stock"
)

// checkHistory: the movements of a SKU, newest first, in pages of any size, are
// exactly the entries that were applied, each with its bytes and the level
// after it; through a change of the box, entries that were set aside, and a
// restart.
func checkHistory(tb testing.TB, open Open) {
	tb.Helper()
	rapid.Check(tb, func(t *rapid.T) {
		dir := tb.TempDir()
		w := newTwin(open(tb, dir))
		defer func() { _ = w.store.Close() }()
		want := make(map[stock.SKU][]inventory.StoredEntry)
		for number := range rapid.IntRange(1, 3).Draw(t, "boxes") {
			live(tb, t, w, NewBox("wh-0", number+1), want)
		}
		if err := w.store.Close(); err != nil {
			t.Fatalf("Close: %v", err)
		}
		w.store = open(tb, dir)
		for sku, entries := range want {
			slices.Reverse(entries)
			got := explain(tb, t, w.store, sku)
			if diff := cmp.Diff(entries, got, alike); diff != "" {
				t.Fatalf("movements of %s (-sent +listed):\n%s", sku, diff)
			}
			if level, _ := w.store.Level("wh-0", sku); len(got) > 0 && got[0].Epoch == currentEpoch(w.store) && got[0].OnHandAfter != level.OnHand {
				t.Fatalf("newest movement of %s leaves %d, the level is %d", sku, got[0].OnHandAfter, level.OnHand)
			}
		}
	})
	checkCursors(tb, open)
}

// live is the life of one box: an opening, movements, junk.
func live(tb testing.TB, t *rapid.T, w *twin, b *Box, want map[stock.SKU][]inventory.StoredEntry) {
	tb.Helper()
	b.Move(t, stock.Movement{Kind: stock.Opening, SKU: "milk", Delta: 7})
	for range rapid.IntRange(0, 30).Draw(t, "entries") {
		if rapid.IntRange(0, 9).Draw(t, "junk") == 0 {
			b.Scribble([]byte{0xff})
		} else {
			b.Move(t, movement().Draw(t, "movement"))
		}
	}
	w.apply(tb.Context(), t, Sent{b.Hello(), b})
	sums := make(map[stock.SKU]int64)
	for b.Stored < b.Last() {
		in := b.Rest(rapid.IntRange(1, 8).Draw(t, "run"))
		w.apply(tb.Context(), t, Sent{in, b})
		for _, e := range in.Entries {
			if e.Err != nil {
				continue
			}
			if e.Entry.To == "" {
				sums[e.Entry.SKU] += e.Entry.Delta
			}
			want[e.Entry.SKU] = append(want[e.Entry.SKU], inventory.StoredEntry{
				Epoch: b.Epoch, Entry: e.Entry, Raw: e.Raw, Stored: w.now, OnHandAfter: sums[e.Entry.SKU],
			})
		}
	}
}

// explain lists all movements of a SKU, in pages.
func explain(tb testing.TB, t *rapid.T, s Store, sku stock.SKU) []inventory.StoredEntry {
	tb.Helper()
	n := rapid.IntRange(1, 12).Draw(t, "page")
	var out []inventory.StoredEntry
	for cursor := inventory.Cursor(""); ; {
		page, next, err := s.Movements(tb.Context(), "wh-0", sku, cursor, n)
		if err != nil {
			t.Fatalf("Movements: %v", err)
		}
		if len(page) > n {
			t.Fatalf("a page of %d has %d movements", n, len(page))
		}
		out = append(out, page...)
		if next == "" {
			return out
		}
		cursor = next
	}
}

func currentEpoch(s Store) stock.Epoch {
	st, _ := s.Warehouse("wh-0")
	return st.Box.Epoch
}

// checkCursors: cursors that no listing gave out are refused, and entries that
// were set aside are listed in pages too.
func checkCursors(tb testing.TB, open Open) {
	tb.Helper()
	w := newTwin(open(tb, tb.TempDir()))
	b := NewBox("wh-0", 1)
	b.Move(tb, stock.Movement{Kind: stock.Receive, SKU: "milk", Delta: 1})
	b.Move(tb, stock.Movement{Kind: stock.Receive, SKU: "rice", Delta: 1})
	for range 5 {
		b.Scribble([]byte("junk"))
	}
	w.apply(tb.Context(), tb, Sent{b.Hello(), b})
	w.apply(tb.Context(), tb, Sent{b.Rest(100), b})
	for _, cursor := range []inventory.Cursor{"x", "1", "1.1.1", "01.1", "1.2", "1.3", "1.900", "7.1", "-1.1"} {
		if _, _, err := w.store.Movements(tb.Context(), "wh-0", "milk", cursor, 9); !errors.Is(err, inventory.ErrCursor) {
			tb.Errorf("Movements from cursor %q: %v, want ErrCursor", cursor, err)
		}
	}
	if got, next, err := w.store.Movements(tb.Context(), "wh-0", "nothing", "", 9); len(got) != 0 || next != "" || err != nil {
		tb.Errorf("Movements of an unknown SKU = %v, %q, %v", got, next, err)
	}
	var seqs []stock.Seq
	for cursor := inventory.Cursor(""); ; {
		page, next, err := w.store.Quarantined(tb.Context(), "wh-0", cursor, 2)
		must(tb, err)
		for _, q := range page {
			seqs = append(seqs, q.Place.Seq)
			if string(q.Raw) != "junk" || q.Reason == "" || q.Epoch != b.Epoch {
				tb.Errorf("quarantined entry %+v", q)
			}
		}
		if cursor = next; cursor == "" {
			break
		}
	}
	if want := []stock.Seq{7, 6, 5, 4, 3}; !slices.Equal(seqs, want) {
		tb.Errorf("quarantined entries %v, want %v", seqs, want)
	}
}

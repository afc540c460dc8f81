package storetest

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/proto/stock"
)

// checkPages: listings in pages of any size hold everything once, in order.
func checkPages(tb testing.TB, open Open) {
	tb.Helper()
	s := open(tb, tb.TempDir())
	b := NewBox("wh-0", 1)
	send(tb, s, b, b.Hello())
	for i := range 25 {
		sku := stock.SKU(fmt.Sprintf("sku-%02d", i*7%25))
		b.Move(tb, stock.Movement{Kind: stock.Receive, SKU: sku, Delta: 1})
		send(tb, s, b, b.Rest(1))
		update(tb, s, stock.Item{SKU: sku, Name: "x", Unit: stock.Piece})
	}
	for _, n := range []int{1, 2, 7, 24, 25, 26} {
		var levels, items []stock.SKU
		for page := s.Levels("wh-0", "", n); len(page) > 0; page = s.Levels("wh-0", page[len(page)-1].SKU, n) {
			for _, l := range page {
				levels = append(levels, l.SKU)
			}
		}
		for page := s.Items("", n); len(page) > 0; page = s.Items(page[len(page)-1].SKU, n) {
			for _, it := range page {
				items = append(items, it.SKU)
			}
		}
		for name, got := range map[string][]stock.SKU{"levels": levels, "items": items} {
			for i := range 25 {
				if len(got) != 25 || got[i] != stock.SKU(fmt.Sprintf("sku-%02d", i)) {
					tb.Fatalf("%s in pages of %d: %v", name, n, got)
				}
			}
		}
	}
	checkBulk(tb, s)
	if got := s.Levels("wh-0", "sku-10x", 1); len(got) != 1 || got[0].SKU != "sku-11" {
		tb.Errorf("page behind a SKU that does not exist: %v", got)
	}
	if got := len(s.Levels("nowhere", "", 5)) + len(s.Levels("wh-0", "", 0)) + len(s.Items("", -1)); got != 0 {
		tb.Errorf("pages of nothing hold %d", got)
	}
}

// checkBulk: many SKUs that come in one run, between others that are there.
func checkBulk(tb testing.TB, s Store) {
	tb.Helper()
	b := NewBox("wh-1", 2)
	send(tb, s, b, b.Hello())
	const skus = 600
	for _, odd := range []int{0, 1} {
		for i := odd; i < skus; i += 2 {
			b.Move(tb, stock.Movement{Kind: stock.Receive, SKU: stock.SKU(fmt.Sprintf("sku-%03d", i)), Delta: int64(i + 1)})
		}
		send(tb, s, b, b.Rest(skus))
	}
	levels := s.Levels("wh-1", "", all)
	if len(levels) != skus {
		tb.Fatalf("%d levels, want %d", len(levels), skus)
	}
	for i, l := range levels {
		if got, ok := s.Level("wh-1", l.SKU); !ok || l.OnHand != int64(i+1) || got.OnHand != l.OnHand {
			tb.Fatalf("level %d of %s: %d, and read alone %d, want %d", i, l.SKU, l.OnHand, got.OnHand, i+1)
		}
	}
}

func update(tb testing.TB, s Store, items ...stock.Item) int {
	tb.Helper()
	results, err := s.Apply(tb.Context(), inventory.UpdateItems{Items: items})
	must(tb, err)
	updated, ok := results[0].(inventory.ItemsUpdated)
	if !ok {
		tb.Fatalf("UpdateItems: %v", results[0])
	}
	return updated.Changed
}

// checkDown: a box that takes the down stream as it comes, while the catalogue
// changes and the hub restarts, ends with the catalogue; a box that lost what
// it had gets all of it again under another epoch.
func checkDown(tb testing.TB, open Open) {
	tb.Helper()
	dir := tb.TempDir()
	s := open(tb, dir)
	var items []stock.Item
	for i := range 700 {
		items = append(items, stock.Item{SKU: stock.SKU(fmt.Sprintf("sku-%03d", i)), Name: "x", Unit: stock.Piece})
	}
	if got := update(tb, s, items...); got != len(items) {
		tb.Errorf("%d of %d new items changed", got, len(items))
	}
	if got := update(tb, s, items[:9]...); got != 0 {
		tb.Errorf("%d items changed that are as before", got)
	}
	b, have := NewBox("wh-0", 1), make(map[stock.SKU]stock.Item)
	send(tb, s, b, b.Hello())
	drain(tb, s, b, have, 3)
	items[650].Price, items[1].Price = 5, 6
	changed := s.DownChanged()
	update(tb, s, items[650], items[1])
	select {
	case <-changed:
	default:
		tb.Error("a change of the catalogue rings no bell")
	}
	must(tb, s.Close())
	s = open(tb, dir)
	drain(tb, s, b, have, -1)
	if diff := cmp.Diff(itemsOf(s), have, alike); diff != "" {
		tb.Errorf("items (-hub +box):\n%s", diff)
	}
	first := b.Down.Epoch

	b.Down, have = stock.DownPosition{}, make(map[stock.SKU]stock.Item)
	send(tb, s, b, b.Hello())
	drain(tb, s, b, have, -1)
	if diff := cmp.Diff(itemsOf(s), have, alike); diff != "" {
		tb.Errorf("items of a box that lost them (-hub +box):\n%s", diff)
	}
	if b.Down.Epoch == first {
		tb.Error("a box that lost its items gets them under the old epoch")
	}
}

// drain takes batches of the down stream, all of it for a negative number.
func drain(tb testing.TB, s Store, b *Box, have map[stock.SKU]stock.Item, batches int) {
	tb.Helper()
	for ; batches != 0; batches-- {
		batch := s.Down(b.Warehouse, b.Down.Applied, 50)
		if len(batch.Entries) == 0 {
			break
		}
		if b.Down.Epoch == batch.Epoch && batch.From != b.Down.Applied+1 {
			tb.Fatalf("down stream goes on at %d after %d", batch.From, b.Down.Applied)
		}
		for _, e := range batch.Entries {
			have[e.Item.SKU] = *e.Item
		}
		b.Down = stock.DownPosition{Epoch: batch.Epoch, Applied: batch.To()}
		results, err := s.Apply(tb.Context(), inventory.DownStored{Warehouse: b.Warehouse, Session: b.Session, Position: b.Down})
		must(tb, err)
		if got, want := results[0], (inventory.DownAcked{Position: b.Down}); got != want {
			tb.Fatalf("DownStored: %v, want %v", got, want)
		}
	}
	st, _ := s.Warehouse(b.Warehouse)
	if done := st.Down.Outstanding() == 0; done != (batches != 0) {
		tb.Errorf("%d things are outstanding", st.Down.Outstanding())
	}
}

// checkClosed: what comes after Close is refused, and Close may come twice.
func checkClosed(tb testing.TB, open Open) {
	tb.Helper()
	s := open(tb, tb.TempDir())
	write(tb, s, []*Box{NewBox("wh-0", 1)}, 2)
	must(tb, s.Close())
	if _, err := s.Apply(tb.Context(), NewBox("wh-1", 2).Hello()); err == nil {
		tb.Error("a closed store applies commands")
	}
	if _, _, err := s.Movements(tb.Context(), "wh-0", "milk", "", 1); err == nil {
		if l, ok := s.Level("wh-0", "milk"); ok && !l.Newest.IsZero() {
			tb.Error("a closed store lists movements")
		}
	}
	must(tb, s.Close())
}

package ledger

import (
	"cmp"
	"slices"
	"strings"

	"github.com/forestock/forestock/proto/stock"
)

// Search finds items that are still sold by what somebody types: a SKU, the end
// of a trade item number (four digits or more), a number inside weighed labels,
// or a part of a Chinese or English name, whatever the case. The best come
// first: the whole of a code, then the beginning of a name or code, then the
// rest; at most limit.
func (l *Ledger) Search(q string, limit int) []stock.Item {
	q = strings.ToLower(strings.TrimSpace(q))
	if q == "" || limit <= 0 {
		return nil
	}
	type hit struct {
		rank int
		item stock.Item
	}
	var hits []hit
	l.mu.RLock()
	for _, it := range l.view.catalogue.items {
		if rank := rankOf(&it, q); rank > 0 && !it.Removed {
			hits = append(hits, hit{rank, it})
		}
	}
	l.mu.RUnlock()
	slices.SortFunc(hits, func(a, b hit) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), strings.Compare(a.item.Name, b.item.Name), strings.Compare(string(a.item.SKU), string(b.item.SKU)))
	})
	items := make([]stock.Item, 0, min(limit, len(hits)))
	for _, h := range hits[:min(limit, len(hits))] {
		items = append(items, h.item)
	}
	return items
}

// rankOf tells how well an item answers a question: 1 best, 0 not at all.
func rankOf(it *stock.Item, q string) int {
	sku, name, english := strings.ToLower(string(it.SKU)), strings.ToLower(it.Name), strings.ToLower(it.NameEn)
	ends := func(g stock.GTIN) bool { return len(q) >= 4 && strings.HasSuffix(string(g), q) }
	switch {
	case sku == q, it.PLU == q, slices.ContainsFunc(it.GTINs, ends):
		return 1
	case strings.HasPrefix(name, q), strings.HasPrefix(english, q), strings.HasPrefix(sku, q):
		return 2
	case strings.Contains(name, q), strings.Contains(english, q):
		return 3
	}
	return 0
}

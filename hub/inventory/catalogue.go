package inventory

import (
	"reflect"
	"slices"
	"sort"

	"github.com/forestock/forestock/proto/stock"
)

// catalogue holds the items, and which of them changed last.
type catalogue struct {
	items   map[stock.SKU]ItemRow
	changes []change // by version, each SKU once
	version uint64
}

type change struct {
	version uint64
	sku     stock.SKU
}

func (u UpdateItems) apply(s *step) Result {
	for i := range u.Items {
		if err := u.Items[i].Validate(); err != nil {
			return refuse(ReasonInvalid, "%v", err)
		}
	}
	c := &s.book.catalogue
	before := len(s.changes.Items)
	for i := range u.Items {
		was := c.items[u.Items[i].SKU].Removed
		if row, changed := c.update(&u.Items[i], &s.book.names); changed {
			s.changes.Items = append(s.changes.Items, row)
			if row.Removed != was {
				s.sold(row.SKU)
			}
		}
	}
	changed := s.changes.Items[before:]
	if len(changed) == 0 {
		return ItemsUpdated{}
	}
	c.note(changed)
	for _, w := range sortedKeys(s.book.warehouses) {
		ware := s.book.warehouses[w]
		if ware.down.Epoch.IsZero() {
			continue // it has not said hello since; the hello sends everything
		}
		s.fill(ware)
		s.touchDown(ware)
	}
	return ItemsUpdated{Changed: len(changed)}
}

// sold tells the readers of every warehouse that an item is sold, or not any
// more: that changes what is sellable.
func (s *step) sold(sku stock.SKU) {
	for _, id := range sortedKeys(s.book.warehouses) {
		w := s.book.warehouses[id]
		if l := w.lines.find(sku); l != nil {
			s.touchLine(w, sku, l)
		}
	}
}

// update puts the item in, and reports whether that changed anything.
func (c *catalogue) update(it *stock.Item, n *names) (ItemRow, bool) {
	row := ItemRow{Item: *it}
	if old, ok := c.items[it.SKU]; ok && reflect.DeepEqual(normal(old.Item), normal(*it)) {
		return ItemRow{}, false
	}
	row.SKU = stock.SKU(n.of(string(it.SKU)))
	row.GTINs = slices.Clone(it.GTINs)
	c.version++
	row.Version = c.version
	c.put(row)
	return row, true
}

// normal makes items that mean the same equal.
func normal(it stock.Item) stock.Item {
	if len(it.GTINs) == 0 {
		it.GTINs = nil
	}
	return it
}

func (c *catalogue) put(row ItemRow) {
	if c.items == nil {
		c.items = make(map[stock.SKU]ItemRow)
	}
	c.items[row.SKU] = row
}

// note moves changed items to the end of the list of changes.
func (c *catalogue) note(rows []ItemRow) {
	for _, r := range rows {
		c.changes = append(c.changes, change{r.Version, r.SKU})
	}
	c.changes = slices.DeleteFunc(c.changes, func(ch change) bool { return c.items[ch.sku].Version != ch.version })
}

// after gives the items that changed after a version, oldest change first.
func (c *catalogue) after(version uint64) []change {
	i := sort.Search(len(c.changes), func(i int) bool { return c.changes[i].version > version })
	return c.changes[i:]
}

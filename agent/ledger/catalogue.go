package ledger

import (
	"iter"
	"maps"
	"slices"
	"strings"

	"go.etcd.io/bbolt"
	"google.golang.org/protobuf/proto"

	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

// catalogue is the items that the hub sent, in memory, with their look-ups.
type catalogue struct {
	items map[stock.SKU]stock.Item
	// A code may be claimed by several items while the catalogue is in
	// disorder; find decides.
	gtins map[stock.GTIN][]stock.SKU
	plus  map[string][]stock.SKU
}

// Item gives what the catalogue says of a SKU, also of one no longer sold.
func (l *Ledger) Item(sku stock.SKU) (stock.Item, bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	it, ok := l.view.catalogue.items[sku]
	return it, ok
}

// ItemByGTIN gives the item that a trade item number stands for. Where several
// claim it, one that is still sold wins, then the one with the smallest SKU.
func (l *Ledger) ItemByGTIN(gtin stock.GTIN) (stock.Item, bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.view.catalogue.find(l.view.catalogue.gtins[gtin])
}

// ItemByPLU gives the item that a number inside the shop's own weighed labels
// stands for, decided like ItemByGTIN.
func (l *Ledger) ItemByPLU(plu string) (stock.Item, bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.view.catalogue.find(l.view.catalogue.plus[plu])
}

// Items iterates over the catalogue as of now, by SKU, with items no longer sold.
func (l *Ledger) Items() iter.Seq[stock.Item] {
	l.mu.RLock()
	items := slices.Collect(maps.Values(l.view.catalogue.items))
	l.mu.RUnlock()
	slices.SortFunc(items, func(a, b stock.Item) int { return strings.Compare(string(a.SKU), string(b.SKU)) })
	return slices.Values(items)
}

func (c *catalogue) find(claims []stock.SKU) (stock.Item, bool) {
	var best stock.Item
	for i, sku := range claims {
		it := c.items[sku]
		if i == 0 || (best.Removed && !it.Removed) || (best.Removed == it.Removed && it.SKU < best.SKU) {
			best = it
		}
	}
	return best, len(claims) > 0
}

func (c *catalogue) put(it stock.Item) {
	if c.items == nil {
		c.items, c.gtins, c.plus = make(map[stock.SKU]stock.Item), make(map[stock.GTIN][]stock.SKU), make(map[string][]stock.SKU)
	}
	old := c.items[it.SKU]
	for _, g := range old.GTINs {
		c.gtins[g] = without(c.gtins[g], it.SKU)
	}
	c.plus[old.PLU] = without(c.plus[old.PLU], it.SKU)
	c.items[it.SKU] = it
	for _, g := range it.GTINs {
		c.gtins[g] = append(without(c.gtins[g], it.SKU), it.SKU)
	}
	if it.PLU != "" {
		c.plus[it.PLU] = append(c.plus[it.PLU], it.SKU)
	}
}

func without(skus []stock.SKU, sku stock.SKU) []stock.SKU {
	return slices.DeleteFunc(skus, func(s stock.SKU) bool { return s == sku })
}

// load reads the items back.
func (c *catalogue) load(tx *bbolt.Tx) error {
	items := tx.Bucket(bucketState).Bucket(bucketItems)
	return items.ForEach(func(k, v []byte) error {
		it, err := decodeItem(k, v)
		if err != nil {
			return err
		}
		c.put(it)
		return nil
	})
}

func decodeItem(k, v []byte) (stock.Item, error) {
	body, ok := unsealed(string(k), v)
	if !ok {
		return stock.Item{}, errItem(k)
	}
	var m forestockv1.Item
	if err := proto.Unmarshal(body, &m); err != nil {
		return stock.Item{}, errItem(k)
	}
	return wire.ItemFrom(&m)
}

package store

import (
	"cmp"
	"slices"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/proto/stock"
)

// Level gives one SKU in one warehouse, if any entry ever named it there.
// Like every read here it shows durable state only, waits for nobody and is
// safe for concurrent use.
func (p *Pebble) Level(w stock.Warehouse, sku stock.SKU) (inventory.Level, bool) {
	s := p.view.shop(w)
	if s == nil {
		return inventory.Level{}, false
	}
	m := s.moment()
	sh := s.shelf(sku)
	if sh == nil {
		return inventory.Level{}, false
	}
	return p.view.level(s, sh, sh.shown(), m), true
}

// Levels gives up to n SKUs of a warehouse that come after one, by SKU.
func (p *Pebble) Levels(w stock.Warehouse, after stock.SKU, n int) []inventory.Level {
	s := p.view.shop(w)
	if s == nil {
		return nil
	}
	m := s.moment()
	shelves := page(*s.shelves.Load(), n, func(sh *shelf) int { return cmp.Compare(sh.sku, after) })
	out := make([]inventory.Level, len(shelves))
	for i, sh := range shelves {
		out[i] = p.view.level(s, sh, sh.shown(), m)
	}
	return out
}

// Warehouse gives the state of one warehouse, if the hub knows it.
func (p *Pebble) Warehouse(w stock.Warehouse) (inventory.WarehouseState, bool) {
	s := p.view.shop(w)
	if s == nil || s.state.Load() == nil {
		return inventory.WarehouseState{}, false
	}
	return *s.state.Load(), true
}

// Warehouses gives the state of every warehouse, by id.
func (p *Pebble) Warehouses() []inventory.WarehouseState {
	shops := *p.view.shops.Load()
	out := make([]inventory.WarehouseState, 0, len(shops))
	for _, s := range shops {
		if st := s.state.Load(); st != nil {
			out = append(out, *st)
		}
	}
	return out
}

// Item gives one item of the catalogue.
func (p *Pebble) Item(sku stock.SKU) (stock.Item, bool) {
	items := *p.view.items.Load()
	at, ok := slices.BinarySearchFunc(items, sku, bySKU)
	if !ok {
		return stock.Item{}, false
	}
	return copyOf(items[at]), true
}

// Items gives up to n items that come after a SKU, by SKU.
func (p *Pebble) Items(after stock.SKU, n int) []stock.Item {
	rows := page(*p.view.items.Load(), n, func(it *inventory.ItemRow) int { return cmp.Compare(it.SKU, after) })
	out := make([]stock.Item, len(rows))
	for i, row := range rows {
		out[i] = copyOf(row)
	}
	return out
}

// Down gives up to n entries of a warehouse's down stream that follow after,
// each with the newest state of the thing it names. It has no entries when
// there is nothing to send.
func (p *Pebble) Down(w stock.Warehouse, after stock.Seq, n int) stock.DownBatch {
	st, ok := p.Warehouse(w)
	if !ok {
		return stock.DownBatch{}
	}
	d := &st.Down
	after = max(after, d.Stored)
	out := stock.DownBatch{Epoch: d.Epoch, From: after + 1}
	if after >= d.Last() {
		return out
	}
	keys := d.Pending[after-d.Stored:]
	orders := p.view.shop(w).orders.Load()
	for i, key := range keys[:min(n, len(keys))] {
		if key.Order != "" {
			at := int(after-d.Stored) + i
			o, ok := pendingOrder(orders, key.Order, at, st.Before())
			if !ok {
				break // the stream changed under our hands: its bell rings
			}
			out.Entries = append(out.Entries, stock.Down{Order: &o})
			continue
		}
		it, ok := p.Item(key.Item)
		if !ok {
			break // cannot be: items are published before the streams that name them
		}
		out.Entries = append(out.Entries, stock.Down{Item: &it})
	}
	return out
}

// DownChanged gives a channel that is closed once a down stream changes after
// this call. Take it before asking Down.
func (p *Pebble) DownChanged() <-chan struct{} { return p.view.downs.wait() }

// page gives up to n elements behind the one that compare finds equal or less.
func page[T any](all []T, n int, compare func(T) int) []T {
	at, ok := slices.BinarySearchFunc(all, struct{}{}, func(x T, _ struct{}) int { return compare(x) })
	if ok {
		at++
	}
	return all[at:min(len(all), at+max(0, n))]
}

func copyOf(row *inventory.ItemRow) stock.Item {
	it := row.Item
	it.GTINs = slices.Clone(it.GTINs)
	return it
}

// pendingOrder finds an order among those of a down stream.
func pendingOrder(orders *[]*inventory.Reservation, id stock.OrderID, at int, before inventory.Term) (stock.Order, bool) {
	if orders == nil || at >= len(*orders) || (*orders)[at] == nil || (*orders)[at].ID != id {
		return stock.Order{}, false
	}
	return (*orders)[at].Order(before), true
}

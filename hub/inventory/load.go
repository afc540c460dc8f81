package inventory

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/forestock/forestock/proto/stock"
)

// Load applies rows that an earlier Book gave, in the order it gave them or
// all of the newest at once, in any order of each kind. It is how a Book comes
// back after a restart.
func (b *Book) Load(c *Changes) {
	for _, w := range c.Emptied {
		b.ware(w).sheet = stock.Sheet{}
	}
	for i := range c.Lots {
		b.loadLot(&c.Lots[i])
	}
	for i := range c.Levels {
		b.loadLevel(&c.Levels[i])
	}
	for _, st := range c.Warehouses {
		st.Down = DownState{}
		b.ware(st.Warehouse).state = st
	}
	for i := range c.Downs {
		b.ware(c.Downs[i].Warehouse).down = c.Downs[i].DownState
	}
	for _, row := range c.Items {
		row.SKU = stock.SKU(b.names.of(string(row.SKU)))
		b.catalogue.put(row)
		b.catalogue.version = max(b.catalogue.version, row.Version)
	}
	b.catalogue.note(c.Items)
	slices.SortFunc(b.catalogue.changes, func(a, b change) int { return cmp.Compare(a.version, b.version) })
}

// Check compares every warehouse's levels with the digest and the counts that
// were stored with them.
func (b *Book) Check() error {
	for _, id := range sortedKeys(b.warehouses) {
		w := b.warehouses[id]
		got := w.row()
		if got.Digest != w.state.Digest || got.SKUs != w.state.SKUs || got.Cells != w.state.Cells {
			return fmt.Errorf("warehouse %s: %d cells of %d SKUs with digest %016x, stored were %d of %d with %016x",
				id, got.Cells, got.SKUs, got.Digest, w.state.Cells, w.state.SKUs, w.state.Digest)
		}
	}
	return nil
}

// Rows gives the whole state, as if all of it had just changed: by warehouse,
// by SKU, by lot, without history. Two Books that give equal rows are equal.
func (b *Book) Rows() Changes {
	var out Changes
	for _, id := range sortedKeys(b.warehouses) {
		w := b.warehouses[id]
		out.Warehouses = append(out.Warehouses, w.row())
		out.Downs = append(out.Downs, DownRow{id, w.down})
		for _, sku := range sortedKeys(w.lines) {
			out.Levels = append(out.Levels, w.level(sku, w.lines[sku]))
			lots := w.sheet.Lots(sku)
			slices.SortFunc(lots, func(a, b stock.LotInfo) int { return cmp.Compare(a.Lot, b.Lot) })
			for _, l := range lots {
				out.Lots = append(out.Lots, LotRow{id, sku, l})
			}
		}
	}
	for _, ch := range b.catalogue.changes {
		out.Items = append(out.Items, b.catalogue.items[ch.sku])
	}
	return out
}

func (b *Book) ware(id stock.Warehouse) *warehouse {
	w := b.warehouses[id]
	if w == nil {
		w = newWarehouse(id)
		b.warehouses[id] = w
	}
	return w
}

func (b *Book) loadLot(l *LotRow) {
	sku, lot := stock.SKU(b.names.of(string(l.SKU))), stock.Lot(b.names.of(string(l.Lot)))
	sheet := &b.ware(l.Warehouse).sheet
	cell := stock.Cell{SKU: sku, Lot: lot}
	// Setting a level to what it is teaches the dates and changes nothing else.
	sheet.Set(stock.Level{Cell: cell, OnHand: sheet.OnHand(cell), Expiry: l.Expiry}, l.Produced)
}

func (b *Book) loadLevel(lv *Level) {
	w := b.ware(lv.Warehouse)
	sku := stock.SKU(b.names.of(string(lv.SKU)))
	for _, c := range w.sheet.Levels(sku) {
		w.sheet.Set(stock.Level{Cell: c.Cell}, 0)
	}
	for _, lot := range lv.Lots {
		name := stock.Lot(b.names.of(string(lot.Lot)))
		for _, bin := range lot.Bins {
			cell := stock.Cell{SKU: sku, Lot: name, Bin: stock.Bin(b.names.of(string(bin.Bin)))}
			w.sheet.Set(stock.Level{Cell: cell, OnHand: bin.OnHand, Expiry: lot.Expiry}, lot.Produced)
		}
	}
	w.lines[sku] = &line{onHand: lv.OnHand, revision: lv.Revision, seq: lv.Newest.Seq, term: lv.Newest.Term}
	b.revision = max(b.revision, lv.Revision)
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

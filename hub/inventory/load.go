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
	for _, w := range c.Joined {
		b.ware(w).aside = aside{}
	}
	for i := range c.Folds {
		b.loadApart(&c.Folds[i]) // before its fold changes: readers go on seeing what they saw
	}
	for _, w := range c.Emptied {
		b.ware(w).sheet = stock.Sheet{}
	}
	for i := range c.Lots {
		b.loadLot(&c.Lots[i])
	}
	for i := range c.Folds {
		b.loadFold(&c.Folds[i])
	}
	for i := range c.Levels {
		b.loadLevel(&c.Levels[i])
	}
	for i := range c.Settled {
		b.loadLevel(&c.Settled[i])
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
	b.loadReservations(c)
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
		if w.state.Reported != nil && got.Reported.Served != w.state.Reported.Served {
			return fmt.Errorf("warehouse %s: the levels that are shown instead of its sum have digest %016x, stored was %016x", id, got.Reported.Served, w.state.Reported.Served)
		}
		if w.state.Reported == nil && len(w.aside.newest) > 0 {
			return fmt.Errorf("warehouse %s: %d SKUs are shown otherwise than they add up, and nobody stated that", id, len(w.aside.newest))
		}
	}
	return nil
}

// Rows gives the whole state, as if all of it had just changed: by warehouse,
// by SKU, by lot, without history. Two Books that give equal rows are equal.
func (b *Book) Rows() Changes {
	b.tidy()
	var out Changes
	for _, id := range sortedKeys(b.warehouses) {
		w := b.warehouses[id]
		out.Warehouses = append(out.Warehouses, w.row())
		out.Downs = append(out.Downs, b.downRow(w))
		for _, l := range w.lines.sorted() {
			sku := l.sku
			out.Levels = append(out.Levels, b.level(w, sku, l))
			if w.apart(sku) {
				out.Folds = append(out.Folds, w.fold(sku, l))
			}
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
	b.reservationRows(&out)
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

func (b *Book) loadApart(fold *Level) {
	w, sku := b.ware(fold.Warehouse), b.sku(fold.SKU)
	w.part(sku, b.loadLine(w, sku))
}

func (b *Book) loadLine(w *warehouse, sku stock.SKU) *line {
	if l := w.lines.find(sku); l != nil {
		return l
	}
	return w.lines.add(sku)
}

func (b *Book) sku(sku stock.SKU) stock.SKU { return stock.SKU(b.names.of(string(sku))) }

func (b *Book) loadLot(l *LotRow) {
	sheet, sku := &b.ware(l.Warehouse).sheet, b.sku(l.SKU)
	cell := stock.Cell{SKU: sku, Lot: stock.Lot(b.names.of(string(l.Lot)))}
	if known := sheet.Lot(sku, cell.Lot); known.Expiry != 0 || known.Produced != 0 {
		sheet.Restate(sku, b.redated(sheet, sku, l))
		return
	}
	// Setting a level to what it is teaches the dates and changes nothing else.
	sheet.Set(stock.Level{Cell: cell, OnHand: sheet.OnHand(cell), Expiry: l.Expiry}, l.Produced)
}

// redated gives what is known of a SKU with other dates for one lot.
func (b *Book) redated(sheet *stock.Sheet, sku stock.SKU, l *LotRow) []stock.StatedLevel {
	var out []stock.StatedLevel
	for _, lot := range sheet.Lots(sku) {
		if lot.Lot == l.Lot {
			lot.Expiry, lot.Produced = l.Expiry, l.Produced
		}
		out = append(out, stock.StatedLevel{Level: stock.Level{Cell: stock.Cell{SKU: sku, Lot: lot.Lot}, Expiry: lot.Expiry}, Produced: lot.Produced})
	}
	for _, cell := range sheet.Levels(sku) {
		out = append(out, stock.StatedLevel{Level: stock.Level{Cell: cell.Cell, OnHand: cell.OnHand}}) // the dates are above
	}
	return out
}

// loadFold sets the hub's own sum of a SKU that is apart.
func (b *Book) loadFold(fold *Level) {
	w, sku := b.ware(fold.Warehouse), b.sku(fold.SKU)
	b.setCells(&w.sheet, sku, fold.Lots)
	l := b.loadLine(w, sku)
	l.onHand, l.seq, l.term = fold.OnHand, fold.Newest.Seq, fold.Newest.Term
}

// loadLevel sets what readers see of a SKU; of one that is not apart that is
// the hub's own sum.
func (b *Book) loadLevel(lv *Level) {
	w, sku := b.ware(lv.Warehouse), b.sku(lv.SKU)
	l := b.loadLine(w, sku)
	l.revision = lv.Revision
	b.revision = max(b.revision, lv.Revision)
	if w.apart(sku) {
		w.aside.sheet.Restate(sku, nil)
		b.setCells(&w.aside.sheet, sku, lv.Lots)
		w.aside.newest[sku] = lv.Newest
		return
	}
	b.setCells(&w.sheet, sku, lv.Lots)
	l.onHand, l.seq, l.term = lv.OnHand, lv.Newest.Seq, lv.Newest.Term
}

func (b *Book) setCells(sheet *stock.Sheet, sku stock.SKU, lots []LotLevel) {
	for _, c := range sheet.Levels(sku) {
		sheet.Set(stock.Level{Cell: c.Cell}, 0)
	}
	for _, lot := range lots {
		name := stock.Lot(b.names.of(string(lot.Lot)))
		for _, bin := range lot.Bins {
			cell := stock.Cell{SKU: sku, Lot: name, Bin: stock.Bin(b.names.of(string(bin.Bin)))}
			sheet.Set(stock.Level{Cell: cell, OnHand: bin.OnHand, Expiry: lot.Expiry}, lot.Produced)
		}
	}
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

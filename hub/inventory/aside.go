package inventory

import (
	"cmp"
	"slices"

	"github.com/forestock/forestock/proto/stock"
)

// aside is what readers see where it is not the fold, the hub's own sum of the
// entries that are stored. It is empty unless Reported is set.
//
// A SKU is apart once its fold has gone a way of its own; it stays so until the
// fold is shown again. Only then has it two rows in a store.
type aside struct {
	sheet  stock.Sheet         // the levels that are shown of the SKUs that are apart; nothing of a lot that has no stock
	newest map[stock.SKU]Place // the SKUs that are apart, each with the entry that its shown level knows as its newest
}

// served gives the sheet that readers see of a SKU.
func (w *warehouse) served(sku stock.SKU) *stock.Sheet {
	if w.apart(sku) {
		return &w.aside.sheet
	}
	return &w.sheet
}

func (w *warehouse) apart(sku stock.SKU) bool {
	_, ok := w.aside.newest[sku]
	return ok
}

// stocked reports whether there is any stock to lose.
func (w *warehouse) stocked() bool { return w.sheet.Cells() > 0 || w.aside.sheet.Cells() > 0 }

// tookOver reports whether readers see the levels of the epoch before.
func (w *warehouse) tookOver() bool {
	r := w.state.Reported
	return r != nil && r.Epoch != w.state.Box.Epoch
}

// part lets the fold of a SKU go its own way: readers go on seeing what they see.
func (w *warehouse) part(sku stock.SKU, l *line) {
	if w.apart(sku) {
		return
	}
	if w.aside.newest == nil {
		w.aside.newest = make(map[stock.SKU]Place)
	}
	w.aside.newest[sku] = l.newest()
	w.aside.sheet.Restate(sku, stockedOf(&w.sheet, sku))
}

// serve shows readers what a sheet says, until the fold has come to
// st.Reported.Until.
func (w *warehouse) serve(s *step, stated *stock.Sheet) {
	old := w.aside
	shown := func(sku stock.SKU) *stock.Sheet {
		if _, apart := old.newest[sku]; apart {
			return &old.sheet
		}
		return &w.sheet
	}
	w.aside = aside{newest: make(map[stock.SKU]Place)}
	for _, sku := range w.union(stated) {
		was, now := stockedOf(shown(sku), sku), stockedOf(stated, sku)
		newest, apart := old.newest[sku]
		changed := !slices.Equal(was, now)
		if !changed && !apart {
			continue // the fold says the same
		}
		l := w.line(s, sku)
		if changed {
			newest = l.newest()
			s.touchLine(w, sku, l)
		}
		if !apart {
			s.touchFold(w, sku, l)
		}
		w.aside.newest[sku] = newest
		w.aside.sheet.Restate(sku, now)
	}
	s.touch(w)
}

// join shows readers the fold again.
func (w *warehouse) join(s *step) {
	for _, sku := range sortedKeys(w.aside.newest) {
		l := w.lines.find(sku)
		if slices.Equal(stockedOf(&w.aside.sheet, sku), stockedOf(&w.sheet, sku)) {
			s.settleLine(w, sku, l)
		} else {
			s.touchLine(w, sku, l)
		}
	}
	w.aside, w.state.Reported = aside{}, nil
	s.changes.Joined = append(s.changes.Joined, w.state.Warehouse)
	s.recheck(w)
	s.touch(w)
}

// reached does what is due once the fold is where the shown levels are.
func (w *warehouse) reached(s *step) {
	st := &w.state
	r := st.Reported
	if r == nil || st.Applied < r.Until {
		return
	}
	switch {
	case st.Applied > r.Until || w.tookOver():
		// What was adopted says nothing of the entry in between, and levels that
		// were taken over are not the new ledger's own.
	case r.Repair != nil:
		w.repair(s, sortedKeys(w.aside.newest), &w.aside.sheet, Place{st.Term(), r.Until}, *r.Repair)
	default:
		w.compare(s, r.Stated)
	}
	w.join(s)
}

// become makes the fold of some SKUs what a sheet says, and gives the cells
// that changed. Of lots without stock the fold goes on knowing the dates.
func (w *warehouse) become(s *step, skus []stock.SKU, stated *stock.Sheet) []RepairedCell {
	var out []RepairedCell
	for _, sku := range skus {
		known := w.lines.find(sku) != nil
		was, now := stockedOf(&w.sheet, sku), stockedOf(stated, sku)
		lots, learned := w.learn(sku, stated)
		if known && len(learned) == 0 && slices.Equal(was, now) {
			continue
		}
		l := w.line(s, sku)
		if w.state.Reported != nil {
			w.part(sku, l)
		}
		w.sheet.Restate(sku, append(lots, now...))
		for _, lot := range learned {
			s.changes.Lots = append(s.changes.Lots, LotRow{w.state.Warehouse, sku, lot})
		}
		l.onHand += sumOf(now) - sumOf(was)
		s.touchSum(w, sku, l)
		out = append(out, cellsThatDiffer(was, now)...)
	}
	return out
}

// learn gives all that is known of the lots of a SKU once the sheet's word
// counts, and what of it is new.
func (w *warehouse) learn(sku stock.SKU, stated *stock.Sheet) (all []stock.StatedLevel, learned []stock.LotInfo) {
	dates := make(map[stock.Lot]stock.LotInfo)
	for _, lot := range w.sheet.Lots(sku) {
		dates[lot.Lot] = lot
	}
	for _, lot := range stated.Lots(sku) {
		if dates[lot.Lot] != lot {
			dates[lot.Lot] = lot
			learned = append(learned, lot)
		}
	}
	for _, lot := range sortedKeys(dates) {
		d := dates[lot]
		all = append(all, stock.StatedLevel{Level: stock.Level{Cell: stock.Cell{SKU: sku, Lot: lot}, Expiry: d.Expiry}, Produced: d.Produced})
	}
	slices.SortFunc(learned, func(a, b stock.LotInfo) int { return cmp.Compare(a.Lot, b.Lot) })
	return all, learned
}

// union gives every SKU that the warehouse or the sheet knows, in their order.
func (w *warehouse) union(sheet *stock.Sheet) []stock.SKU {
	all := slices.Collect(sheet.SKUs())
	for l := range w.lines.all() {
		all = append(all, l.sku)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// sheetOf adds a statement up, with the Book's own copies of its texts.
func (b *Book) sheetOf(st *stock.Statement) (stock.Sheet, *Refusal) {
	own := *st
	own.Levels = slices.Clone(st.Levels)
	for i := range own.Levels {
		c := &own.Levels[i].Cell
		*c = stock.Cell{
			SKU: stock.SKU(b.names.of(string(c.SKU))), Lot: stock.Lot(b.names.of(string(c.Lot))), Bin: stock.Bin(b.names.of(string(c.Bin))),
		}
	}
	sheet, err := own.Sheet()
	if err != nil {
		return sheet, refuse(ReasonInvalid, "%v", err)
	}
	return sheet, nil
}

// stockedOf gives the cells of a SKU that are not zero, first expiring first.
func stockedOf(sheet *stock.Sheet, sku stock.SKU) []stock.StatedLevel {
	cells := sheet.Levels(sku)
	out := make([]stock.StatedLevel, len(cells))
	for i, c := range cells {
		out[i] = stock.StatedLevel{Level: c, Produced: sheet.Lot(sku, c.Lot).Produced}
	}
	return out
}

func sumOf(levels []stock.StatedLevel) int64 {
	var n int64
	for i := range levels {
		n += levels[i].OnHand
	}
	return n
}

// cellsThatDiffer gives the cells of which there is not as much as there was.
func cellsThatDiffer(was, now []stock.StatedLevel) []RepairedCell {
	cells := make(map[stock.Cell]RepairedCell)
	for _, l := range was {
		cells[l.Cell] = RepairedCell{Cell: l.Cell, Before: l.OnHand}
	}
	for _, l := range now {
		cells[l.Cell] = RepairedCell{Cell: l.Cell, Before: cells[l.Cell].Before, After: l.OnHand}
	}
	var out []RepairedCell
	for _, c := range cells {
		if c.Before != c.After {
			out = append(out, c)
		}
	}
	slices.SortFunc(out, func(a, b RepairedCell) int { return cmp.Or(cmp.Compare(a.Lot, b.Lot), cmp.Compare(a.Bin, b.Bin)) })
	return out
}

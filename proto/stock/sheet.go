package stock

import (
	"cmp"
	"iter"
	"slices"
)

// Sheet is the sum of a ledger's movements: the level of every cell, the dates
// of every lot, and the digest of it all. The zero Sheet is empty and ready.
// It is not safe for concurrent use.
type Sheet struct {
	skus   map[SKU]*shelf
	cells  int
	digest Digest
}

// shelf is what a sheet knows of one SKU. Most SKUs have a handful of cells,
// so a slice that is searched beats a map in memory and in time.
type shelf struct {
	cells []spot
	lots  []LotInfo
}

type spot struct {
	lot Lot
	bin Bin
	qty int64
}

// LotInfo is what is known of a lot of one SKU.
type LotInfo struct {
	Lot      Lot
	Expiry   Date
	Produced Date
}

// Level is how much of one cell is on hand.
type Level struct {
	Cell
	OnHand int64 // base units; negative when more left than the book had
	Expiry Date
}

// Apply adds one movement to the sheet.
func (s *Sheet) Apply(m *Movement) {
	sh := s.shelf(m.SKU)
	sh.learn(m)
	s.add(sh, m.Cell(), m.Delta)
	if m.To != "" {
		s.add(sh, Cell{m.SKU, m.Lot, m.To}, -m.Delta)
	}
}

// Set makes the level of a cell qty, and teaches the sheet the lot's dates. It
// is how a sheet is read back from a checkpoint.
func (s *Sheet) Set(l Level, produced Date) {
	sh := s.shelf(l.SKU)
	sh.learn(&Movement{Lot: l.Lot, Expiry: l.Expiry, Produced: produced})
	s.add(sh, l.Cell, l.OnHand-s.OnHand(l.Cell))
}

// OnHand gives the level of one cell in base units.
func (s *Sheet) OnHand(c Cell) int64 {
	sh := s.skus[c.SKU]
	if sh == nil {
		return 0
	}
	if i := sh.find(c.Lot, c.Bin); i >= 0 {
		return sh.cells[i].qty
	}
	return 0
}

// Levels gives the cells of a SKU that are not zero, first expiring first; a
// lot without a date comes last. Ties go by lot, then by bin.
func (s *Sheet) Levels(sku SKU) []Level {
	sh := s.skus[sku]
	if sh == nil {
		return nil
	}
	out := make([]Level, 0, len(sh.cells))
	for _, c := range sh.cells {
		out = append(out, Level{Cell{sku, c.lot, c.bin}, c.qty, sh.lot(c.lot).Expiry})
	}
	slices.SortFunc(out, firstExpiring)
	return out
}

func firstExpiring(a, b Level) int {
	// uint32 turns "no date" (0) minus one into the last date of all.
	return cmp.Or(cmp.Compare(uint32(a.Expiry)-1, uint32(b.Expiry)-1), cmp.Compare(a.Lot, b.Lot), cmp.Compare(a.Bin, b.Bin))
}

// Select gives the cells of all SKUs for which keep holds, first expiring first.
func (s *Sheet) Select(keep func(Level) bool) []Level {
	var out []Level
	for sku, sh := range s.skus {
		for _, c := range sh.cells {
			if l := (Level{Cell{sku, c.lot, c.bin}, c.qty, sh.lot(c.lot).Expiry}); keep(l) {
				out = append(out, l)
			}
		}
	}
	slices.SortFunc(out, func(a, b Level) int { return cmp.Or(firstExpiring(a, b), cmp.Compare(a.SKU, b.SKU)) })
	return out
}

// SKUs iterates over every SKU that a movement ever named, in no order.
func (s *Sheet) SKUs() iter.Seq[SKU] {
	return func(yield func(SKU) bool) {
		for sku := range s.skus {
			if !yield(sku) {
				return
			}
		}
	}
}

// Lots gives the dates of every lot of a SKU that an entry ever named.
func (s *Sheet) Lots(sku SKU) []LotInfo {
	if sh := s.skus[sku]; sh != nil {
		return slices.Clone(sh.lots)
	}
	return nil
}

// Lot gives the dates of one lot; zero dates where none were ever named.
func (s *Sheet) Lot(sku SKU, lot Lot) LotInfo {
	if sh := s.skus[sku]; sh != nil {
		return sh.lot(lot)
	}
	return LotInfo{Lot: lot}
}

// Cells gives the number of cells that are not zero.
func (s *Sheet) Cells() int { return s.cells }

// Digest gives the digest of all levels, kept up to date by every change.
func (s *Sheet) Digest() Digest { return s.digest }

// Recount computes the digest from the cells themselves. It differs from
// Digest only when memory was damaged.
func (s *Sheet) Recount() Digest {
	var d Digest
	for sku, sh := range s.skus {
		for _, c := range sh.cells {
			d.Add(Cell{sku, c.lot, c.bin}, c.qty)
		}
	}
	return d
}

func (s *Sheet) shelf(sku SKU) *shelf {
	sh := s.skus[sku]
	if sh == nil {
		if s.skus == nil {
			s.skus = make(map[SKU]*shelf)
		}
		sh = new(shelf)
		s.skus[sku] = sh
	}
	return sh
}

func (s *Sheet) add(sh *shelf, c Cell, delta int64) {
	if delta == 0 {
		return
	}
	s.digest.Add(c, delta)
	i := sh.find(c.Lot, c.Bin)
	if i < 0 {
		sh.cells = append(sh.cells, spot{c.Lot, c.Bin, delta})
		s.cells++
		return
	}
	sh.cells[i].qty += delta
	if sh.cells[i].qty == 0 {
		sh.cells[i] = sh.cells[len(sh.cells)-1]
		sh.cells = sh.cells[:len(sh.cells)-1]
		s.cells--
	}
}

func (sh *shelf) find(lot Lot, bin Bin) int {
	for i := range sh.cells {
		if sh.cells[i].lot == lot && sh.cells[i].bin == bin {
			return i
		}
	}
	return -1
}

func (sh *shelf) lot(lot Lot) LotInfo {
	for _, l := range sh.lots {
		if l.Lot == lot {
			return l
		}
	}
	return LotInfo{Lot: lot}
}

// learn keeps the first date that an entry names for a lot.
func (sh *shelf) learn(m *Movement) {
	if m.Expiry == 0 && m.Produced == 0 {
		return
	}
	for i := range sh.lots {
		if l := &sh.lots[i]; l.Lot == m.Lot {
			l.Expiry = cmp.Or(l.Expiry, m.Expiry)
			l.Produced = cmp.Or(l.Produced, m.Produced)
			return
		}
	}
	sh.lots = append(sh.lots, LotInfo{m.Lot, m.Expiry, m.Produced})
}

// Clone gives an independent copy of the sheet.
func (s *Sheet) Clone() Sheet {
	c := Sheet{skus: make(map[SKU]*shelf, len(s.skus)), cells: s.cells, digest: s.digest}
	for sku, sh := range s.skus {
		c.skus[sku] = &shelf{cells: slices.Clone(sh.cells), lots: slices.Clone(sh.lots)}
	}
	return c
}

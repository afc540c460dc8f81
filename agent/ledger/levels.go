package ledger

import "github.com/forestock/forestock/proto/stock"

// OnHand gives the level of one cell in base units.
func (l *Ledger) OnHand(c stock.Cell) int64 {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.view.sheet.OnHand(c)
}

// Levels gives the cells of a SKU that are not zero, first expiring first.
func (l *Ledger) Levels(sku stock.SKU) []stock.Level {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.view.sheet.Levels(sku)
}

// Select gives the cells of all SKUs for which keep holds, first expiring first.
// keep must not call the ledger.
func (l *Ledger) Select(keep func(stock.Level) bool) []stock.Level {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.view.sheet.Select(keep)
}

// Lot gives the dates of a lot; zero dates where none were ever named.
func (l *Ledger) Lot(sku stock.SKU, lot stock.Lot) stock.LotInfo {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.view.sheet.Lot(sku, lot)
}

// Digest gives the digest of all levels, and the entry that it is as of.
func (l *Ledger) Digest() (stock.Digest, stock.Seq) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.view.sheet.Digest(), l.view.last.seq
}

// CellsIn gives every level whose cell belongs to one of the buckets of the
// digest, and the entry that they are as of.
func (l *Ledger) CellsIn(buckets []int) ([]stock.Level, stock.Seq) {
	var wanted [stock.Buckets]bool
	for _, b := range buckets {
		if b >= 0 && b < stock.Buckets {
			wanted[b] = true
		}
	}
	l.mu.RLock()
	defer l.mu.RUnlock()
	var out []stock.Level
	for sku := range l.view.sheet.SKUs() {
		for _, level := range l.view.sheet.Levels(sku) {
			if wanted[level.Bucket()] {
				out = append(out, level)
			}
		}
	}
	return out, l.view.last.seq
}

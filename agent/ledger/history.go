package ledger

import "github.com/forestock/forestock/proto/stock"

// History gives the newest entries of a SKU, newest first, at most limit. It
// looks back as far as Options.CommandWindow entries. Errors: ErrDamaged.
func (l *Ledger) History(sku stock.SKU, limit int) ([]stock.Entry, error) {
	l.mu.RLock()
	seqs := l.view.window.of(sku, limit)
	l.mu.RUnlock()
	entries := make([]stock.Entry, 0, len(seqs))
	for _, seq := range seqs {
		e, err := l.Entry(seq)
		if err != nil {
			return nil, err
		}
		if e.SKU == sku {
			entries = append(entries, e)
		}
	}
	return entries, nil
}

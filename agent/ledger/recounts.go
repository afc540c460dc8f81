package ledger

import (
	"cmp"
	"slices"

	"github.com/forestock/forestock/proto/stock"
)

// spot is an item in a bin, whatever its lots.
type spot struct {
	sku stock.SKU
	bin stock.Bin
}

// recounts are the places where a short was booked and no count since. They
// follow from the newest entries, like the window.
type recounts map[spot]stock.Recount

// Recounts gives the places to count, the longest waiting first. It knows of
// shorts among the newest Options.CommandWindow entries.
func (l *Ledger) Recounts() []stock.Recount {
	l.mu.RLock()
	defer l.mu.RUnlock()
	out := make([]stock.Recount, 0, len(l.view.recounts))
	oldest := l.view.window.oldest()
	for _, r := range l.view.recounts {
		if r.Seq >= oldest {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b stock.Recount) int { return cmp.Compare(a.Seq, b.Seq) })
	return out
}

func (r *recounts) add(e *stock.Entry) {
	p := spot{e.SKU, e.Bin}
	switch e.Kind { //nolint:exhaustive // the others neither find nor miss goods
	case stock.Short:
		if *r == nil {
			*r = make(recounts)
		}
		(*r)[p] = stock.Recount{SKU: e.SKU, Bin: e.Bin, Seq: e.Seq, Since: e.Time}
	case stock.Count:
		delete(*r, p)
	}
}

package ledger

import (
	"fmt"

	"github.com/forestock/forestock/proto/stock"
)

// Observe gives what a count starts from: what the book has in a cell now, and
// the entry up to which that is right. The person then counts, and the caller
// fills in Counted. What moves meanwhile stays right, because the difference
// is taken against the book as it was here.
func (l *Ledger) Observe(c stock.Cell) stock.CountEvidence {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return stock.CountEvidence{Seen: l.view.sheet.OnHand(c), Base: l.view.last.seq}
}

// settleCount works out the difference that a count books.
func (w *commit) settleCount(e *stock.Entry) error {
	v := &w.l.view
	count := *e.Count
	e.Count = &count
	refuse := &CountError{Cell: e.Cell(), Seen: count.Seen, Base: count.Base}
	switch {
	case count.Base > v.last.seq:
		refuse.Why = "the base is not in the book yet"
		return refuse
	case count.Base+1 < v.window.oldest():
		refuse.Why = "the base is too long ago"
		return refuse
	}
	refuse.Book = v.sheet.OnHand(e.Cell()) - v.window.since(count.Base, e.Cell())
	if count.Seen != refuse.Book {
		refuse.Why = fmt.Sprintf("the book had %d, not %d", refuse.Book, count.Seen)
		return refuse
	}
	e.Delta = count.Counted - count.Seen
	return nil
}

// settleUndo turns an undo into the movement that compensates its entry.
func (w *commit) settleUndo(e *stock.Entry, before []stock.Entry) error {
	v := &w.l.view
	refuse := &UndoError{Seq: e.Undoes}
	by := v.window.undone[e.Undoes]
	if pending, ok := w.undone[e.Undoes]; ok {
		by = pending
	}
	for i := range before {
		if before[i].Undoes == e.Undoes {
			by = before[i].Seq
		}
	}
	switch {
	case e.Undoes > v.last.seq:
		refuse.Why = "there is no such entry"
		return refuse
	case !v.window.covers(e.Undoes):
		refuse.Why = "it is too long ago"
		return refuse
	case by != 0:
		refuse.By, refuse.Why = by, fmt.Sprintf("entry %d undid it", by)
		return refuse
	}
	first, err := w.entry(e.Undoes)
	if err != nil {
		return err
	}
	if first.Kind == stock.Undo || first.Kind == stock.Opening {
		refuse.Why = "it is an " + first.Kind.String()
		return refuse
	}
	compensate(e, &first.Movement)
	return nil
}

// compensate makes e take back what first did: the same places, the other
// sign. Swapping the bins of a move instead would lose goods that came from the
// dock, because an empty To means that nothing goes anywhere.
func compensate(e *stock.Entry, first *stock.Movement) {
	e.SKU, e.Lot, e.Bin, e.To, e.Delta = first.SKU, first.Lot, first.Bin, first.To, -first.Delta
	e.Expiry, e.Produced = 0, 0
	if first.Kind == stock.Pick || first.Kind == stock.Return {
		e.Document, e.Line = first.Document, first.Line // so that its order wants it again
	}
}

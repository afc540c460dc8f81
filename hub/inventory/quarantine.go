package inventory

import (
	"errors"
	"time"

	"github.com/forestock/forestock/proto/stock"
)

// ErrNotQuarantined is wrapped by the error about an entry that was never set
// aside.
var ErrNotQuarantined = errors.New("no entry that was set aside")

// Discard says that somebody has dealt with an entry that was set aside, so
// that it raises no alarm any more. The entry itself stays as it came. The
// caller has seen to it that the entry was set aside and not discarded before:
// the Book only counts them. The result is a Discarded or a *Refusal.
type Discard struct {
	Warehouse stock.Warehouse
	Place     Place
	By, Why   string // who decided it, and for what reason; 1 to 200 bytes each
}

// maxDiscardText bounds By and Why.
const maxDiscardText = 200

// Discarded records who dealt with an entry that was set aside.
type Discarded struct {
	Warehouse stock.Warehouse
	Place     Place
	By, Why   string
	Time      time.Time
}

// Retry applies an entry that was set aside, now that it can be read. Levels
// are sums, so it does not matter that later entries came first. The caller has
// seen to it that the entry was set aside, is neither discarded nor retried
// yet, and that Sent is that very entry, read again. The result is a Retried or
// a *Refusal.
type Retry struct {
	Warehouse stock.Warehouse
	Place     Place
	By, Why   string // as of Discard
	Sent      Sent
}

// Retried records who had an entry applied that had been set aside, and where
// it stands in the history of its SKU.
type Retried struct {
	Warehouse   stock.Warehouse
	Place       Place
	By, Why     string
	Time        time.Time
	SKU         stock.SKU
	Prev        Place // the entry of this SKU that was applied before it
	OnHandAfter int64 // of the SKU, over all lots and bins
}

func (Discarded) result() {}
func (Retried) result()   {}

func (d Discard) apply(s *step) Result {
	w := s.book.warehouses[d.Warehouse]
	switch {
	case w == nil:
		return refuse(ReasonWarehouse, "warehouse %s is not enrolled at this hub", d.Warehouse)
	case d.By == "" || d.Why == "" || len(d.By) > maxDiscardText || len(d.Why) > maxDiscardText:
		return refuse(ReasonInvalid, "say in 1 to %d bytes each who decides and why", maxDiscardText)
	case d.Place.IsZero() || (Place{w.state.Term(), w.state.Applied}).Before(d.Place):
		return refuse(ReasonInvalid, "there is no entry %d in term %d of warehouse %s", d.Place.Seq, d.Place.Term, d.Warehouse)
	}
	// The count is of the present epoch only.
	if d.Place.Term == w.state.Term() {
		if w.state.Quarantined == 0 {
			return refuse(ReasonInvalid, "nothing of warehouse %s is set aside", d.Warehouse)
		}
		w.state.Quarantined--
		s.touch(w)
	}
	out := Discarded{Warehouse: d.Warehouse, Place: d.Place, By: d.By, Why: d.Why, Time: s.now()}
	s.changes.Discarded = append(s.changes.Discarded, out)
	return out
}

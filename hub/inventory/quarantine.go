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

// maxDecision bounds By and Why of whatever somebody decides, in bytes.
const maxDecision = 200

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

func (r Retry) apply(s *step) Result {
	w, refusal := s.decide(r.Warehouse, r.Place, r.By, r.Why)
	if refusal != nil {
		return refusal
	}
	st := &w.state
	switch why := r.Sent.unfit(r.Place.Seq); {
	case why != "":
		return refuse(ReasonInvalid, "entry %d of warehouse %s still cannot be applied: %s", r.Place.Seq, r.Warehouse, why)
	case r.Place.Term != st.Term():
		return refuse(ReasonInvalid, "entry %d belongs to a ledger of warehouse %s that was replaced: discard it, and count the SKU", r.Place.Seq, r.Warehouse)
	case r.Place.Seq <= st.Settled:
		return refuse(ReasonInvalid, "the levels of warehouse %s were taken from the box as of entry %d, so entry %d is in them: discard it", r.Warehouse, st.Settled, r.Place.Seq)
	case st.Frozen != nil:
		return refuse(ReasonInvalid, "the box of warehouse %s is being replaced: wait until the new one has taken over", r.Warehouse)
	case st.Quarantined == 0:
		return refuse(ReasonInvalid, "nothing of warehouse %s is set aside", r.Warehouse)
	}
	st.Quarantined--
	kept := w.move(s, r.Place, &r.Sent)
	s.touch(w)
	out := Retried{
		Warehouse: r.Warehouse, Place: r.Place, By: r.By, Why: r.Why, Time: s.now(),
		SKU: kept.SKU, Prev: kept.Prev, OnHandAfter: kept.OnHandAfter,
	}
	s.changes.Retried = append(s.changes.Retried, out)
	return out
}

func (Discarded) result() {}
func (Retried) result()   {}

// decide refuses what nobody can decide about an entry that was set aside.
func (s *step) decide(id stock.Warehouse, at Place, by, why string) (*warehouse, *Refusal) {
	w := s.book.warehouses[id]
	switch {
	case w == nil:
		return nil, refuse(ReasonWarehouse, "warehouse %s is not enrolled at this hub", id)
	case !named(by, why):
		return nil, refuseNameless()
	case at.IsZero() || (Place{w.state.Term(), w.state.Applied}).Before(at):
		return nil, refuse(ReasonInvalid, "there is no entry %d in term %d of warehouse %s", at.Seq, at.Term, id)
	}
	return w, nil
}

// named reports whether it is said who decides and why.
func named(by, why string) bool {
	return by != "" && why != "" && len(by) <= maxDecision && len(why) <= maxDecision
}

func refuseNameless() *Refusal {
	return refuse(ReasonInvalid, "say in 1 to %d bytes each who decides and why", maxDecision)
}

func (d Discard) apply(s *step) Result {
	w, refusal := s.decide(d.Warehouse, d.Place, d.By, d.Why)
	if refusal != nil {
		return refusal
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

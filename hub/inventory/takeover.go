package inventory

import (
	"slices"
	"time"

	"github.com/forestock/forestock/proto/stock"
)

// thawAfter is how long a box that is being replaced is shut out, when nobody
// takes its place.
const thawAfter = 10 * time.Minute

// resumes decides about the hello of the ledger that counts.
func (h Hello) resumes(s *step, w *warehouse) *Refusal {
	st := &w.state
	again := h.copyOf(&st.Box)
	if f := st.Frozen; f != nil && (again || s.now().Sub(f.Since) <= thawAfter) {
		return refuse(ReasonEpoch, "warehouse %s is being replaced: the ledger %s takes over the levels of this box; stop the new box if this one is right, and it is let in again after %v", h.Warehouse, f.Candidate, thawAfter)
	}
	if !again { // what a copy says of the ledger was true once; the welcome says what is true now
		if refusal := h.joins(st.Applied, st.Head); refusal != nil {
			refusal.Rebirth = h.may(st)
			return refusal
		}
	}
	if st.Frozen != nil {
		st.Frozen = nil
		s.touch(w)
	}
	return nil
}

// may reports whether no other box would be pushed out by this one.
func (h Hello) may(st *WarehouseState) bool { return h.MayTakeOver || h.Boot == st.Box.Boot }

// follows decides about the hello of another ledger than the one that counts,
// and stops the latter where the former is to take over its levels.
func (h Hello) follows(s *step, w *warehouse) *Refusal {
	st, epoch := &w.state, h.Position.Epoch
	if c := st.Candidate; c != nil && c.Epoch == epoch && h.copyOf(c) {
		return nil
	}
	if refusal := h.joins(0, stock.Genesis(epoch)); refusal != nil {
		return refusal
	}
	stocked, frozen := w.stocked(), w.frozenFor(epoch)
	switch {
	case !stocked && (!h.TookOver.IsZero() || h.Position.First > 1):
		return nil // there is nothing to lose
	case !h.TookOver.IsZero():
		if refusal := w.fits(h.TookOver); refusal != nil {
			return refusal
		}
		if !frozen && !h.may(st) {
			return w.alive()
		}
		w.freeze(s, epoch)
	case h.Position.First > 1:
		return refuse(ReasonFork, "the ledger of warehouse %s begins at entry %d but the hub has stored nothing of it: restore a newer copy of the hub, or start the box with a new ledger that opens with its levels", h.Warehouse, h.Position.First)
	case frozen:
	case h.may(st) && st.Applied > 0:
		w.freeze(s, epoch)
	case stocked && h.Position.Last == 0:
		return w.alive()
	}
	return nil
}

// alive refuses a box because of the one that is there.
func (w *warehouse) alive() *Refusal {
	return refuse(ReasonClone, "warehouse %s has a box, with ledger %s, that was heard a moment ago: stop it and this one takes its place, or say at the hub: hub box replace %s", w.state.Warehouse, w.state.Box.Epoch, w.state.Warehouse)
}

// fits refuses a ledger whose levels are not those of the ledger that counts.
// One that took over more than is stored comes from before the hub was
// restored from a copy.
func (w *warehouse) fits(t stock.Takeover) *Refusal {
	st := &w.state
	switch {
	case t.Epoch == st.Box.Epoch && t.Seq >= st.Applied:
		return nil
	case t.Epoch == st.Box.Epoch || w.closed(t.Epoch):
		r := refuse(ReasonFork, "the levels that the box took over in warehouse %s, of ledger %s as of entry %d, are not the newest any more: it has to begin again with a new ledger", st.Warehouse, t.Epoch, t.Seq)
		r.Rebirth = true
		return r
	}
	return refuse(ReasonFork, "the box took over levels of ledger %s, which this hub has never known: if the hub was restored, restore a newer copy; if the box comes from another hub, give it a new ledger by agent ledger rebirth", t.Epoch)
}

func (w *warehouse) frozenFor(e stock.Epoch) bool {
	return w.state.Frozen != nil && w.state.Frozen.Candidate == e
}

// freeze takes nothing more from the box whose epoch counts, so that its levels
// can be taken over as they are. Levels that it reported ahead of its entries
// go: a ledger of this box that was set aside can only be compared with entries.
func (w *warehouse) freeze(s *step, candidate stock.Epoch) {
	if w.frozenFor(candidate) {
		return
	}
	if w.state.Reported != nil && !w.tookOver() {
		w.join(s)
	}
	w.state.Frozen = &Frozen{Candidate: candidate, Since: s.now()}
	s.touch(w)
}

// mayOpen decides whether the candidate's epoch may begin to count; opening
// says that its first entry is an Opening.
func (w *warehouse) mayOpen(opening bool) *Refusal {
	st := &w.state
	took := st.Candidate.TookOver
	switch {
	case !w.stocked():
		return nil
	case !took.IsZero() && !w.frozenFor(st.Candidate.Epoch):
		return refuse(ReasonSession, "the former box of warehouse %s came back meanwhile: say hello again", st.Warehouse)
	case !took.IsZero():
		return w.fits(took)
	case !opening:
		return refuse(ReasonEpoch, "warehouse %s has stock under the ledger %s: the new ledger %s must begin with opening entries before it replaces it, or take its levels over", st.Warehouse, st.Box.Epoch, st.Candidate.Epoch)
	}
	return nil
}

// open makes the candidate's epoch the one that counts. Levels that it took
// over stay in sight until its entries that say so have come.
func (w *warehouse) open(s *step, last stock.Seq) {
	st := &w.state
	took := st.Candidate.TookOver
	keep := !took.IsZero() && w.stocked()
	if st.Reported != nil && (!keep || !w.tookOver()) {
		w.join(s)
	}
	if st.Box.Boot != st.Candidate.Boot {
		w.supersede(&st.Box)
	}
	closed := ClosedEpoch{Epoch: st.Box.Epoch, Last: st.Applied, Head: st.Head, Closed: s.now()}
	st.Closed = append(slices.Clip(st.Closed), closed)
	st.Box, st.Candidate, st.Frozen = *st.Candidate, nil, nil
	st.Applied, st.Head, st.Last = 0, stock.Genesis(st.Box.Epoch), last
	st.Quarantined, st.Divergence, st.Adopted, st.Settled = 0, nil, nil, 0
	if keep {
		st.Reported = &Reported{Epoch: closed.Epoch, Seq: closed.Last, Until: took.Last, Since: s.now()}
	}
	w.empty(s)
	w.reached(s)
	s.tellPicked(w)
}

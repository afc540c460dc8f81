package inventory

import (
	"slices"

	"github.com/forestock/forestock/proto/stock"
)

// downWindow bounds how many things of a down stream have a number that the
// box has not stored yet. What waits beyond has no number, so that a box that
// is away costs nothing however often the catalogue changes, and comes back to
// the newest state of each thing only.
const downWindow = 256

func (d DownStored) apply(s *step) Result {
	w := s.book.warehouses[d.Warehouse]
	if w == nil {
		return refuse(ReasonWarehouse, "warehouse %s is not enrolled at this hub", d.Warehouse)
	}
	if refusal := w.seated(d.Session); refusal != nil {
		return refusal
	}
	if d.Position.Epoch != w.down.Epoch || d.Position.Applied > w.down.Last() {
		return refuse(ReasonSession, "warehouse %s has stored a down stream that this hub did not send: say hello again", d.Warehouse)
	}
	w.downStored(s, d.Position.Applied)
	return DownAcked{stock.DownPosition{Epoch: w.down.Epoch, Applied: w.down.Stored}}
}

// seated refuses a box that has no session, or is being replaced.
func (w *warehouse) seated(session Session) *Refusal {
	st := &w.state
	if session == st.Box.Session && st.Frozen != nil {
		return refuse(ReasonEpoch, "warehouse %s is being replaced: the ledger %s takes over the levels of this box", st.Warehouse, st.Frozen.Candidate)
	}
	if session != st.Box.Session && (st.Candidate == nil || session != st.Candidate.Session) {
		return refuse(ReasonSession, "session %d of warehouse %s is over: say hello again", session, st.Warehouse)
	}
	return nil
}

// helloDown finds where the down stream goes on, or begins it again.
func (w *warehouse) helloDown(s *step, h Hello) {
	d, at := &w.down, h.Down
	switch {
	case d.Epoch.IsZero():
		w.beginDown(s, h.NewDownEpoch)
	case at.Epoch == d.Epoch && at.Applied >= d.Stored && at.Applied <= d.Last():
		w.downStored(s, at.Applied)
	case at.Epoch != d.Epoch && d.Stored == 0:
		// Nothing of this epoch was ever acknowledged, so it begins at 1 anyway:
		// a hello that is repeated before the answer arrives changes nothing.
	default:
		w.beginDown(s, h.NewDownEpoch)
	}
}

func (w *warehouse) beginDown(s *step, e stock.Epoch) {
	w.down = DownState{Epoch: e}
	s.tellAgain(w)
	s.fill(w)
	s.touchDown(w)
}

func (w *warehouse) downStored(s *step, upto stock.Seq) {
	if upto <= w.down.Stored {
		return
	}
	heard := w.down.Pending[:upto-w.down.Stored]
	w.down.Pending = slices.Clone(w.down.Pending[len(heard):])
	w.down.Stored = upto
	s.heard(heard)
	s.fill(w)
	s.touchDown(w)
}

// fill gives numbers to the things that wait, as many as there is room for:
// orders before prices.
func (s *step) fill(w *warehouse) {
	w.fillOrders(&s.book.desk)
	waiting := s.book.catalogue.after(w.down.Version)
	room := min(len(waiting), downWindow-len(w.down.Pending))
	if room > 0 {
		pending := make([]DownKey, 0, len(w.down.Pending)+room)
		pending = append(pending, w.down.Pending...)
		for _, c := range waiting[:room] {
			pending = append(pending, DownKey{Item: c.sku})
		}
		w.down.Pending = pending
		w.down.Version = waiting[room-1].version
		waiting = waiting[room:]
	}
	w.down.Waiting = len(waiting) + w.asking
}

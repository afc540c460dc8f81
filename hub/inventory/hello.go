package inventory

import (
	"slices"
	"time"

	"github.com/forestock/forestock/proto/stock"
)

// oldBoots bounds how many superseded boots are remembered: enough to notice
// that two boxes take turns, few enough to be written with every entry.
const oldBoots = 8

func (h Hello) apply(s *step) Result {
	if h.Position.Epoch.IsZero() || h.Boot == (Boot{}) || h.NewDownEpoch.IsZero() {
		return refuse(ReasonInvalid, "a hello needs an epoch, a boot and a fresh down epoch")
	}
	w := s.book.warehouses[h.Warehouse]
	if w == nil {
		return h.enrol(s)
	}
	if refusal := h.check(s, w); refusal != nil {
		return refusal
	}
	return h.seat(s, w)
}

// enrol lets an unknown warehouse in.
func (h Hello) enrol(s *step) Result {
	if !s.book.config.AutoEnrol {
		return refuse(ReasonWarehouse, "warehouse %s is not enrolled at this hub: enrol it, or correct the id in the agent's settings", h.Warehouse)
	}
	if _, err := stock.ParseWarehouse(string(h.Warehouse)); err != nil {
		return refuse(ReasonInvalid, "%v", err)
	}
	if refusal := h.joins(0, stock.Genesis(h.Position.Epoch)); refusal != nil {
		return refusal
	}
	w := newWarehouse(h.Warehouse)
	w.state.Enrolled = s.now()
	w.state.Head = stock.Genesis(h.Position.Epoch)
	w.state.Box.Epoch = h.Position.Epoch
	s.book.warehouses[h.Warehouse] = w
	welcome := h.seat(s, w)
	welcome.New = true
	return welcome
}

// check refuses a hello that must not open a session in w.
func (h Hello) check(s *step, w *warehouse) *Refusal {
	st := &w.state
	epoch := h.Position.Epoch
	if w.closed(epoch) {
		return refuse(ReasonEpoch, "the ledger %s of warehouse %s was replaced by a later one and stays closed: start this box with a new ledger", epoch, h.Warehouse)
	}
	if i := w.replaced(h.Boot); i >= 0 && h.Boot != w.holder(epoch) {
		if h.Nonce <= st.Superseded[i].Nonce {
			return refuse(ReasonSession, "a copy of an earlier hello, which a later one replaced")
		}
		if w.replaced(w.holder(epoch)) >= 0 && !h.MayTakeOver {
			st.Clones++
			st.Cloned = s.now()
			s.touch(w)
			return refuse(ReasonClone, "two boxes take turns as warehouse %s: stop one of them; a copied disk must get a new ledger before it starts", h.Warehouse)
		}
		// It may come back once: the boot in its place can be a process that has
		// ended, whose only hello the network held up. And it may come back when
		// it is the only one that gives a sign of life.
	}
	if epoch == st.Box.Epoch {
		return h.resumes(s, w)
	}
	return h.follows(s, w)
}

// copyOf reports whether the hello is one that the box has said before, or an
// older one that the network held up.
func (h Hello) copyOf(b *Box) bool { return h.Boot == b.Boot && h.Nonce <= b.Nonce }

// joins checks that the ledger fits behind what is stored of its epoch. What it
// does not keep any more cannot be checked.
func (h Hello) joins(applied stock.Seq, head stock.Hash) *Refusal {
	p := h.Position
	switch {
	case p.Last < applied:
		return refuse(ReasonFork, "the ledger of warehouse %s ends at entry %d but the hub has stored up to %d: the box went back to an older copy; keep its file for inspection and start it with a new ledger", h.Warehouse, p.Last, applied)
	case p.Last == applied && p.Head != head:
		return refuse(ReasonFork, "the ledger of warehouse %s differs from what the hub has stored up to entry %d: keep its file for inspection and start the box with a new ledger", h.Warehouse, applied)
	}
	return nil
}

// seat gives the box its session, a new one unless it already has one.
func (h Hello) seat(s *step, w *warehouse) Welcome {
	st := &w.state
	welcome := Welcome{Applied: st.Applied, Head: st.Head}
	holder := &st.Box
	if h.Position.Epoch != st.Box.Epoch {
		holder = st.Candidate
		welcome.Applied, welcome.Head = 0, stock.Genesis(h.Position.Epoch)
	}
	if holder == nil || holder.Epoch != h.Position.Epoch || !h.copyOf(holder) {
		holder = h.sit(s, w, holder)
		w.helloDown(s, h)
	}
	if w.frozenFor(holder.Epoch) && holder.TookOver.IsZero() {
		welcome.TakeOver = stock.Takeover{Epoch: st.Box.Epoch, Seq: st.Applied}
	}
	welcome.Session, welcome.BaseWanted = holder.Session, holder.BaseWanted
	welcome.DownEpoch, welcome.DownLast = w.down.Epoch, w.down.Last()
	return welcome
}

// sit puts the box in the place of holder, which may be nil.
func (h Hello) sit(s *step, w *warehouse, holder *Box) *Box {
	st := &w.state
	box := Box{Epoch: h.Position.Epoch, Boot: h.Boot, Nonce: h.Nonce, Software: h.Software, TookOver: h.TookOver}
	box.Session, box.Since = w.sessionFor(s, holder, h.Boot)
	box.BaseWanted = h.Position.First > 1
	s.touch(w)
	if box.Epoch == st.Box.Epoch {
		box.BaseWanted = h.Position.First > st.Applied+1
		st.Box = box
		st.Last = max(h.Position.Last, st.Applied)
		return &st.Box
	}
	st.Candidate = &box
	return st.Candidate
}

// sessionFor gives the session of a boot that takes the place of holder, and
// remembers the boot that it replaces. The same boot keeps its session.
func (w *warehouse) sessionFor(s *step, holder *Box, boot Boot) (Session, time.Time) {
	if holder != nil && holder.Boot == boot {
		return holder.Session, holder.Since
	}
	if holder != nil {
		w.supersede(holder)
	}
	// The clock keeps sessions growing even past those that a hub gave before
	// it went back to an older copy of its data.
	w.state.Newest = max(w.state.Newest+1, Session(max(0, s.now().UnixMilli())))
	return w.state.Newest, s.now()
}

func (w *warehouse) supersede(b *Box) {
	if b.Boot == (Boot{}) {
		return
	}
	kept := slices.Clone(w.state.Superseded)
	if i := w.replaced(b.Boot); i >= 0 { // it had come back
		kept = slices.Delete(kept, i, i+1)
	}
	if len(kept) == oldBoots {
		kept = kept[1:]
	}
	w.state.Superseded = append(slices.Clip(kept), OldBoot{b.Boot, b.Nonce})
}

// replaced gives the place of a boot among those that were replaced, also when
// it came back; -1 when it never was.
func (w *warehouse) replaced(boot Boot) int {
	return slices.IndexFunc(w.state.Superseded, func(o OldBoot) bool { return o.Boot == boot })
}

// holder gives the boot that has the session of a ledger; zero for none.
func (w *warehouse) holder(epoch stock.Epoch) Boot {
	switch st := &w.state; {
	case epoch == st.Box.Epoch:
		return st.Box.Boot
	case st.Candidate != nil:
		return st.Candidate.Boot
	}
	return Boot{}
}

func (w *warehouse) closed(e stock.Epoch) bool {
	return slices.ContainsFunc(w.state.Closed, func(c ClosedEpoch) bool { return c.Epoch == e })
}

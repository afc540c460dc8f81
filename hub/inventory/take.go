package inventory

import (
	"fmt"
	"slices"

	"github.com/forestock/forestock/proto/stock"
)

func (in *Ingest) apply(s *step) Result {
	w := s.book.warehouses[in.Warehouse]
	if w == nil {
		return refuse(ReasonWarehouse, "warehouse %s is not enrolled at this hub", in.Warehouse)
	}
	candidate, refusal := w.admit(in.Epoch, in.Session)
	if refusal != nil {
		return refusal
	}
	if candidate {
		if in.From != 1 || len(in.Entries) == 0 {
			return Ingested{Want: 1}
		}
		if refusal := w.replace(s, in); refusal != nil {
			return refusal
		}
	}
	return w.ingest(s, in)
}

// admit checks that a frame comes from the box that has the session, and tells
// whether that box is the candidate.
func (w *warehouse) admit(e stock.Epoch, session Session) (candidate bool, _ *Refusal) {
	st := &w.state
	switch {
	case e == st.Box.Epoch && session == st.Box.Session && st.Frozen != nil:
		return false, refuse(ReasonEpoch, "warehouse %s is being replaced: the ledger %s takes over the levels of this box", st.Warehouse, st.Frozen.Candidate)
	case e == st.Box.Epoch && session == st.Box.Session:
		return false, nil
	case st.Candidate != nil && e == st.Candidate.Epoch && session == st.Candidate.Session:
		return true, nil
	case w.closed(e):
		return false, refuse(ReasonEpoch, "the ledger %s of warehouse %s was replaced by a later one and stays closed", e, st.Warehouse)
	}
	return false, refuse(ReasonSession, "session %d of warehouse %s is over: say hello again", session, st.Warehouse)
}

// replace opens the candidate's epoch with its first run, if that allows it.
func (w *warehouse) replace(s *step, in *Ingest) *Refusal {
	if in.Prev != stock.Genesis(in.Epoch) {
		return refuse(ReasonFork, "the first entry of the ledger %s does not begin its chain", in.Epoch)
	}
	first := &in.Entries[0]
	if refusal := w.mayOpen(first.Err == nil && first.Entry.Seq == 1 && first.Entry.Kind == stock.Opening); refusal != nil {
		return refusal
	}
	w.open(s, in.Last)
	return nil
}

// empty forgets the sum of all entries and every lot of w. Readers go on seeing
// what they see where that was taken over.
func (w *warehouse) empty(s *step) {
	keep := w.state.Reported != nil
	for _, l := range w.lines.sorted() { // sorted: revisions must not depend on a restart
		sku := l.sku
		if keep && !w.apart(sku) && len(w.sheet.Levels(sku)) == 0 {
			continue // nothing stays nothing
		}
		if keep {
			w.part(sku, l)
		}
		l.onHand = 0
		s.touchSum(w, sku, l)
	}
	w.sheet = stock.Sheet{}
	s.changes.Emptied = append(s.changes.Emptied, w.state.Warehouse)
	s.changes.Lots = slices.DeleteFunc(s.changes.Lots, func(l LotRow) bool { return l.Warehouse == w.state.Warehouse })
}

// ingest applies the part of the run that is new.
func (w *warehouse) ingest(s *step, in *Ingest) Result {
	st := &w.state
	before, aside, strays := st.Applied, st.Quarantined, s.strays
	switch {
	case in.From == 0 || in.From > st.Applied+1:
		return Ingested{Applied: st.Applied, Want: st.Applied + 1, Diverged: st.Divergence != nil}
	case !w.joins(in):
		// It has the session, so it is the very box: nobody else is pushed out.
		fork := refuse(ReasonFork, "the entries of warehouse %s from %d on do not follow what the hub has stored up to %d: the ledger went back to an older copy and went on from there; keep its file for inspection and start the box with a new ledger", st.Warehouse, in.From, st.Applied)
		fork.Rebirth = true
		return fork
	}
	if in.To() > st.Applied {
		w.take(s, in.Entries[st.Applied+1-in.From:])
	}
	if in.Last > st.Last || st.Applied > st.Last {
		st.Last = max(in.Last, st.Applied)
		s.touch(w)
	}
	if in.Digest != nil && in.To() == st.Applied {
		w.compare(s, *in.Digest)
	}
	return Ingested{
		Applied: st.Applied, Stored: int(st.Applied - before),
		Quarantined: st.Quarantined - aside, Strays: s.strays - strays, Diverged: st.Divergence != nil,
	}
}

// joins checks the chain where the run meets what is stored. A run that ends
// before that is not checked: nothing of it is used.
func (w *warehouse) joins(in *Ingest) bool {
	st := &w.state
	switch {
	case in.From == st.Applied+1:
		return in.Prev == st.Head
	case in.To() >= st.Applied:
		return in.Entries[st.Applied-in.From].Hash == st.Head
	}
	return true
}

// take stores entries that follow on what is stored.
func (w *warehouse) take(s *step, entries []Sent) {
	st := &w.state
	run := Run{Warehouse: st.Warehouse, From: Place{st.Term(), st.Applied + 1}, Entries: make([]Kept, len(entries))}
	for i := range entries {
		e := &entries[i]
		st.Applied++
		place := Place{run.From.Term, st.Applied}
		if why := e.unfit(st.Applied); why != "" {
			st.Quarantined++
			s.changes.Quarantined = append(s.changes.Quarantined, Quarantined{
				Warehouse: st.Warehouse, Epoch: st.Box.Epoch, Place: place, Raw: e.Raw, Reason: why, Stored: s.now(),
			})
			run.Entries[i] = Kept{Raw: e.Raw}
		} else {
			run.Entries[i] = w.move(s, place, e)
		}
		w.reached(s)
	}
	st.Head = entries[len(entries)-1].Hash
	st.Stored = s.now()
	s.changes.Runs = append(s.changes.Runs, run)
	s.touch(w)
}

// unfit says why an entry cannot be applied at a position; empty if it can.
func (e *Sent) unfit(at stock.Seq) string {
	if e.Err != nil {
		return e.Err.Error()
	}
	if e.Entry.Seq != at {
		return fmt.Sprintf("the entry at position %d calls itself %d", at, e.Entry.Seq)
	}
	return ""
}

// move applies one movement.
func (w *warehouse) move(s *step, at Place, e *Sent) Kept {
	m := e.Entry.Movement // a copy: the command stays as it was
	w.name(s, &m)
	l := w.line(s, m.SKU)
	if w.state.Reported != nil {
		w.part(m.SKU, l)
	}
	known := w.sheet.Lot(m.SKU, m.Lot)
	w.sheet.Apply(&m)
	if now := w.sheet.Lot(m.SKU, m.Lot); now != known {
		s.changes.Lots = append(s.changes.Lots, LotRow{w.state.Warehouse, m.SKU, now})
	}
	if m.To == "" { // a move to another bin leaves the sum as it is
		l.onHand += m.Delta
	}
	kept := Kept{Raw: e.Raw, SKU: m.SKU, Prev: l.newest(), OnHandAfter: l.onHand}
	l.term, l.seq = at.Term, at.Seq
	s.touchSum(w, m.SKU, l)
	if w.tookOver() && m.Kind != stock.Opening {
		w.show(s, at, &m, l)
	}
	w.fulfil(s, at, &m)
	return kept
}

// show adds a movement to the levels that were taken over. Openings are not:
// they are these very levels.
func (w *warehouse) show(s *step, at Place, m *stock.Movement, l *line) {
	w.aside.sheet.Apply(m)
	w.aside.sheet.Restate(m.SKU, stockedOf(&w.aside.sheet, m.SKU)) // lots without stock are forgotten
	w.aside.newest[m.SKU] = at
	s.touchLine(w, m.SKU, l)
}

// name replaces the texts that the sheet will keep by the Book's copies.
func (w *warehouse) name(s *step, m *stock.Movement) {
	n := &s.book.names
	m.SKU = stock.SKU(n.of(string(m.SKU)))
	m.Lot = stock.Lot(n.of(string(m.Lot)))
	m.Bin = stock.Bin(n.of(string(m.Bin)))
	m.To = stock.Bin(n.of(string(m.To)))
}

// compare notes whether hub and agent have the same levels at this entry.
func (w *warehouse) compare(s *step, agent uint64) {
	st := &w.state
	digest := w.sheet.Digest()
	hub := digest.Root()
	switch d := st.Divergence; {
	case hub == agent && d == nil:
		return
	case hub == agent:
		st.Divergence = nil
	case d != nil:
		st.Divergence = &Divergence{Seq: st.Applied, Hub: hub, Agent: agent, Since: d.Since}
	default:
		st.Divergence = &Divergence{Seq: st.Applied, Hub: hub, Agent: agent, Since: s.now()}
	}
	s.touch(w)
}

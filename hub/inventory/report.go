package inventory

import (
	"github.com/forestock/forestock/proto/stock"
)

// holder finds the warehouse of a box that states its levels, and refuses one
// that has not the session of the ledger that counts.
func (s *step) holder(id stock.Warehouse, e stock.Epoch, session Session) (*warehouse, *Refusal) {
	w := s.book.warehouses[id]
	if w == nil {
		return nil, refuse(ReasonWarehouse, "warehouse %s is not enrolled at this hub", id)
	}
	candidate, refusal := w.admit(e, session)
	if candidate {
		refusal = refuse(ReasonSession, "the ledger %s of warehouse %s does not count yet", e, id)
	}
	return w, refusal
}

func (r Report) apply(s *step) Result {
	w, refusal := s.holder(r.Warehouse, r.Statement.Epoch, r.Session)
	if refusal != nil {
		return refusal
	}
	sheet, refusal := s.book.sheetOf(&r.Statement)
	if refusal != nil {
		return refusal
	}
	st, at := &w.state, r.Statement.Seq
	w.heardOf(s, at)
	switch {
	case at == st.Applied:
		w.compare(s, r.Statement.Digest)
	case at > st.Applied && !w.ahead(at):
		st.Reported = &Reported{Epoch: st.Box.Epoch, Seq: at, Until: at, Since: s.now(), Stated: r.Statement.Digest}
		w.serve(s, &sheet)
		return Stated{Applied: st.Applied, Until: at, Serving: true}
	}
	out := Stated{Applied: st.Applied}
	if st.Reported != nil {
		out.Until = st.Reported.Until
	}
	return out
}

// ahead reports whether what is shown is to stay rather than give way to levels
// as of an entry: it is newer, or somebody ordered it.
func (w *warehouse) ahead(at stock.Seq) bool {
	r := w.state.Reported
	return r != nil && (r.Until > at || r.Repair != nil)
}

// heardOf notes an entry that the box is known to have.
func (w *warehouse) heardOf(s *step, last stock.Seq) {
	if last > w.state.Last {
		w.state.Last = last
		s.touch(w)
	}
}

func (a Adopt) apply(s *step) Result {
	w := s.book.warehouses[a.Warehouse]
	if w == nil {
		return refuse(ReasonWarehouse, "warehouse %s is not enrolled at this hub", a.Warehouse)
	}
	st, at := &w.state, &a.Statement
	candidate, refusal := w.admit(at.Epoch, a.Session)
	if refusal != nil {
		return refusal
	}
	box := &st.Box
	if candidate {
		box = st.Candidate
	} else if at.Seq <= st.Applied {
		return Ingested{Applied: st.Applied, Diverged: st.Divergence != nil} // a repetition
	}
	if !box.BaseWanted {
		return refuse(ReasonInvalid, "warehouse %s keeps the entries that the hub needs: its base is not wanted", a.Warehouse)
	}
	sheet, refusal := s.book.sheetOf(at)
	if refusal != nil {
		return refusal
	}
	if candidate {
		if refusal := w.mayOpen(false); refusal != nil {
			return refusal
		}
		w.open(s, at.Seq)
	}
	w.adopt(s, at, &sheet)
	return Ingested{Applied: st.Applied}
}

// adopt makes the fold that of a statement of the ledger that counts.
func (w *warehouse) adopt(s *step, at *stock.Statement, sheet *stock.Sheet) {
	st := &w.state
	w.become(s, w.union(sheet), sheet)
	st.Adopted = &Adopted{From: st.Applied + 1, Seq: at.Seq, Time: s.now()}
	st.Applied, st.Head, st.Settled = at.Seq, at.Head, at.Seq
	st.Last = max(st.Last, at.Seq)
	st.Stored, st.Divergence, st.Box.BaseWanted = s.now(), nil, false
	w.reached(s)
	s.touch(w)
}

func (r Repair) apply(s *step) Result {
	if !named(r.By, r.Why) {
		return refuseNameless()
	}
	w, refusal := s.holder(r.Warehouse, r.Statement.Epoch, r.Session)
	if refusal != nil {
		return refusal
	}
	sheet, refusal := s.book.sheetOf(&r.Statement)
	if refusal != nil {
		return refusal
	}
	st, at, order := &w.state, r.Statement.Seq, Order{r.By, r.Why}
	w.heardOf(s, at)
	switch {
	case st.Reported != nil && st.Reported.Until > at, at < st.Settled:
		return refuse(ReasonInvalid, "the levels of warehouse %s as of entry %d are older than others that it stated: ask for the newest", r.Warehouse, at)
	case at > st.Applied:
		st.Reported = &Reported{Epoch: st.Box.Epoch, Seq: at, Until: at, Since: s.now(), Stated: r.Statement.Digest, Repair: &order}
		w.serve(s, &sheet)
		return Repairing{Until: at}
	case at < st.Applied && r.Upto != st.Applied:
		return refuse(ReasonMoved, "warehouse %s has gone on to entry %d", r.Warehouse, st.Applied)
	}
	for i := range r.Since {
		m := r.Since[i]
		w.name(s, &m)
		sheet.Apply(&m)
	}
	done := w.repair(s, w.union(&sheet), &sheet, Place{st.Term(), at}, order)
	return Repairing{Until: at, Done: &done}
}

// repairedCells bounds how many cells a repair is recorded with.
const repairedCells = 1000

// repair makes the fold of some SKUs what a sheet says, and records it.
func (w *warehouse) repair(s *step, skus []stock.SKU, sheet *stock.Sheet, at Place, by Order) Repaired {
	st := &w.state
	cells := w.become(s, skus, sheet)
	st.Repairs++
	st.Settled, st.Divergence = at.Seq, nil
	out := Repaired{
		Warehouse: st.Warehouse, Number: st.Repairs, Place: at, By: by.By, Why: by.Why, Time: s.now(),
		Differ: len(cells), Cells: cells[:min(len(cells), repairedCells)],
	}
	s.changes.Repaired = append(s.changes.Repaired, out)
	s.touch(w)
	return out
}

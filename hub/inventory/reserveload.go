package inventory

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/forestock/forestock/proto/stock"
)

// EndedRow is what is remembered of a reservation that ended.
type EndedRow struct {
	Sum      Sum
	Payload  uint64 // of which half is remembered
	State    ReservationState
	Revision Revision
}

// loadReservations takes the rows about reservations. Levels and down streams
// have been loaded before.
func (b *Book) loadReservations(c *Changes) {
	for _, row := range c.Policies {
		w := b.ware(row.Warehouse)
		w.keepPolicy(row)
		b.revision = max(b.revision, row.Revision)
	}
	b.stale(c)
	b.loadEvents(c.Events)
	b.loadEnded(c.Ended)
	if c.Retired > 0 {
		b.loadRetired(c.Retired)
	}
	b.untidy = true
}

// Superseded reports whether a newer record of a reservation was loaded.
func (b *Book) Superseded(sum Sum, r Revision) bool { return b.desk.known[sum].revision >= r }

// stale lets promises read again what was loaded.
func (b *Book) stale(c *Changes) {
	if len(c.Levels)+len(c.Folds)+len(c.Joined)+len(c.Lots)+len(c.Items) == 0 {
		return
	}
	for _, w := range b.warehouses {
		for _, p := range w.promises {
			p.refresh(b)
		}
	}
}

// loadEvents takes records in any order: the newest of each reservation counts.
func (b *Book) loadEvents(events []Event) {
	for i := range events {
		b.loadRecord(events[i].Reservation)
	}
}

func (b *Book) loadRecord(r *Reservation) {
	d := &b.desk
	b.revision = max(b.revision, r.Revision)
	sum := SumOf(r.ID)
	k, ok := d.known[sum]
	if ok && k.revision >= r.Revision {
		return
	}
	slot, open := k.slot()
	if ok && open {
		b.unload(slot)
	}
	if r.Warehouse == "" || !r.State.Open() && r.Asked == 0 {
		d.remember(sum, r, 0)
		return
	}
	w := b.ware(r.Warehouse)
	slot = d.hire(w, sum)
	d.records[slot].r = r
	d.remember(sum, r, slot)
	if r.State == Tried {
		d.expects(slot, r)
	}
	b.loadClaims(w, r)
	for i := range r.Picks {
		w.note(r.Picks[i].Place, slot)
	}
}

// loadClaims counts what an open record claims, and gives the levels of its
// lines the revisions that it gave them.
func (b *Book) loadClaims(w *warehouse, r *Reservation) {
	first := r.Revision - Revision(len(r.Lines))
	for i := range r.Lines {
		l := &r.Lines[i]
		p := w.promise(b, l.SKU)
		if p == nil {
			continue
		}
		p.line.revision = max(p.line.revision, first+Revision(i))
		if !r.State.Open() {
			continue
		}
		p.count(r.State, r.Channel, l.Reserved())
		for _, a := range l.Lots {
			p.lot(a.Lot, a.Expiry).claimed += a.Quantity
		}
	}
}

// unload takes back what loadRecord did.
func (b *Book) unload(slot uint32) {
	d := &b.desk
	rec := &d.records[slot]
	for i := range rec.r.Lines {
		l := &rec.r.Lines[i]
		if p := rec.ware.promise(b, l.SKU); p != nil && rec.r.State.Open() {
			p.count(rec.r.State, rec.r.Channel, -l.Reserved())
			p.putBack(l.Lots)
		}
	}
	if rec.r.State == Tried {
		d.released()
	}
	d.fire(slot)
}

// loadEnded takes what is remembered of reservations that ended.
func (b *Book) loadEnded(rows []EndedRow) {
	for i := range rows {
		row := &rows[i]
		if b.desk.known[row.Sum].revision < row.Revision {
			b.desk.remember(row.Sum, &Reservation{Payload: row.Payload, State: row.State, Revision: row.Revision}, 0)
		}
		b.revision = max(b.revision, row.Revision)
	}
}

// loadRetired forgets what was let go of. Records that stay have been written
// again since.
func (b *Book) loadRetired(upto Revision) {
	d := &b.desk
	for sum, k := range d.known {
		if k.revision > upto {
			continue
		}
		if slot, open := k.slot(); open {
			b.unload(slot)
		}
		delete(d.known, sum)
	}
}

// tidy lets go of what no floor waits for, and finds out what waits. It comes
// after all Loads.
func (b *Book) tidy() {
	if !b.untidy {
		return
	}
	b.untidy = false
	d := &b.desk
	for _, w := range b.warehouses {
		w.asks, w.asking = nil, 0
		for _, slot := range slices.Clone(w.slots) {
			r := d.records[slot].r
			if !w.needs(r) {
				d.remember(d.records[slot].sum, r, 0)
				d.fire(slot)
			} else if w.waits(r.Asked) {
				w.asks = append(w.asks, ask{r.Asked, slot})
			}
		}
		slices.SortFunc(w.asks, func(a, b ask) int { return cmp.Compare(a.asked, b.asked) })
		w.asking = len(w.asks)
	}
}

// reservationRows gives all records in memory and all that is remembered.
func (b *Book) reservationRows(out *Changes) {
	b.tidy()
	d := &b.desk
	for i := range d.records {
		if r := d.records[i].r; r != nil {
			out.Events = append(out.Events, Event{Type: EventKept, Time: r.Updated, Reservation: r})
		}
	}
	slices.SortFunc(out.Events, func(a, b Event) int { return cmp.Compare(a.Reservation.Revision, b.Reservation.Revision) })
	for sum, k := range d.known {
		if _, open := k.slot(); !open {
			out.Ended = append(out.Ended, EndedRow{sum, uint64(k.payload), k.state(), k.revision})
		}
	}
	slices.SortFunc(out.Ended, func(a, b EndedRow) int { return bytes.Compare(a.Sum[:], b.Sum[:]) })
	for _, id := range sortedKeys(b.warehouses) {
		w := b.warehouses[id]
		for _, sku := range sortedKeys(w.policies) {
			out.Policies = append(out.Policies, w.policies[sku])
		}
	}
}

func (r Retire) apply(s *step) Result {
	d := &s.book.desk
	var out Retired
	for _, sum := range r.IDs {
		k, ok := d.known[sum]
		if !ok || k.revision > r.Upto {
			continue
		}
		slot, open := k.slot()
		if open && (d.records[slot].r.State != Cancelled || d.records[slot].ware.tells(d.records[slot].r)) {
			s.put(slot, s.change(slot), EventKept)
			out.Kept++
			continue
		}
		if open {
			d.fire(slot)
		}
		delete(d.known, sum)
		out.Forgotten++
	}
	s.changes.Retired = max(s.changes.Retired, r.Upto)
	return out
}

// tells reports whether the floor has still to hear of a reservation.
func (w *warehouse) tells(r *Reservation) bool {
	return r.Asked != 0 && (w.waits(r.Asked) || w.pends(r.ID))
}

// policyOf gives the policy that holds for a SKU; for the empty SKU that of the
// warehouse.
func (w *warehouse) policyOf(sku stock.SKU) *Policy {
	if row, ok := w.policies[sku]; ok && row.Policy != nil {
		return row.Policy
	}
	if row, ok := w.policies[""]; ok && row.Policy != nil {
		return row.Policy
	}
	return noPolicy
}

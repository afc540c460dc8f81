package ingest

import (
	"time"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

// replaceFor is for how long an operator's word lets another box take over.
const replaceFor = 15 * time.Minute

// Replacement is an operator's word that the present box of a warehouse may be
// replaced though it is heard from. It is kept in memory only: what comes of it
// is durable.
type Replacement struct {
	By, Why string
	Until   time.Time
}

// Replace lets another box take a warehouse over for a while, as decided by
// somebody for a reason.
func (d *Desk) Replace(w stock.Warehouse, by, why string) Replacement {
	r := Replacement{By: by, Why: why, Until: time.Now().Add(replaceFor)}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.replace[w] = r
	d.log.Warn("another box may take the warehouse over", "warehouse", string(w), "until", r.Until, "by", by, "why", why)
	return r
}

// Replacement gives the operator's word about a warehouse, while it holds.
func (d *Desk) Replacement(w stock.Warehouse) (Replacement, bool) {
	d.mu.RLock()
	r, ok := d.replace[w]
	d.mu.RUnlock()
	return r, ok && time.Now().Before(r.Until)
}

// replaced ends the operator's word: it was for one replacement.
func (d *Desk) replaced(w stock.Warehouse) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.replace, w)
}

// sign notes that a box was heard from. Of the boots of a warehouse only those
// that have a session are remembered.
func (l *link) sign(at time.Time, b wire.Boot, st *inventory.WarehouseState) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.signs == nil {
		l.signs = make(map[wire.Boot]time.Time)
	}
	l.signs[b] = at
	for old := range l.signs {
		if old != b && old != wire.Boot(st.Box.Boot) && (st.Candidate == nil || old != wire.Boot(st.Candidate.Boot)) {
			delete(l.signs, old)
		}
	}
}

// Heard gives when a boot of a warehouse was heard from last; zero when not
// since the hub started.
func (d *Desk) Heard(w stock.Warehouse, b inventory.Boot) time.Time {
	d.mu.RLock()
	l := d.links[w]
	d.mu.RUnlock()
	if l == nil {
		return time.Time{}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.signs[wire.Boot(b)]
}

// mayTakeOver reports whether a box that says hello may replace the others: none
// of them was heard from for a while, or an operator said so. A hub that has just
// started has heard of nobody, which says nothing: it counts from its start.
func (l *link) mayTakeOver(at time.Time, b wire.Boot) bool {
	st, ok := l.desk.store.Warehouse(l.warehouse)
	if !ok {
		return true
	}
	if _, ok := l.desk.Replacement(l.warehouse); ok {
		return true
	}
	for _, other := range []*inventory.Box{&st.Box, st.Candidate} {
		if other == nil || wire.Boot(other.Boot) == b {
			continue
		}
		last := l.desk.Heard(l.warehouse, other.Boot)
		if last.Before(l.desk.started) {
			last = l.desk.started
		}
		if at.Sub(last) < l.desk.cfg.TakeoverAfter {
			return false
		}
	}
	return true
}

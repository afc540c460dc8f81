package floor

import (
	"maps"
	"sync"
	"time"

	"github.com/forestock/forestock/proto/stock"
)

// Hall is what the stations of one warehouse know of each other while the
// agent runs: who works where, on which order, and with which tote. It is what
// keeps two people from walking the same way; that no order is picked twice,
// the ledger makes sure of.
type Hall struct {
	mu    sync.Mutex
	desks map[string]*presence     // guarded by mu; by station
	totes map[string]stock.OrderID // guarded by mu; the order that a tote was taken for
	wrong map[string]wrongPINs     // guarded by mu; by badge
}

// wrongPINs are how often a badge's PIN was wrong, and when last.
type wrongPINs struct {
	n  int
	at time.Time
}

// lockFor is how long a badge stays locked.
const lockFor = 15 * time.Minute

// presence is what a station says of itself.
type presence struct {
	desk     *Desk
	operator string
	mode     Mode
	working  bool
	order    stock.OrderID
}

// NewHall makes the hall of a warehouse.
func NewHall() *Hall {
	return &Hall{desks: make(map[string]*presence), totes: make(map[string]stock.OrderID), wrong: make(map[string]wrongPINs)}
}

// Claimant gives the station that picks an order; empty for none.
func (h *Hall) Claimant(id stock.OrderID) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.claimant(id)
}

func (h *Hall) claimant(id stock.OrderID) string {
	for station, p := range h.desks {
		if p.order == id && id != "" {
			return station
		}
	}
	return ""
}

// Tote gives the tote that an order was begun with; empty for none.
func (h *Hall) Tote(id stock.OrderID) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	for tote, order := range h.totes {
		if order == id {
			return tote
		}
	}
	return ""
}

// Filling gives the order that a tote was taken for; empty for none.
func (h *Hall) Filling(tote string) stock.OrderID {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.totes[tote]
}

// WrongPINs gives how often a badge's PIN was wrong since it was right; after a
// quarter of an hour that is forgotten.
func (h *Hall) WrongPINs(badge string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	if w := h.wrong[badge]; time.Since(w.at) < lockFor {
		return w.n
	}
	return 0
}

// try notes a PIN that was keyed in.
func (h *Hall) try(t *Try) {
	if t == nil {
		return
	}
	n := h.WrongPINs(t.Badge) + 1
	h.mu.Lock()
	defer h.mu.Unlock()
	if t.Right {
		delete(h.wrong, t.Badge)
		return
	}
	h.wrong[t.Badge] = wrongPINs{n, time.Now()}
}

// hold notes what a station is about to do. It gives false, and notes nothing,
// when another station was quicker at the same order.
func (h *Hall) hold(d *Desk, s *State) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := presence{desk: d, operator: s.operator, mode: s.mode, working: s.mode != LookUp}
	if s.round != nil {
		p.order = s.round.order
		if who := h.claimant(p.order); who != "" && who != s.station {
			return false
		}
		if s.round.tote != "" {
			h.totes[s.round.tote] = p.order
		}
	}
	old := h.desks[s.station]
	h.desks[s.station] = &p
	if old != nil && old.order != "" && old.order != p.order {
		h.forget(d.book)
	}
	return true
}

// forget lets go of the totes of orders that are over.
func (h *Hall) forget(book Orders) {
	maps.DeleteFunc(h.totes, func(_ string, id stock.OrderID) bool {
		o, known := book.Order(id)
		p := book.Picked(id)
		return !known || o.Done(&p)
	})
}

// workplace gives the desk where a person works, other than the one asking.
func (h *Hall) workplace(operator string, except *Desk) *Desk {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, p := range h.desks {
		if p.operator == operator && p.working && p.desk != except {
			return p.desk
		}
	}
	return nil
}

// desk gives a station's desk.
func (h *Hall) desk(station string) *Desk {
	h.mu.Lock()
	defer h.mu.Unlock()
	if p := h.desks[station]; p != nil {
		return p.desk
	}
	return nil
}

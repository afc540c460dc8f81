package uplink

import (
	"time"

	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

// telling is the orders that this warehouse holds on their way to a hub whose
// down stream begins anew: one that went back to an older copy may not know them.
// Until it has them nothing else is sent or taken. A pick must not come before
// its order, and what the new stream says of an order is the answer.
type telling struct {
	active bool
	rest   []stock.Order // that the hub has not taken
	part   int
	orders int       // of rest that are in the part under way
	again  time.Time // when to say it again; zero while the ledger is asked
}

// tell asks the ledger for the orders, where the hub wants to be told.
func (m *machine) tell(w *wire.Welcome) {
	m.telling = telling{}
	if old := m.down.stored.Epoch; w.TellOrders && !old.IsZero() && old != w.DownEpoch {
		m.telling.active = true
		m.do(readOrders{})
	}
}

// orders takes the answer to readOrders.
func (m *machine) orders(now time.Time, all []stock.Order) {
	if m.phase == phaseOpen && m.telling.active && m.telling.rest == nil {
		m.telling.rest = all
		m.tellOrders(now)
	}
}

// tellOrders says as many of the orders as fit a frame.
func (m *machine) tellOrders(now time.Time) {
	t := &m.telling
	for n := min(len(t.rest), wire.MaxOrders); n > 0; n /= 2 {
		f := m.header()
		f.Body = &wire.Orders{Part: t.part, Orders: t.rest[:n]}
		raw, err := m.codec.Encode(&f)
		if err == nil {
			t.orders, t.again = n, now.Add(m.pace.Wait(m.random()))
			m.do(send{frame: raw, kind: wire.KindOrders})
			return
		}
		if n == 1 { // came in a frame with others and fits none alone: cannot be
			m.note.err, m.note.hint = err.Error(), "this is a defect of the program: please report it"
			t.rest, n = t.rest[1:], 2*min(len(t.rest)-1, wire.MaxOrders)
		}
	}
	*t = telling{}
	m.feed(now)
}

// ordersTaken takes note that the hub has a part.
func (m *machine) ordersTaken(now time.Time, part int) {
	t := &m.telling
	if !t.active || t.orders == 0 || part != t.part {
		return // a copy
	}
	m.pace.Reset()
	t.part, t.rest, t.orders = t.part+1, t.rest[t.orders:], 0
	m.tellOrders(now)
}

// tickOrders says again what was not answered in time.
func (m *machine) tickOrders(now time.Time) {
	if t := &m.telling; t.active && !t.again.IsZero() && !now.Before(t.again) {
		m.tellOrders(now)
	}
}

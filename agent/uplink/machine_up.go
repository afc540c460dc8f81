package uplink

import (
	"time"

	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

// prepared is a batch, read and encoded.
type prepared struct {
	from, to stock.Seq
	frame    []byte
}

// flight is the batch that waits for its acknowledgement.
type flight struct {
	prepared
	sent   time.Time
	again  time.Time // when to send the same bytes again
	copies int       // how often that was done
}

// readState is what the machine has asked of the ledger. Answers of an earlier
// turn come too late and count for nothing.
type readState struct {
	turn  int
	busy  bool
	again time.Time // when to try again after a failure; zero for not
}

func (r *readState) next() int {
	r.turn++
	r.busy, r.again = true, time.Time{}
	return r.turn
}

func (r *readState) cancel() {
	r.turn++
	r.busy, r.again = false, time.Time{}
}

// readRetry is how long the ledger is left alone after it could not be read.
const readRetry = time.Second

// feed keeps one batch in flight, and a second one ready while there is a
// backlog: reading and packing then cost no time on the line.
func (m *machine) feed(now time.Time) {
	if m.phase != phaseOpen || m.taking.active() || m.telling.active {
		return
	}
	next := m.acked + 1
	if next < m.pos.First {
		if !m.base { // the ledger forgot what the hub lacks: the hub's welcome tells how to go on
			m.sayHello(now)
		}
		return
	}
	if m.flight == nil && m.ready != nil {
		if m.ready.from == next {
			m.launch(now)
		} else {
			m.ready = nil
		}
	}
	backlog := 1 // entries that are worth a batch
	if m.flight != nil {
		// While one is in flight only a full one is prepared: what trickles in
		// meanwhile travels together with the next.
		next, backlog = m.flight.to+1, m.limits.entries
	}
	if m.ready != nil || m.read.busy || !m.read.again.IsZero() || m.pos.Last+1 < next+stock.Seq(backlog) {
		return
	}
	m.do(readBatch{next - 1, m.limits, m.header(), m.read.next()})
}

func (m *machine) launch(now time.Time) {
	m.flight = &flight{prepared: *m.ready, sent: now, again: now.Add(m.pace.Wait(m.random()))}
	m.ready = nil
	m.do(send{frame: m.flight.frame, kind: wire.KindBatch})
}

// batch takes the answer to readBatch.
func (m *machine) batch(now time.Time, turn int, p prepared, err error) {
	if m.phase != phaseOpen || turn != m.read.turn || !m.read.busy {
		return
	}
	m.read.busy = false
	if err != nil {
		m.note.err, m.note.hint = err.Error(), "the ledger could not be read: see the agent's log"
		m.read.again = now.Add(readRetry)
		return
	}
	if p.to >= p.from {
		m.ready = &p
	}
	m.feed(now)
}

func (m *machine) tickRead(now time.Time) {
	if m.phase == phaseOpen && !m.read.again.IsZero() && !now.Before(m.read.again) {
		m.read.again = time.Time{}
		m.feed(now)
	}
}

// tickFlight sends the batch in flight again when its time has come: the very
// same bytes, so that it does not matter which copy arrives.
func (m *machine) tickFlight(now time.Time) {
	if m.phase != phaseOpen || m.flight == nil || now.Before(m.flight.again) {
		return
	}
	if !m.heard.After(m.flight.sent) && m.silence(now) {
		return
	}
	m.flight.copies++
	m.flight.again = now.Add(m.pace.Wait(m.random()))
	m.do(send{frame: m.flight.frame, kind: wire.KindBatch, copy: true})
}

// ack takes note of what the hub has stored. It is the only thing that moves
// the uplink on.
func (m *machine) ack(now time.Time, upto stock.Seq) {
	if upto > m.pos.Last {
		m.sayHello(now) // the hub speaks of entries that do not exist: ask it who it thinks we are
		return
	}
	if upto <= m.acked {
		return // late, or a copy
	}
	m.acked, m.base = upto, false
	m.note.lastAck, m.note.err, m.note.hint = now, "", ""
	m.do(storeCursor{upto})
	if f := m.flight; f != nil && upto >= f.from {
		if upto == f.to && f.copies == 0 {
			m.pace.Sample(now.Sub(f.sent))
		}
		m.flight = nil
		if upto != f.to { // the hub took a part, or had more already
			m.ready = nil
			m.read.cancel()
		}
	}
	m.feed(now)
}

// gap goes back to what the hub asks for.
func (m *machine) gap(now time.Time, want stock.Seq) {
	if want == 0 || want > m.pos.Last+1 {
		m.sayHello(now)
		return
	}
	if m.flight != nil && m.flight.from == want {
		return // on its way; a copy goes when its time comes
	}
	m.acked, m.flight, m.ready = want-1, nil, nil
	m.read.cancel()
	m.feed(now)
}

// busy waits as long as the hub asks. The wait says nothing about the line, so
// the timeout does not grow.
func (m *machine) busy(now time.Time, after time.Duration) {
	if m.flight == nil {
		return
	}
	after = min(max(after, time.Millisecond), maxWait)
	m.flight.again = now.Add(after + time.Duration(m.random()*float64(after)/4))
}

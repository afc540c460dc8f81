package uplink

import (
	"fmt"
	"time"

	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

const (
	// pingEvery is how often the way to the hub and back is checked. The hub
	// calls a warehouse live while it was heard within 15 s, so two pings in a
	// row may get lost.
	pingEvery = 5 * time.Second
	// maxSilent is how many timeouts without any frame of the hub mean that
	// the session is to be opened anew.
	maxSilent = 3
	// pathTimeout is after how long without any frame of the hub another
	// broker is tried: this one may be cut off from the hub.
	pathTimeout = 60 * time.Second
	// maxWait bounds every wait for an answer of the hub or of the ledger.
	maxWait = time.Minute
	// deafAfter is after how long without a welcome the operator is told where
	// to look: a broker may grant a subscription and then deliver nothing.
	deafAfter = 30 * time.Second
)

// helloState is the hello that is not answered yet.
type helloState struct {
	nonce  uint64
	frame  []byte
	since  time.Time
	again  time.Time    // when to repeat it
	deaf   bool         // the operator was told that nobody answers
	answer wire.Welcome // while its hash is being checked
	proof  bool         // it tells what the ledger was at the hub's cursor, see prove
}

type pingState struct {
	nonce uint64
	next  time.Time
	sent  time.Time
	open  bool      // the last ping is not answered
	acked stock.Seq // what was acknowledged when it was sent
}

// sayHello begins a new session.
func (m *machine) sayHello(now time.Time) { m.greet(now, m.pos.Last, m.pos.Head, false) }

// prove says hello as if the ledger ended at the hub's cursor, where it is not
// what the hub has: the hub sees for itself, and its refusal tells whether to
// begin a new ledger.
func (m *machine) prove(now time.Time, last stock.Seq, head stock.Hash) {
	m.greet(now, last, head, true)
}

func (m *machine) greet(now time.Time, last stock.Seq, head stock.Hash, proof bool) {
	m.forget()
	m.phase = phaseHello
	m.pace.Reset()
	m.box.hellos++
	m.hello = helloState{nonce: m.box.hellos, since: now, proof: proof}
	f := wire.Frame{Epoch: m.pos.Epoch, Boot: m.box.boot, Body: &wire.Hello{
		First: m.pos.First, Last: last, Head: head, Down: m.down.stored, Nonce: m.hello.nonce,
		VersionMin: wire.Version, VersionMax: wire.Version, Software: m.software, Time: now, TookOver: m.took,
	}}
	raw, err := m.codec.Encode(&f)
	if err != nil {
		m.note.err, m.note.hint = err.Error(), "this is a defect of the program: please report it"
		return
	}
	m.hello.frame = raw
	m.repeatHello(now)
}

func (m *machine) repeatHello(now time.Time) {
	m.do(send{frame: m.hello.frame, kind: wire.KindHello, copy: m.hello.since != now})
	m.hello.again = now.Add(m.pace.Wait(m.random()))
}

func (m *machine) tickHello(now time.Time) {
	if !m.hello.deaf && !now.Before(m.hello.since.Add(deafAfter)) {
		m.hello.deaf = true
		m.note.err = "connected to the broker, but the hub does not answer"
		m.note.hint = "check that the hub is connected to the same broker, and the broker's access rules for this warehouse's topics"
	}
	if now.Before(m.hello.again) {
		return
	}
	if m.phase == phaseChecking { // the ledger did not answer in time
		m.sayHello(now)
		return
	}
	m.repeatHello(now)
}

// welcome takes the answer to the present hello. A welcome of a later session
// for the same hello replaces the earlier one; any other is late and says
// nothing.
func (m *machine) welcome(now time.Time, w *wire.Welcome) {
	if w.Boot != m.box.boot || w.Nonce != m.hello.nonce || m.phase == phaseFenced {
		return
	}
	if m.phase != phaseHello && w.Session <= m.session {
		return
	}
	if w.Version != wire.Version {
		m.hold(now, wire.FenceVersion, fmt.Sprintf("the hub speaks protocol version %d, this program %d", w.Version, wire.Version))
		return
	}
	m.forget()
	m.phase, m.session = phaseChecking, w.Session
	m.limits = limits{min(w.MaxEntries, wire.MaxBatch), min(w.MaxBytes, wire.MaxBody/2)}
	m.hello.answer = *w
	m.hello.again = now.Add(maxWait)
	m.base = w.BaseWanted && w.Applied+1 < m.pos.First
	switch {
	case m.base:
		m.open(now) // there is nothing left to compare the hub's cursor with
	case w.Occupied && m.took.IsZero():
		m.hold(now, wire.FenceClone, "another box was heard from lately: its stock is taken over once it is silent for a while, or once an operator says so at the hub")
	case m.tookOther(w.TakeOver):
		m.hold(now, wire.FenceFork, fmt.Sprintf("the hub wants its levels as of entry %d taken over, the ledger has those of entry %d", w.TakeOver.Seq, m.took.Seq))
	case w.Applied > m.pos.Last && !m.hello.proof:
		m.prove(now, m.pos.Last, m.pos.Head)
	case w.Applied > m.pos.Last:
		m.hold(now, wire.FenceFork, fmt.Sprintf("the hub has %d entries of this ledger, the ledger itself only %d: it was rolled back", w.Applied, m.pos.Last))
	case w.Applied+1 < m.pos.First:
		m.hold(now, wire.FenceFork, fmt.Sprintf("the hub asks for entry %d, the oldest that is kept is %d", w.Applied+1, m.pos.First))
	default:
		m.do(checkHash{w.Applied, m.read.next()})
	}
}

// hashed takes the answer to checkHash: the session opens only when the hub's
// cursor is a place in this very ledger.
func (m *machine) hashed(now time.Time, turn int, h stock.Hash, err error) {
	if m.phase != phaseChecking || turn != m.read.turn {
		return
	}
	m.read.busy = false
	w := &m.hello.answer
	if err != nil {
		m.note.err, m.note.hint = err.Error(), "the ledger could not be read: see the agent's log"
		m.hello.again = now.Add(m.pace.Wait(m.random()))
		return
	}
	if h != w.Head && !m.hello.proof {
		m.prove(now, w.Applied, h)
		return
	}
	if h != w.Head {
		m.hold(now, wire.FenceFork, fmt.Sprintf("the hub has another history up to entry %d: this ledger was rolled back or copied", w.Applied))
		return
	}
	m.open(now)
}

// tookOther reports whether the ledger has taken over other levels than those
// that the hub wants to be taken over.
func (m *machine) tookOther(want stock.Takeover) bool {
	return !want.IsZero() && !m.took.IsZero() && (want.Epoch != m.took.Epoch || want.Seq != m.took.Seq)
}

// open begins the session that the hub's welcome has opened.
func (m *machine) open(now time.Time) {
	w := &m.hello.answer
	m.phase, m.acked = phaseOpen, w.Applied
	m.pace.Reset()
	m.fence.opened(now)
	m.down.epoch, m.down.busy = w.DownEpoch, false
	m.note.err, m.note.hint = "", ""
	m.ping.next = now.Add(pingEvery)
	m.do(storeCursor{m.acked})
	m.tell(w)
	m.begin(now, w)
	m.feed(now)
}

func (m *machine) tickPing(now time.Time) {
	if m.phase != phaseOpen || now.Before(m.ping.next) {
		return
	}
	if m.ping.open && !m.heard.After(m.ping.sent) && m.silence(now) {
		return
	}
	m.ping = pingState{nonce: m.ping.nonce + 1, next: now.Add(pingEvery), sent: now, open: true, acked: m.acked}
	m.say(m.header(), &wire.Ping{Nonce: m.ping.nonce, Last: m.pos.Last, Time: now})
}

func (m *machine) pong(now time.Time, p *wire.Pong) {
	if !m.ping.open || p.Nonce != m.ping.nonce {
		return
	}
	m.ping.open = false
	m.note.rtt, m.note.err, m.note.hint = now.Sub(m.ping.sent), "", ""
	if p.Applied < m.ping.acked {
		// The hub has forgotten what it once said was stored, so it was
		// restored from an older copy: its welcome tells where to go on.
		m.sayHello(now)
		return
	}
	m.ack(now, p.Applied) // an acknowledgement that got lost costs one ping
}

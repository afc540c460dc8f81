package uplink

import (
	"errors"
	"time"

	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

// machine is the agent's side of the protocol, without any I/O: what happened
// goes in through its methods, together with the time; what is to be done comes
// out of take; deadline says when to call tick. It is not safe for concurrent
// use.
//
// Two facts steer it: acked, the newest entry that the hub has said is stored,
// and pos, what the ledger holds. Everything else can be forgotten at any
// moment, and is, whenever the connection is lost.
type machine struct {
	codec    *wire.Codec
	box      *Box
	software string
	random   func() float64 // in [0, 1)

	phase   phase
	pos     stock.Position
	acked   stock.Seq
	session uint64
	limits  limits

	heard  time.Time // when a frame of the hub came last, or the connection opened
	silent int       // timeouts since then
	pace   wire.Pace

	hello  helloState
	flight *flight   // the one batch that waits for its acknowledgement
	ready  *prepared // the next one, read and encoded meanwhile
	read   readState
	ping   pingState
	fence  fenceState
	down   downState

	telling telling

	took      stock.Takeover // which levels the ledger took over
	ancestors []Ancestor     // earlier ledgers of which entries may be carried over
	taking    takeover
	turns     int  // of the actions of takeovers
	base      bool // the hub wants the levels before the oldest kept entry first
	obedient  bool // a new ledger is begun when the hub asks for it

	todo []action
	note note // for Status
}

// phase is what the machine waits for.
type phase int

const (
	phaseClosed   phase = iota // no connection
	phaseHello                 // a welcome
	phaseChecking              // the ledger's hash at the hub's cursor
	phaseOpen                  // entries and acknowledgements
	phaseFenced                // the time to say hello again
)

// limits of one batch, as the hub's welcome gave them.
type limits struct{ entries, bytes int }

// note is what people are told.
type note struct {
	lastAck time.Time
	rtt     time.Duration
	err     string // what went wrong last; empty once an acknowledgement came
	hint    string // what the operator can do about it
}

// An action is something that the machine wants done: one of the types below.
type action any

type (
	// send puts a frame on the line. A copy may be left out while the line is
	// still busy with what was sent before.
	send struct {
		frame []byte
		kind  wire.Kind
		copy  bool
	}
	// readBatch asks for the entries after one, encoded as a batch frame.
	readBatch struct {
		after  stock.Seq
		limits limits
		header wire.Frame
		turn   int
	}
	// checkHash asks for the chain's hash after an entry.
	checkHash struct {
		seq  stock.Seq
		turn int
	}
	// readOrders asks for the orders that are to be picked.
	readOrders struct{}
	// storeCursor tells the ledger how far the hub has stored.
	storeCursor struct{ upto stock.Seq }
	// storeDown asks the ledger to store a part of the down stream.
	storeDown struct{ batch stock.DownBatch }
	// readCells asks for the cells of the buckets that differ, as a frame.
	readCells struct {
		want   wire.CellsWanted
		header wire.Frame
	}
	// readLevels asks for a part of the ledger's statement, as a frame.
	readLevels struct {
		want   wire.StatementWanted
		header wire.Frame
	}
	// readPoints asks for entries of an earlier ledger, between two others.
	readPoints struct {
		epoch         stock.Epoch
		after, before stock.Seq
		turn          int
	}
	// takeOver has the ledger take over the hub's levels, and what an earlier
	// ledger has after the newest entry that the hub has, too.
	takeOver struct {
		statement stock.Statement
		common    stock.Seq
		turn      int
	}
	// inherit has the ledger take over what its ancestor had.
	inherit struct{ turn int }
	// rebirth has the ledger set aside and a new one begun.
	rebirth struct{ message string }
	// hangUp gives up the connection, to try the next address.
	hangUp struct{}
)

// facts are what a machine begins with: all of it is on disk.
type facts struct {
	pos       stock.Position
	unsent    uint64
	down      stock.DownPosition
	took      stock.Takeover
	ancestors []Ancestor
}

func newMachine(c *wire.Codec, box *Box, software string, random func() float64, f facts) *machine {
	m := &machine{
		codec: c, box: box, software: software, random: random, obedient: true,
		pos: f.pos, acked: f.pos.Last - stock.Seq(f.unsent), took: f.took, ancestors: f.ancestors,
	}
	m.down.stored = f.down
	return m
}

// take gives what is to be done, in order, and forgets it.
func (m *machine) take() []action {
	todo := m.todo
	m.todo = nil
	return todo
}

func (m *machine) do(a action) { m.todo = append(m.todo, a) }

// opened takes note that a connection to a broker is open.
func (m *machine) opened(now time.Time) {
	m.heard, m.silent = now, 0
	if now.Before(m.fence.until) {
		m.phase = phaseFenced // a new connection is no reason to speak up
		return
	}
	m.sayHello(now)
}

// closed takes note that the connection is gone.
func (m *machine) closed() {
	m.phase = phaseClosed
	m.forget()
}

// forget drops everything that belonged to a session but the facts.
func (m *machine) forget() {
	m.flight, m.ready = nil, nil
	m.read.cancel()
	m.ping = pingState{nonce: m.ping.nonce}
	m.telling = telling{}
}

// look takes note of what the ledger holds now.
func (m *machine) look(pos stock.Position) { m.pos = pos }

// frame takes a frame of the hub.
func (m *machine) frame(now time.Time, f *wire.Frame) {
	if m.phase == phaseClosed {
		return
	}
	m.heard, m.silent = now, 0
	switch b := f.Body.(type) {
	case *wire.Welcome:
		m.welcome(now, b)
	case *wire.Fenced:
		m.fenced(now, f, b)
	default:
		if m.phase == phaseOpen && f.Session == m.session {
			m.inSession(now, f)
		}
	}
}

// inSession takes a frame of the present session.
func (m *machine) inSession(now time.Time, f *wire.Frame) {
	switch b := f.Body.(type) {
	case *wire.DownBatch:
		m.downBatch(f.Epoch, b)
		return
	case *wire.CellsWanted:
		m.do(readCells{*b, m.header()})
		return
	case *wire.StatementWanted:
		m.levelsWanted(b)
		return
	case *wire.Statement:
		m.stated(now, f, b)
		return
	case *wire.Traced:
		m.traced(now, f, b)
		return
	case *wire.OrdersTaken:
		m.ordersTaken(now, b.Part)
		return
	}
	if f.Epoch != m.pos.Epoch {
		return
	}
	switch b := f.Body.(type) {
	case *wire.Ack:
		m.ack(now, b.Upto)
	case *wire.Gap:
		m.gap(now, b.Want)
	case *wire.Busy:
		m.busy(now, b.After)
	case *wire.Pong:
		m.pong(now, b)
	}
}

// tick does what has become due.
func (m *machine) tick(now time.Time) {
	switch m.phase {
	case phaseClosed:
		return
	case phaseFenced:
		if !now.Before(m.fence.until) {
			m.sayHello(now)
		}
		return
	case phaseHello, phaseChecking:
		m.tickHello(now)
	case phaseOpen:
		m.tickPing(now)
		m.tickFlight(now)
		m.tickRead(now)
		m.tickTakeover(now)
		m.tickOrders(now)
	}
	if now.Sub(m.heard) >= pathTimeout {
		m.heard = now
		m.do(hangUp{})
	}
}

// deadline gives when tick has something to do; zero for never.
func (m *machine) deadline() time.Time {
	switch m.phase {
	case phaseFenced:
		return m.fence.until
	case phaseHello, phaseChecking:
		next := earliest(m.hello.again, m.heard.Add(pathTimeout))
		if !m.hello.deaf {
			next = earliest(next, m.hello.since.Add(deafAfter))
		}
		return next
	case phaseOpen:
		next := earliest(m.ping.next, m.heard.Add(pathTimeout))
		if m.flight != nil {
			next = earliest(next, m.flight.again)
		}
		for _, at := range []time.Time{m.read.again, m.taking.again, m.telling.again} {
			if !at.IsZero() {
				next = earliest(next, at)
			}
		}
		return next
	case phaseClosed:
	}
	return time.Time{}
}

// errDeaf is why a connection is given up on which the hub is not heard.
var errDeaf = errors.New("the broker answers, but the hub was not heard for a minute: is the hub connected to this broker, and may this client use its own topics?")

// silence counts a timeout; too many in a row mean that the hub may have
// forgotten the session.
func (m *machine) silence(now time.Time) (enough bool) {
	if m.silent++; m.silent < maxSilent {
		return false
	}
	m.sayHello(now)
	return true
}

// header gives a frame of the present session about the ledger's entries.
func (m *machine) header() wire.Frame {
	return wire.Frame{Epoch: m.pos.Epoch, Boot: m.box.boot, Session: m.session}
}

// say sends a body that always fits a frame.
func (m *machine) say(f wire.Frame, b wire.Body) {
	f.Body = b
	raw, err := m.codec.Encode(&f)
	if err != nil {
		m.note.err, m.note.hint = err.Error(), "this is a defect of the program: please report it"
		return
	}
	m.do(send{frame: raw, kind: f.Kind()})
}

func earliest(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

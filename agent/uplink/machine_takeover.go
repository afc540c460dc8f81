package uplink

import (
	"errors"
	"slices"
	"time"

	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

// takeover makes the hub's levels of an earlier ledger the levels of this one:
// pull them, find out what the hub lacks of the earlier ledger, and have both
// written in one commit. No entry is sent meanwhile; staff go on working.
type takeover struct {
	want  stock.Takeover // what the hub's welcome named; zero when there is nothing to take over
	own   bool           // take over what an ancestor has: the hub has nothing
	pull  pull
	trace *trace    // nil until the statement is whole
	busy  int       // turn of the action that is under way; 0 for none
	again time.Time // when to ask again
	tries int       // questions in a row that were not answered
}

// active reports whether a takeover goes on.
func (t *takeover) active() bool { return t.own || !t.want.IsZero() }

// begin takes over what the welcome names, or what an ancestor has where the hub
// has nothing. What came of the very same statement in an earlier session is
// kept.
func (m *machine) begin(now time.Time, w *wire.Welcome) {
	t := &m.taking
	own := w.TakeOver.IsZero() && w.Applied == 0 && len(m.ancestors) > 0
	if t.want != w.TakeOver || own || !m.took.IsZero() {
		*t = takeover{}
	}
	if !m.took.IsZero() {
		return
	}
	t.want, t.own = w.TakeOver, own
	t.busy, t.again, t.tries = 0, time.Time{}, 0
	t.pull.repeat()
	m.proceed(now)
}

// proceed does the next step.
func (m *machine) proceed(now time.Time) {
	t := &m.taking
	switch {
	case !t.active() || t.busy != 0:
	case t.own:
		m.do(inherit{m.working()})
	case !t.pull.whole():
		m.askParts(now)
	case t.trace == nil:
		t.trace = m.traceOf(t.want)
		m.proceed(now)
	case t.trace.done:
		m.do(takeOver{*t.pull.statement(t.want), t.trace.low, m.working()})
	case len(t.trace.points) == 0:
		m.do(readPoints{t.trace.of.Epoch, t.trace.low, t.trace.high, m.working()})
	default:
		f := m.header()
		f.Epoch = t.trace.of.Epoch
		m.say(f, &wire.Trace{Points: t.trace.points})
		t.again = now.Add(m.pace.Wait(m.random()))
	}
}

// working gives the turn of an action of the takeover.
func (m *machine) working() int {
	m.turns++
	m.taking.busy, m.taking.again = m.turns, time.Time{}
	return m.turns
}

// traceOf begins the search in the earlier ledger whose levels are taken over.
// Without one there is nothing to find.
func (m *machine) traceOf(want stock.Takeover) *trace {
	i := slices.IndexFunc(m.ancestors, func(p Ancestor) bool { return p.Epoch == want.Epoch })
	if i < 0 {
		// One that is too damaged to say its epoch may be it: the hub tells.
		i = slices.IndexFunc(m.ancestors, func(p Ancestor) bool { return p.Epoch.IsZero() })
	}
	if i < 0 {
		return &trace{done: true}
	}
	of := m.ancestors[i]
	of.Epoch = want.Epoch
	t := newTrace(of, want.Seq)
	return &t
}

func (m *machine) askParts(now time.Time) {
	t := &m.taking
	var seq stock.Seq
	if t.pull.parts != nil {
		seq = t.want.Seq
	}
	for _, part := range t.pull.ask() {
		m.say(m.header(), &wire.StatementWanted{Of: wire.StatementStored, Seq: seq, Part: part})
	}
	t.again = now.Add(m.pace.Wait(m.random()))
}

// stated takes a part of the hub's statement. Any but that of the present
// takeover is late.
func (m *machine) stated(now time.Time, f *wire.Frame, s *wire.Statement) {
	t := &m.taking
	if s.Of != wire.StatementStored || f.Epoch != t.want.Epoch || s.Seq != t.want.Seq || !t.active() || t.pull.whole() || !t.pull.take(s) {
		return
	}
	m.answered(now)
}

// traced takes the answer to a trace.
func (m *machine) traced(now time.Time, f *wire.Frame, a *wire.Traced) {
	t := m.taking.trace
	if !m.taking.active() || m.taking.busy != 0 || t == nil || f.Epoch != t.of.Epoch || !t.answer(a) {
		return
	}
	m.answered(now)
}

// answered goes on after an answer of the hub.
func (m *machine) answered(now time.Time) {
	m.pace.Reset()
	m.taking.tries = 0
	m.proceed(now)
}

// pointed takes the answer to readPoints.
func (m *machine) pointed(now time.Time, turn int, points []wire.TracePoint, err error) {
	if !m.finished(now, turn, err) {
		return
	}
	m.taking.trace.ask(points)
	m.proceed(now)
}

// tookOver takes the answer to takeOver: the hub is told with a hello.
func (m *machine) tookOver(now time.Time, turn int, took stock.Takeover, err error) {
	if errors.Is(err, stock.ErrInvalid) {
		m.taking.pull, m.taking.trace = pull{}, nil // the parts do not fit each other
	}
	if err != nil {
		m.finished(now, turn, err)
		return
	}
	// It is true whatever became of the session meanwhile.
	m.took, m.ancestors, m.taking = took, nil, takeover{}
	m.note.err, m.note.hint = "", ""
	if m.phase != phaseClosed && m.phase != phaseFenced {
		m.sayHello(now)
	}
}

// finished takes note that an action of the takeover has ended. After an error
// it is done again a little later.
func (m *machine) finished(now time.Time, turn int, err error) bool {
	if turn != m.taking.busy || m.phase != phaseOpen {
		return false
	}
	m.taking.busy = 0
	if err != nil {
		m.note.err, m.note.hint = err.Error(), "the hub's levels could not be taken over: see the agent's log; it is tried again"
		m.taking.again = now.Add(m.pace.Wait(m.random()))
	}
	return err == nil
}

// maxTries is how many questions in a row may stay without an answer, which
// takes some two minutes, before the hub is asked what it wants taken over.
const maxTries = 6

// tickTakeover asks again what was not answered in time.
func (m *machine) tickTakeover(now time.Time) {
	t := &m.taking
	if m.phase != phaseOpen || !t.active() || t.again.IsZero() || now.Before(t.again) {
		return
	}
	if t.tries++; t.tries >= maxTries {
		m.sayHello(now)
		return
	}
	t.pull.repeat()
	m.proceed(now)
}

package uplink

import (
	"time"

	"github.com/forestock/forestock/proto/wire"
)

// fenceState says why and until when the machine keeps quiet.
type fenceState struct {
	reason  wire.Fence
	message string
	until   time.Time
	times   int       // sessions in a row that ended by a fence soon after they opened
	since   time.Time // when the present session opened
}

// A session that lived this long was no fight over one identity.
const settled = time.Minute

// quiet says how long the agent keeps quiet after it was fenced, before it says
// hello again. A newer session is the hub's word, not the operator's: mostly it
// is our own hello that was sent twice, or a hub that was restored, so the
// first try comes soon. Two boxes that fight over one identity slow down to
// five minutes. The rest changes only when a person does something.
func (f *fenceState) quiet(r wire.Fence, spread float64) time.Duration {
	switch r {
	case wire.FenceSession, wire.FenceUnknown:
		width := min(2*time.Second<<min(f.times, 10), 5*time.Minute)
		return time.Duration((0.25 + 0.75*spread) * float64(width))
	case wire.FenceWarehouse, wire.FenceFork:
		// The hub knows a warehouse once somebody enrols it, and lets a box that
		// was set back begin anew once no other one is heard.
		return time.Minute
	case wire.FenceClone:
		return 5 * time.Minute
	case wire.FenceEpoch, wire.FenceVersion:
	}
	return 10 * time.Minute
}

func (f *fenceState) opened(now time.Time) {
	f.since, f.reason, f.message = now, wire.FenceUnknown, ""
}

// fenced takes a refusal. One of another session, of another hello or of
// another ledger is late or for somebody else.
func (m *machine) fenced(now time.Time, f *wire.Frame, b *wire.Fenced) {
	if f.Epoch != m.pos.Epoch || m.phase == phaseFenced {
		return
	}
	mine := f.Session == m.session
	if m.phase == phaseHello { // a hello carries no session
		mine = f.Session == 0 && b.Nonce == m.hello.nonce
	}
	if !mine {
		return
	}
	m.hold(now, b.Reason, b.Message)
	// Where two boxes may be at work, or this one was replaced, a new ledger
	// would only be the next one in the fight.
	if b.Rebirth && m.obedient && b.Reason != wire.FenceClone && b.Reason != wire.FenceEpoch {
		m.do(rebirth{b.Message})
	}
}

// hold stops sending.
func (m *machine) hold(now time.Time, r wire.Fence, message string) {
	if m.phase == phaseOpen && now.Sub(m.fence.since) > settled {
		m.fence.times = 0
	}
	m.forget()
	m.phase = phaseFenced
	m.fence.reason, m.fence.message = r, message
	m.fence.until = now.Add(m.fence.quiet(r, m.random()))
	if r == wire.FenceClone && m.acked == 0 {
		// A new box waits for the one before it to be silent for a while, or for
		// an operator's word.
		m.fence.until = now.Add(time.Minute)
	}
	m.fence.times++
	m.note.err, m.note.hint = message, hints[r]
}

// hints tell the operator what can be done about a fence.
var hints = map[wire.Fence]string{
	wire.FenceUnknown:   "the hub is newer than this program: update the agent",
	wire.FenceSession:   "another session was opened for this warehouse: it is opened again by itself; if this repeats, look for a second box with this identity",
	wire.FenceEpoch:     "this box was replaced by another one: shut it down, or start it with a new ledger",
	wire.FenceClone:     "two boxes run with copies of one disk: shut one of them down",
	wire.FenceFork:      "the ledger was set back or copied: go on working. A new ledger takes over what the hub has as soon as no other box is heard for this warehouse; if this stays, look for one, or run hub box replace at the hub",
	wire.FenceWarehouse: "the hub does not know this warehouse: check its id in the configuration, or enrol it at the hub",
	wire.FenceVersion:   "update the agent or the hub",
}

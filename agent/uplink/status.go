package uplink

import (
	"time"

	"github.com/forestock/forestock/proto/stock"
)

// State says in one word how the link is.
type State string

// The states of the link, from worst to best.
const (
	Offline    State = "offline"    // no connection to a broker
	Connecting State = "connecting" // a connection is being opened
	Fenced     State = "fenced"     // the hub refuses this box: see Status.Fence
	Hello      State = "hello"      // connected to the broker, waiting for the hub
	TakingOver State = "takeover"   // the hub's levels are being taken over, entries wait meanwhile
	Draining   State = "draining"   // the hub is there, entries wait to be stored by it
	Synced     State = "synced"     // the hub has stored everything
)

// Status is how the link is at one moment.
type Status struct {
	State     State
	Broker    string        // address of the present or the last connection
	Session   uint64        // fencing number of the session; 0 without one
	Acked     stock.Seq     // newest entry that the hub is known to have stored
	Unsent    uint64        // entries that it is not known to have stored
	LastAck   time.Time     // when it last confirmed something new; zero for never
	RoundTrip time.Duration // of the last ping to the hub and back; 0 before the first
	Fence     string        // why the hub refuses this box; empty while it does not
	Error     string        // what went wrong last; empty while all is well
	Hint      string        // what the operator can do about Error
	Alarm     string        // something that needs a person; empty mostly
}

// status gives the machine's part of the status.
func (m *machine) status(s Status) Status {
	s.Session, s.Acked, s.LastAck, s.RoundTrip = 0, m.acked, m.note.lastAck, m.note.rtt
	s.Unsent = uint64(m.pos.Last - min(m.pos.Last, m.acked))
	s.Fence = ""
	if m.note.err != "" && (m.phase != phaseClosed || s.Error == "") {
		s.Error, s.Hint = m.note.err, m.note.hint
	}
	switch m.phase {
	case phaseClosed:
		return s
	case phaseHello, phaseChecking:
		s.State = Hello
	case phaseFenced:
		s.State, s.Fence = Fenced, m.fence.reason.String()
	case phaseOpen:
		s.State, s.Session = Draining, m.session
		switch {
		case m.taking.active():
			s.State = TakingOver
		case s.Unsent == 0:
			s.State = Synced
		}
	}
	return s
}

package devices

import (
	"time"

	"github.com/forestock/forestock/firmware-bridge/scale"
	"github.com/forestock/forestock/firmware-bridge/scanner"
)

// Event is something that a device did. Exactly one field of the last three
// is set.
type Event struct {
	Device  string
	Station string

	Scan    *scanner.Scan
	After   time.Duration // of a double read: since the code came last
	Reading *scale.Reading
	State   *State
}

// Sink takes events. It is called from each device's own goroutine and must
// not wait: whoever is slow would lose bytes of that device.
type Sink func(Event)

// Word names a state, as in JSON and in metrics: a state of the port, or, while
// the port is open, waiting, ready, silent or garbled.
type Word string

// Ready is the state of a device that works.
const Ready Word = "ready"

// State is how a device is.
type State struct {
	Device  string
	Kind    Kind
	Station string
	Word    Word
	Since   time.Time
	Message string // what is wrong and what to do
	Address string // as configured
	Node    string // what the address leads to now; empty when nowhere
	Opened  uint64 // how often it was opened since the start

	Events     uint64 // codes or readings since the start
	Suppressed uint64 // double reads that did not count
	Broken     uint64 // fragments, no-reads and frames that were none
	LostBytes  uint64 // dropped because nobody took them in time

	// Recent is what a scanner sent lately, the newest first. It is never
	// changed in place.
	Recent []scanner.Scan
}

// Usable reports whether what the device says can be trusted.
func (s State) Usable() bool { return s.Word == Ready }

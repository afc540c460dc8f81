package scale

import (
	"errors"
	"time"
)

// Condition is how the scale behaves as seen from its bytes. The strings are stable: they appear in JSON and in metrics.
type Condition string

// The conditions.
const (
	Gone      Condition = "absent"  // its port is not open
	Waiting   Condition = "waiting" // the port is open, too short to tell
	Answering Condition = "ready"
	Silent    Condition = "silent"  // nothing comes; silence is not zero
	Garbled   Condition = "garbled" // bytes come that are no frames
)

// Message says to the operator what is wrong and what to do.
func (c Condition) Message() string {
	switch c {
	case Gone:
		return "the scale is not connected: check its cable and power"
	case Waiting:
		return "waiting for the scale"
	case Answering:
		return "the scale is ready"
	case Silent:
		return "the scale does not answer: check that it is on, and the speed and protocol set on it"
	case Garbled:
		return "the scale cannot be understood: check the speed, parity and protocol set on it"
	}
	return string(c)
}

// Health is an Event: the condition changed.
type Health struct {
	Condition Condition
	At        time.Time
}

// Done is an Event: a command has ended.
type Done struct {
	Command Command
	Err     error // nil, ErrTimeout, ErrDisconnected or a RejectedError
	At      time.Time
}

func (Health) event() {}
func (Done) event()   {}

// The errors of commands.
var (
	ErrTimeout      = errors.New("the scale did not answer")
	ErrDisconnected = errors.New("the scale is not connected")
	ErrTooMany      = errors.New("too many commands wait for the scale")
)

// RejectedError says that the scale refused a command.
type RejectedError struct{ Code string }

func (e *RejectedError) Error() string {
	if e.Code == "" {
		return "the scale refused"
	}
	return "the scale refused: " + e.Code
}

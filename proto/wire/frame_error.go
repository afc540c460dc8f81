package wire

import (
	"errors"
	"fmt"
)

// Reason says in one word why a frame was refused. There are few of them, so
// it can label a metric.
type Reason string

// The reasons why a frame is refused.
const (
	TooShort  Reason = "too_short" // shorter than the checksum
	TooLong   Reason = "too_long"  // over MaxFrame, or over a limit of its kind
	Checksum  Reason = "checksum"  // damaged on the way
	Malformed Reason = "malformed" // not a frame, or not the body that its kind names
	BadKind   Reason = "kind"      // a kind that does not exist or travels the other way
	BadVers   Reason = "version"   // a protocol version that is not spoken here
	Bomb      Reason = "bomb"      // would unpack to more than it says, or than MaxBody
	Invalid   Reason = "invalid"   // breaks a rule of proto/stock
)

// FrameError tells why a frame was refused.
type FrameError struct {
	Reason Reason
	Err    error // what exactly; never nil
}

// Error gives the reason and the detail.
func (e *FrameError) Error() string { return fmt.Sprintf("frame refused (%s): %v", e.Reason, e.Err) }

// Unwrap gives the detail.
func (e *FrameError) Unwrap() error { return e.Err }

// ReasonOf gives the reason inside err; empty when err refuses no frame.
func ReasonOf(err error) Reason {
	if fe, ok := errors.AsType[*FrameError](err); ok {
		return fe.Reason
	}
	return ""
}

func refuse(r Reason, format string, args ...any) error {
	return &FrameError{r, fmt.Errorf(format, args...)}
}

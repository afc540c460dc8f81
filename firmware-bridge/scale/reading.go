package scale

import "time"

// Stability is what is known about whether the pan has settled.
type Stability string

// The stabilities. Unknown is for protocols that do not say it; a Dialogue replaces it by what it infers.
const (
	Stable   Stability = "stable"
	Unstable Stability = "unstable"
	Unknown  Stability = "unknown"
)

// Mode is what the value contains.
type Mode string

// The modes. AnyMode is for protocols that do not say it.
const (
	AnyMode Mode = ""
	Gross   Mode = "gross"
	Net     Mode = "net"  // the tare is taken off
	Tare    Mode = "tare" // the value is the tare itself, not what is on the pan
)

// Kind is what the value measures.
type Kind string

// The kinds. Only Weight can become stock by weight.
const (
	Weight  Kind = "weight"
	Count   Kind = "count"   // pieces, counted by the scale
	Percent Kind = "percent" // of a reference weight
)

// Fault is why a scale shows no weight. The strings are stable: they appear in JSON and in metrics.
type Fault string

// The faults.
const (
	NoFault          Fault = ""
	Overload         Fault = "overload"
	Underload        Fault = "underload"
	NotZeroed        Fault = "not_zeroed"
	ZeroError        Fault = "zero_error"
	ZeroRangeHigh    Fault = "zero_range_high"
	ZeroRangeLow     Fault = "zero_range_low"
	OutsideZeroRange Fault = "outside_zero_range"
	OutOfRange       Fault = "out_of_range"
	InMotion         Fault = "in_motion" // the scale gives no value while the pan moves
	NoValue          Fault = "no_value"  // the weight field is blank
	Hardware         Fault = "hardware"  // the scale reports a defect of its own
)

// Message says what the fault means to the person at the scale.
func (f Fault) Message() string {
	switch f {
	case NoFault:
		return ""
	case Overload:
		return "too heavy: take something off the scale"
	case Underload:
		return "below zero: put the pan back on, then press zero"
	case NotZeroed, ZeroError, OutsideZeroRange, ZeroRangeHigh, ZeroRangeLow:
		return "the scale cannot find its zero: clear the pan, then press zero or switch the scale off and on"
	case OutOfRange:
		return "outside what the scale can weigh: clear the pan, then press zero"
	case InMotion:
		return "still moving: wait until it settles"
	case NoValue:
		return "the scale shows no weight"
	case Hardware:
		return "the scale reports a defect: switch it off and on, then call service"
	}
	return string(f)
}

// Event is what a decoder finds: a Reading, a Reply or Broken. A Dialogue adds Health and Done.
type Event interface{ event() }

// Reading is what the scale says lies on it. With a Fault it has no value.
type Reading struct {
	Kind      Kind
	Value     Decimal // in Unit, as shown; zero with a fault
	Unit      Unit    // NoUnit for counts, percents and faults
	Stability Stability
	Inferred  bool // Stability was found by watching, the scale does not say it
	Mode      Mode
	AtZero    bool // the scale says that it stands at its zero
	Fault     Fault
	Details   []Detail
	Raw       []byte    // the frame
	At        time.Time // when its last byte arrived
}

// Grams returns the weight in whole grams, rounded half away from zero; ok is false when the reading is no weight, has a
// fault, or its unit is unknown or not converted.
func (r Reading) Grams() (whole int64, ok bool) {
	exact, ok := r.ExactGrams()
	return exact.round(0).Digits, ok
}

// ExactGrams returns the weight in grams with all its places.
func (r Reading) ExactGrams() (Decimal, bool) {
	if r.Kind != Weight || r.Fault != NoFault {
		return Decimal{}, false
	}
	return r.Unit.Grams(r.Value)
}

// Settled reports whether this is a weight in a known unit that may be booked as far as the reading alone can tell: stable,
// without a fault, gross or net. Its age and whether the pan was empty before are for the caller to check.
func (r Reading) Settled() bool {
	_, ok := r.ExactGrams()
	return ok && r.Stability == Stable && r.Mode != Tare
}

// Detail is one more thing a frame says that is worth keeping but decides nothing, such as the price on a price scale.
type Detail struct{ Name, Value string }

// ReplyKind is what a scale answered that is not a reading.
type ReplyKind string

// The kinds of reply.
const (
	Ack      ReplyKind = "ack"       // done, or go on
	NotReady ReplyKind = "not_ready" // ask again later
	Rejected ReplyKind = "rejected"  // not done; Code says why
	Identity ReplyKind = "identity"  // who the scale is, in Details
	Notice   ReplyKind = "notice"    // a status without a weight, or anything else that is not an answer
)

// Reply is an answer or a notice of the scale.
type Reply struct {
	Kind    ReplyKind
	Command Command // what it answers, if the frame says
	Code    string  // why it was rejected: a Fault or a reason such as "syntax"
	Details []Detail
	Raw     []byte
	At      time.Time
}

// Reason is why a frame was dropped.
type Reason string

// The reasons.
const (
	BadChecksum Reason = "checksum"
	BadFormat   Reason = "format"
	BadParity   Reason = "parity"
	BadUnit     Reason = "unit"    // unknown on the wire, or missing there and in the configuration
	Overrun     Reason = "overrun" // longer than any frame of this protocol
	Cut         Reason = "cut"     // the rest did not come in time
)

// Broken is bytes that are no frame. They are never a weight.
type Broken struct {
	Reason Reason
	Raw    []byte
	At     time.Time
}

func (Reading) event() {}
func (Reply) event()   {}
func (Broken) event()  {}

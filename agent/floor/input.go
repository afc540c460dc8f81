package floor

import (
	"errors"
	"strings"
	"time"

	"github.com/forestock/forestock/firmware-bridge/barcode"
	"github.com/forestock/forestock/proto/stock"
)

// Input is something that happened at a station: a Scan, a Repeat, a Garbled
// scan, a Weight, a Lost device, a Press, a Tick, an Overflow, a Leave, an
// Arrive, or the Outcome of a command.
type Input interface{ input() }

// Scan is a code that a scanner read or a person typed. NewScan makes one.
type Scan struct {
	ID     string // becomes the id of the command that the scan completes
	Device string
	AIM    string // the symbology identifier, where the scanner sends one
	Data   string // the code
	Raw    []byte // every byte that arrived for it, as evidence
	Code   barcode.Code
	Err    error // what is wrong with the code; Code is empty then
}

// NewScan says what a code means by the rules of the warehouse.
func NewScan(rules barcode.Rules, id, device string, s barcode.Symbol, raw []byte) Scan {
	code, err := rules.Parse(s)
	return Scan{ID: id, Device: device, AIM: s.AIM, Data: s.Data, Raw: raw, Code: code, Err: err}
}

// Repeat is a code that came again so soon that it may be a double read of one
// thing. Whether it counts depends on the work: see Rules.RepeatIn.
type Repeat struct {
	Scan
	After time.Duration // since it came last
}

// Garbled is a scan that is none: the scanner read nothing, or a fragment came.
type Garbled struct{ Device string }

// Overflow says how many scans were not taken because too many waited.
type Overflow struct{ Scans int }

// Weight is what a scale shows.
type Weight struct {
	ID     string // becomes the command's id when the weight is booked
	Device string
	Grams  int64
	// Settled says that the weight may be booked as far as the scale can tell:
	// stable, without a fault, in a known unit.
	Settled bool
	Fault   string    // why the scale shows no weight, in the words of the scale
	Frame   []byte    // the raw bytes, as evidence
	At      time.Time // when they arrived
}

// Lost says that a device went away or fell silent: what it showed is void.
type Lost struct{ Device string }

// Press is a button, on the screen or as a card.
type Press struct {
	ID     string
	Button Button
}

// Tick says that time has passed. It never books anything.
type Tick struct{}

// Outcome is what became of a command.
type Outcome struct {
	Command string
	stock.Receipt
	Err    error  // nil when saved
	Reason Reason // DiskFull, LedgerStopped or LedgerRefused, when not
}

// message gives the ledger's own words for staff, where it has some.
func (o Outcome) message() Text {
	var told interface{ Message() string }
	if !errors.As(o.Err, &told) {
		return same(o.Err.Error())
	}
	zh, en, both := strings.Cut(told.Message(), " / ")
	if !both {
		return same(zh)
	}
	return Text{zh, en}
}

func (Scan) input()     {}
func (Repeat) input()   {}
func (Garbled) input()  {}
func (Overflow) input() {}
func (Weight) input()   {}
func (Lost) input()     {}
func (Press) input()    {}
func (Tick) input()     {}
func (Outcome) input()  {}

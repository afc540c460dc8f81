package stock

import (
	"fmt"
	"time"
)

// Kind says what physically happened.
type Kind uint8

// The kinds of movement. Their numbers are on the wire and on disk: never
// reuse one.
const (
	KindUnknown Kind = 0
	Receive     Kind = 1  // goods came in from a supplier
	Putaway     Kind = 2  // goods went from one bin to another
	Pick        Kind = 3  // goods went into an order
	Short       Kind = 4  // goods that the book had were not there at picking
	Count       Kind = 5  // somebody counted; the difference is booked
	Waste       Kind = 6  // goods were thrown away
	Return      Kind = 7  // goods came back from a customer, or went back to a supplier
	TransferOut Kind = 8  // goods left for another warehouse
	TransferIn  Kind = 9  // goods came from another warehouse
	Adjust      Kind = 10 // the book was corrected
	Undo        Kind = 11 // one earlier entry was compensated
	Opening     Kind = 12 // the level that an epoch began with
	kindsEnd         = 13
	maxText          = 128
	maxEvidence      = 4096
)

var kindNames = [kindsEnd]string{
	"unknown", "receive", "putaway", "pick", "short", "count", "waste", "return",
	"transfer-out", "transfer-in", "adjust", "undo", "opening",
}

// String gives the kind's name, as written in APIs and logs.
func (k Kind) String() string {
	if k >= kindsEnd {
		return fmt.Sprintf("kind(%d)", uint8(k))
	}
	return kindNames[k]
}

// ParseKind reads a kind's name.
func ParseKind(s string) (Kind, error) {
	for k := Receive; k < kindsEnd; k++ {
		if kindNames[k] == s {
			return k, nil
		}
	}
	return KindUnknown, fmt.Errorf("%w movement kind %q", ErrInvalid, s)
}

// Movement is one physical fact. The ledger keeps it for ever as one entry.
type Movement struct {
	Kind Kind
	SKU  SKU
	Lot  Lot
	Bin  Bin // where it happened

	// Delta is the change at (SKU, Lot, Bin) in base units: positive in,
	// negative out. A movement with To set takes -Delta to that bin, so
	// moves have a negative Delta; the undo of a move names the same bins and
	// has a positive one, because the dock cannot be a To.
	Delta int64
	To    Bin

	// Expiry and Produced are the lot's dates as first seen. The first entry
	// that names a date decides it: a reprint never changes a date.
	Expiry   Date
	Produced Date

	// Count is set for a count: what was counted, and what the book had in
	// the very commit that booked Delta, so that movements made while
	// somebody counted stay right.
	Count *CountEvidence

	Undoes Seq // the entry that an undo compensates

	// Time is the device's clock: a hint for people, never an order. The
	// order is the sequence number.
	Time     time.Time
	Operator string
	Station  string
	Device   string
	Reason   string
	Document string // inbound document, order or transfer
	Line     string // the line of that document

	Scan  []byte // raw bytes of the scan that caused it
	Frame []byte // raw bytes of the scale's frame
}

// CountEvidence is what a count observed. Quantities are in base units.
type CountEvidence struct {
	Counted int64 // what the person found
	Seen    int64 // what the book had when the person began to count
	Base    Seq   // the entry up to which Seen was right
}

// Cell is the smallest place that stock is kept at.
type Cell struct {
	SKU SKU
	Lot Lot
	Bin Bin
}

// Cell gives where the movement happened.
func (m *Movement) Cell() Cell { return Cell{m.SKU, m.Lot, m.Bin} }

// Validate checks the movement against the rules of the wire: every text is
// bounded and printable, the quantity fits, and moves have two places.
func (m *Movement) Validate() error {
	if m.Kind == KindUnknown || m.Kind >= kindsEnd {
		return fmt.Errorf("%w movement kind %d", ErrInvalid, m.Kind)
	}
	if _, err := ParseSKU(string(m.SKU)); err != nil {
		return err
	}
	if m.Delta > MaxQty || m.Delta < -MaxQty {
		return fmt.Errorf("%w quantity %d of %s: more than %d", ErrInvalid, m.Delta, m.SKU, MaxQty)
	}
	if m.To != "" && (m.To == m.Bin || (m.Delta > 0 && m.Kind != Undo)) {
		return fmt.Errorf("%w move of %s: from %q to %q by %d", ErrInvalid, m.SKU, m.Bin, m.To, m.Delta)
	}
	if !m.Expiry.Valid() || !m.Produced.Valid() {
		return fmt.Errorf("%w date of lot %s: expiry %d, produced %d", ErrInvalid, m.Lot, m.Expiry, m.Produced)
	}
	if len(m.Scan) > maxEvidence || len(m.Frame) > maxEvidence {
		return fmt.Errorf("%w evidence of %s: over %d bytes", ErrInvalid, m.SKU, maxEvidence)
	}
	return m.validateTexts()
}

func (m *Movement) validateTexts() error {
	for _, text := range [...]string{
		string(m.Lot), string(m.Bin), string(m.To), m.Operator, m.Station, m.Device, m.Reason, m.Document, m.Line,
	} {
		if err := CheckText(text); err != nil {
			return err
		}
	}
	return nil
}

// Entry is a movement with its place in a ledger.
type Entry struct {
	Seq     Seq
	Command string // the command that caused it: 1 to 64 bytes, chosen by whoever gave the command
	Part    int    // position among the entries of that command, from 0
	Movement
}

// MaxCommand bounds the length of a command id in bytes.
const MaxCommand = 64

// Validate checks the entry and the movement in it.
func (e *Entry) Validate() error {
	if e.Seq == 0 || e.Command == "" || len(e.Command) > MaxCommand {
		return fmt.Errorf("%w entry %d of command %q: needs a number, and a command id of 1 to %d bytes", ErrInvalid, e.Seq, e.Command, MaxCommand)
	}
	if e.Part < 0 || e.Part > MaxQty {
		return fmt.Errorf("%w entry %d: part %d of its command", ErrInvalid, e.Seq, e.Part)
	}
	if err := CheckText(e.Command); err != nil {
		return err
	}
	if err := e.Movement.Validate(); err != nil {
		return fmt.Errorf("entry %d: %w", e.Seq, err)
	}
	return nil
}

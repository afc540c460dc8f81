package inventory

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/forestock/forestock/proto/stock"
)

// Bounds of a reservation.
const (
	DefaultTTL       = 15 * time.Minute
	MaxTTL           = 24 * time.Hour
	MaxCandidates    = 16
	maxShelfLifeDays = 3650
	maxChannel       = 32
	maxSKU           = 40
	maxReservedText  = 128
)

// Freshness says how far the numbers of a warehouse can be trusted, as the hub
// hears from it now.
type Freshness uint8

// The degrees of freshness. The zero value stands for Live.
const (
	Live     Freshness = 0
	Degraded Freshness = 1
	Stale    Freshness = 2 // nothing was heard for long
)

// Candidate is a warehouse that may take an order, and how old its numbers are.
type Candidate struct {
	Warehouse stock.Warehouse
	Freshness Freshness
	Age       time.Duration // since its numbers were known to be complete
}

// Ask is what an order wants. It is the payload: the same id with another one
// is refused.
type Ask struct {
	// Where is how the client named the warehouses, in its own words: two
	// requests that name them differently differ.
	Where        string
	Ref          string // the platform's order number, at most 128 bytes
	Channel      string // at most 32 of [a-z0-9-]
	Lines        []AskLine
	TTL          time.Duration // 0 means DefaultTTL; at most MaxTTL
	Due          time.Time
	AllowPartial bool // hold what there is, as long as it is something
}

// AskLine is one line of an Ask.
type AskLine struct {
	SKU          stock.SKU
	Quantity     int64 // base units, 1 to stock.MaxQty
	MinShelfLife int   // days, today not counted
	Substitutes  []stock.SKU
}

// Try holds all lines of an order in the first candidate that has them, or
// none. Make it with NewTry. The result is a Reserved or a *Denied.
type Try struct {
	ID         stock.OrderID
	Ask        Ask
	Candidates []Candidate
	// ValidateOnly answers as if, and holds nothing.
	ValidateOnly bool

	sum     Sum
	payload uint64
}

// NewTry checks and hashes what is asked for. It is pure and safe for
// concurrent use, so that this work is done outside the Book's one writer. The
// Ask belongs to the command from now on. The error wraps stock.ErrInvalid.
func NewTry(id stock.OrderID, ask Ask, candidates []Candidate) (*Try, error) {
	if _, err := stock.ParseOrderID(string(id)); err != nil {
		return nil, err
	}
	if len(candidates) == 0 || len(candidates) > MaxCandidates {
		return nil, fmt.Errorf("%w reservation %s: %d warehouses, 1 to %d", stock.ErrInvalid, id, len(candidates), MaxCandidates)
	}
	if err := ask.check(); err != nil {
		return nil, fmt.Errorf("reservation %s: %w", id, err)
	}
	ask.TTL = lasting(ask.TTL)
	if !ask.Due.IsZero() { // as coarse as it is stored
		ask.Due = ask.Due.Round(0).Truncate(time.Millisecond).UTC()
	}
	return &Try{ID: id, Ask: ask, Candidates: candidates, sum: SumOf(id), payload: ask.hash()}, nil
}

// lasting gives how long a hold lasts, as coarse as it is stored.
func lasting(ttl time.Duration) time.Duration {
	if ttl = ttl.Truncate(time.Millisecond); ttl == 0 {
		return DefaultTTL
	}
	return ttl
}

func (a *Ask) check() error {
	switch {
	case len(a.Lines) == 0 || len(a.Lines) > stock.MaxOrderLines:
		return fmt.Errorf("%w: %d lines, 1 to %d", stock.ErrInvalid, len(a.Lines), stock.MaxOrderLines)
	case a.TTL < 0 || a.TTL > MaxTTL:
		return fmt.Errorf("%w: ttl %v, at most %v", stock.ErrInvalid, a.TTL, MaxTTL)
	case CheckChannel(a.Channel) != nil:
		return CheckChannel(a.Channel)
	}
	if err := stock.CheckText(a.Ref); err != nil {
		return err
	}
	for i := range a.Lines {
		if err := a.Lines[i].check(); err != nil {
			return fmt.Errorf("line %d: %w", i, err)
		}
	}
	return nil
}

func (l *AskLine) check() error {
	if l.Quantity < 1 || l.Quantity > stock.MaxQty {
		return fmt.Errorf("%w quantity %d: 1 to %d", stock.ErrInvalid, l.Quantity, stock.MaxQty)
	}
	if l.MinShelfLife < 0 || l.MinShelfLife > maxShelfLifeDays || len(l.Substitutes) > stock.MaxSubstitutes {
		return fmt.Errorf("%w: shelf life of %d days, %d substitutes", stock.ErrInvalid, l.MinShelfLife, len(l.Substitutes))
	}
	if l.SKU == "" || len(l.SKU) > maxSKU { // one that breaks the alphabet is simply not known
		return fmt.Errorf("%w SKU %.50q: 1 to %d characters", stock.ErrInvalid, l.SKU, maxSKU)
	}
	for _, s := range l.Substitutes {
		if _, err := stock.ParseSKU(string(s)); err != nil {
			return err
		}
	}
	return nil
}

// hash sums up the payload. It never gives zero.
func (a *Ask) hash() uint64 {
	p := make(payload, 0, 256) // on the stack
	p = p.text(a.Where).text(a.Ref).text(a.Channel).number(int64(a.TTL)).number(a.Due.UnixMilli())
	if a.AllowPartial {
		p = p.number(1)
	}
	for i := range a.Lines {
		l := &a.Lines[i]
		p = p.text(string(l.SKU)).number(l.Quantity).number(int64(l.MinShelfLife))
		for _, s := range l.Substitutes {
			p = p.text(string(s))
		}
		p = p.number(-1)
	}
	h := sha256.Sum256(p)
	// Half of it is remembered, so that half must not be zero either.
	return binary.BigEndian.Uint64(h[:]) | 1
}

// payload lays an Ask out so that different ones differ.
type payload []byte

func (p payload) text(s string) payload { return append(p.number(int64(len(s))), s...) }

func (p payload) number(n int64) payload { return binary.AppendVarint(p, n) }

// Confirm turns a hold into an order. Of one that ran out it holds again, if
// the stock is there. The result is a Reserved, an Ended or a *Denied.
type Confirm struct {
	ID stock.OrderID
	// Past is the record of a reservation that ended, which a store hands in
	// after an Ended.
	Past *Reservation
	// Candidate says how fresh the numbers are where it has to hold again.
	Freshness Freshness
	Age       time.Duration
}

// Cancel gives the stock back, also of an order of which nothing was picked. Of
// an unknown id it leaves a mark, so that a Try that comes late takes nothing.
// The result is a Reserved, an Ended or a *Denied.
type Cancel struct {
	ID     stock.OrderID
	Reason string       // at most 128 bytes
	Past   *Reservation // as in Confirm
}

// Extend gives a hold more time, from now on. The result is a Reserved, an
// Ended or a *Denied.
type Extend struct {
	ID  stock.OrderID
	TTL time.Duration // 0 means DefaultTTL; at most MaxTTL
}

// Look asks for a reservation as it is. The result is a Reserved, an Ended or a
// *Denied.
type Look struct {
	ID stock.OrderID
}

// Retire lets go of history up to a revision: records that ended are forgotten,
// open ones among them are written again. A store that keeps records as events
// gives it when their window is over. The result is a Retired.
type Retire struct {
	Upto Revision // of the newest event that goes
	IDs  []Sum    // of all reservations that have an event among those that go
}

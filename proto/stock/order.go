package stock

import (
	"fmt"
	"time"
)

// OrderID names an order; it is the id of the reservation that it came from.
// Pick and short movements name it as their Document, and the number of the
// line as their Line.
type OrderID string

// ParseOrderID checks an order's id: 1 to 64 of [A-Za-z0-9._-].
func ParseOrderID(s string) (OrderID, error) {
	if !only(s, 64, wordLetters) {
		return "", fmt.Errorf("%w order id %.70q: 1 to 64 of [A-Za-z0-9._-]", ErrInvalid, s)
	}
	return OrderID(s), nil
}

// OrderState is what the hub says of an order.
type OrderState uint8

// The states of an order. Their numbers are on the wire and on disk.
const (
	OrderUnknown   OrderState = 0
	OrderOpen      OrderState = 1 // to be picked
	OrderCancelled OrderState = 2 // not to be picked; what was picked goes back
	OrderClosed    OrderState = 3 // the hub has all of its picks: it may be forgotten
)

// String gives the state's name, as written in APIs and logs.
func (s OrderState) String() string {
	names := [...]string{"unknown", "open", "cancelled", "closed"}
	if int(s) >= len(names) {
		return names[0]
	}
	return names[s]
}

// Order is what a warehouse has to pick. The hub writes it.
type Order struct {
	ID        OrderID
	Ref       string // the platform's order number, for people
	Channel   string
	State     OrderState
	Lines     []OrderLine
	Confirmed time.Time
	Due       time.Time // when it is promised for; zero where nothing was promised
	// Before is how many ledgers the warehouse had before the one of the box that
	// is told. What they did of the order stands in its lines.
	Before int
}

// OrderLine is one line of an order. Quantities are base units.
type OrderLine struct {
	Number   int // from 1; a movement names it as its Line
	SKU      SKU
	Quantity int64
	// Tolerance is by how much a weighed line may differ and still be whole;
	// 0 for pieces.
	Tolerance int64
	// MinExpiry is the earliest last day of sale that will do; 0 for any.
	MinExpiry   Date
	Lots        []LotShare // where the hub expects it to come from: a hint
	Substitutes []SKU      // what may be picked instead, best first
	// Picked is what earlier ledgers picked for the line, Short that one of them
	// closed it. Progress is what the present ledger did.
	Picked int64
	Short  bool
}

// LotShare is a part of a line that a lot is to cover.
type LotShare struct {
	Lot      Lot
	Quantity int64
}

// Bounds of an order.
const (
	MaxOrderLines  = 200
	MaxSubstitutes = 8
	maxOrderLots   = 64
	// maxPicked is far above what anybody picks: goods that are weighed may be
	// more than was ordered.
	maxPicked = 1000 * MaxQty
)

// Validate checks the order against the rules of the wire.
func (o *Order) Validate() error {
	if _, err := ParseOrderID(string(o.ID)); err != nil {
		return err
	}
	if o.State < OrderOpen || o.State > OrderClosed {
		return fmt.Errorf("%w order %s: state %d", ErrInvalid, o.ID, o.State)
	}
	if len(o.Lines) > MaxOrderLines {
		return fmt.Errorf("%w order %s: %d lines, at most %d", ErrInvalid, o.ID, len(o.Lines), MaxOrderLines)
	}
	for _, text := range [...]string{o.Ref, o.Channel} {
		if err := CheckText(text); err != nil {
			return fmt.Errorf("order %s: %w", o.ID, err)
		}
	}
	for i := range o.Lines {
		if err := o.Lines[i].validate(); err != nil {
			return fmt.Errorf("order %s: line %d: %w", o.ID, o.Lines[i].Number, err)
		}
	}
	return nil
}

func (l *OrderLine) validate() error {
	if _, err := ParseSKU(string(l.SKU)); err != nil {
		return err
	}
	if l.Number < 1 || l.Quantity < 1 || l.Quantity > MaxQty || l.Tolerance < 0 || l.Tolerance > l.Quantity || !l.MinExpiry.Valid() {
		return fmt.Errorf("%w number, quantity %d, tolerance %d or date %d", ErrInvalid, l.Quantity, l.Tolerance, l.MinExpiry)
	}
	if l.Picked < 0 || l.Picked > maxPicked {
		return fmt.Errorf("%w quantity %d picked before", ErrInvalid, l.Picked)
	}
	if len(l.Lots) > maxOrderLots || len(l.Substitutes) > MaxSubstitutes {
		return fmt.Errorf("%w %d lots, %d substitutes", ErrInvalid, len(l.Lots), len(l.Substitutes))
	}
	for _, s := range l.Lots {
		if err := CheckText(string(s.Lot)); err != nil {
			return err
		}
	}
	for _, s := range l.Substitutes {
		if _, err := ParseSKU(string(s)); err != nil {
			return err
		}
	}
	return nil
}

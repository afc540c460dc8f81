package inventory

import (
	"time"

	"github.com/forestock/forestock/proto/stock"
)

// Reserved answers a command about a reservation with its state.
type Reserved struct {
	Reservation *Reservation
	Replayed    bool // the command had been done before, and changed nothing now
	Dry         bool // nothing is held: it was only asked for
}

// Ended says that the record of a reservation is not in the Book but on disk,
// as the event of this revision. A store answers with the record, or gives the
// command again with it; callers of a store never see it.
type Ended struct {
	ID       stock.OrderID
	State    ReservationState
	Revision Revision
	// Retry says that the command has to be given again with Past; otherwise
	// the record is the answer, as a Reserved that was Replayed.
	Retry bool
}

// Retired answers a Retire.
type Retired struct {
	Forgotten int // records that had ended
	Kept      int // records that were written again
}

// Denial is why a reservation's command was denied. The texts are stable: the
// API passes them on.
type Denial string

// The reasons of a Denied.
const (
	InsufficientStock    Denial = "INSUFFICIENT_STOCK"
	IdempotencyMismatch  Denial = "IDEMPOTENCY_MISMATCH"
	ReservationExpired   Denial = "RESERVATION_EXPIRED"
	ReservationCancelled Denial = "RESERVATION_CANCELLED"
	AlreadyPicked        Denial = "ALREADY_PICKED"
	WarehouseFrozen      Denial = "WAREHOUSE_FROZEN"
	UnknownSKU           Denial = "UNKNOWN_SKU"
	UnknownWarehouse     Denial = "UNKNOWN_WAREHOUSE"
	ReservationNotFound  Denial = "NOT_FOUND"
	InvalidReservation   Denial = "INVALID"
)

// Denied answers a command that changed nothing. It is a result, not an error.
type Denied struct {
	Reason    Denial
	Message   string
	Shortages []Shortage // of InsufficientStock: every short line, of every candidate
	// RetryAfter is when to try again; zero where that would not help.
	RetryAfter time.Duration
}

// Shortage is a line that could not be held.
type Shortage struct {
	Line      int // index in the Ask
	SKU       stock.SKU
	Requested int64
	Available int64
	Warehouse stock.Warehouse
	Age       time.Duration // of the number
}

// String gives the reason and the message.
func (d *Denied) String() string { return string(d.Reason) + ": " + d.Message }

func (Reserved) result() {}
func (Ended) result()    {}
func (Retired) result()  {}
func (*Denied) result()  {}

func deny(r Denial, message string) *Denied { return &Denied{Reason: r, Message: message} }

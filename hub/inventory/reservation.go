package inventory

import (
	"crypto/sha256"
	"time"

	"github.com/forestock/forestock/proto/stock"
)

// ReservationState is how far a reservation has come. The numbers are on disk.
type ReservationState uint8

// The states of a reservation.
const (
	Tried     ReservationState = 1 // the stock is held until Expires
	Confirmed ReservationState = 2 // an order is on its way to the floor, or being picked there
	Cancelled ReservationState = 3
	Expired   ReservationState = 4 // the hold ran out; confirming may hold again
	Fulfilled ReservationState = 5 // everything was picked
	Shorted   ReservationState = 6 // picked, but something that was promised was missing
)

// String gives the state's name, as used in event types and logs.
func (s ReservationState) String() string {
	names := [...]string{"unknown", "tried", "confirmed", "cancelled", "expired", "fulfilled", "shorted"}
	if int(s) >= len(names) {
		return names[0]
	}
	return names[s]
}

// Open reports whether a reservation in this state claims stock.
func (s ReservationState) Open() bool { return s == Tried || s == Confirmed }

// Sum stands for a reservation's id: the first half of its SHA-256.
type Sum [16]byte

// SumOf gives the sum of an id.
func SumOf(id stock.OrderID) Sum {
	var buf [64]byte // an id fits, and so is not copied to the heap
	h := sha256.Sum256(append(buf[:0], id...))
	return Sum(h[:16])
}

// Reservation is the claim of one order on the stock of one warehouse. It is
// immutable: a change makes a new one with a greater revision.
type Reservation struct {
	ID stock.OrderID
	// Payload is the hash of what the Try asked for; zero for the mark that the
	// Cancel of an unknown id leaves, which has no warehouse and no lines.
	Payload   uint64
	Warehouse stock.Warehouse
	Ref       string // the platform's order number
	Channel   string
	State     ReservationState
	Lines     []ReservationLine
	TTL       time.Duration // of the hold, as asked for
	Expires   time.Time     // of the hold; what it was where there is none any more
	Created   time.Time
	Confirmed time.Time // when it was confirmed first; zero for never
	Updated   time.Time
	Due       time.Time // when the order is promised for; zero where nothing was promised
	Reason    string    // why it was cancelled
	// AtRisk says that stock was lost since, and this promise may not be kept.
	AtRisk bool
	// PickedAfterCancel says that goods were picked for it although it was
	// cancelled: they go back to the shelf.
	PickedAfterCancel bool
	// Picks are the entries that picked for it, while it is open.
	Picks []PickOf

	// Born orders reservations by when they came to hold stock.
	Born Revision
	// Asked orders what warehouses have to be told; zero where the floor never
	// hears of this reservation.
	Asked Revision
	// Revision is of the newest change. The numbers just before it, one for each
	// line, are the revisions that the change gave to the levels of the lines.
	Revision Revision
}

// Picked reports whether any goods were picked for it.
func (r *Reservation) Picked() bool {
	for i := range r.Lines {
		if r.Lines[i].Picked > 0 {
			return true
		}
	}
	return false
}

// ReservationLine is one line of a reservation. Quantities are base units.
type ReservationLine struct {
	SKU          stock.SKU
	Quantity     int64 // asked for
	Granted      int64 // held by the Try; less than Quantity only where a part was allowed
	MinShelfLife int   // days that the goods must still be good for, today not counted
	MinExpiry    stock.Date
	Tolerance    int64 // by how much a weighed line may be short and still be whole
	Substitutes  []stock.SKU
	Lots         []Allocation // set aside for what is not picked yet, first expiring first
	Picked       int64        // what left the shelf for it, in actual weight
	Done         bool         // nothing more is expected: picked, short or ended
	AtRisk       bool         // less is set aside in Lots than is still to be picked
}

// Reserved gives what is claimed for the line and not picked.
func (l *ReservationLine) Reserved() int64 {
	if l.Done {
		return 0
	}
	return max(0, l.Granted-l.Picked)
}

// Short gives what is known to be missing of the quantity that was asked for.
func (l *ReservationLine) Short() int64 {
	if !l.Done {
		return l.Quantity - l.Granted
	}
	if l.whole() {
		return l.Quantity - l.Granted
	}
	return max(0, l.Quantity-l.Picked)
}

// whole reports whether what was promised was picked.
func (l *ReservationLine) whole() bool { return l.Picked >= l.Granted-l.Tolerance }

// Allocation is the part of a line that one lot covers.
type Allocation struct {
	Lot      stock.Lot
	Expiry   stock.Date // zero where the lot has no date
	Quantity int64
}

// PickOf is one entry that picked for a line, or closed it as short.
type PickOf struct {
	Line     int // index of the line
	Place    Place
	Quantity int64 // zero for a short
	Short    bool
}

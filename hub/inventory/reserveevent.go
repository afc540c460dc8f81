package inventory

import (
	"context"
	"slices"
	"time"

	"github.com/forestock/forestock/proto/stock"
)

// EventType is what happened to a reservation. The numbers are on disk.
type EventType uint8

// The types of event.
const (
	EventTried             EventType = 1
	EventConfirmed         EventType = 2
	EventCancelled         EventType = 3
	EventExpired           EventType = 4
	EventFulfilled         EventType = 5
	EventShorted           EventType = 6
	EventExtended          EventType = 7
	EventPicked            EventType = 8  // something was picked, undone or found short, and more is to come
	EventAtRisk            EventType = 9  // stock was lost: the promise may not be kept
	EventSafe              EventType = 10 // the stock is there again
	EventPickedAfterCancel EventType = 11
	// EventKept is no event: the record was written again, so that older
	// history could go. No feed tells it.
	EventKept EventType = 12
)

var eventNames = [...]string{
	"", "tried", "confirmed", "cancelled", "expired", "fulfilled", "shorted", "extended", "picked", "at_risk", "safe",
	"picked_after_cancel", "kept",
}

// String gives the type as told to the platform, such as reservation.confirmed.
func (t EventType) String() string {
	if t == 0 || int(t) >= len(eventNames) {
		return "reservation.unknown"
	}
	return "reservation." + eventNames[t]
}

// Event is one change of a reservation. Its revision is the reservation's.
type Event struct {
	Type        EventType
	Time        time.Time
	Reservation *Reservation // as it was after this change
}

// EventUpdate is one step of an EventFeed: an event, or a bookmark.
type EventUpdate struct {
	Event Event
	// Token goes on after this update when it is handed to a new feed.
	Token Token
	// Bookmark is set, and Event empty, when nothing older is outstanding.
	Bookmark bool
}

// EventFeed gives the next event of a feed. It waits for one until the context
// ends. It is not safe for concurrent use, and needs no closing.
type EventFeed func(ctx context.Context) (EventUpdate, error)

// ReservationFilter says which reservations a listing is about. Empty fields
// stand for all.
type ReservationFilter struct {
	Warehouse stock.Warehouse
	States    []ReservationState
	Ref       string
	AtRisk    bool // only those whose promise is doubtful
}

// Admits reports whether a reservation is one of those the filter is about.
func (f *ReservationFilter) Admits(r *Reservation) bool {
	if f.Warehouse != "" && r.Warehouse != f.Warehouse || f.Ref != "" && r.Ref != f.Ref || f.AtRisk && !r.AtRisk {
		return false
	}
	return len(f.States) == 0 || slices.Contains(f.States, r.State)
}

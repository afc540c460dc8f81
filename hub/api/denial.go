package api

import (
	"math"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/forestock/forestock/hub/inventory"
	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
)

// The reasons of reservations.
const (
	InsufficientStock    Reason = "INSUFFICIENT_STOCK"
	IdempotencyMismatch  Reason = "IDEMPOTENCY_MISMATCH"
	ReservationExpired   Reason = "RESERVATION_EXPIRED"
	ReservationCancelled Reason = "RESERVATION_CANCELLED"
	AlreadyPicked        Reason = "ALREADY_PICKED"
	WarehouseFrozen      Reason = "WAREHOUSE_FROZEN"
	LocationNotServed    Reason = "LOCATION_NOT_SERVED"
	UnknownReservation   Reason = "UNKNOWN_RESERVATION"
	InvalidReservation   Reason = "INVALID_RESERVATION"
)

// denials is what the API makes of every reason of the Book, and what it tells
// people to do. Beside statusOf it is the whole table of what can go wrong with
// a reservation.
var denials = map[inventory.Denial]struct {
	code   codes.Code
	reason Reason
	advice string
}{
	inventory.InsufficientStock:    {codes.FailedPrecondition, InsufficientStock, "offer what the shortages say is available, try another warehouse, or allow a part"},
	inventory.IdempotencyMismatch:  {codes.AlreadyExists, IdempotencyMismatch, "repeat a call with exactly what it said before, or take a new reservation_id"},
	inventory.ReservationExpired:   {codes.FailedPrecondition, ReservationExpired, "reserve again under a new reservation_id"},
	inventory.ReservationCancelled: {codes.FailedPrecondition, ReservationCancelled, "reserve again under a new reservation_id"},
	inventory.AlreadyPicked:        {codes.FailedPrecondition, AlreadyPicked, "the order can only be returned now"},
	inventory.WarehouseFrozen:      {codes.Unavailable, WarehouseFrozen, "try another warehouse, or this one again once it is heard from"},
	inventory.UnknownSKU:           {codes.NotFound, UnknownSKU, "check the spelling, or add it with POST /v1/items:batchUpdate"},
	inventory.UnknownWarehouse:     {codes.NotFound, UnknownWarehouse, "GET /v1/warehouses lists those that have reported to this hub"},
	inventory.ReservationNotFound:  {codes.NotFound, UnknownReservation, "it was never made here, or ended so long ago that it is forgotten"},
	inventory.InvalidReservation:   {codes.InvalidArgument, InvalidReservation, "correct the request"},
}

// refusalOfDenial turns the Book's answer into the API's. The numbers were read
// at a time.
func refusalOfDenial(d *inventory.Denied, at time.Time) *refusal {
	known, ok := denials[d.Reason]
	if !ok {
		return refuse(codes.Internal, Internal, "the hub failed; its log says why under this request id")
	}
	r := refuse(known.code, known.reason, "%s; %s", d.Message, known.advice).after(d.RetryAfter)
	if len(d.Shortages) > 0 {
		r.shortages = shortageMessages(d.Shortages, at)
	}
	return r
}

func shortageMessages(list []inventory.Shortage, at time.Time) []*forestockv1.Shortage {
	out := make([]*forestockv1.Shortage, len(list))
	for i := range list {
		s := &list[i]
		out[i] = &forestockv1.Shortage{
			Line: count(s.Line), Sku: string(s.SKU), Requested: quantity(s.Requested), Available: quantity(s.Available),
			Warehouse: warehouseName(s.Warehouse), AsOfTime: asOf(s.Age, at),
		}
	}
	return out
}

// ageless is the age of numbers that were never known to be complete.
const ageless = time.Duration(math.MaxInt64)

// asOf turns the age that numbers had at a time back into a moment; nil where
// nobody knows.
func asOf(age time.Duration, at time.Time) *timestamppb.Timestamp {
	if age == ageless {
		return nil
	}
	return timestamp(at.Add(-age))
}

package api

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/forestock/forestock/hub/inventory"
	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
	"github.com/forestock/forestock/proto/stock"
)

// reservations holds stock for orders.
type reservations struct {
	forestockv1.UnsafeReservationServiceServer
	view  *view
	areas areas
	queue *queue
	pace
	sent prometheus.Counter
}

// CreateReservation holds all lines of an order, or none.
func (r *reservations) CreateReservation(ctx context.Context, req *forestockv1.CreateReservationRequest) (*forestockv1.Reservation, error) {
	now := time.Now()
	try, err := r.try(req, now)
	if err != nil {
		return nil, err
	}
	return r.do(ctx, asked{command: try, at: now, view: req.GetView()})
}

// GetReservation gives one reservation.
func (r *reservations) GetReservation(ctx context.Context, req *forestockv1.GetReservationRequest) (*forestockv1.Reservation, error) {
	id, err := parseReservationName(req.GetName())
	if err != nil {
		return nil, err
	}
	return r.do(ctx, asked{command: inventory.Look{ID: id}, at: time.Now()})
}

// ConfirmReservation turns a hold into an order.
func (r *reservations) ConfirmReservation(ctx context.Context, req *forestockv1.ConfirmReservationRequest) (*forestockv1.Reservation, error) {
	id, err := parseReservationName(req.GetName())
	if err != nil {
		return nil, err
	}
	return r.do(ctx, asked{command: confirm(id), at: time.Now(), view: req.GetView()})
}

// CancelReservation gives the stock back.
func (r *reservations) CancelReservation(ctx context.Context, req *forestockv1.CancelReservationRequest) (*forestockv1.Reservation, error) {
	c, err := cancel(req)
	if err != nil {
		return nil, err
	}
	return r.do(ctx, asked{command: c, at: time.Now(), view: req.GetView()})
}

// ExtendReservation gives a hold more time.
func (r *reservations) ExtendReservation(ctx context.Context, req *forestockv1.ExtendReservationRequest) (*forestockv1.Reservation, error) {
	c, err := extend(req)
	if err != nil {
		return nil, err
	}
	return r.do(ctx, asked{command: c, at: time.Now(), view: req.GetView()})
}

// asked is one command, when it was made, and how much its answer is to tell.
type asked struct {
	command inventory.Command
	at      time.Time
	view    forestockv1.View
}

// do gives the store one command.
func (r *reservations) do(ctx context.Context, a asked) (*forestockv1.Reservation, error) {
	leave, err := r.queue.enter(1)
	if err != nil {
		return nil, err
	}
	defer leave()
	results, err := r.apply(ctx, a.at, a.command)
	if err != nil {
		return nil, err
	}
	return a.outcome(results[0])
}

// apply gives the store commands that were made at a time.
//
// How fresh the numbers are matters to a Confirm only where the hold ran out, and
// only its record tells of which warehouse. So a Confirm says the worst at
// first; one that is refused for it is given again with what is true.
func (r *reservations) apply(ctx context.Context, at time.Time, commands ...inventory.Command) ([]inventory.Result, error) {
	results, err := r.view.stock.Apply(ctx, commands...)
	if err != nil {
		return nil, err
	}
	for i, c := range commands {
		if confirm, ok := c.(inventory.Confirm); ok && denied(results[i]) == inventory.WarehouseFrozen {
			if results[i], err = r.confirmLate(ctx, confirm, at); err != nil {
				return nil, err
			}
		}
	}
	return results, nil
}

// confirm makes a Confirm that says the worst about the numbers.
func confirm(id stock.OrderID) inventory.Confirm {
	return inventory.Confirm{ID: id, Freshness: inventory.Stale, Age: ageless}
}

// confirmLate confirms what ran out, with how fresh the numbers are.
func (r *reservations) confirmLate(ctx context.Context, c inventory.Confirm, at time.Time) (inventory.Result, error) {
	past, found, err := r.view.stock.Reservation(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	if found {
		now := r.candidate(past.Warehouse, at)
		c.Freshness, c.Age = now.Freshness, now.Age
	}
	results, err := r.view.stock.Apply(ctx, c)
	if err != nil {
		return nil, err
	}
	return results[0], nil
}

func denied(r inventory.Result) inventory.Denial {
	if d, ok := r.(*inventory.Denied); ok {
		return d.Reason
	}
	return ""
}

// outcome turns the command's result into its answer.
func (a asked) outcome(r inventory.Result) (*forestockv1.Reservation, error) {
	switch r := r.(type) {
	case inventory.Reserved:
		return reservationMessage(r.Reservation, a.view), nil
	case *inventory.Denied:
		if t, ok := a.command.(*inventory.Try); ok && r.Reason == inventory.UnknownWarehouse && t.Candidates[0].Warehouse == nowhere {
			return nil, refuse(codes.FailedPrecondition, LocationNotServed, "no warehouse serves this place; name warehouses, or give one an area that covers it").in("location")
		}
		return nil, refusalOfDenial(r, a.at)
	}
	return nil, fmt.Errorf("reservation: the store answered %T to %T", r, a.command)
}

// try reads what a request wants to hold.
func (r *reservations) try(req *forestockv1.CreateReservationRequest, now time.Time) (*inventory.Try, error) {
	id, err := stock.ParseOrderID(req.GetReservationId())
	if err != nil {
		return nil, invalid(InvalidReservation, "reservation_id", "%v", err)
	}
	candidates, where, err := r.candidates(req, now)
	if err != nil {
		return nil, err
	}
	ttl, err := lifetime("reservation.ttl", req.GetReservation().GetTtl())
	if err != nil {
		return nil, err
	}
	ask := inventory.Ask{
		Where: where, Ref: req.GetReservation().GetOrderRef(), Channel: req.GetReservation().GetChannel(),
		Lines: askedLines(req.GetReservation().GetLines()), TTL: ttl, AllowPartial: req.GetAllowPartial(),
	}
	if due := req.GetReservation().GetPromiseTime(); due != nil {
		if err := due.CheckValid(); err != nil {
			return nil, invalid(InvalidReservation, "reservation.promise_time", "%v", err)
		}
		ask.Due = due.AsTime()
	}
	t, err := inventory.NewTry(id, ask, candidates)
	if err != nil {
		return nil, invalid(InvalidReservation, "reservation", "%v", err)
	}
	t.ValidateOnly = req.GetValidateOnly()
	return t, nil
}

func askedLines(lines []*forestockv1.ReservationLine) []inventory.AskLine {
	out := make([]inventory.AskLine, len(lines))
	for i, l := range lines {
		out[i] = inventory.AskLine{SKU: stock.SKU(l.GetSku()), Quantity: int64(l.GetQuantity()), MinShelfLife: int(l.GetMinShelfLifeDays())}
		for _, s := range l.GetSubstitutes() {
			out[i].Substitutes = append(out[i].Substitutes, stock.SKU(s))
		}
	}
	return out
}

// lifetime reads how long a hold is to last; 0 is the usual time.
func lifetime(field string, d *durationpb.Duration) (time.Duration, error) {
	if d == nil {
		return 0, nil
	}
	ttl := d.AsDuration()
	if d.CheckValid() != nil || ttl < time.Millisecond || ttl > inventory.MaxTTL {
		return 0, invalid(InvalidReservation, field, "a hold lasts 0.001s to %ds; leave it out for %ds", int(inventory.MaxTTL.Seconds()), int(inventory.DefaultTTL.Seconds()))
	}
	return ttl, nil
}

func cancel(req *forestockv1.CancelReservationRequest) (c inventory.Cancel, _ error) {
	id, err := parseReservationName(req.GetName())
	if err != nil {
		return c, err
	}
	if err := stock.CheckText(req.GetReason()); err != nil {
		return c, invalid(InvalidReservation, "reason", "%v", err)
	}
	return inventory.Cancel{ID: id, Reason: req.GetReason()}, nil
}

func extend(req *forestockv1.ExtendReservationRequest) (e inventory.Extend, _ error) {
	id, err := parseReservationName(req.GetName())
	if err != nil {
		return e, err
	}
	ttl, err := lifetime("ttl", req.GetTtl())
	return inventory.Extend{ID: id, TTL: ttl}, err
}

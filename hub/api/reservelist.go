package api

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/forestock/forestock/hub/inventory"
	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
	"github.com/forestock/forestock/proto/stock"
)

// listingCalls bounds how often one page asks the store, which looks through so
// much at a time: a page may be shorter than asked for, and still not the last.
const listingCalls = 16

// ListReservations gives reservations, newest change first.
func (r *reservations) ListReservations(ctx context.Context, req *forestockv1.ListReservationsRequest) (*forestockv1.ListReservationsResponse, error) {
	size, err := pageSize(req.GetPageSize(), 100)
	if err != nil {
		return nil, err
	}
	filter, err := r.filter(req)
	if err != nil {
		return nil, err
	}
	question := filterQuestion(&filter)
	place, err := pagePlace(reservationPage, question, req.GetPageToken())
	if err != nil {
		return nil, err
	}
	out, at := &forestockv1.ListReservationsResponse{}, inventory.Cursor(place)
	for range listingCalls {
		found, next, err := r.view.stock.Reservations(ctx, filter, at, size-len(out.GetReservations()))
		if errors.Is(err, inventory.ErrCursor) {
			return nil, invalid(InvalidPageToken, "page_token", "this page_token leads nowhere any more; leave it out to begin again")
		}
		if err != nil {
			return nil, err
		}
		for _, one := range found {
			out.Reservations = append(out.Reservations, reservationMessage(one, forestockv1.View_FULL))
		}
		if at = next; next == "" || len(out.GetReservations()) >= size {
			break
		}
	}
	if at != "" {
		out.NextPageToken = placeToken(reservationPage, question, string(at))
	}
	return out, nil
}

// filter reads which reservations are asked for.
func (r *reservations) filter(req *forestockv1.ListReservationsRequest) (f inventory.ReservationFilter, err error) {
	if req.GetWarehouse() != "" {
		if f.Warehouse, err = parseWarehouseName("warehouse", req.GetWarehouse()); err != nil {
			return f, err
		}
		if _, err := r.view.warehouse("warehouse", f.Warehouse); err != nil {
			return f, err
		}
	}
	for i, s := range req.GetStates() {
		if s < forestockv1.ReservationState_TRIED || s > forestockv1.ReservationState_SHORTED {
			return f, invalid(InvalidQuery, fmt.Sprintf("states[%d]", i), "%d is no state of a reservation; leave states out for all of them", s)
		}
		f.States = append(f.States, inventory.ReservationState(s))
	}
	if err := stock.CheckText(req.GetOrderRef()); err != nil {
		return f, invalid(InvalidQuery, "order_ref", "%v", err)
	}
	f.Ref, f.AtRisk = req.GetOrderRef(), req.GetAtRisk()
	return f, nil
}

// filterQuestion sums up a filter, for the tokens of its pages.
func filterQuestion(f *inventory.ReservationFilter) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\n%v\n%t\n%s", f.Warehouse, f.States, f.AtRisk, f.Ref))
	return string(sum[:])
}

// parseReservationName reads reservations/{id}.
func parseReservationName(name string) (stock.OrderID, error) {
	const collection = "reservations/"
	if len(name) <= len(collection) || name[:len(collection)] != collection {
		return "", invalid(InvalidName, "name", "%.120q is no name of a reservation; write reservations/{id}", name)
	}
	id, err := stock.ParseOrderID(name[len(collection):])
	if err != nil {
		return "", invalid(InvalidName, "name", "%v", err)
	}
	return id, nil
}

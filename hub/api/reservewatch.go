package api

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/forestock/forestock/hub/inventory"
	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
	"github.com/forestock/forestock/proto/stock"
)

// eventWatch is one watch of reservations on its way.
type eventWatch struct {
	stream   grpc.ServerStreamingServer[forestockv1.WatchReservationsResponse]
	question string // what its resume tokens are bound to
	token    string // the last one
	caughtUp bool
	sent     prometheus.Counter
}

// WatchReservations streams every change of the reservations of some warehouses,
// each once and in their order. The store keeps them on disk, so that a slow
// reader holds nobody up and misses nothing.
func (r *reservations) WatchReservations(req *forestockv1.WatchReservationsRequest, stream grpc.ServerStreamingServer[forestockv1.WatchReservationsResponse]) error {
	scope, err := r.view.scope(&forestockv1.WatchAvailabilityRequest{Warehouses: req.GetWarehouses()})
	if err != nil {
		return err
	}
	w := &eventWatch{
		stream: stream, question: eventQuestion(scope.Warehouses), token: req.GetResumeToken(), sent: r.sent,
	}
	since, err := w.since()
	if err != nil {
		return err
	}
	feed, err := r.view.stock.Events(since, scope.Warehouses...)
	if err != nil {
		return eventsLost(err)
	}
	return eventsLost(relay(stream.Context(), r.pace, feed, w))
}

// eventQuestion sums up which warehouses a watch is about.
func eventQuestion(list []stock.Warehouse) string {
	var b strings.Builder
	for _, w := range slices.Compact(slices.Sorted(slices.Values(list))) {
		b.WriteString(string(w) + "\n")
	}
	return b.String()
}

// eventsLost says of a feed that cannot go on why not.
func eventsLost(err error) error {
	if errors.Is(err, inventory.ErrTokenTooOld) {
		return refuse(codes.FailedPrecondition, ResumeTokenUnknown,
			"what happened since this resume_token is not kept any more; list the reservations, then watch again without one").in("resume_token")
	}
	return err
}

func (w *eventWatch) since() (inventory.Token, error) {
	if w.token == "" {
		return inventory.Token{}, nil
	}
	if text, ok := placeOf(eventResume, w.question, w.token); ok {
		if token, err := inventory.ParseToken(text); err == nil {
			return token, nil
		}
	}
	return inventory.Token{}, invalid(InvalidResumeToken, "resume_token",
		"this resume_token belongs to no watch like this one; hand it back as it came, with the same warehouses, or leave it out to begin with what happens from now on")
}

// take sends one update of the feed on. Of its bookmarks only the first one says
// something new; the others are said when the stream is idle.
func (w *eventWatch) take(u *inventory.EventUpdate) error {
	w.token = placeToken(eventResume, w.question, u.Token.String())
	if u.Bookmark {
		if w.caughtUp {
			return nil
		}
		w.caughtUp = true
		return w.idle()
	}
	w.sent.Inc()
	return w.stream.Send(&forestockv1.WatchReservationsResponse{Event: eventMessage(&u.Event), ResumeToken: w.token})
}

// turn has nothing to tell: every change of a reservation is an event.
func (w *eventWatch) turn() (<-chan struct{}, error) { return nil, nil }

func (w *eventWatch) idle() error {
	if !w.caughtUp {
		return nil
	}
	return w.stream.Send(&forestockv1.WatchReservationsResponse{ResumeToken: w.token, Bookmark: true})
}

func eventMessage(e *inventory.Event) *forestockv1.ReservationEvent {
	return &forestockv1.ReservationEvent{
		Id: strconv.FormatUint(uint64(e.Reservation.Revision), 10), Time: timestamp(e.Time), Type: e.Type.String(),
		Reservation: reservationMessage(e.Reservation, forestockv1.View_FULL),
	}
}

package api

import (
	"context"
	"time"

	"github.com/forestock/forestock/hub/inventory"
	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
)

// maxTries is how many reservations one batch makes at most.
const maxTries = 200

// BatchCreateReservations tries every reservation on its own, in one commit.
func (r *reservations) BatchCreateReservations(ctx context.Context, req *forestockv1.BatchCreateReservationsRequest) (*forestockv1.BatchCreateReservationsResponse, error) {
	switch n := len(req.GetRequests()); {
	case n == 0:
		return nil, invalid(NothingAsked, "requests", "requests is empty; put at least one in")
	case n > maxTries:
		return nil, invalid(TooMany, "requests", "%d requests are more than %d; split them over several calls", n, maxTries)
	}
	n := len(req.GetRequests())
	call := callOf(ctx)
	if wait := call.pay(n - 1); wait > 0 { // the gate took one
		return nil, call.limited(wait)
	}
	leave, err := r.queue.enter(n)
	if err != nil {
		return nil, err
	}
	defer leave()
	b := newBatch(time.Now(), n)
	for i, one := range req.GetRequests() {
		try, err := r.try(one, b.at)
		if err != nil {
			b.results[i] = b.result(nil, err)
			continue
		}
		b.add(i, asked{command: try, at: b.at, view: one.GetView()})
	}
	if err := b.run(ctx, r); err != nil {
		return nil, err
	}
	return &forestockv1.BatchCreateReservationsResponse{Results: b.results}, nil
}

// batch is commands that go to the store together, and where each answer goes.
type batch struct {
	at       time.Time
	asked    []asked
	places   []int // of results
	commands []inventory.Command
	results  []*forestockv1.ReservationResult
}

func newBatch(at time.Time, n int) *batch {
	return &batch{
		at: at, asked: make([]asked, 0, n), places: make([]int, 0, n), commands: make([]inventory.Command, 0, n),
		results: make([]*forestockv1.ReservationResult, n),
	}
}

// add takes a command in, whose answer goes to a place.
func (b *batch) add(place int, a asked) {
	b.asked, b.places, b.commands = append(b.asked, a), append(b.places, place), append(b.commands, a.command)
}

// run gives the commands to the store, and fills in their results.
func (b *batch) run(ctx context.Context, r *reservations) error {
	if len(b.commands) == 0 {
		return nil
	}
	results, err := r.apply(ctx, b.at, b.commands...)
	if err != nil {
		return err
	}
	for i, a := range b.asked {
		b.results[b.places[i]] = b.result(a.outcome(results[i]))
	}
	return nil
}

func (b *batch) result(m *forestockv1.Reservation, err error) *forestockv1.ReservationResult {
	if err != nil {
		return &forestockv1.ReservationResult{Error: errorMessage(refusalOf(err))}
	}
	return &forestockv1.ReservationResult{Reservation: m}
}

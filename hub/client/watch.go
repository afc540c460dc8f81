package client

import (
	"context"
	"errors"
	"fmt"
	"iter"

	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
)

// ErrTokenLost is wrapped by the error of a watch whose token the hub cannot go
// on from: list, then watch again without one.
var ErrTokenLost = errors.New("the hub does not know what happened since this token")

// Events follows what happens to the reservations of some warehouses, or of
// all, behind a token; an empty one begins with what happens once the first
// response is there. Each event comes once and in order, over any number of
// connections. It ends with the context, or with an error that no repetition
// helps against.
func (c *Client) Events(ctx context.Context, token string, warehouses ...string) iter.Seq2[*forestockv1.WatchReservationsResponse, error] {
	return watch(ctx, c, token, func(ctx context.Context, token string) (receiver[*forestockv1.WatchReservationsResponse], error) {
		return c.reservations.WatchReservations(ctx, &forestockv1.WatchReservationsRequest{Warehouses: warehouses, ResumeToken: token})
	})
}

// Availability follows the numbers of some warehouses and SKUs, or of all: every
// one that changed after the token, or each of them where that is empty, and
// then each again when it changes.
func (c *Client) Availability(ctx context.Context, token string, warehouses, skus []string) iter.Seq2[*forestockv1.WatchAvailabilityResponse, error] {
	return watch(ctx, c, token, func(ctx context.Context, token string) (receiver[*forestockv1.WatchAvailabilityResponse], error) {
		return c.availability.WatchAvailability(ctx, &forestockv1.WatchAvailabilityRequest{Warehouses: warehouses, Skus: skus, ResumeToken: token})
	})
}

// receiver is a stream of responses.
type receiver[R any] interface{ Recv() (R, error) }

// watch goes on behind the last response that was taken, whenever the stream
// ends.
func watch[R interface{ GetResumeToken() string }](ctx context.Context, c *Client, token string, open func(context.Context, string) (receiver[R], error)) iter.Seq2[R, error] {
	return func(yield func(R, error) bool) {
		for failures := 1; ; failures++ {
			stream, stop := context.WithCancel(c.as(ctx))
			responses, err := open(stream, token)
			for err == nil {
				var r R
				if r, err = responses.Recv(); err != nil {
					break
				}
				failures = 0
				if next := r.GetResumeToken(); next != "" {
					token = next
				}
				if !yield(r, nil) {
					stop()
					return
				}
			}
			stop()
			if over(ctx) {
				return
			}
			if err = errorOf(err); again(err) && c.options.wait(ctx, max(1, failures), err) {
				continue
			}
			if over(ctx) {
				return
			}
			if e, ok := errors.AsType[*Error](err); ok && e.Reason == "RESUME_TOKEN_UNKNOWN" {
				err = fmt.Errorf("%w: %w", ErrTokenLost, err)
			}
			var none R
			yield(none, fmt.Errorf("watch: %w", err))
			return
		}
	}
}

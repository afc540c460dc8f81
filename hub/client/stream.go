package client

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
)

// errClosed says that nobody runs the stream any more.
var errClosed = errors.New("the stream has ended")

// Stream carries the commands of many callers over one stream: they wait for
// their own answers, not for each other's. Commands whose answers were lost
// with a connection are sent again, in their order, over the next one. Run it,
// and call its methods from any number of goroutines.
type Stream struct {
	client *Client
	room   chan struct{} // one word for each command that waits for its answer
	some   chan struct{} // holds a word while there is something fresh
	ended  chan struct{} // closed when Run has returned

	mu      sync.Mutex // guards what follows
	last    uint64
	fresh   []*command          // not sent yet: sent together, so that one goroutine wakes for many callers
	waiting map[uint64]*command // sent, or about to be
}

// command is one command until it is answered.
type command struct {
	req    *forestockv1.StreamReservationsRequest
	answer chan Result // with room for one
	left   bool        // nobody waits for it any more; the stream's mutex guards it
}

type commandStream = interface {
	Send(*forestockv1.StreamReservationsRequest) error
	Recv() (*forestockv1.StreamReservationsResponse, error)
}

// Stream makes a stream that is not run yet.
func (c *Client) Stream() *Stream {
	return &Stream{
		client: c, room: make(chan struct{}, c.options.Window), some: make(chan struct{}, 1),
		ended: make(chan struct{}), waiting: make(map[uint64]*command),
	}
}

// Run carries commands until the context ends, or the hub refuses the stream. It
// runs once.
func (s *Stream) Run(ctx context.Context) error {
	defer close(s.ended)
	for failures := 1; ; failures++ {
		answered, err := s.session(ctx)
		if over(ctx) {
			return nil
		}
		if answered {
			failures = 1
		}
		if err = errorOf(err); !again(err) || !s.client.options.wait(ctx, failures, err) {
			if over(ctx) {
				return nil
			}
			return fmt.Errorf("stream: %w", err)
		}
	}
}

// session carries commands over one stream of the hub's until that ends.
func (s *Stream) session(ctx context.Context) (answered bool, err error) {
	g, session := errgroup.WithContext(s.client.as(ctx))
	stream, err := s.client.reservations.StreamReservations(session)
	if err != nil {
		_ = g.Wait() // nobody was begun
		return false, err
	}
	g.Go(func() error { return s.send(session, stream) })
	g.Go(func() (err error) {
		answered, err = s.receive(stream)
		return err
	})
	return answered, g.Wait()
}

// send sends again what has no answer yet, then what is new.
func (s *Stream) send(ctx context.Context, stream commandStream) error {
	for _, c := range s.unanswered() {
		if err := stream.Send(c.req); err != nil {
			return nil //nolint:nilerr // Recv tells why the stream ended
		}
	}
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.some:
		}
		for _, c := range s.take() {
			if err := stream.Send(c.req); err != nil {
				return nil //nolint:nilerr // Recv tells why the stream ended
			}
		}
	}
}

// add takes in a command that is to be sent.
func (s *Stream) add(c *command) {
	s.mu.Lock()
	s.fresh = append(s.fresh, c)
	s.mu.Unlock()
	select {
	case s.some <- struct{}{}:
	default:
	}
}

// take gives what is to be sent, from now on as waiting for its answer: what a
// connection takes along into the grave is sent again.
func (s *Stream) take() []*command {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := slices.DeleteFunc(s.fresh, func(c *command) bool { return c.left })
	s.fresh = nil
	for _, c := range list {
		s.last++
		c.req.RequestId = s.last
		s.waiting[s.last] = c
	}
	return list
}

// leave forgets a command.
func (s *Stream) leave(c *command) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.left = true
	delete(s.waiting, c.req.GetRequestId())
}

func (s *Stream) unanswered() (out []*command) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range slices.Sorted(maps.Keys(s.waiting)) {
		out = append(out, s.waiting[id])
	}
	return out
}

// receive hands out answers. It always ends with an error.
func (s *Stream) receive(stream commandStream) (answered bool, err error) {
	for {
		r, err := stream.Recv()
		if err != nil {
			if _, ok := status.FromError(err); !ok {
				err = status.Error(codes.Unavailable, "the hub ended the stream")
			}
			return answered, err
		}
		answered = true
		s.mu.Lock()
		c := s.waiting[r.GetRequestId()]
		delete(s.waiting, r.GetRequestId())
		s.mu.Unlock()
		if c != nil { // somebody may have given up waiting
			c.answer <- resultOf(r.GetResult())
		}
	}
}

// do sends a command until the hub has decided it, or the context ends.
func (s *Stream) do(ctx context.Context, what string, req *forestockv1.StreamReservationsRequest) (*forestockv1.Reservation, error) {
	for failures := 1; ; failures++ {
		r, err := s.ask(ctx, &command{
			req:    &forestockv1.StreamReservationsRequest{Command: req.GetCommand()},
			answer: make(chan Result, 1),
		})
		if err == nil {
			return r, nil
		}
		if !again(err) || over(ctx) || !s.client.options.wait(ctx, failures, err) {
			return nil, fmt.Errorf("%s: %w", what, err)
		}
	}
}

// ask waits for room, then for the answer.
func (s *Stream) ask(ctx context.Context, c *command) (*forestockv1.Reservation, error) {
	select {
	case s.room <- struct{}{}:
		defer func() { <-s.room }()
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-s.ended:
		return nil, errClosed
	}
	s.add(c)
	select {
	case r := <-c.answer:
		return r.Reservation, r.Err
	case <-ctx.Done():
	case <-s.ended:
	}
	s.leave(c)
	if over(ctx) {
		return nil, ctx.Err()
	}
	return nil, errClosed
}

// Try holds stock, as Client.Try does.
func (s *Stream) Try(ctx context.Context, req *forestockv1.CreateReservationRequest) (*forestockv1.Reservation, error) {
	return s.do(ctx, "try "+req.GetReservationId(), &forestockv1.StreamReservationsRequest{Command: &forestockv1.StreamReservationsRequest_Create{Create: req}})
}

// Confirm turns a hold into an order.
func (s *Stream) Confirm(ctx context.Context, id string) (*forestockv1.Reservation, error) {
	req := &forestockv1.ConfirmReservationRequest{Name: name(id)}
	return s.do(ctx, "confirm "+id, &forestockv1.StreamReservationsRequest{Command: &forestockv1.StreamReservationsRequest_Confirm{Confirm: req}})
}

// Cancel gives the stock back.
func (s *Stream) Cancel(ctx context.Context, id, reason string) (*forestockv1.Reservation, error) {
	req := &forestockv1.CancelReservationRequest{Name: name(id), Reason: reason}
	return s.do(ctx, "cancel "+id, &forestockv1.StreamReservationsRequest{Command: &forestockv1.StreamReservationsRequest_Cancel{Cancel: req}})
}

// Extend lets a hold last for a time from now on.
func (s *Stream) Extend(ctx context.Context, id string, ttl time.Duration) (*forestockv1.Reservation, error) {
	req := &forestockv1.ExtendReservationRequest{Name: name(id), Ttl: duration(ttl)}
	return s.do(ctx, "extend "+id, &forestockv1.StreamReservationsRequest{Command: &forestockv1.StreamReservationsRequest_Extend{Extend: req}})
}

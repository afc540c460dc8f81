package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
	"github.com/forestock/forestock/proto/stock"
)

// The windows of one stream of commands: how many wait between the line and the
// store, how many go to the store together, and how many answers wait for the
// line. A caller that sends more, or reads nothing, is slowed down by HTTP/2's
// flow control, and holds no more memory than this.
const (
	streamWaiting = 512
	streamBatch   = 256
	streamAnswers = 512
)

type commandStream = grpc.BidiStreamingServer[forestockv1.StreamReservationsRequest, forestockv1.StreamReservationsResponse]

// pipeline is one stream of commands on its way. Three goroutines share it: one
// reads and checks, one takes whatever has come in to the store, one sends. What
// comes in while a batch is in the store is the next batch, so the commands of
// one stream are applied in their order, and the faster they come the more of
// them share a commit.
type pipeline struct {
	*reservations
	stream  commandStream
	asked   chan streamed
	answers chan *forestockv1.StreamReservationsResponse
}

// streamed is one command of a stream, or what is wrong with it.
type streamed struct {
	asked
	id  uint64
	err error
}

// StreamReservations carries out commands as they come. An answer is sent once
// its command is durable; a command that is wrong is answered and ends nothing.
func (r *reservations) StreamReservations(stream commandStream) error {
	p := &pipeline{
		reservations: r, stream: stream,
		asked: make(chan streamed, streamWaiting), answers: make(chan *forestockv1.StreamReservationsResponse, streamAnswers),
	}
	g, ctx := errgroup.WithContext(stream.Context())
	// Recv ends with the stream, and the stream with this method: whoever waits
	// for the reader here would wait for ever.
	read := make(chan error, 1)
	go func() { read <- guarded(func() error { return p.read(ctx) }) }()
	g.Go(func() error { return guarded(func() error { return p.carryOut(ctx, read) }) })
	g.Go(func() error { return guarded(func() error { return p.send(ctx) }) })
	return g.Wait()
}

// guarded runs f, and turns a panic into an error: the gate sees only those of
// the call's own goroutine.
func guarded(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("stream of reservations: panic: %v\n%s", p, debug.Stack())
		}
	}()
	return f()
}

// read takes in commands until the caller has said all, and checks them.
func (p *pipeline) read(ctx context.Context) error {
	defer close(p.asked)
	for {
		req, err := p.stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		a := streamed{id: req.GetRequestId()}
		a.asked, a.err = p.command(req, time.Now())
		select {
		case p.asked <- a:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// command reads what one request of the stream wants.
func (p *pipeline) command(req *forestockv1.StreamReservationsRequest, at time.Time) (a asked, err error) {
	a.at = at
	switch c := req.GetCommand().(type) {
	case *forestockv1.StreamReservationsRequest_Create:
		a.view = c.Create.GetView()
		a.command, err = p.try(c.Create, at)
	case *forestockv1.StreamReservationsRequest_Confirm:
		a.view = c.Confirm.GetView()
		var id stock.OrderID
		id, err = parseReservationName(c.Confirm.GetName())
		a.command = confirm(id)
	case *forestockv1.StreamReservationsRequest_Cancel:
		a.view = c.Cancel.GetView()
		a.command, err = cancel(c.Cancel)
	case *forestockv1.StreamReservationsRequest_Extend:
		a.view = c.Extend.GetView()
		a.command, err = extend(c.Extend)
	default:
		err = invalid(NothingAsked, "command", "this request has no command; set one of create, confirm, cancel and extend")
	}
	return a, err
}

// carryOut takes what has come in to the store, batch after batch.
func (p *pipeline) carryOut(ctx context.Context, read <-chan error) error {
	defer close(p.answers)
	for {
		select {
		case first, ok := <-p.asked:
			if !ok {
				return <-read
			}
			if err := p.answer(ctx, p.gather(first)); err != nil {
				return err
			}
		case <-p.closing:
			return refuse(codes.Unavailable, ShuttingDown, "the hub shuts down; open the stream again, and repeat what was not answered").after(time.Second)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// gather takes in what has come already behind the first command.
func (p *pipeline) gather(first streamed) []streamed {
	list := []streamed{first}
	for len(list) < streamBatch {
		select {
		case next, ok := <-p.asked:
			if !ok {
				return list
			}
			list = append(list, next)
		default:
			return list
		}
	}
	return list
}

// answer carries out a batch, and hands its answers over.
func (p *pipeline) answer(ctx context.Context, list []streamed) error {
	b := newBatch(list[0].at, len(list))
	for i := range list {
		if err := list[i].err; err != nil {
			b.results[i] = b.result(nil, err)
			continue
		}
		b.add(i, list[i].asked)
	}
	if err := p.enter(ctx, b); err != nil {
		return err
	}
	for i := range list {
		select {
		case p.answers <- &forestockv1.StreamReservationsResponse{RequestId: list[i].id, Result: b.results[i]}:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// enter carries a batch out once the caller's bucket and the store have room.
func (p *pipeline) enter(ctx context.Context, b *batch) error {
	for {
		wait := callOf(ctx).pay(len(b.commands))
		if wait == 0 {
			break
		}
		if err := pause(ctx, wait); err != nil {
			return err
		}
	}
	leave, err := p.queue.wait(ctx, len(b.commands))
	if err != nil {
		return err
	}
	defer leave()
	return b.run(ctx, p.reservations)
}

// pause waits for d.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// send gives the answers to the caller.
func (p *pipeline) send(ctx context.Context) error {
	for {
		select {
		case a, ok := <-p.answers:
			if !ok {
				return nil
			}
			if err := p.stream.Send(a); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

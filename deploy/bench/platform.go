package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/proto"

	"github.com/forestock/forestock/hub/client"
	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
)

// seller takes orders, from any number of callers.
type seller interface {
	// sell takes some orders in one go; each is held or none of it, and the
	// answer comes after it is durable. want is whether the stock is there.
	sell(ctx context.Context, caller int, orders []order, want bool) error
	Close() error
}

// selling drives a seller: so many orders a call.
func selling(s seller, a assortment, run string, callers, orders int) work {
	all := make([]*customers, callers)
	for i := range all {
		all[i] = a.newCustomers(run, i)
	}
	return func(ctx context.Context, caller int) (int, error) {
		some := make([]order, orders)
		for i := range some {
			some[i] = all[caller].order()
		}
		return orders, s.sell(ctx, caller, some, a.OnHand > 0)
	}
}

// platform is a client of a hub, or of an echo of one, over gRPC.
type platform struct {
	hub     *client.Client
	conn    *grpc.ClientConn // for what hub/client does not have
	raw     forestockv1.ReservationServiceClient
	server  *process
	streams []commandStream  // one of each caller
	shared  *client.Stream   // of all callers
	end     func() error     // ends the shared stream
	view    forestockv1.View // of the numbers that are read
}

type commandStream = grpc.BidiStreamingClient[forestockv1.StreamReservationsRequest, forestockv1.StreamReservationsResponse]

// newPlatform spawns a server and makes a client of it, over one connection of
// the usual options of hub/client.
func newPlatform(ctx context.Context, t task) (*platform, error) {
	p, err := newBarePlatform(ctx, t, client.Transport()...)
	if err != nil {
		return nil, err
	}
	if p.hub, err = client.New(p.server.GRPC, "", client.Options{}); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

// newBarePlatform spawns a server and connects to it with nothing but grpc-go.
func newBarePlatform(ctx context.Context, t task, options ...grpc.DialOption) (*platform, error) {
	server, err := spawn(ctx, t)
	if err != nil {
		return nil, err
	}
	conn, err := grpc.NewClient(server.GRPC, append(options, grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	if err != nil {
		return nil, errors.Join(err, server.Close())
	}
	return &platform{conn: conn, raw: forestockv1.NewReservationServiceClient(conn), server: server, end: func() error { return nil }}, nil
}

// Close hangs up and ends the server.
func (p *platform) Close() error {
	err := p.end()
	if p.hub != nil {
		_ = p.hub.Close() // it is given up
	}
	_ = p.conn.Close() // as well
	return errors.Join(err, p.server.Close())
}

// share begins one stream for all callers.
func (p *platform) share(ctx context.Context) {
	p.shared = p.hub.Stream()
	ctx, cancel := context.WithCancel(ctx)
	ran := make(chan error, 1)
	go func() { ran <- p.shared.Run(ctx) }()
	p.end = func() error {
		cancel()
		return <-ran
	}
}

func (p *platform) openStreams(ctx context.Context, n int) error {
	for range n {
		s, err := p.raw.StreamReservations(ctx)
		if err != nil {
			return err
		}
		p.streams = append(p.streams, s)
	}
	return nil
}

func request(o *order) *forestockv1.CreateReservationRequest {
	lines := make([]*forestockv1.ReservationLine, len(o.skus))
	for i, sku := range o.skus {
		lines[i] = &forestockv1.ReservationLine{Sku: sku, Quantity: 1}
	}
	return &forestockv1.CreateReservationRequest{ReservationId: o.id, View: forestockv1.View_BASIC, Reservation: &forestockv1.Reservation{
		Warehouse: "warehouses/" + string(o.warehouse), OrderRef: o.id, Channel: "app", Lines: lines,
	}}
}

// sell asks for one order in the way that the platform was opened for; for
// several it uses the caller's stream, or a batch where there is none.
func (p *platform) sell(ctx context.Context, caller int, orders []order, want bool) error {
	switch {
	case p.streams != nil:
		return p.stream(p.streams[caller], orders, want)
	case len(orders) == 1:
		r, err := p.one(ctx, request(&orders[0]))
		if _, short := errors.AsType[*client.ShortError](err); (err == nil) == want && (want || short) {
			return nil
		}
		return fmt.Errorf("order %s was answered with %v, %w", orders[0].id, r, err)
	}
	reqs := make([]*forestockv1.CreateReservationRequest, len(orders))
	for i := range orders {
		reqs[i] = request(&orders[i])
	}
	results, err := p.hub.Batch(ctx, reqs)
	if err != nil {
		return err
	}
	bad := func(r client.Result) bool { return (r.Err == nil) != want }
	if i := slices.IndexFunc(results, bad); i >= 0 {
		return fmt.Errorf("order %s was answered with %v", orders[i].id, results[i])
	}
	return nil
}

// one asks for one order and waits for its answer.
func (p *platform) one(ctx context.Context, req *forestockv1.CreateReservationRequest) (*forestockv1.Reservation, error) {
	switch {
	case p.shared != nil:
		return p.shared.Try(ctx, req)
	case p.hub != nil:
		return p.hub.Try(ctx, req)
	}
	return p.raw.CreateReservation(ctx, req)
}

// stream sends the orders and then waits for their answers.
func (p *platform) stream(s commandStream, orders []order, want bool) error {
	for i := range orders {
		err := s.Send(&forestockv1.StreamReservationsRequest{
			RequestId: uint64(i), Command: &forestockv1.StreamReservationsRequest_Create{Create: request(&orders[i])},
		})
		if err != nil {
			return err
		}
	}
	for range orders {
		r, err := s.Recv()
		if err != nil {
			return err
		}
		if (r.GetResult().GetReservation() != nil) != want {
			return fmt.Errorf("order %s was answered with %v", orders[r.GetRequestId()].id, r)
		}
	}
	return nil
}

const answerFile = "answer.pb"

// saveAnswer leaves a real answer of the hub for the echo.
func (p *platform) saveAnswer(ctx context.Context, dir string, o order) error {
	r, err := p.raw.CreateReservation(ctx, request(&o))
	if err != nil {
		return err
	}
	b, err := proto.Marshal(r)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, answerFile), b, 0o600)
}

func loadAnswer(dir string) (*forestockv1.Reservation, error) {
	b, err := os.ReadFile(filepath.Join(dir, answerFile))
	if err != nil {
		return nil, err
	}
	r := new(forestockv1.Reservation)
	return r, proto.Unmarshal(b, r)
}

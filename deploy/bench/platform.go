package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

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
	conn    *grpc.ClientConn
	client  forestockv1.ReservationServiceClient
	server  *process
	streams []commandStream // one of each caller; none: calls
}

type commandStream = grpc.BidiStreamingClient[forestockv1.StreamReservationsRequest, forestockv1.StreamReservationsResponse]

// newPlatform spawns a server and connects to it, over one connection.
func newPlatform(ctx context.Context, t task) (*platform, error) {
	server, err := spawn(ctx, t)
	if err != nil {
		return nil, err
	}
	conn, err := grpc.NewClient(server.GRPC, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return nil, err
	}
	return &platform{conn: conn, client: forestockv1.NewReservationServiceClient(conn), server: server}, nil
}

// Close hangs up and ends the server.
func (p *platform) Close() error {
	_ = p.conn.Close() // it is given up
	return p.server.Close()
}

func (p *platform) openStreams(ctx context.Context, n int) error {
	for range n {
		s, err := p.client.StreamReservations(ctx)
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
	return &forestockv1.CreateReservationRequest{ReservationId: o.id, Reservation: &forestockv1.Reservation{
		Warehouse: "warehouses/" + string(o.warehouse), OrderRef: o.id, Channel: "app", Lines: lines,
	}}
}

// sell makes a unary call for one order; for several it uses the caller's
// stream, or a batch where there is none.
func (p *platform) sell(ctx context.Context, caller int, orders []order, want bool) error {
	switch {
	case p.streams != nil:
		return p.stream(p.streams[caller], orders, want)
	case len(orders) == 1:
		r, err := p.client.CreateReservation(ctx, request(&orders[0]))
		if got := r.GetState() == forestockv1.ReservationState_TRIED; got == want && (want || status.Code(err) == codes.FailedPrecondition || status.Code(err) == codes.Aborted) {
			return nil
		}
		return fmt.Errorf("order %s was answered with %v, %w", orders[0].id, r, err)
	}
	req := &forestockv1.BatchCreateReservationsRequest{}
	for i := range orders {
		req.Requests = append(req.Requests, request(&orders[i]))
	}
	r, err := p.client.BatchCreateReservations(ctx, req)
	if err != nil {
		return err
	}
	bad := func(r *forestockv1.ReservationResult) bool { return (r.GetReservation() != nil) != want }
	if i := slices.IndexFunc(r.GetResults(), bad); i >= 0 {
		return fmt.Errorf("order %s was answered with %v", orders[i].id, r.GetResults()[i])
	}
	return nil
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
	r, err := p.client.CreateReservation(ctx, request(&o))
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

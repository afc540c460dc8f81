package main

import (
	"context"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/forestock/forestock/hub/api"
	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
)

// echo answers a Try with what a hub would have answered, out of its sleeve: it
// is what the messages and gRPC alone cost.
type echo struct {
	forestockv1.UnimplementedReservationServiceServer
	answer *forestockv1.Reservation // of another order
}

// CreateReservation is part of forestockv1.ReservationServiceServer.
func (e *echo) CreateReservation(_ context.Context, req *forestockv1.CreateReservationRequest) (*forestockv1.Reservation, error) {
	r := proto.CloneOf(e.answer)
	r.Name, r.OrderRef = "reservations/"+req.GetReservationId(), req.GetReservation().GetOrderRef()
	return r, nil
}

// StreamReservations is part of forestockv1.ReservationServiceServer.
func (e *echo) StreamReservations(stream grpc.BidiStreamingServer[forestockv1.StreamReservationsRequest, forestockv1.StreamReservationsResponse]) error {
	for {
		req, err := stream.Recv()
		if err != nil {
			return nil // the caller has hung up
		}
		r, _ := e.CreateReservation(stream.Context(), req.GetCreate()) // never fails
		err = stream.Send(&forestockv1.StreamReservationsResponse{RequestId: req.GetRequestId(), Result: &forestockv1.ReservationResult{Reservation: r}})
		if err != nil {
			return err
		}
	}
}

// echoOptions are none, or those of the hub.
func echoOptions(t task) []grpc.ServerOption {
	if t.Bare {
		return nil
	}
	return api.Transport()
}

// echoTask serves the echo. Its answer is a real one, which the parent got from
// a hub and left in the folder.
func echoTask(ctx context.Context, t task, tell func(told) error) error {
	answer, err := loadAnswer(t.Dir)
	if err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := grpc.NewServer(echoOptions(t)...)
	forestockv1.RegisterReservationServiceServer(server, &echo{answer: answer})
	defer context.AfterFunc(ctx, server.Stop)()
	if err := tell(told{GRPC: listener.Addr().String()}); err != nil {
		return err
	}
	return server.Serve(listener)
}

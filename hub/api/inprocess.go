package api

import (
	"context"
	"errors"
	"io"

	"google.golang.org/grpc"
)

// inProcess is the channel on which REST asks the services. It mends one
// difference from a channel on a line: a stream that the other side has ended
// already, because the gate let nobody in, refuses the request with io.EOF and
// keeps the reason for RecvMsg. grpc.ClientStream promises nil there for a
// request that is not streamed.
type inProcess struct{ grpc.ClientConnInterface }

// NewStream begins a stream.
func (c inProcess) NewStream(ctx context.Context, desc *grpc.StreamDesc, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	s, err := c.ClientConnInterface.NewStream(ctx, desc, method, opts...)
	if err != nil || desc.ClientStreams {
		return s, err
	}
	return oneRequest{s}, nil
}

// oneRequest is a stream of answers to one request.
type oneRequest struct{ grpc.ClientStream }

// SendMsg sends the request.
func (s oneRequest) SendMsg(m any) error {
	if err := s.ClientStream.SendMsg(m); !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

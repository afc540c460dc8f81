package client

import (
	"context"
	"crypto/tls"
	"fmt"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"

	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
)

// Options bend a client.
type Options struct {
	// TLS encrypts the connection; nil sends everything, the token too, as it is.
	TLS *tls.Config
	// FirstDelay is how long after a failed attempt the next one comes, unless
	// the hub says when. It doubles up to MaxDelay.
	FirstDelay, MaxDelay time.Duration
	// Attempt bounds one attempt of a call; the context bounds all of them.
	Attempt time.Duration
	// Window bounds the commands of a Stream that wait for their answers.
	Window int
	// Dial are more options of the connection.
	Dial []grpc.DialOption
}

// DefaultOptions suit a client near its hub.
func DefaultOptions() Options {
	return Options{FirstDelay: 20 * time.Millisecond, MaxDelay: 2 * time.Second, Attempt: 5 * time.Second, Window: 1024}
}

// Client talks to one hub.
type Client struct {
	options      Options
	conn         *grpc.ClientConn
	token        string
	reservations forestockv1.ReservationServiceClient
	availability forestockv1.AvailabilityServiceClient
}

// New makes a client of the hub at a gRPC target such as hub.example:9090. It
// connects with the first call. The token may be empty where the hub wants none.
func New(target, token string, o Options) (*Client, error) {
	d := DefaultOptions()
	if o.FirstDelay <= 0 {
		o.FirstDelay = d.FirstDelay
	}
	if o.MaxDelay < o.FirstDelay {
		o.MaxDelay = max(d.MaxDelay, o.FirstDelay)
	}
	if o.Attempt <= 0 {
		o.Attempt = d.Attempt
	}
	if o.Window <= 0 {
		o.Window = d.Window
	}
	secure := insecure.NewCredentials()
	if o.TLS != nil {
		secure = credentials.NewTLS(o.TLS)
	}
	dial := append(Transport(),
		grpc.WithTransportCredentials(secure),
		// The retries are ours: they know which answers are final.
		grpc.WithDisableRetry(),
		// A hub that restarts is back within seconds: by itself gRPC would wait up to
		// two minutes before it connects again, and fail every call meanwhile.
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: o.FirstDelay, Multiplier: 1.6, Jitter: 0.2, MaxDelay: o.MaxDelay},
			MinConnectTimeout: o.Attempt,
		}),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 20 * time.Second, Timeout: 10 * time.Second}),
	)
	conn, err := grpc.NewClient(target, append(dial, o.Dial...)...)
	if err != nil {
		return nil, fmt.Errorf("hub %s: %w", target, err)
	}
	return &Client{
		options: o, conn: conn, token: token,
		reservations: forestockv1.NewReservationServiceClient(conn), availability: forestockv1.NewAvailabilityServiceClient(conn),
	}, nil
}

const (
	streamWindow = 256 << 10 // bytes that the hub may send ahead on one stream
	connWindow   = 1 << 20   // and on the connection
)

// Transport gives the options of a connection that decide what a call costs, for
// those who dial by themselves. Where the windows have no fixed size, grpc-go
// pings the hub to find out how large they could be, on a busy line for every few
// calls.
func Transport() []grpc.DialOption {
	return []grpc.DialOption{grpc.WithInitialWindowSize(streamWindow), grpc.WithInitialConnWindowSize(connWindow)}
}

// Close ends the connection, and with it whatever runs.
func (c *Client) Close() error { return c.conn.Close() }

// as shows the token to the hub.
func (c *Client) as(ctx context.Context) context.Context {
	if c.token == "" {
		return ctx
	}
	return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+c.token)
}

func name(id string) string { return "reservations/" + id }

// Try holds stock. After a lack of stock the error is a *ShortError.
func (c *Client) Try(ctx context.Context, req *forestockv1.CreateReservationRequest) (*forestockv1.Reservation, error) {
	return call(ctx, c, "try "+req.GetReservationId(), c.reservations.CreateReservation, req)
}

// Confirm turns a hold into an order.
func (c *Client) Confirm(ctx context.Context, id string) (*forestockv1.Reservation, error) {
	return call(ctx, c, "confirm "+id, c.reservations.ConfirmReservation, &forestockv1.ConfirmReservationRequest{Name: name(id)})
}

// Cancel gives the stock back. It may come before the Try that it is about,
// which then holds nothing.
func (c *Client) Cancel(ctx context.Context, id, reason string) (*forestockv1.Reservation, error) {
	return call(ctx, c, "cancel "+id, c.reservations.CancelReservation, &forestockv1.CancelReservationRequest{Name: name(id), Reason: reason})
}

// Extend lets a hold last for a time from now on.
func (c *Client) Extend(ctx context.Context, id string, ttl time.Duration) (*forestockv1.Reservation, error) {
	return call(ctx, c, "extend "+id, c.reservations.ExtendReservation, &forestockv1.ExtendReservationRequest{Name: name(id), Ttl: duration(ttl)})
}

// Get gives one reservation.
func (c *Client) Get(ctx context.Context, id string) (*forestockv1.Reservation, error) {
	return call(ctx, c, "get "+id, c.reservations.GetReservation, &forestockv1.GetReservationRequest{Name: name(id)})
}

// Result is what became of one Try of a Batch.
type Result struct {
	Reservation *forestockv1.Reservation // nil with an error
	Err         error                    // as Try gives it
}

// Batch tries up to 200 reservations, each on its own. The results are in the
// order of the requests.
func (c *Client) Batch(ctx context.Context, reqs []*forestockv1.CreateReservationRequest) ([]Result, error) {
	answer, err := call(ctx, c, "batch", c.reservations.BatchCreateReservations, &forestockv1.BatchCreateReservationsRequest{Requests: reqs})
	if err != nil {
		return nil, err
	}
	out := make([]Result, len(answer.GetResults()))
	for i, r := range answer.GetResults() {
		out[i] = resultOf(r)
	}
	return out, nil
}

func resultOf(r *forestockv1.ReservationResult) Result {
	if e := r.GetError(); e != nil {
		return Result{Err: errorOfMessage(e)}
	}
	return Result{Reservation: r.GetReservation()}
}

package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
)

// remote is a running hub that a command talks to.
type remote struct{ address, token string }

// bind gives a command the flags that say which hub.
func (r *remote) bind(cmd *cobra.Command) {
	cmd.Flags().StringVar(&r.address, "grpc", "127.0.0.1:9090", "the hub's gRPC address")
	cmd.Flags().StringVar(&r.token, "token", os.Getenv("FORESTOCK_TOKEN"), "token for the hub, where it wants one: its role write to change anything (or FORESTOCK_TOKEN)")
}

// dial gives a connection, and a context that shows the token to the hub.
func (r *remote) dial(ctx context.Context) (context.Context, *grpc.ClientConn, error) {
	conn, err := grpc.NewClient(r.address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return nil, nil, fmt.Errorf("reach the hub: %w", err)
	}
	if r.token != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+r.token)
	}
	return ctx, conn, nil
}

// asked is a hub that a command reached, and where its answers go.
type asked struct {
	conn *grpc.ClientConn
	args []string
	out  io.Writer // answers
	errs io.Writer // what is said beside them
	json bool
}

// asking makes a command one that asks a running hub.
func asking(cmd *cobra.Command, stdout io.Writer, ask func(context.Context, *asked) error) *cobra.Command {
	at, hub := new(remote), &asked{out: stdout}
	at.bind(cmd)
	cmd.Flags().BoolVar(&hub.json, "json", false, "print what the hub answers as JSON, one object a line")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		ctx, conn, err := at.dial(cmd.Context())
		if err != nil {
			return err
		}
		defer conn.Close()
		hub.conn, hub.args, hub.errs = conn, args, cmd.ErrOrStderr()
		if err := ask(ctx, hub); err != nil {
			return fmt.Errorf("%s: %w", strings.TrimPrefix(cmd.CommandPath(), cmd.Root().Name()+" "), said(err, at.address))
		}
		return nil
	}
	return cmd
}

func (a *asked) admin() forestockv1.AdminServiceClient {
	return forestockv1.NewAdminServiceClient(a.conn)
}

func (a *asked) fleet() forestockv1.FleetServiceClient {
	return forestockv1.NewFleetServiceClient(a.conn)
}

func (a *asked) reservations() forestockv1.ReservationServiceClient {
	return forestockv1.NewReservationServiceClient(a.conn)
}

func (a *asked) webhooks() forestockv1.WebhookServiceClient {
	return forestockv1.NewWebhookServiceClient(a.conn)
}

// show prints one message, for people or for programs.
func show[M proto.Message](hub *asked, m M, text func(io.Writer, M) error) error {
	if !hub.json {
		return text(hub.out, m)
	}
	b, err := protojson.MarshalOptions{UseProtoNames: true, EmitDefaultValues: true}.Marshal(m)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(hub.out, "%s\n", b)
	return err
}

// said gives what the hub said of an error, without gRPC's own words around it.
func said(err error, address string) error {
	st, ok := status.FromError(err)
	switch {
	case !ok || st.Code() == codes.Unknown:
		return err
	case st.Code() == codes.Unavailable && len(st.Details()) == 0: // the hub itself says why
		return fmt.Errorf("no hub answers at %s, or it is about to end (see --grpc): %s", address, st.Message())
	}
	return fmt.Errorf("%s (%s)", st.Message(), st.Code())
}

// method is one of a client's.
type method[Q, M any] = func(context.Context, Q, ...grpc.CallOption) (M, error)

// answer calls a method and shows what it answers.
func answer[Q any, M proto.Message](ctx context.Context, hub *asked, call method[Q, M], req Q, text func(io.Writer, M) error) error {
	m, err := call(ctx, req)
	if err != nil {
		return err
	}
	return show(hub, m, text)
}

// page is an answer that holds a part of a listing.
type page interface{ GetNextPageToken() string }

// listed shows what all pages of a listing hold.
func listed[Q any, P page, M proto.Message](ctx context.Context, hub *asked, call method[Q, P], req Q, token *string, all func(P) []M, text func(io.Writer, M) error) error {
	return paged(ctx, call, req, token, func(p P) error {
		for _, m := range all(p) {
			if err := show(hub, m, text); err != nil {
				return err
			}
		}
		return nil
	})
}

// paged calls a method for one page after the other, until there is none left.
func paged[Q any, P page](ctx context.Context, call method[Q, P], req Q, token *string, take func(P) error) error {
	for {
		p, err := call(ctx, req)
		if err != nil {
			return err
		}
		if err := take(p); err != nil {
			return err
		}
		if *token = p.GetNextPageToken(); *token == "" {
			return nil
		}
	}
}

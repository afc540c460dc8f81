package main

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
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

package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/timestamppb"

	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
)

func webhookCommand(stdout io.Writer) *cobra.Command {
	cmd := &cobra.Command{Use: "webhook", Short: "Say whom the hub tells over HTTP what happens"}
	cmd.AddCommand(webhookListCommand(stdout), webhookAddCommand(stdout), webhookRemoveCommand(stdout), webhookReplayCommand(stdout), webhookDeadCommand(stdout))
	return cmd
}

func webhookListCommand(stdout io.Writer) *cobra.Command {
	var at remote
	cmd := &cobra.Command{Use: "list", Short: "List the endpoints, and how far each was told", Args: cobra.NoArgs}
	at.bind(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		ctx, conn, err := at.dial(cmd.Context())
		if err != nil {
			return err
		}
		defer conn.Close()
		all, err := forestockv1.NewWebhookServiceClient(conn).ListWebhooks(ctx, &forestockv1.ListWebhooksRequest{})
		if err != nil {
			return fmt.Errorf("list webhooks: %w", err)
		}
		for _, w := range all.GetWebhooks() {
			err = errors.Join(err, printWebhook(stdout, w))
		}
		return err
	}
	return cmd
}

func printWebhook(stdout io.Writer, w *forestockv1.Webhook) error {
	_, err := fmt.Fprintf(stdout, "%s  %s  %v  by %s\n  waiting %d, parked %d, dead %d\n",
		w.GetName(), w.GetUrl(), w.GetTypes(), w.GetCreator(), w.GetWaiting(), w.GetParked(), w.GetDead())
	for _, more := range []struct{ label, text string }{
		{"off since", w.GetOff()}, {"error", w.GetError()}, {"secret", w.GetSecret()},
	} {
		if err == nil && more.text != "" {
			_, err = fmt.Fprintf(stdout, "  %s %s\n", more.label, more.text)
		}
	}
	return err
}

func webhookAddCommand(stdout io.Writer) *cobra.Command {
	var at remote
	hook := &forestockv1.Webhook{}
	req := &forestockv1.CreateWebhookRequest{Webhook: hook}
	cmd := &cobra.Command{
		Use:   "add URL",
		Short: "Tell an endpoint what happens from now on; prints its secret, once",
		Example: `  hub webhook add https://shop.example/hooks --by Li
  hub webhook add https://shop.example/hooks --by Li --type reservation.shorted --type inventory.level.changed --warehouse dark-01`,
		Args: cobra.ExactArgs(1),
	}
	at.bind(cmd)
	cmd.Flags().StringSliceVar(&hook.Types, "type", nil, "type of event to tell; reservation.* where it is left out")
	cmd.Flags().StringSliceVar(&hook.Warehouses, "warehouse", nil, "only events of this warehouse")
	cmd.Flags().StringVar(&hook.Secret, "secret", "", "secret to sign with; one is made where it is left out")
	cmd.Flags().StringVar(&req.By, "by", os.Getenv("USER"), "who adds it")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		ctx, conn, err := at.dial(cmd.Context())
		if err != nil {
			return err
		}
		defer conn.Close()
		hook.Url = args[0]
		w, err := forestockv1.NewWebhookServiceClient(conn).CreateWebhook(ctx, req)
		if err != nil {
			return fmt.Errorf("add: %w", err)
		}
		return printWebhook(stdout, w)
	}
	return cmd
}

func webhookRemoveCommand(stdout io.Writer) *cobra.Command {
	var at remote
	cmd := &cobra.Command{Use: "remove NAME", Short: "Remove an endpoint, with its dead letters", Args: cobra.ExactArgs(1)}
	at.bind(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		ctx, conn, err := at.dial(cmd.Context())
		if err != nil {
			return err
		}
		defer conn.Close()
		if _, err := forestockv1.NewWebhookServiceClient(conn).DeleteWebhook(ctx, &forestockv1.DeleteWebhookRequest{Name: args[0]}); err != nil {
			return fmt.Errorf("remove: %w", err)
		}
		_, err = fmt.Fprintln(stdout, "removed", args[0])
		return err
	}
	return cmd
}

func webhookReplayCommand(stdout io.Writer) *cobra.Command {
	var at remote
	var from string
	var since time.Duration
	req := &forestockv1.ReplayWebhookRequest{}
	cmd := &cobra.Command{
		Use:   "replay NAME",
		Short: "Tell an endpoint again what happened to reservations",
		Long: `Tells an endpoint again what happened to reservations since a time or an event, or
all that the hub still keeps, and switches it on if it was off. What is told
again has the webhook-id that it had before.`,
		Example: `  hub webhook replay webhooks/u3pz5vsw2k6q --since 2h
  hub webhook replay webhooks/u3pz5vsw2k6q --from 2026-11-22T08:00:00+08:00
  hub webhook replay webhooks/u3pz5vsw2k6q --event res_5f0c7a1e9b3d2468_48213`,
		Args: cobra.ExactArgs(1),
	}
	at.bind(cmd)
	cmd.Flags().StringVar(&from, "from", "", "time to begin with, such as 2026-11-22T08:00:00+08:00")
	cmd.Flags().DurationVar(&since, "since", 0, "how long ago to begin")
	cmd.Flags().StringVar(&req.FromEvent, "event", "", "id of the event to begin with")
	cmd.MarkFlagsMutuallyExclusive("from", "since", "event")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		req.Name = args[0]
		if since > 0 {
			req.FromTime = timestamppb.New(time.Now().Add(-since))
		}
		if from != "" {
			at, err := time.Parse(time.RFC3339, from)
			if err != nil {
				return fmt.Errorf("from: %w", err)
			}
			req.FromTime = timestamppb.New(at)
		}
		ctx, conn, err := at.dial(cmd.Context())
		if err != nil {
			return err
		}
		defer conn.Close()
		w, err := forestockv1.NewWebhookServiceClient(conn).ReplayWebhook(ctx, req)
		if err != nil {
			return fmt.Errorf("replay: %w", err)
		}
		return printWebhook(stdout, w)
	}
	return cmd
}

func webhookDeadCommand(stdout io.Writer) *cobra.Command {
	var at remote
	var again bool
	cmd := &cobra.Command{
		Use:   "dead NAME [LETTER...]",
		Short: "List the events that an endpoint did not take in time, or try them again",
		Example: `  hub webhook dead webhooks/u3pz5vsw2k6q
  hub webhook dead webhooks/u3pz5vsw2k6q --redeliver`,
		Args: cobra.MinimumNArgs(1),
	}
	at.bind(cmd)
	cmd.Flags().BoolVar(&again, "redeliver", false, "try the named letters again, or up to 1000 where none is named")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		ctx, conn, err := at.dial(cmd.Context())
		if err != nil {
			return err
		}
		defer conn.Close()
		hooks := forestockv1.NewWebhookServiceClient(conn)
		if again {
			done, err := hooks.RedeliverDeadLetters(ctx, &forestockv1.RedeliverDeadLettersRequest{Parent: args[0], Names: args[1:]})
			if err != nil {
				return fmt.Errorf("redeliver: %w", err)
			}
			_, err = fmt.Fprintf(stdout, "%d events are tried again\n", done.GetRedelivered())
			return err
		}
		req := &forestockv1.ListDeadLettersRequest{Parent: args[0]}
		return everyPage(&req.PageToken, func() (string, error) {
			page, err := hooks.ListDeadLetters(ctx, req)
			if err != nil {
				return "", fmt.Errorf("list dead letters: %w", err)
			}
			for _, l := range page.GetLetters() {
				fmt.Fprintf(stdout, "%s  %s %s  %s, %d attempts: %s\n", l.GetName(), l.GetType(), l.GetSubject(), l.GetTime().AsTime().Format(clock), l.GetAttempts(), l.GetError())
			}
			return page.GetNextPageToken(), nil
		})
	}
	return cmd
}

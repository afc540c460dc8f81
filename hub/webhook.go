package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
)

func webhookCommand(stdout io.Writer) *cobra.Command {
	cmd := &cobra.Command{Use: "webhook", Short: "Say whom the hub tells over HTTP what happens"}
	cmd.AddCommand(webhookListCommand(stdout), webhookAddCommand(stdout), webhookRemoveCommand(stdout), webhookRotateCommand(stdout), webhookReplayCommand(stdout), webhookDeadCommand(stdout))
	return cmd
}

func webhookListCommand(stdout io.Writer) *cobra.Command {
	cmd := &cobra.Command{Use: "list", Short: "List the endpoints, and how far each was told", Args: cobra.NoArgs}
	return asking(cmd, stdout, func(ctx context.Context, hub *asked) error {
		return answer(ctx, hub, hub.webhooks().ListWebhooks, &forestockv1.ListWebhooksRequest{}, printWebhooks)
	})
}

func printWebhooks(stdout io.Writer, all *forestockv1.ListWebhooksResponse) (err error) {
	for _, w := range all.GetWebhooks() {
		err = errors.Join(err, printWebhook(stdout, w))
	}
	return err
}

func printWebhook(stdout io.Writer, w *forestockv1.Webhook) error {
	_, err := fmt.Fprintf(stdout, "%s  %s  %v  by %s\n  waiting %d, parked %d, dead %d\n",
		w.GetName(), w.GetUrl(), w.GetTypes(), w.GetCreator(), w.GetWaiting(), w.GetParked(), w.GetDead())
	for _, more := range []struct{ label, text string }{
		{"both secrets sign until", until(w.GetOldSecretExpireTime())}, {"off since", w.GetOff()}, {"error", w.GetError()}, {"secret", w.GetSecret()},
	} {
		if err == nil && more.text != "" {
			_, err = fmt.Fprintf(stdout, "  %s %s\n", more.label, more.text)
		}
	}
	return err
}

// until writes a time that is still to come; nothing for one that is past.
func until(t *timestamppb.Timestamp) string {
	if t == nil || t.AsTime().Before(time.Now()) {
		return ""
	}
	return t.AsTime().Format(clock)
}

func webhookAddCommand(stdout io.Writer) *cobra.Command {
	hook := &forestockv1.Webhook{}
	req := &forestockv1.CreateWebhookRequest{Webhook: hook}
	cmd := &cobra.Command{
		Use:   "add URL",
		Short: "Tell an endpoint what happens from now on; prints its secret, once",
		Example: `  hub webhook add https://shop.example/hooks --by Li
  hub webhook add https://shop.example/hooks --by Li --type reservation.shorted --type inventory.level.changed --warehouse dark-01`,
		Args: cobra.ExactArgs(1),
	}
	cmd.Flags().StringSliceVar(&hook.Types, "type", nil, "type of event to tell; reservation.* where it is left out")
	cmd.Flags().StringSliceVar(&hook.Warehouses, "warehouse", nil, "only events of this warehouse")
	cmd.Flags().StringVar(&hook.Secret, "secret", "", "secret to sign with; one is made where it is left out")
	cmd.Flags().StringVar(&req.By, "by", os.Getenv("USER"), "who adds it")
	return asking(cmd, stdout, func(ctx context.Context, hub *asked) error {
		hook.Url = hub.args[0]
		return answer(ctx, hub, hub.webhooks().CreateWebhook, req, printWebhook)
	})
}

func webhookRemoveCommand(stdout io.Writer) *cobra.Command {
	cmd := &cobra.Command{Use: "remove NAME", Short: "Remove an endpoint, with its dead letters", Args: cobra.ExactArgs(1)}
	return asking(cmd, stdout, func(ctx context.Context, hub *asked) error {
		req := &forestockv1.DeleteWebhookRequest{Name: hub.args[0]}
		return answer(ctx, hub, hub.webhooks().DeleteWebhook, req, func(stdout io.Writer, _ *forestockv1.DeleteWebhookResponse) error {
			_, err := fmt.Fprintln(stdout, "removed", hub.args[0])
			return err
		})
	})
}

func webhookReplayCommand(stdout io.Writer) *cobra.Command {
	var from string
	var since time.Duration
	req := &forestockv1.ReplayWebhookRequest{}
	cmd := &cobra.Command{
		Use:   "replay NAME",
		Short: "Tell an endpoint again what happened",
		Long: `Tells an endpoint again what happened to reservations since a time or an event, or
all that the hub still keeps, and the levels that changed since the event, or all
of them as they are. Switches it on if it was off. What is told again has the
webhook-id that it had before.`,
		Example: `  hub webhook replay webhooks/u3pz5vsw2k6q --since 2h
  hub webhook replay webhooks/u3pz5vsw2k6q --from 2026-11-22T08:00:00+08:00
  hub webhook replay webhooks/u3pz5vsw2k6q --event res_5f0c7a1e9b3d2468_48213`,
		Args: cobra.ExactArgs(1),
	}
	cmd.Flags().StringVar(&from, "from", "", "time to begin with, such as 2026-11-22T08:00:00+08:00")
	cmd.Flags().DurationVar(&since, "since", 0, "how long ago to begin")
	cmd.Flags().StringVar(&req.FromEvent, "event", "", "id of the event to begin with")
	cmd.MarkFlagsMutuallyExclusive("from", "since", "event")
	return asking(cmd, stdout, func(ctx context.Context, hub *asked) error {
		req.Name = hub.args[0]
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
		return answer(ctx, hub, hub.webhooks().ReplayWebhook, req, printWebhook)
	})
}

func webhookDeadCommand(stdout io.Writer) *cobra.Command {
	var again bool
	cmd := &cobra.Command{
		Use:   "dead NAME [LETTER...]",
		Short: "List the events that an endpoint did not take in time, or try them again",
		Example: `  hub webhook dead webhooks/u3pz5vsw2k6q
  hub webhook dead webhooks/u3pz5vsw2k6q --redeliver`,
		Args: cobra.MinimumNArgs(1),
	}
	cmd.Flags().BoolVar(&again, "redeliver", false, "try the named letters again, or up to 1000 where none is named")
	return asking(cmd, stdout, func(ctx context.Context, hub *asked) error {
		if again {
			req := &forestockv1.RedeliverDeadLettersRequest{Parent: hub.args[0], Names: hub.args[1:]}
			return answer(ctx, hub, hub.webhooks().RedeliverDeadLetters, req, printRedelivered)
		}
		req := &forestockv1.ListDeadLettersRequest{Parent: hub.args[0]}
		return listed(ctx, hub, hub.webhooks().ListDeadLetters, req, &req.PageToken, (*forestockv1.ListDeadLettersResponse).GetLetters, printDeadLetter)
	})
}

func printRedelivered(stdout io.Writer, r *forestockv1.RedeliverDeadLettersResponse) error {
	_, err := fmt.Fprintf(stdout, "%d events are tried again\n", r.GetRedelivered())
	return err
}

func printDeadLetter(stdout io.Writer, l *forestockv1.DeadLetter) error {
	_, err := fmt.Fprintf(stdout, "%s  %s %s  %s, %d attempts: %s\n", l.GetName(), l.GetType(), l.GetSubject(), l.GetTime().AsTime().Format(clock), l.GetAttempts(), l.GetError())
	return err
}

func webhookRotateCommand(stdout io.Writer) *cobra.Command {
	var overlap time.Duration
	req := &forestockv1.RotateWebhookSecretRequest{}
	cmd := &cobra.Command{
		Use:   "rotate NAME",
		Short: "Give an endpoint another secret; prints it, once",
		Long: `Gives an endpoint another secret. For a while events carry two signatures, of the
new secret and of the former one, so that the endpoint can be told at any time
meanwhile; where a secret became known to others, give --overlap 0s.`,
		Example: "  hub webhook rotate webhooks/u3pz5vsw2k6q --by Li --overlap 72h",
		Args:    cobra.ExactArgs(1),
	}
	cmd.Flags().DurationVar(&overlap, "overlap", 24*time.Hour, "how long the former secret signs as well")
	cmd.Flags().StringVar(&req.Secret, "secret", "", "secret to sign with; one is made where it is left out")
	cmd.Flags().StringVar(&req.By, "by", os.Getenv("USER"), "who changes it")
	return asking(cmd, stdout, func(ctx context.Context, hub *asked) error {
		req.Name, req.Overlap = hub.args[0], durationpb.New(overlap)
		return answer(ctx, hub, hub.webhooks().RotateWebhookSecret, req, printWebhook)
	})
}

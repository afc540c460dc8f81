package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
)

func quarantineCommand(stdout io.Writer) *cobra.Command {
	cmd := &cobra.Command{Use: "quarantine", Short: "Look at entries that could not be applied, and deal with them"}
	cmd.AddCommand(quarantineListCommand(stdout), quarantineRetryCommand(stdout), quarantineDiscardCommand(stdout))
	return cmd
}

func quarantineListCommand(stdout io.Writer) *cobra.Command {
	var all bool
	cmd := &cobra.Command{
		Use:   "list [WAREHOUSE]",
		Short: "List the entries that were set aside: name, time, reason and raw bytes",
		Args:  cobra.MaximumNArgs(1),
	}
	cmd.Flags().BoolVar(&all, "all", false, "also those that somebody has dealt with")
	return asking(cmd, stdout, func(ctx context.Context, hub *asked) error {
		req := &forestockv1.ListQuarantinedEntriesRequest{Parent: "warehouses/-", ShowDiscarded: all}
		if len(hub.args) == 1 {
			req.Parent = "warehouses/" + hub.args[0]
		}
		return listed(ctx, hub, hub.admin().ListQuarantinedEntries, req, &req.PageToken, (*forestockv1.ListQuarantinedEntriesResponse).GetEntries, printQuarantined)
	})
}

func printQuarantined(stdout io.Writer, e *forestockv1.QuarantinedEntry) error {
	_, err := fmt.Fprintf(stdout, "%s  set aside %s: %s\n  raw %s\n", e.GetName(), e.GetStoredTime().AsTime().Format(clock), e.GetReason(), e.GetRaw())
	if d := e.GetDiscard(); err == nil && d != nil {
		_, err = fmt.Fprintf(stdout, "  dealt with %s by %s: %q\n", d.GetTime().AsTime().Format(clock), d.GetBy(), d.GetReason())
	}
	if r := e.GetRetry(); err == nil && r != nil {
		_, err = fmt.Fprintf(stdout, "  applied %s by %s: %q\n", r.GetTime().AsTime().Format(clock), r.GetBy(), r.GetReason())
	}
	return err
}

func quarantineRetryCommand(stdout io.Writer) *cobra.Command {
	req := &forestockv1.RetryQuarantinedEntryRequest{}
	cmd := &cobra.Command{
		Use:   "retry NAME",
		Short: "Apply an entry after all that was set aside",
		Long: `Reads an entry again that was set aside, and applies it if it can be read by now,
as after an update of the hub. What it says counts from then on; who had it
applied, when and why is kept.`,
		Example: "  hub quarantine retry warehouses/dark-01/quarantine/1.42 --by Li --reason 'the hub was updated'",
		Args:    cobra.ExactArgs(1),
	}
	decided(cmd, &req.By, &req.Reason, "why it can be applied now")
	return asking(cmd, stdout, func(ctx context.Context, hub *asked) error {
		req.Name = hub.args[0]
		return answer(ctx, hub, hub.admin().RetryQuarantinedEntry, req, printQuarantined)
	})
}

func quarantineDiscardCommand(stdout io.Writer) *cobra.Command {
	req := &forestockv1.DiscardQuarantinedEntryRequest{}
	cmd := &cobra.Command{
		Use:   "discard NAME",
		Short: "Note that an entry is dealt with, so that it raises no alarm any more",
		Long: `Notes who has dealt with an entry that was set aside, when and how, so that it
raises no alarm any more. What the entry says does not count, before or after:
book again at the warehouse what happened. The entry itself is kept.`,
		Example: "  hub quarantine discard warehouses/dark-01/quarantine/1.42 --by Li --reason 'booked again as entry 57'",
		Args:    cobra.ExactArgs(1),
	}
	decided(cmd, &req.By, &req.Reason, "what was done about it")
	return asking(cmd, stdout, func(ctx context.Context, hub *asked) error {
		req.Name = hub.args[0]
		return answer(ctx, hub, hub.admin().DiscardQuarantinedEntry, req, printQuarantined)
	})
}

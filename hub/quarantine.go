package main

import (
	"errors"
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
	var at remote
	var all bool
	cmd := &cobra.Command{
		Use:   "list [WAREHOUSE]",
		Short: "List the entries that were set aside: name, time, reason and raw bytes",
		Args:  cobra.MaximumNArgs(1),
	}
	at.bind(cmd)
	cmd.Flags().BoolVar(&all, "all", false, "also those that somebody has dealt with")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		ctx, conn, err := at.dial(cmd.Context())
		if err != nil {
			return err
		}
		defer conn.Close()
		req := &forestockv1.ListQuarantinedEntriesRequest{Parent: "warehouses/-", ShowDiscarded: all}
		if len(args) == 1 {
			req.Parent = "warehouses/" + args[0]
		}
		return everyPage(&req.PageToken, func() (string, error) {
			page, err := forestockv1.NewAdminServiceClient(conn).ListQuarantinedEntries(ctx, req)
			if err != nil {
				return "", fmt.Errorf("list the quarantine: %w", err)
			}
			for _, e := range page.GetEntries() {
				err = errors.Join(err, printQuarantined(stdout, e))
			}
			return page.GetNextPageToken(), err
		})
	}
	return cmd
}

// everyPage asks for one page after the other until there is none left.
func everyPage(token *string, ask func() (next string, err error)) error {
	for {
		next, err := ask()
		if err != nil || next == "" {
			return err
		}
		*token = next
	}
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
	var at remote
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
	at.bind(cmd)
	decided(cmd, &req.By, &req.Reason, "why it can be applied now")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		ctx, conn, err := at.dial(cmd.Context())
		if err != nil {
			return err
		}
		defer conn.Close()
		req.Name = args[0]
		e, err := forestockv1.NewAdminServiceClient(conn).RetryQuarantinedEntry(ctx, req)
		if err != nil {
			return fmt.Errorf("retry: %w", err)
		}
		return printQuarantined(stdout, e)
	}
	return cmd
}

func quarantineDiscardCommand(stdout io.Writer) *cobra.Command {
	var at remote
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
	at.bind(cmd)
	decided(cmd, &req.By, &req.Reason, "what was done about it")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		ctx, conn, err := at.dial(cmd.Context())
		if err != nil {
			return err
		}
		defer conn.Close()
		req.Name = args[0]
		e, err := forestockv1.NewAdminServiceClient(conn).DiscardQuarantinedEntry(ctx, req)
		if err != nil {
			return fmt.Errorf("discard: %w", err)
		}
		return printQuarantined(stdout, e)
	}
	return cmd
}

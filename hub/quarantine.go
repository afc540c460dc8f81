package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
)

func quarantineCommand(stdout io.Writer) *cobra.Command {
	cmd := &cobra.Command{Use: "quarantine", Short: "Look at entries that could not be applied, and deal with them"}
	cmd.AddCommand(quarantineListCommand(stdout), quarantineDiscardCommand(stdout))
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
	_, err := fmt.Fprintf(stdout, "%s  set aside %s: %s\n  raw %s\n", e.GetName(), e.GetStoredTime().AsTime().Format("2006-01-02 15:04:05 MST"), e.GetReason(), e.GetRaw())
	if d := e.GetDiscard(); err == nil && d != nil {
		_, err = fmt.Fprintf(stdout, "  dealt with %s by %s: %q\n", d.GetTime().AsTime().Format("2006-01-02 15:04:05 MST"), d.GetBy(), d.GetReason())
	}
	return err
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
	cmd.Flags().StringVar(&req.By, "by", os.Getenv("USER"), "who decides it")
	cmd.Flags().StringVar(&req.Reason, "reason", "", "what was done about it")
	_ = cmd.MarkFlagRequired("reason") // the flag is there
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

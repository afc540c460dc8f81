package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
)

func boxCommand(stdout io.Writer) *cobra.Command {
	cmd := &cobra.Command{Use: "box", Short: "Look at the machines of the warehouses, and replace them"}
	cmd.AddCommand(boxListCommand(stdout), boxReplaceCommand(stdout))
	return cmd
}

func boxListCommand(stdout io.Writer) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list WAREHOUSE",
		Short: "List the boxes of a warehouse by their ledgers: present, about to replace it, and closed",
		Args:  cobra.ExactArgs(1),
	}
	return asking(cmd, stdout, func(ctx context.Context, hub *asked) error {
		return answer(ctx, hub, hub.admin().ListBoxes, &forestockv1.ListBoxesRequest{Parent: "warehouses/" + hub.args[0]}, printBoxes)
	})
}

func printBoxes(stdout io.Writer, list *forestockv1.ListBoxesResponse) (err error) {
	for _, b := range list.GetBoxes() {
		err = errors.Join(err, printBox(stdout, b))
	}
	if t := list.GetReplaceExpireTime(); t != nil {
		_, wrong := fmt.Fprintf(stdout, "another box may take over until %s, says %s: %q\n", t.AsTime().Format(clock), list.GetReplaceBy(), list.GetReplaceReason())
		err = errors.Join(err, wrong)
	}
	return err
}

func printBox(stdout io.Writer, b *forestockv1.Box) error {
	heard := "not heard since the hub started"
	switch {
	case b.GetState() == forestockv1.Box_CLOSED:
		heard = "replaced for ever"
	case b.GetLastHeardTime() != nil:
		heard = "heard " + b.GetLastHeardTime().AsTime().Format(clock)
	}
	_, err := fmt.Fprintf(stdout, "%-9s  ledger %s up to entry %s, since %s, %s  %s\n", strings.ToLower(b.GetState().String()), b.GetEpoch(), b.GetAppliedSeq(),
		b.GetSinceTime().AsTime().Format(clock), heard, b.GetSoftware())
	return err
}

func boxReplaceCommand(stdout io.Writer) *cobra.Command {
	req := &forestockv1.ReplaceBoxRequest{}
	cmd := &cobra.Command{
		Use:   "replace WAREHOUSE",
		Short: "Let another box take a warehouse over, though the present one is still heard",
		Long: `Lets a box with a new ledger take the warehouse over within the next 15 minutes,
though the present one is still heard from. Without it the hub waits until the
present one has been silent for a while (link.takeover_after).

The new box gets the levels from the hub and works meanwhile. Once it has taken
over, the ledger before it is closed for ever: what the old box booked and had
not sent by then is lost to the hub, so stop the old box first if you can.`,
		Example: "  hub box replace dark-01 --by Li --reason 'the old box is scrap'",
		Args:    cobra.ExactArgs(1),
	}
	decided(cmd, &req.By, &req.Reason, "why the present box will not come back")
	return asking(cmd, stdout, func(ctx context.Context, hub *asked) error {
		req.Name = "warehouses/" + hub.args[0]
		return answer(ctx, hub, hub.admin().ReplaceBox, req, func(stdout io.Writer, r *forestockv1.ReplaceBoxResponse) error {
			_, err := fmt.Fprintf(stdout, "another box may take %s over until %s\n%s\n", hub.args[0], r.GetExpireTime().AsTime().Format(clock), r.GetMessage())
			return err
		})
	})
}

// clock is how commands write a time.
const clock = "2006-01-02 15:04:05 MST"

// decided gives a command the flags that say who decides and why.
func decided(cmd *cobra.Command, by, reason *string, why string) {
	cmd.Flags().StringVar(by, "by", os.Getenv("USER"), "who decides it")
	cmd.Flags().StringVar(reason, "reason", "", why)
	_ = cmd.MarkFlagRequired("reason") // the flag is there
}

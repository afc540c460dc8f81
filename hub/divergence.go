package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
)

func divergenceCommand(stdout io.Writer) *cobra.Command {
	cmd := &cobra.Command{Use: "divergence", Short: "Look at differences between the hub and its agents, and repair them"}
	cmd.AddCommand(divergenceListCommand(stdout), divergenceRepairCommand(stdout), divergenceRepairsCommand(stdout))
	return cmd
}

func divergenceListCommand(stdout io.Writer) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the warehouses whose levels differ from the agent's, with the cells",
		Args:  cobra.NoArgs,
	}
	return asking(cmd, stdout, func(ctx context.Context, hub *asked) error {
		req := &forestockv1.ListDivergencesRequest{}
		return listed(ctx, hub, hub.admin().ListDivergences, req, &req.PageToken, (*forestockv1.ListDivergencesResponse).GetDivergences, printDivergence)
	})
}

func divergenceRepairCommand(stdout io.Writer) *cobra.Command {
	req := &forestockv1.RepairDivergenceRequest{}
	cmd := &cobra.Command{
		Use:   "repair WAREHOUSE",
		Short: "Put the agent's levels in the place of the hub's",
		Long: `Asks the agent of a warehouse for its levels and puts them in the place of the
hub's. Who decided it, when and why is kept, with the cells that it changed. The
agent has to be on line. See to it first that the agent's levels are the right
ones: "agent ledger verify" at the warehouse, and a count where in doubt.`,
		Example: "  hub divergence repair dark-01 --by Li --reason 'ledger verified, hub had a defect'",
		Args:    cobra.ExactArgs(1),
	}
	decided(cmd, &req.By, &req.Reason, "why the agent's levels are the right ones")
	return asking(cmd, stdout, func(ctx context.Context, hub *asked) error {
		req.Name = "warehouses/" + hub.args[0]
		return answer(ctx, hub, hub.admin().RepairDivergence, req, printRepair)
	})
}

func divergenceRepairsCommand(stdout io.Writer) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "repairs WAREHOUSE",
		Short: "List the repairs of a warehouse, newest first: who, when, why, and which cells",
		Args:  cobra.ExactArgs(1),
	}
	return asking(cmd, stdout, func(ctx context.Context, hub *asked) error {
		req := &forestockv1.ListRepairsRequest{Parent: "warehouses/" + hub.args[0]}
		return listed(ctx, hub, hub.admin().ListRepairs, req, &req.PageToken, (*forestockv1.ListRepairsResponse).GetRepairs, printRepair)
	})
}

func printRepair(stdout io.Writer, r *forestockv1.Repair) error {
	when := "at entry " + r.GetSeq()
	if r.GetPending() {
		when = "once the hub has entry " + r.GetSeq()
	}
	_, err := fmt.Fprintf(stdout, "%s  the agent's levels take the place of the hub's %s: %d cells change; %s by %s: %q\n",
		r.GetName(), when, r.GetCellsChanged(), r.GetTime().AsTime().Format(clock), r.GetBy(), r.GetReason())
	for _, c := range r.GetCells() {
		_, wrong := fmt.Fprintf(stdout, "  %s lot %q bin %q: %d here, %d at the agent\n", c.GetSku(), c.GetLot(), c.GetBin(), c.GetHub(), c.GetAgent())
		err = errors.Join(err, wrong)
	}
	return err
}

func printDivergence(stdout io.Writer, d *forestockv1.Divergence) error {
	_, err := fmt.Fprintf(stdout, "%s  differs at entry %s since %s: digest %s here, %s at the agent\n",
		d.GetName(), d.GetSeq(), d.GetSinceTime().AsTime().Format(clock), d.GetHubDigest(), d.GetAgentDigest())
	if d.GetCellsSeq() == "" && err == nil {
		_, err = fmt.Fprintln(stdout, "  the agent has not told its cells yet")
	}
	for _, c := range d.GetCells() {
		_, wrong := fmt.Fprintf(stdout, "  %s lot %q bin %q: %d here, %d at the agent (entry %s)\n", c.GetSku(), c.GetLot(), c.GetBin(), c.GetHub(), c.GetAgent(), d.GetCellsSeq())
		err = errors.Join(err, wrong)
	}
	return err
}

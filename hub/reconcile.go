package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
)

func reconcileCommand(stdout io.Writer) *cobra.Command {
	cmd := &cobra.Command{Use: "reconcile", Short: "Compare what is counted as claimed with the open reservations"}
	cmd.AddCommand(reconcileListCommand(stdout), reconcileRepairCommand(stdout))
	return cmd
}

func reconcileListCommand(stdout io.Writer) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list [WAREHOUSE]",
		Short: "List the counters that are not what the open reservations add up to; there should be none",
		Args:  cobra.MaximumNArgs(1),
	}
	return asking(cmd, stdout, func(ctx context.Context, hub *asked) error {
		check := func(name string) error {
			return answer(ctx, hub, hub.admin().CheckReservations, &forestockv1.CheckReservationsRequest{Name: name}, printCheck)
		}
		if len(hub.args) == 1 {
			return check("warehouses/" + hub.args[0])
		}
		req := &forestockv1.ListWarehousesRequest{}
		return paged(ctx, hub.fleet().ListWarehouses, req, &req.PageToken, func(p *forestockv1.ListWarehousesResponse) (err error) {
			for _, w := range p.GetWarehouses() {
				err = errors.Join(err, check(w.GetName()))
			}
			return err
		})
	})
}

func reconcileRepairCommand(stdout io.Writer) *cobra.Command {
	req := &forestockv1.RepairReservationsRequest{}
	cmd := &cobra.Command{
		Use:     "repair WAREHOUSE",
		Short:   "Make the counters what the open reservations add up to",
		Example: "  hub reconcile repair dark-01 --by Li --reason 'told of by hub reconcile list'",
		Args:    cobra.ExactArgs(1),
	}
	decided(cmd, &req.By, &req.Reason, "what it was about")
	return asking(cmd, stdout, func(ctx context.Context, hub *asked) error {
		req.Name = "warehouses/" + hub.args[0]
		return answer(ctx, hub, hub.admin().RepairReservations, req, printCheck)
	})
}

func printCheck(stdout io.Writer, c *forestockv1.ReservationCheck) error {
	outcome := "counters and reservations agree"
	switch {
	case c.GetRepaired():
		outcome = fmt.Sprintf("%d counters were made right", len(c.GetDifferences()))
	case len(c.GetDifferences()) > 0:
		outcome = fmt.Sprintf("%d counters differ", len(c.GetDifferences()))
	}
	_, err := fmt.Fprintf(stdout, "%s  %d open reservations, %d at risk: %s\n", c.GetName(), c.GetOpen(), c.GetAtRisk(), outcome)
	for _, d := range c.GetDifferences() {
		_, wrong := fmt.Fprintf(stdout, "  %s lot %q %s: counted %s, reserved %s\n", d.GetSku(), d.GetLot(), d.GetCounter(), d.GetCounted(), d.GetSum())
		err = errors.Join(err, wrong)
	}
	return err
}

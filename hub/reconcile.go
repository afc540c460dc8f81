package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
	"google.golang.org/grpc"

	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
)

func reconcileCommand(stdout io.Writer) *cobra.Command {
	cmd := &cobra.Command{Use: "reconcile", Short: "Compare what is counted as claimed with the open reservations"}
	cmd.AddCommand(reconcileListCommand(stdout), reconcileRepairCommand(stdout))
	return cmd
}

func reconcileListCommand(stdout io.Writer) *cobra.Command {
	var at remote
	cmd := &cobra.Command{
		Use:   "list [WAREHOUSE]",
		Short: "List the counters that are not what the open reservations add up to; there should be none",
		Args:  cobra.MaximumNArgs(1),
	}
	at.bind(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		ctx, conn, err := at.dial(cmd.Context())
		if err != nil {
			return err
		}
		defer conn.Close()
		if len(args) == 1 {
			return checkReservations(ctx, stdout, conn, "warehouses/"+args[0])
		}
		req := &forestockv1.ListWarehousesRequest{}
		return everyPage(&req.PageToken, func() (string, error) {
			page, err := forestockv1.NewFleetServiceClient(conn).ListWarehouses(ctx, req)
			if err != nil {
				return "", fmt.Errorf("list warehouses: %w", err)
			}
			for _, w := range page.GetWarehouses() {
				err = errors.Join(err, checkReservations(ctx, stdout, conn, w.GetName()))
			}
			return page.GetNextPageToken(), err
		})
	}
	return cmd
}

func checkReservations(ctx context.Context, stdout io.Writer, conn *grpc.ClientConn, name string) error {
	c, err := forestockv1.NewAdminServiceClient(conn).CheckReservations(ctx, &forestockv1.CheckReservationsRequest{Name: name})
	if err != nil {
		return fmt.Errorf("check the reservations of %s: %w", name, err)
	}
	return printCheck(stdout, c)
}

func reconcileRepairCommand(stdout io.Writer) *cobra.Command {
	var at remote
	req := &forestockv1.RepairReservationsRequest{}
	cmd := &cobra.Command{
		Use:     "repair WAREHOUSE",
		Short:   "Make the counters what the open reservations add up to",
		Example: "  hub reconcile repair dark-01 --by Li --reason 'told of by hub reconcile list'",
		Args:    cobra.ExactArgs(1),
	}
	at.bind(cmd)
	decided(cmd, &req.By, &req.Reason, "what it was about")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		ctx, conn, err := at.dial(cmd.Context())
		if err != nil {
			return err
		}
		defer conn.Close()
		req.Name = "warehouses/" + args[0]
		c, err := forestockv1.NewAdminServiceClient(conn).RepairReservations(ctx, req)
		if err != nil {
			return fmt.Errorf("repair: %w", err)
		}
		return printCheck(stdout, c)
	}
	return cmd
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

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
)

func reservationCommand(stdout io.Writer) *cobra.Command {
	cmd := &cobra.Command{Use: "reservation", Short: "Look at reservations, and cancel them"}
	cmd.AddCommand(reservationListCommand(stdout), reservationShowCommand(stdout), reservationCancelCommand(stdout))
	return cmd
}

func reservationListCommand(stdout io.Writer) *cobra.Command {
	var warehouse string
	var states []string
	req := &forestockv1.ListReservationsRequest{}
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List reservations, newest change first",
		Example: "  hub reservation list --warehouse dark-01 --at-risk\n  hub reservation list --state confirmed",
		Args:    cobra.NoArgs,
	}
	cmd.Flags().StringVar(&warehouse, "warehouse", "", "only those of this warehouse")
	cmd.Flags().StringSliceVar(&states, "state", nil, "only those in these states: tried, confirmed, cancelled, expired, fulfilled, shorted")
	cmd.Flags().StringVar(&req.OrderRef, "order", "", "only those of this order number of the platform")
	cmd.Flags().BoolVar(&req.AtRisk, "at-risk", false, "only those for which stock was lost")
	return asking(cmd, stdout, func(ctx context.Context, hub *asked) error {
		for _, s := range states {
			n, ok := forestockv1.ReservationState_value[strings.ToUpper(s)]
			if !ok || n == 0 {
				return fmt.Errorf("%q is no state of a reservation: %s", s, cmd.Flag("state").Usage)
			}
			req.States = append(req.States, forestockv1.ReservationState(n))
		}
		if warehouse != "" {
			req.Warehouse = "warehouses/" + warehouse
		}
		return listed(ctx, hub, hub.reservations().ListReservations, req, &req.PageToken, (*forestockv1.ListReservationsResponse).GetReservations, printReservation)
	})
}

func reservationShowCommand(stdout io.Writer) *cobra.Command {
	cmd := &cobra.Command{Use: "show ID", Short: "Show a reservation with its lines and lots", Args: cobra.ExactArgs(1)}
	return asking(cmd, stdout, func(ctx context.Context, hub *asked) error {
		return answer(ctx, hub, hub.reservations().GetReservation, &forestockv1.GetReservationRequest{Name: "reservations/" + hub.args[0]}, printWhole)
	})
}

func reservationCancelCommand(stdout io.Writer) *cobra.Command {
	req := &forestockv1.CancelReservationRequest{}
	cmd := &cobra.Command{
		Use:   "cancel ID",
		Short: "Give the stock of a reservation back, as long as nothing was picked for it",
		Args:  cobra.ExactArgs(1),
	}
	cmd.Flags().StringVar(&req.Reason, "reason", "", "why, in at most 128 bytes")
	_ = cmd.MarkFlagRequired("reason") // the flag is there
	return asking(cmd, stdout, func(ctx context.Context, hub *asked) error {
		client := hub.reservations()
		req.Name = "reservations/" + hub.args[0]
		// Cancelling an unknown id leaves a mark, which is right for a program and
		// not for a person who misspelt it.
		if _, err := client.GetReservation(ctx, &forestockv1.GetReservationRequest{Name: req.GetName()}); err != nil {
			return err
		}
		return answer(ctx, hub, client.CancelReservation, req, printReservation)
	})
}

// printWhole prints a reservation with its lines and lots.
func printWhole(stdout io.Writer, r *forestockv1.Reservation) error {
	err := printReservation(stdout, r)
	for _, l := range r.GetLines() {
		_, wrong := fmt.Fprintf(stdout, "  %s: %d asked for, %d reserved, %d picked, %d short\n", l.GetSku(), l.GetQuantity(), l.GetReserved(), l.GetPicked(), l.GetShort())
		err = errors.Join(err, wrong)
		for _, a := range l.GetAllocations() {
			_, wrong := fmt.Fprintf(stdout, "    %d of lot %q %s\n", a.GetQuantity(), a.GetLot(), a.GetExpiryDate())
			err = errors.Join(err, wrong)
		}
	}
	return err
}

func printReservation(stdout io.Writer, r *forestockv1.Reservation) error {
	notes := ""
	if r.GetAtRisk() {
		notes += "  AT RISK"
	}
	if r.GetPickedAfterCancel() {
		notes += "  PICKED AFTER CANCEL"
	}
	if why := r.GetCancelReason(); why != "" {
		notes += fmt.Sprintf("  %q", why)
	}
	_, err := fmt.Fprintf(stdout, "%s  %s  %s  order %q  changed %s%s\n", r.GetName(), strings.ToLower(r.GetState().String()),
		r.GetWarehouse(), r.GetOrderRef(), r.GetUpdateTime().AsTime().Format(clock), notes)
	return err
}

package api

import (
	"context"
	"fmt"
	"strconv"

	"google.golang.org/grpc/codes"

	"github.com/forestock/forestock/hub/inventory"
	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
)

// CheckReservations compares counters and reservations of a warehouse.
func (a *admin) CheckReservations(ctx context.Context, req *forestockv1.CheckReservationsRequest) (*forestockv1.ReservationCheck, error) {
	return a.reconcile(ctx, req.GetName(), false)
}

// RepairReservations makes the counters of a warehouse right. The Book keeps no
// record of it, since nothing is changed that is on disk; the log does.
func (a *admin) RepairReservations(ctx context.Context, req *forestockv1.RepairReservationsRequest) (*forestockv1.ReservationCheck, error) {
	by, why, err := decision(ctx, req.GetBy(), req.GetReason())
	if err != nil {
		return nil, err
	}
	m, err := a.reconcile(ctx, req.GetName(), true)
	if err == nil {
		a.log.WarnContext(ctx, "counters of reservations repaired", "warehouse", m.GetName(), "differences", len(m.GetDifferences()), "by", by, "reason", why)
	}
	return m, err
}

func (a *admin) reconcile(ctx context.Context, name string, repair bool) (*forestockv1.ReservationCheck, error) {
	s, err := a.view.named("name", name)
	if err != nil {
		return nil, err
	}
	w := s.Warehouse
	r, err := reconcile(ctx, a.view.stock, inventory.Reconcile{Warehouse: w, Repair: repair})
	if err != nil {
		return nil, err
	}
	return checkMessage(&r), nil
}

// reconcile gives the store one Reconcile.
func reconcile(ctx context.Context, s Stock, c inventory.Reconcile) (out inventory.Reconciled, _ error) {
	results, err := s.Apply(ctx, c)
	if err != nil {
		return out, err
	}
	switch r := results[0].(type) {
	case inventory.Reconciled:
		return r, nil
	case *inventory.Refusal:
		return out, refuse(codes.FailedPrecondition, CannotRepair, "%s", r.Message)
	}
	return out, fmt.Errorf("reconcile: the store answered %T", results[0])
}

// maxDifferences bounds the differences of one answer.
const maxDifferences = 200

func checkMessage(r *inventory.Reconciled) *forestockv1.ReservationCheck {
	m := &forestockv1.ReservationCheck{Name: warehouseName(r.Warehouse), Open: count(r.Open), AtRisk: count(r.AtRisk), Repaired: r.Repaired}
	for _, d := range r.Differences[:min(len(r.Differences), maxDifferences)] {
		m.Differences = append(m.Differences, &forestockv1.ClaimDifference{
			Sku: string(d.SKU), Lot: string(d.Lot), Counter: d.Counter,
			Counted: strconv.FormatInt(d.Counted, 10), Sum: strconv.FormatInt(d.Sum, 10),
		})
	}
	return m
}

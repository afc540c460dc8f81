package api

import (
	"context"
	"errors"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/forestock/forestock/hub/inventory"
	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
)

// RepairDivergence puts the agent's levels in the place of the hub's.
func (a *admin) RepairDivergence(ctx context.Context, req *forestockv1.RepairDivergenceRequest) (*forestockv1.Repair, error) {
	s, err := a.view.named("name", req.GetName())
	if err != nil {
		return nil, err
	}
	w := s.Warehouse
	by, why, err := decision(ctx, req.GetBy(), req.GetReason())
	if err != nil {
		return nil, err
	}
	r, refusal, err := a.boxes.Repair(ctx, w, by, why)
	switch {
	case errors.Is(err, ErrSilent):
		return nil, refuse(codes.FailedPrecondition, AgentSilent, "the agent of %s is not on line, so nobody can say what is there; try again once it is", w)
	case errors.Is(err, ErrRepairing):
		return nil, refuse(codes.Aborted, RepairUnderWay, "another repair of %s is under way; look at its outcome first", w)
	case err != nil:
		return nil, err
	case refusal != nil:
		return nil, refuse(codes.FailedPrecondition, CannotRepair, "%s", refusal.Message)
	}
	if r.Done == nil {
		return pendingRepair(&s, &inventory.Reported{Until: r.Until, Since: time.Now(), Repair: &inventory.Order{By: by, Why: why}}), nil
	}
	return repairMessage(&s, r.Done), nil
}

// ListRepairs gives the repairs of a warehouse, newest first.
func (a *admin) ListRepairs(ctx context.Context, req *forestockv1.ListRepairsRequest) (*forestockv1.ListRepairsResponse, error) {
	size, err := pageSize(req.GetPageSize(), 100)
	if err != nil {
		return nil, err
	}
	place, err := pagePlace(repairPage, req.GetParent(), req.GetPageToken())
	if err != nil {
		return nil, err
	}
	s, err := a.view.named("parent", req.GetParent())
	if err != nil {
		return nil, err
	}
	w := s.Warehouse
	found, next, err := a.view.stock.Repairs(ctx, w, inventory.Cursor(place), size)
	if err != nil {
		return nil, err
	}
	out := &forestockv1.ListRepairsResponse{}
	if next != "" {
		out.NextPageToken = placeToken(repairPage, req.GetParent(), string(next))
	}
	// One that waits has no record yet; it stands before all others.
	if r := s.Reported; place == "" && r != nil && r.Repair != nil {
		out.Repairs = append(out.Repairs, pendingRepair(&s, r))
	}
	for i := range found {
		out.Repairs = append(out.Repairs, repairMessage(&s, &found[i]))
	}
	return out, nil
}

func pendingRepair(s *inventory.WarehouseState, r *inventory.Reported) *forestockv1.Repair {
	return &forestockv1.Repair{
		Name: warehouseName(s.Warehouse), By: r.Repair.By, Reason: r.Repair.Why, Time: timestamp(r.Since),
		Epoch: s.Box.Epoch.String(), Seq: sequence(r.Until), Pending: true,
	}
}

// maxRepairCells bounds the cells of one repair in an answer.
const maxRepairCells = 200

func repairMessage(s *inventory.WarehouseState, r *inventory.Repaired) *forestockv1.Repair {
	m := &forestockv1.Repair{
		Name: warehouseName(r.Warehouse), By: r.By, Reason: r.Why, Time: timestamp(r.Time),
		Epoch: s.EpochOf(r.Place.Term).String(), Seq: sequence(r.Place.Seq), CellsChanged: count(r.Differ),
	}
	for _, c := range r.Cells[:min(len(r.Cells), maxRepairCells)] {
		m.Cells = append(m.Cells, &forestockv1.DivergentCell{
			Sku: string(c.SKU), Lot: string(c.Lot), Bin: string(c.Bin), Hub: quantity(c.Before), Agent: quantity(c.After),
		})
	}
	return m
}

package api

import (
	"context"

	"github.com/forestock/forestock/hub/inventory"
	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
	"github.com/forestock/forestock/proto/stock"
)

// ReplaceBox lets another box take a warehouse over though the present one is
// still heard from.
func (a *admin) ReplaceBox(ctx context.Context, req *forestockv1.ReplaceBoxRequest) (*forestockv1.ReplaceBoxResponse, error) {
	s, err := a.view.named("name", req.GetName())
	if err != nil {
		return nil, err
	}
	w := s.Warehouse
	by, why, err := decision(ctx, req.GetBy(), req.GetReason())
	if err != nil {
		return nil, err
	}
	r := a.boxes.Replace(w, by, why)
	return &forestockv1.ReplaceBoxResponse{
		ExpireTime: timestamp(r.Until),
		Message:    "Start the new box with an empty data folder and the id of this warehouse before then. It gets the levels from the hub, and the box before it is closed for ever once the new one has taken over.",
	}, nil
}

// ListBoxes gives the boxes of a warehouse, newest first.
func (a *admin) ListBoxes(_ context.Context, req *forestockv1.ListBoxesRequest) (*forestockv1.ListBoxesResponse, error) {
	s, err := a.view.named("parent", req.GetParent())
	if err != nil {
		return nil, err
	}
	w := s.Warehouse
	out := &forestockv1.ListBoxesResponse{}
	if r, ok := a.boxes.Replacement(w); ok {
		out.ReplaceExpireTime, out.ReplaceBy, out.ReplaceReason = timestamp(r.Until), r.By, r.Why
	}
	if c := s.Candidate; c != nil {
		out.Boxes = append(out.Boxes, a.box(w, c, forestockv1.Box_CANDIDATE, 0))
	}
	present := a.box(w, &s.Box, forestockv1.Box_PRESENT, s.Applied)
	if s.Frozen != nil {
		present.State, present.SinceTime = forestockv1.Box_FROZEN, timestamp(s.Frozen.Since)
	}
	out.Boxes = append(out.Boxes, present)
	for i := len(s.Closed) - 1; i >= 0; i-- {
		c := &s.Closed[i]
		out.Boxes = append(out.Boxes, &forestockv1.Box{
			State: forestockv1.Box_CLOSED, Epoch: c.Epoch.String(), AppliedSeq: sequence(c.Last), SinceTime: timestamp(c.Closed),
		})
	}
	return out, nil
}

func (a *admin) box(w stock.Warehouse, b *inventory.Box, state forestockv1.Box_State, applied stock.Seq) *forestockv1.Box {
	return &forestockv1.Box{
		State: state, Epoch: b.Epoch.String(), AppliedSeq: sequence(applied), SinceTime: timestamp(b.Since),
		LastHeardTime: timestamp(a.boxes.Heard(w, b.Boot)), Software: b.Software,
	}
}

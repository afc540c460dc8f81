package api

import (
	"context"
	"fmt"

	"github.com/forestock/forestock/hub/inventory"
	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
)

// ListDivergences gives the warehouses that differ from their agents, by id.
func (a *admin) ListDivergences(_ context.Context, req *forestockv1.ListDivergencesRequest) (*forestockv1.ListDivergencesResponse, error) {
	size, err := pageSize(req.GetPageSize(), 100)
	if err != nil {
		return nil, err
	}
	after, err := pagePlace(divergencePage, "", req.GetPageToken())
	if err != nil {
		return nil, err
	}
	var found []inventory.WarehouseState
	for _, s := range a.view.stock.Warehouses() {
		if s.Divergence != nil && string(s.Warehouse) > after {
			found = append(found, s)
		}
	}
	found, next := page(found, size, func(last inventory.WarehouseState) string {
		return placeToken(divergencePage, "", string(last.Warehouse))
	})
	out := &forestockv1.ListDivergencesResponse{NextPageToken: next}
	for i := range found {
		out.Divergences = append(out.Divergences, a.divergence(&found[i]))
	}
	return out, nil
}

func (a *admin) divergence(s *inventory.WarehouseState) *forestockv1.Divergence {
	d := s.Divergence
	m := &forestockv1.Divergence{
		Name: warehouseName(s.Warehouse), Seq: sequence(d.Seq), SinceTime: timestamp(d.Since),
		HubDigest: fmt.Sprintf("%016x", d.Hub), AgentDigest: fmt.Sprintf("%016x", d.Agent),
	}
	contact := a.link.Contact(s.Warehouse)
	if contact.DifferAt == 0 {
		return m
	}
	m.CellsSeq = sequence(contact.DifferAt)
	for _, c := range contact.Differ {
		m.Cells = append(m.Cells, &forestockv1.DivergentCell{
			Sku: string(c.Cell.SKU), Lot: string(c.Cell.Lot), Bin: string(c.Cell.Bin), Hub: quantity(c.Hub), Agent: quantity(c.Agent),
		})
	}
	return m
}

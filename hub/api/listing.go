package api

import (
	"context"
	"strings"

	"github.com/forestock/forestock/hub/inventory"
	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
	"github.com/forestock/forestock/proto/stock"
)

// ListAvailability gives the SKUs of one warehouse, or those that match a text
// in all of them.
func (a *availability) ListAvailability(ctx context.Context, req *forestockv1.ListAvailabilityRequest) (*forestockv1.ListAvailabilityResponse, error) {
	size, err := pageSize(req.GetPageSize(), 100)
	if err != nil {
		return nil, err
	}
	q, err := parseQuery(req.GetQuery())
	if err != nil {
		return nil, err
	}
	channel, err := parseChannel(req.GetChannel())
	if err != nil {
		return nil, err
	}
	question := req.GetParent() + "?" + q.text
	place, err := pagePlace(levelPage, question, req.GetPageToken())
	if err != nil {
		return nil, err
	}
	list := a.listOne
	if req.GetParent() == "warehouses/"+everyWarehouse {
		list = a.listEvery
	}
	moments := newMoments(a.view, channel)
	found, err := list(ctx, moments, levelQuery{query: q, parent: req.GetParent(), place: place, n: size + 1})
	if err != nil {
		return nil, err
	}
	found, next := page(found, size, func(last inventory.Level) string {
		return placeToken(levelPage, question, string(last.SKU)+"/"+string(last.Warehouse))
	})
	out := &forestockv1.ListAvailabilityResponse{NextPageToken: next}
	for i := range found {
		out.Availability = append(out.Availability, moments.of(found[i].Warehouse).availability(&found[i], req.GetView()))
	}
	return out, nil
}

// levelQuery asks for up to n levels behind a place.
type levelQuery struct {
	query
	parent string
	place  string // {sku}/{warehouse} of the last level before
	n      int
}

// listOne gives levels of one warehouse, by SKU.
func (a *availability) listOne(ctx context.Context, ms *moments, q levelQuery) ([]inventory.Level, error) {
	s, err := a.view.named("parent", q.parent)
	if err != nil {
		return nil, err
	}
	w := s.Warehouse
	ms.of(w)
	after, _, _ := strings.Cut(q.place, "/")
	var found []inventory.Level
	for more := true; more && len(found) < q.n; {
		levels := a.view.stock.Levels(w, stock.SKU(after), q.n)
		for i := range levels {
			after = string(levels[i].SKU)
			item, _ := a.view.stock.Item(levels[i].SKU)
			if len(found) < q.n && q.matches(levels[i].SKU, &item) {
				found = append(found, levels[i])
			}
		}
		more = len(levels) == q.n
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// listEvery gives levels of all warehouses, by SKU and then by warehouse.
func (a *availability) listEvery(ctx context.Context, ms *moments, q levelQuery) ([]inventory.Level, error) {
	if q.text == "" {
		return nil, invalid(InvalidQuery, "query", "warehouses/- needs a query; name a text to look for, or list one warehouse at a time")
	}
	sku, warehouse, _ := strings.Cut(q.place, "/")
	warehouses := a.view.stock.Warehouses()
	var found []inventory.Level
	for match := range a.view.matching(q.query, stock.SKU(sku)) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		for i := range warehouses {
			w := warehouses[i].Warehouse
			if match == stock.SKU(sku) && string(w) <= warehouse {
				continue // on an earlier page
			}
			ms.of(w)
			if l, ok := a.view.stock.Level(w, match); ok {
				found = append(found, l)
			}
		}
		if len(found) >= q.n {
			break
		}
	}
	return found[:min(q.n, len(found))], nil
}

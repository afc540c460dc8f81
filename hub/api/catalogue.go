package api

import (
	"context"
	"fmt"

	"github.com/forestock/forestock/hub/inventory"
	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

// catalogue keeps the items.
type catalogue struct {
	forestockv1.UnsafeCatalogueServiceServer
	view *view
}

// GetItem gives one item.
func (c *catalogue) GetItem(_ context.Context, req *forestockv1.GetItemRequest) (*forestockv1.Item, error) {
	sku, err := parseItemName("name", req.GetName())
	if err != nil {
		return nil, err
	}
	item, ok := c.view.stock.Item(sku)
	if !ok {
		return nil, unknown(UnknownItem, "name", "the catalogue has no item %q; check the spelling, or add it with POST /v1/items:batchUpdate", sku)
	}
	return wire.ItemMessage(&item), nil
}

// ListItems gives the items by SKU.
func (c *catalogue) ListItems(ctx context.Context, req *forestockv1.ListItemsRequest) (*forestockv1.ListItemsResponse, error) {
	size, err := pageSize(req.GetPageSize(), 100)
	if err != nil {
		return nil, err
	}
	q, err := parseQuery(req.GetQuery())
	if err != nil {
		return nil, err
	}
	place, err := pagePlace(itemPage, q.text, req.GetPageToken())
	if err != nil {
		return nil, err
	}
	var found []stock.Item
	for sku := range c.view.matchingItems(q, stock.SKU(place)) {
		item, _ := c.view.stock.Item(sku)
		if string(sku) != place {
			found = append(found, item)
		}
		if len(found) > size {
			break
		}
	}
	found, next := page(found, size, func(last stock.Item) string {
		return placeToken(itemPage, q.text, string(last.SKU))
	})
	out := &forestockv1.ListItemsResponse{NextPageToken: next}
	for i := range found {
		out.Items = append(out.Items, wire.ItemMessage(&found[i]))
	}
	return out, ctx.Err()
}

// BatchUpdateItems writes items: all of them, or none.
func (c *catalogue) BatchUpdateItems(ctx context.Context, req *forestockv1.BatchUpdateItemsRequest) (*forestockv1.BatchUpdateItemsResponse, error) {
	if err := checkBatch("items", len(req.GetItems())); err != nil {
		return nil, err
	}
	items := make([]stock.Item, len(req.GetItems()))
	for i, m := range req.GetItems() {
		var err error
		if items[i], err = wire.ItemFrom(m); err != nil {
			return nil, invalid(InvalidItem, fmt.Sprintf("items[%d]", i), "item %d: %v; nothing was written", i, err)
		}
	}
	results, err := c.view.stock.Apply(ctx, inventory.UpdateItems{Items: items})
	if err != nil {
		return nil, err
	}
	switch r := results[0].(type) {
	case inventory.ItemsUpdated:
		return &forestockv1.BatchUpdateItemsResponse{Changed: count(r.Changed)}, nil
	case *inventory.Refusal:
		return nil, invalid(InvalidItem, "items", "%s", r.Message)
	}
	return nil, fmt.Errorf("update items: the store answered %T", results[0])
}

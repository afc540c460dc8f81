package hubd

import (
	"context"
	"errors"
	"time"

	"github.com/forestock/forestock/hub/api"
	"github.com/forestock/forestock/hub/ingest"
	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/proto/stock"
)

// boxes lets the API do what ingest can do about the machines of warehouses.
type boxes struct{ desk *ingest.Desk }

// Heard is part of api.Boxes.
func (b boxes) Heard(w stock.Warehouse, boot inventory.Boot) time.Time { return b.desk.Heard(w, boot) }

// Replace is part of api.Boxes.
func (b boxes) Replace(w stock.Warehouse, by, why string) api.Replacement {
	return api.Replacement(b.desk.Replace(w, by, why))
}

// Replacement is part of api.Boxes.
func (b boxes) Replacement(w stock.Warehouse) (api.Replacement, bool) {
	r, ok := b.desk.Replacement(w)
	return api.Replacement(r), ok
}

// Repair is part of api.Boxes.
func (b boxes) Repair(ctx context.Context, w stock.Warehouse, by, why string) (inventory.Repairing, *inventory.Refusal, error) {
	r, err := b.desk.Repair(ctx, w, by, why)
	switch {
	case errors.Is(err, ingest.ErrSilent):
		err = api.ErrSilent
	case errors.Is(err, ingest.ErrRepairing):
		err = api.ErrRepairing
	}
	return r.Repairing, r.Refusal, err
}

package store

import (
	"context"
	"fmt"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/proto/stock"
)

// Repair makes the levels that a box states those of the hub. The caller gives
// neither Since nor Upto: what was applied after the statement's entry is
// looked up here. A *inventory.Refusal comes without an error.
func (p *Pebble) Repair(ctx context.Context, r inventory.Repair) (inventory.Repairing, *inventory.Refusal, error) {
	results, err := p.Apply(ctx, r)
	if err != nil {
		return inventory.Repairing{}, nil, err
	}
	switch answer := results[0].(type) {
	case inventory.Repairing:
		return answer, nil, nil
	case *inventory.Refusal:
		return inventory.Repairing{}, answer, nil
	}
	return inventory.Repairing{}, nil, fmt.Errorf("repair: the book answered %T", results[0])
}

// Repairs gives up to n repairs of a warehouse, newest first, from the cursor
// on, and the cursor of those before them; it is empty at the end.
func (p *Pebble) Repairs(_ context.Context, _ stock.Warehouse, _ inventory.Cursor, _ int) ([]inventory.Repaired, inventory.Cursor, error) {
	return nil, "", nil
}

// Retry reads an entry that was set aside again, applies it if that is possible
// now, and gives it with the record of that. Of an entry that was retried before
// it gives the first record. The error wraps inventory.ErrNotQuarantined when
// there is no such entry; a *inventory.Refusal comes without an error.
func (p *Pebble) Retry(ctx context.Context, r inventory.Retry) (inventory.Quarantined, *inventory.Refusal, error) {
	q, err := p.setAside(r.Warehouse, r.Place)
	if err != nil {
		return q, nil, err
	}
	results, err := p.Apply(context.WithoutCancel(ctx), r)
	if err != nil {
		return q, nil, err
	}
	switch answer := results[0].(type) {
	case inventory.Retried:
		q.Retried = &answer
		return q, nil, nil
	case *inventory.Refusal:
		return q, answer, nil
	}
	return q, nil, fmt.Errorf("retry: the book answered %T", results[0])
}

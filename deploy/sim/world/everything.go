package world

import (
	"context"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/proto/stock"
)

// everything holds what the hub was ever told, by all ledgers of the warehouse,
// against what the staff was ever answered.
func (c *checking) everything() {
	all, ok := c.told()
	if !ok {
		return
	}
	model, times := make(cells), make(map[string]int)
	for i := range all {
		e := &all[i].Entry
		if e.Kind == stock.Opening {
			continue // levels that were taken over, which is to say entries of before
		}
		model.add(&e.Movement)
		times[e.Command]++
	}
	c.same("the hub, over all ledgers,", model, cellsOfHub(c.hub.store, c.b.id))
	booked, before, _ := c.b.staff.known()
	for _, b := range booked {
		before = append(before, past{booked: b, sure: true})
	}
	for i := range before {
		c.once(&before[i], times[before[i].command.ID])
	}
}

// told gives every entry that the hub has stored of the warehouse.
func (c *checking) told() (all []inventory.StoredEntry, ok bool) {
	for _, l := range c.hub.store.Levels(c.b.id, "", maxSKUs) {
		for at := inventory.Cursor(""); ; {
			page, next, err := c.hub.store.Movements(context.Background(), c.b.id, l.SKU, at, 1000)
			if err != nil {
				c.breach("the hub's entries of %s cannot be read: %v", l.SKU, err)
				return nil, false
			}
			all = append(all, page...)
			if at = next; at == "" {
				break
			}
		}
	}
	return all, true
}

// once checks how often the movements of a command are at the hub.
func (c *checking) once(p *past, times int) {
	parts := len(p.command.Movements)
	switch {
	case times < parts && !p.sure: // a damaged disk may have lost a part
	case parts == 0 && times > 0: // the staff never heard of it, and does not know either
	case times == parts:
	case p.command.Movements[0].Kind == stock.Undo && times == 2: // of a move, which a later ledger says in two
	default:
		c.breach("command %s has %d movements, and the hub %d of them (must be there: %t)", p.command.ID, parts, times, p.sure)
	}
}

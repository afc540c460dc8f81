package world

import (
	"context"
	"slices"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/proto/stock"
)

// sold holds what is claimed against the open orders: for every SKU what is held
// and committed is what the open lines claim, and the floor has every order that
// it is to pick.
func (c *checking) sold() {
	held, committed := make(map[stock.SKU]int64), make(map[stock.SKU]int64)
	var confirmed []stock.OrderID
	open := inventory.ReservationFilter{Warehouse: c.b.id, States: []inventory.ReservationState{inventory.Tried, inventory.Confirmed}}
	for at := inventory.Cursor(""); ; {
		page, next, err := c.hub.store.Reservations(context.Background(), open, at, 1000)
		if err != nil {
			c.breach("the hub's reservations cannot be read: %v", err)
			return
		}
		for _, r := range page {
			claim := held
			if r.State == inventory.Confirmed {
				claim = committed
				confirmed = append(confirmed, r.ID)
			}
			for i := range r.Lines {
				claim[r.Lines[i].SKU] += r.Lines[i].Reserved()
			}
		}
		if at = next; at == "" {
			break
		}
	}
	for _, l := range c.hub.store.Levels(c.b.id, "", maxSKUs) {
		if l.Held != held[l.SKU] || l.Committed != committed[l.SKU] {
			c.breach("of %s %d are held and %d committed, the open orders claim %d and %d", l.SKU, l.Held, l.Committed, held[l.SKU], committed[l.SKU])
		}
	}
	for _, id := range confirmed {
		if !slices.ContainsFunc(c.life.ledger.Orders(), func(o stock.Order) bool { return o.ID == id }) {
			c.breach("does not know that it has to pick order %s", id)
		}
	}
}

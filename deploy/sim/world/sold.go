package world

import (
	"context"
	"slices"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/proto/stock"
)

// sold holds what is claimed against the open orders: for every SKU what is held
// and committed is what the open lines claim, the floor has every order that it
// is to pick, and for no order more was picked than it was granted.
func (c *checking) sold() {
	held, committed := make(map[stock.SKU]int64), make(map[stock.SKU]int64)
	var confirmed []stock.OrderID
	for _, r := range c.reservations() {
		var claim map[stock.SKU]int64
		switch r.State { //nolint:exhaustive // the others claim nothing
		case inventory.Tried:
			claim = held
		case inventory.Confirmed:
			claim = committed
			confirmed = append(confirmed, r.ID)
		}
		for i := range r.Lines {
			l := &r.Lines[i]
			if l.Picked > l.Granted {
				c.breach("%d of %s were picked for order %s, which was granted %d", l.Picked, l.SKU, r.ID, l.Granted)
			}
			if claim != nil {
				claim[l.SKU] += l.Reserved()
			}
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

// reservations gives all that the hub knows of the warehouse.
func (c *checking) reservations() (all []*inventory.Reservation) {
	for at := inventory.Cursor(""); ; {
		page, next, err := c.hub.store.Reservations(context.Background(), inventory.ReservationFilter{Warehouse: c.b.id}, at, 1000)
		if err != nil {
			c.breach("the hub's reservations cannot be read: %v", err)
			return nil
		}
		all = append(all, page...)
		if at = next; at == "" {
			return all
		}
	}
}

package storetest

import (
	"fmt"
	"time"

	"pgregory.net/rapid"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/proto/stock"
)

var (
	someSKUs     = []stock.SKU{"milk", "rice", "eggs-10", "pear", "nothing"}
	someChannels = []string{"", "app", "wechat"}
)

// orderID draws one of few ids, so that commands meet.
func orderID(t *rapid.T) stock.OrderID {
	return stock.OrderID(fmt.Sprintf("o-%d", rapid.IntRange(0, 9).Draw(t, "order")))
}

// order gives the next thing that the platform wants, or somebody who decides
// how to sell.
func (f *Fleet) order(t *rapid.T) Sent {
	id := orderID(t)
	switch rapid.IntRange(0, 15).Draw(t, "platform") {
	case 0, 1, 2:
		return Sent{Command: inventory.Confirm{ID: id}}
	case 3, 4:
		return Sent{Command: inventory.Cancel{ID: id, Reason: "changed their mind"}}
	case 5:
		return Sent{Command: inventory.Extend{ID: id, TTL: time.Duration(rapid.Int64Range(-1, 2).Draw(t, "ttl")) * time.Hour}}
	case 6:
		return Sent{Command: inventory.Look{ID: id}}
	case 7:
		return Sent{Command: f.policy(t)}
	case 8:
		return Sent{Command: inventory.Reconcile{Warehouse: rapid.SampledFrom(f.ids).Draw(t, "reconciled")}}
	}
	return Sent{Command: f.try(t, id)}
}

func (f *Fleet) try(t *rapid.T, id stock.OrderID) *inventory.Try {
	ask := inventory.Ask{
		Ref: "ref-" + string(id), Channel: rapid.SampledFrom(someChannels).Draw(t, "channel"),
		TTL: time.Hour, AllowPartial: rapid.Bool().Draw(t, "partial"),
	}
	for range rapid.IntRange(1, 3).Draw(t, "lines") {
		ask.Lines = append(ask.Lines, inventory.AskLine{
			SKU: rapid.SampledFrom(someSKUs).Draw(t, "sku"), Quantity: rapid.Int64Range(1, 9).Draw(t, "quantity"),
			MinShelfLife: rapid.SampledFrom([]int{0, 0, 0, 30, 90}).Draw(t, "shelf life"),
		})
	}
	candidates := make([]inventory.Candidate, rapid.IntRange(1, len(f.ids)).Draw(t, "candidates"))
	for i := range candidates {
		candidates[i] = inventory.Candidate{
			Warehouse: rapid.SampledFrom(append(f.ids, "nowhere")).Draw(t, "candidate"),
			Freshness: rapid.SampledFrom([]inventory.Freshness{inventory.Live, inventory.Live, inventory.Live, inventory.Degraded, inventory.Stale}).Draw(t, "freshness"),
			Age:       time.Duration(rapid.IntRange(0, 120).Draw(t, "age")) * time.Second,
		}
	}
	out, err := inventory.NewTry(id, ask, candidates)
	if err != nil {
		t.Fatalf("NewTry: %v", err)
	}
	out.ValidateOnly = rapid.IntRange(0, 9).Draw(t, "validate only") == 0
	return out
}

func (f *Fleet) policy(t *rapid.T) inventory.SetPolicy {
	c := inventory.SetPolicy{Warehouse: rapid.SampledFrom(f.ids).Draw(t, "ruled"), By: "somebody", Why: "because"}
	if rapid.Bool().Draw(t, "of a SKU") {
		c.SKU = rapid.SampledFrom(someSKUs).Draw(t, "ruled SKU")
	}
	if rapid.IntRange(0, 2).Draw(t, "taken away") == 0 {
		return c
	}
	c.Policy = &inventory.Policy{
		Safety: rapid.Int64Range(0, 3).Draw(t, "safety"), LocalReserve: rapid.Int64Range(0, 2).Draw(t, "reserve"),
		DegradedBuffer: rapid.SampledFrom([]int{0, 20, 100}).Draw(t, "buffer"),
		Deficit:        rapid.SampledFrom([]inventory.DeficitRule{inventory.MarkAtRisk, inventory.CancelHeld}).Draw(t, "deficit"),
	}
	if rapid.Bool().Draw(t, "quota") {
		c.Policy.Quotas = []inventory.Quota{{Channel: "app", Percent: rapid.IntRange(0, 100).Draw(t, "percent")}}
	}
	if c.SKU == "" {
		c.Policy.MaxAge = rapid.SampledFrom([]time.Duration{0, 0, time.Minute}).Draw(t, "max age")
	}
	return c
}

// forOrder makes a movement one that the floor does for an order, or one that
// takes an earlier one back.
func (f *Fleet) forOrder(t *rapid.T, b *Box, m stock.Movement) stock.Movement {
	switch rapid.IntRange(0, 8).Draw(t, "for an order") {
	case 0, 1, 2:
		m.Kind, m.To, m.Delta = stock.Pick, "", -rapid.Int64Range(0, 6).Draw(t, "picked")
	case 3:
		m.Kind, m.To, m.Delta = stock.Short, "", -rapid.Int64Range(0, 2).Draw(t, "short")
	case 4:
		m.Kind, m.To, m.Delta = stock.Return, "", rapid.Int64Range(0, 4).Draw(t, "put back")
	case 5:
		if b.Last() > 0 {
			m.Kind, m.To, m.Delta = stock.Undo, "", rapid.Int64Range(0, 6).Draw(t, "undone")
			m.Undoes = stock.Seq(rapid.Uint64Range(1, uint64(b.Last())).Draw(t, "undoes"))
		}
		return m
	default:
		return m
	}
	m.Document = string(orderID(t))
	m.Line = rapid.SampledFrom([]string{"1", "2", "3", "x"}).Draw(t, "line")
	return m
}

// recall tells the hub of orders that a box holds, whether it ever knew them or not.
func (f *Fleet) recall(t *rapid.T, b *Box) Sent {
	c := inventory.Recall{Warehouse: b.Warehouse, Session: b.Session}
	for range rapid.IntRange(1, 3).Draw(t, "recalled") {
		o := stock.Order{ID: orderID(t), Ref: "told", State: stock.OrderOpen, Confirmed: time.UnixMilli(7)}
		for n := range rapid.IntRange(1, 3).Draw(t, "lines") {
			o.Lines = append(o.Lines, stock.OrderLine{
				Number: 2*n + 1, SKU: rapid.SampledFrom(someSKUs).Draw(t, "sku"), Quantity: rapid.Int64Range(1, 9).Draw(t, "quantity"),
				Picked: rapid.Int64Range(0, 3).Draw(t, "picked before"), Short: rapid.IntRange(0, 5).Draw(t, "short before") == 0,
			})
		}
		c.Orders = append(c.Orders, o)
	}
	return Sent{c, nil}
}

// records are the events of a book, as a store keeps them.
type records map[inventory.Revision]*inventory.Reservation

func (r records) keep(c *inventory.Changes) {
	for _, e := range c.Events {
		r[e.Reservation.Revision] = e.Reservation
	}
}

// conclude finishes what the book could not answer alone.
func (r records) conclude(c inventory.Command, result inventory.Result, again func(inventory.Command) inventory.Result) inventory.Result {
	ended, ok := result.(inventory.Ended)
	if !ok {
		return result
	}
	past := r[ended.Revision]
	if !ended.Retry {
		return inventory.Reserved{Reservation: past, Replayed: true}
	}
	switch c := c.(type) {
	case inventory.Confirm:
		c.Past = past
		return again(c)
	case inventory.Cancel:
		c.Past = past
		return again(c)
	}
	return result
}

package world

import (
	"context"
	"fmt"
	"time"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/proto/stock"
)

// office is the people at the hub, who keep the catalogue. A price only ever
// grows, so that a later version of an item can be told from an earlier one.
type office struct {
	w     *World
	price int64
}

func (o *office) work(ctx context.Context) {
	dice := o.w.dice.Of("office")
	for pause(ctx, time.Duration(dice.Int64N(int64(30*time.Second))), officeMoment) {
		o.price++
		var items []stock.Item
		for range 1 + dice.IntN(6) {
			n := dice.IntN(60)
			items = append(items, stock.Item{SKU: stock.SKU(fmt.Sprintf("sku-%02d", n)), Name: fmt.Sprintf("货 %d", n), Unit: stock.Piece, Price: o.price})
		}
		o.update(ctx, items)
	}
}

// update gives the items to the hub, if it runs.
func (o *office) update(ctx context.Context, items []stock.Item) {
	life := o.w.hub.now()
	if life == nil {
		return
	}
	if _, err := life.store.Apply(ctx, inventory.UpdateItems{Items: items}); err != nil || o.w.hub.now() != life {
		o.w.story.tell("office", "price %d: no answer (%v)", o.price, err)
		return
	}
	o.w.hub.promises.confirmed(items)
	o.w.story.tell("office", "price %d for %d items", o.price, len(items))
	o.w.count(func(t *Tally) { t.Items += len(items) })
}

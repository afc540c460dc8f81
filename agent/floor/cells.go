package floor

import (
	"cmp"
	"slices"

	"github.com/forestock/forestock/proto/stock"
)

// cells gives where an item is on hand, first expiring first.
func (t *turn) cells(sku stock.SKU) []stock.Level {
	return slices.DeleteFunc(t.book.Levels(sku), func(l stock.Level) bool { return l.OnHand <= 0 })
}

// at keeps the cells of one bin.
func at(cells []stock.Level, b stock.Bin) []stock.Level {
	return slices.DeleteFunc(slices.Clone(cells), func(l stock.Level) bool { return l.Bin != b })
}

// of keeps the cells of one lot.
func of(cells []stock.Level, lot stock.Lot) []stock.Level {
	return slices.DeleteFunc(slices.Clone(cells), func(l stock.Level) bool { return l.Lot != lot })
}

// sum adds up what is on hand.
func sum(cells []stock.Level) int64 {
	var n int64
	for _, c := range cells {
		n += c.OnHand
	}
	return n
}

// lots gives the different lots of cells, in their order.
func lots(cells []stock.Level) []stock.Level {
	var out []stock.Level
	for _, c := range cells {
		if !slices.ContainsFunc(out, func(o stock.Level) bool { return o.Lot == c.Lot }) {
			out = append(out, c)
		}
	}
	return out
}

// whichLot settles which lot of the cells goods are of; false when it has
// refused them or has to ask. Nothing is left of the question when the cells
// hold one lot only, and the code named none.
func (t *turn) whichLot(g *goods, cells []stock.Level) bool {
	if g.lot != "" {
		return t.known(g, g.expiry)
	}
	choices := lots(cells)
	if day := g.expiryOf(); day != 0 {
		choices = slices.DeleteFunc(choices, func(l stock.Level) bool { return l.Expiry != day })
	}
	if len(choices) > 1 {
		t.wait(*g, wantWhich)
		return false
	}
	if len(choices) == 1 {
		g.lot, g.expiry = choices[0].Lot, choices[0].Expiry
		g.produced = t.book.Lot(g.item.SKU, g.lot).Produced
	}
	return true
}

// expiryOf gives the expiry that the code states, also through the date of
// production.
func (g *goods) expiryOf() stock.Date {
	if g.item.ShelfLife == 0 {
		return g.expiry
	}
	return cmp.Or(g.expiry, g.produced.AddDays(g.item.ShelfLife))
}

// choices gives the lots to choose from while the question is which.
func (t *turn) choices() []stock.Level {
	if t.question != wantWhich || t.goods == nil {
		return nil
	}
	cells := t.cells(t.goods.item.SKU)
	if t.placed {
		cells = at(cells, t.place)
	}
	return lots(cells)
}

// choose takes the number of one of the choices.
func (t *turn) choose(n int) {
	choices := t.choices()
	if n < 1 || n > len(choices) {
		t.notHere(say(same("%d"), n))
		return
	}
	g := *t.goods
	g.lot, g.expiry, g.named, g.since = choices[n-1].Lot, choices[n-1].Expiry, true, t.now
	t.goods, t.question = &g, noQuestion
	t.trade().advance(t)
}

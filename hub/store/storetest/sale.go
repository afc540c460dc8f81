package storetest

import (
	"math/rand/v2"

	"github.com/anishathalye/porcupine"

	"github.com/forestock/forestock/hub/inventory"
)

// What a sale is about: a few units of each SKU, and more orders than they are
// enough for.
const (
	SaleStock  = 12 // units of each SKU
	SaleOrders = 24 // of each SKU, of one to three units
)

// Wish is one command about one order of one SKU.
type Wish struct {
	SKU, Order int
	What       string // try, confirm or cancel
}

// AnyWish draws one.
func AnyWish(r *rand.Rand, skus int) Wish {
	return Wish{r.IntN(skus), r.IntN(SaleOrders), [...]string{"try", "try", "confirm", "cancel"}[r.IntN(4)]}
}

// Quantity is what the order is of, in units.
func (c Wish) Quantity() int { return 1 + c.Order%3 }

// Lost is the answer that nobody heard: the command may have been done or not.
const Lost = "lost"

// sold is the state of one SKU: what is free, and every order of it.
type sold struct {
	free   int
	orders [SaleOrders]inventory.ReservationState
}

// do gives the next state and the answer of a command given alone: the state of
// the order, or why not.
func (s sold) do(c Wish) (sold, string) {
	o := &s.orders[c.Order]
	switch {
	case c.What == "try" && *o == 0 && s.free >= c.Quantity():
		*o, s.free = inventory.Tried, s.free-c.Quantity()
	case c.What == "confirm" && *o == inventory.Tried:
		*o = inventory.Confirmed
	case c.What == "confirm" && *o == inventory.Cancelled:
		return s, string(inventory.ReservationCancelled)
	case c.What == "confirm" && *o == 0:
		return s, string(inventory.ReservationNotFound)
	case c.What == "cancel":
		if *o == inventory.Tried || *o == inventory.Confirmed {
			s.free += c.Quantity()
		}
		*o = inventory.Cancelled
	case *o == 0:
		return s, string(inventory.InsufficientStock)
	}
	return s, o.String()
}

// OneByOne says which histories of a sale are those of commands given one by one.
// Inputs are Wishes, outputs what their answers said.
func OneByOne(skus int) porcupine.Model {
	m := porcupine.NondeterministicModel{
		Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
			out := make([][]porcupine.Operation, skus)
			for _, op := range history {
				sku := op.Input.(Wish).SKU
				out[sku] = append(out[sku], op)
			}
			return out
		},
		Init: func() []any { return []any{sold{free: SaleStock}} },
		Step: func(state, input, output any) []any {
			next, answer := state.(sold).do(input.(Wish))
			switch output {
			case answer:
				return []any{next}
			case Lost:
				return []any{next, state}
			}
			return nil
		},
		Equal: func(a, b any) bool { return a == b },
	}
	return m.ToModel()
}

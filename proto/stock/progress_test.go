package stock_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/forestock/forestock/proto/stock"
)

func TestProgress_AddsUpWhatWasPickedAndPutBack(t *testing.T) {
	of := func(kind stock.Kind, line string, sku stock.SKU, lot stock.Lot, delta int64) stock.Movement {
		return stock.Movement{Kind: kind, Document: "o1", Line: line, SKU: sku, Lot: lot, Delta: delta}
	}
	order := stock.Order{ID: "o1", Lines: []stock.OrderLine{
		{Number: 1, SKU: "milk", Quantity: 3, Substitutes: []stock.SKU{"soy"}},
		{Number: 2, SKU: "pork", Quantity: 500, Tolerance: 50},
		{Number: 3, SKU: "eggs", Quantity: 2},
	}}
	for _, tc := range []struct {
		name  string
		moves []stock.Movement
		left  [3]int64
		done  bool
	}{
		{"nothing", nil, [3]int64{3, 500, 2}, false},
		{"two lots", []stock.Movement{of(stock.Pick, "1", "milk", "A", -1), of(stock.Pick, "1", "milk", "B", -1)}, [3]int64{1, 500, 2}, false},
		{"a substitute", []stock.Movement{of(stock.Pick, "1", "milk", "A", -1), of(stock.Pick, "1", "soy", "B", -2)}, [3]int64{0, 500, 2}, false},
		{"undone", []stock.Movement{of(stock.Pick, "1", "milk", "A", -2), of(stock.Undo, "1", "milk", "A", 2)}, [3]int64{3, 500, 2}, false},
		{"put back", []stock.Movement{of(stock.Pick, "1", "milk", "A", -2), of(stock.Return, "1", "milk", "A", 1)}, [3]int64{2, 500, 2}, false},
		{"weighed inside the tolerance", []stock.Movement{of(stock.Pick, "2", "pork", "", -450)}, [3]int64{3, 0, 2}, false},
		{"weighed outside", []stock.Movement{of(stock.Pick, "2", "pork", "", -449)}, [3]int64{3, 51, 2}, false},
		{"short", []stock.Movement{of(stock.Short, "3", "eggs", "", -1), of(stock.Short, "3", "eggs", "X", 0)}, [3]int64{3, 500, 0}, false},
		{"not of a line", []stock.Movement{of(stock.Pick, "", "milk", "A", -1), of(stock.Pick, "01", "milk", "A", -1), of(stock.Waste, "1", "milk", "A", -1)}, [3]int64{3, 500, 2}, false},
		{"all", []stock.Movement{of(stock.Pick, "1", "milk", "A", -3), of(stock.Pick, "2", "pork", "", -510), of(stock.Short, "3", "eggs", "", 0)}, [3]int64{0, 0, 0}, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var p stock.Progress
			for i := range tc.moves {
				p.Apply(&tc.moves[i])
			}
			for i, want := range tc.left {
				if got := p.Left(&order.Lines[i]); got != want {
					t.Errorf("left of line %d = %d, want %d", i+1, got, want)
				}
			}
			if got := order.Done(&p); got != tc.done {
				t.Errorf("done = %v, want %v", got, tc.done)
			}
			if diff := cmp.Diff(p, p.Clone()); diff != "" {
				t.Errorf("clone: %s", diff)
			}
		})
	}
}

func TestOrderLine_TakesItselfAndItsSubstitutes(t *testing.T) {
	l := stock.OrderLine{Number: 1, SKU: "milk", Substitutes: []stock.SKU{"soy"}}
	if !l.Takes("milk") || !l.Takes("soy") || l.Takes("eggs") {
		t.Error("Takes is wrong")
	}
}

package inventory

import (
	"testing"
	"time"

	"github.com/forestock/forestock/proto/stock"
)

// TestReconcile_FindsAndRepairsEveryCounter spoils each counter in turn, which
// nothing outside of this package can do.
func TestReconcile_FindsAndRepairsEveryCounter(t *testing.T) {
	for name, spoil := range map[string]func(p *promise){
		"held":        func(p *promise) { p.held++ },
		"committed":   func(p *promise) { p.committed = -1 },
		"channel app": func(p *promise) { *p.channel("app") = 9 },
		"lot":         func(p *promise) { p.lots[0].claimed = 0 },
	} {
		t.Run(name, func(t *testing.T) {
			b := NewBook(Config{})
			w := b.ware("wh-0")
			w.sheet.Set(stock.Level{Cell: stock.Cell{SKU: "milk"}, OnHand: 5}, 0)
			w.lines.add("milk").onHand = 5
			try, err := NewTry("o-1", Ask{Channel: "app", Lines: []AskLine{{SKU: "milk", Quantity: 2}}}, []Candidate{{Warehouse: "wh-0"}})
			if err != nil {
				t.Fatal(err)
			}
			b.Apply(time.UnixMilli(1), []Command{try})
			spoil(w.promises[0])
			for _, want := range []Reconciled{{Repaired: false}, {Repaired: true}} {
				results, changes := b.Apply(time.UnixMilli(1), []Command{Reconcile{Warehouse: "wh-0", Repair: want.Repaired}})
				got := results[0].(Reconciled)
				if len(got.Differences) != 1 || got.Differences[0].Counter != name || got.Repaired != want.Repaired {
					t.Errorf("found %+v", got)
				}
				if want.Repaired && len(changes.Claims) != 1 {
					t.Error("readers are not shown what was repaired")
				}
			}
			results, _ := b.Apply(time.UnixMilli(1), []Command{Reconcile{Warehouse: "wh-0"}})
			if got := results[0].(Reconciled); len(got.Differences) != 0 || got.Open != 1 {
				t.Errorf("after the repair: %+v", got)
			}
		})
	}
}

package floor

import (
	"context"
	"testing"
	"time"

	"github.com/forestock/forestock/proto/stock"
)

// TestBoard_TellsWhatWaitsAndWhatEnds looks at a warehouse with an order that is
// picked, two that wait, a lot that is past its end and one that is close to it.
func TestBoard_TellsWhatWaitsAndWhatEnds(t *testing.T) {
	t.Parallel()
	l := shop(t)
	today := stock.DateOf(opening)
	down := stock.DownBatch{Epoch: l.DownPosition().Epoch, From: l.DownPosition().Applied + 1}
	for _, o := range []struct {
		id       stock.OrderID
		ago, due time.Duration
	}{{"b-1", 30 * time.Minute, -time.Minute}, {"b-2", 12 * time.Minute, time.Hour}, {"b-3", 20 * time.Minute, 0}} {
		order := stock.Order{ID: o.id, State: stock.OrderOpen, Confirmed: opening.Add(-o.ago), Lines: []stock.OrderLine{{Number: 1, SKU: "salt", Quantity: 1}}}
		if o.due != 0 {
			order.Due = opening.Add(o.due)
		}
		down.Entries = append(down.Entries, stock.Down{Order: &order})
	}
	if _, err := l.ApplyDown(context.Background(), down); err != nil {
		t.Fatal(err)
	}
	receive := func(lot stock.Lot, days int) stock.Movement {
		return stock.Movement{Kind: stock.Receive, SKU: "milk", Lot: lot, Bin: "B-01-01", Delta: 3, Expiry: today.AddDays(days), Time: opening, Station: "s1"}
	}
	if _, err := l.Append(t.Context(), stock.Command{ID: "c", Movements: []stock.Movement{receive("OLD", -1), receive("NEAR", 2), receive("FAR", 14)}}); err != nil {
		t.Fatal(err)
	}
	hall := NewHall()
	s := New("s1")
	s.operator, s.mode, s.round = "000017", Pick, &round{order: "b-1"}
	if !hall.hold(&Desk{book: l}, &s) {
		t.Fatal("the order is somebody else's")
	}
	rules := DefaultRules()
	rules.People = []Person{{Badge: "000017", Name: "小王"}}
	b := hall.Board(l, rules, opening)
	if b.Waiting != 2 || b.Picking != 1 || b.Late != 1 || b.Oldest == nil || !b.Oldest.Equal(opening.Add(-20*time.Minute)) {
		t.Errorf("orders: %+v", b)
	}
	if len(b.Orders) != 3 || b.Orders[0].ID != "b-1" || b.Orders[0].Person != "小王" || b.Orders[2].Due != nil {
		t.Errorf("order rows: %+v", b.Orders)
	}
	if b.Expired != 1 || b.Near != 1 || len(b.Ending) != 2 || b.Ending[0].Lot != "OLD" || b.Ending[1].Tone != ToneLook {
		t.Errorf("ending: %+v", b)
	}
	if len(b.Staff) != 1 || !b.Staff[0].Working || b.Staff[0].ModeName != modeTexts[Pick] {
		t.Errorf("staff: %+v", b.Staff)
	}
}

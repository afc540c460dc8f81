package floor

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/forestock/forestock/agent/ledger"
	"github.com/forestock/forestock/firmware-bridge/barcode"
	"github.com/forestock/forestock/proto/stock"
)

// sendOrders lets the hub send orders of salt.
func sendOrders(tb testing.TB, l *ledger.Ledger, n int, quantity int64) {
	tb.Helper()
	b := stock.DownBatch{Epoch: stock.Epoch{1}, From: l.DownPosition().Applied + 1}
	for i := range n {
		b.Entries = append(b.Entries, stock.Down{Order: &stock.Order{
			ID: stock.OrderID(fmt.Sprintf("o-%03d", i)), State: stock.OrderOpen, Confirmed: time.UnixMilli(1_780_000_000_000),
			Lines: []stock.OrderLine{{Number: 1, SKU: "salt", Quantity: quantity}},
		}})
	}
	if p, err := l.ApplyDown(tb.Context(), b); err != nil || p.Applied != b.To() {
		tb.Fatalf("ApplyDown = %+v, %v", p, err)
	}
}

func toteScan(d *Desk, number int) Scan {
	c := barcode.Card{Type: barcode.ToteCard, Number: fmt.Sprintf("%06d", number)}
	return d.Code("scanner-1", barcode.Symbol{Data: c.Data(), At: time.Now()}, []byte(c.Data()))
}

// receiveSalt receives as much salt as the digits say.
func receiveSalt(tb testing.TB, d *Desk, digits ...Button) {
	tb.Helper()
	for _, b := range append([]Button{GoReceive}, digits...) {
		ask(tb, d, Press{Button: b})
	}
	ask(tb, d, scanned(d, ""))
	ask(tb, d, Press{Button: Finish})
}

// Four stations scan totes and goods as fast as they can. Every order is
// picked whole, by one station, and nothing is picked twice.
func TestDesk_StationsShareOrdersWithoutMeeting(t *testing.T) {
	l := shop(t)
	const orders, quantity = 24, 3
	sendOrders(t, l, orders, quantity)
	hall := NewHall()
	var desks []*Desk
	for i := range 4 {
		cfg := deskConfig(fmt.Sprintf("s%d", i+1))
		cfg.Hall = hall
		desks = append(desks, open(t, cfg, l, l))
	}
	receiveSalt(t, desks[0], "9", "9")
	var working sync.WaitGroup
	for i, d := range desks {
		working.Go(func() {
			for n := 0; ; n++ {
				tote := 1000*(i+1) + n
				if a := ask(t, d, toteScan(d, tote)); a.Problem != nil {
					if a.Problem.Reason != NoOrder {
						t.Errorf("station %d: %+v", i, a.Problem)
					}
					return
				}
				for range quantity {
					if a := ask(t, d, scanned(d, "")); a.Saved == nil {
						t.Errorf("station %d: %+v", i, a.Problem)
					}
				}
				ask(t, d, toteScan(d, tote))
				bin, err := BinCard("Z-01-01")
				if err != nil {
					t.Error(err)
				}
				if a := ask(t, d, d.Code("x", barcode.Symbol{Data: bin.Data()}, nil)); a.Sound != SoundDone {
					t.Errorf("station %d: %+v", i, a)
				}
			}
		})
	}
	working.Wait()
	stations := map[string]string{}
	for seq := stock.Seq(2); seq <= l.Position().Last; seq++ {
		e, err := l.Entry(seq)
		if err != nil {
			t.Fatal(err)
		}
		if first := stations[e.Document]; first != "" && first != e.Station {
			t.Errorf("order %s was picked at %s and %s", e.Document, first, e.Station)
		}
		stations[e.Document] = e.Station
	}
	for _, o := range l.Orders() {
		if p := l.Picked(o.ID); p.Of(1) != quantity {
			t.Errorf("order %s: %d picked, want %d", o.ID, p.Of(1), quantity)
		}
	}
	if n := int(l.Position().Last); n != 1+orders*quantity || len(stations) != orders {
		t.Errorf("%d entries for %d orders", n, len(stations))
	}
}

// Stations that do not know of each other all pick the same order. The commit
// alone decides: never more is picked than was ordered.
func TestDesk_TheLedgerDecidesARaceOnOneOrder(t *testing.T) {
	l := shop(t)
	saved := raceForOrder(t, l, l)
	if p := l.Picked("o-000"); saved != raced || p.Of(1) != raced {
		t.Errorf("%d scans were called saved, %d picked, want %d", saved, p.Of(1), raced)
	}
}

// blind is a ledger that does not know which order goods are for: the negative
// control.
type blind struct{ *ledger.Ledger }

func (b blind) Append(ctx context.Context, c stock.Command) (stock.Receipt, error) {
	for i := range c.Movements {
		c.Movements[i].Document, c.Movements[i].Line = "", ""
	}
	return b.Ledger.Append(ctx, c)
}

func TestDesk_ALedgerThatChecksNoOrderLosesTheRace(t *testing.T) {
	l := shop(t)
	if saved := raceForOrder(t, l, blind{l}); saved <= raced {
		t.Errorf("%d scans were called saved: the race does not show a ledger that takes them all", saved)
	}
}

// raced is how much the order of a race wants.
const raced = 20

// raceForOrder lets four stations, each in a hall of its own, scan for one order
// as fast as they can, and gives how many scans were called saved.
func raceForOrder(t *testing.T, l *ledger.Ledger, books Ledger) (saved int) {
	t.Helper()
	sendOrders(t, l, 1, raced)
	var desks []*Desk
	for i := range 4 {
		desks = append(desks, open(t, deskConfig(fmt.Sprintf("s%d", i+1)), l, books))
	}
	receiveSalt(t, desks[0], "9", "9")
	for _, d := range desks {
		ask(t, d, toteScan(d, 1))
	}
	var working sync.WaitGroup
	var count atomic.Int64
	for _, d := range desks {
		working.Go(func() {
			for range raced {
				if a := ask(t, d, scanned(d, "")); a.Saved != nil {
					count.Add(1)
				}
			}
		})
	}
	working.Wait()
	return int(count.Load())
}

// A person who scans the badge at another station finds the work there, and
// the first station is free.
func TestDesk_ABadgeBringsTheWork(t *testing.T) {
	l := shop(t)
	sendOrders(t, l, 1, 2)
	hall := NewHall()
	cfg1, cfg2 := deskConfig("s1"), deskConfig("s2")
	cfg1.Hall, cfg2.Hall = hall, hall
	d1, d2 := open(t, cfg1, l, l), open(t, cfg2, l, l)
	receiveSalt(t, d1, "9")
	badge := barcode.Card{Type: barcode.BadgeCard, Number: "000017"}.Data()
	sign := func(d *Desk) { ask(t, d, d.Code("x", barcode.Symbol{Data: badge}, nil)) }
	sign(d1)
	ask(t, d1, toteScan(d1, 1))
	ask(t, d1, scanned(d1, ""))
	sign(d2)
	// The answer to anything shows the work once it has come.
	for range 1000 {
		if a := ask(t, d2, Press{Button: Lang}); a.View.Order != nil {
			break
		}
	}
	if a := ask(t, d2, scanned(d2, "")); a.Saved == nil || a.View.Order == nil || a.View.Order.Done != 1 || a.View.Operator != "000017" {
		t.Errorf("at the second station: %+v", a)
	}
	if a := ask(t, d1, Press{Button: Lang}); a.View.Mode != LookUp || a.View.Operator != "" {
		t.Errorf("the first station still works: %+v", a.View)
	}
}

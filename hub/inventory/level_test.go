package inventory_test

import (
	"errors"
	"testing"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/hub/store/storetest"
	"github.com/forestock/forestock/proto/stock"
)

func TestLevel_Sellable(t *testing.T) {
	const today = stock.Date(20261121)
	lot := func(expiry stock.Date, n int64) inventory.LotLevel {
		return inventory.LotLevel{Expiry: expiry, OnHand: n}
	}
	for _, tt := range []struct {
		name                  string
		level                 inventory.Level
		unavailable, sellable int64
	}{
		{"nothing", inventory.Level{}, 0, 0},
		{"no date", inventory.Level{OnHand: 5, Lots: []inventory.LotLevel{lot(0, 5)}}, 0, 5},
		{"the last day of sale", inventory.Level{OnHand: 5, Lots: []inventory.LotLevel{lot(today, 5)}}, 0, 5},
		{"the day after", inventory.Level{OnHand: 5, Lots: []inventory.LotLevel{lot(20261120, 5)}}, 5, 0},
		{"one lot of two", inventory.Level{OnHand: 5, Lots: []inventory.LotLevel{lot(20261101, 2), lot(20270101, 3)}}, 2, 3},
		{"held, committed, kept back", inventory.Level{OnHand: 9, Held: 2, Committed: 3, Policy: &inventory.Policy{Safety: 1}, Lots: []inventory.LotLevel{lot(0, 9)}}, 0, 3},
		{"promised more than there is", inventory.Level{OnHand: 1, Committed: 3, Lots: []inventory.LotLevel{lot(0, 1)}}, 0, 0},
		{"below zero", inventory.Level{OnHand: -4, Lots: []inventory.LotLevel{lot(0, -4)}}, 0, 0},
		{"an expired lot below zero hides nothing", inventory.Level{OnHand: 3, Lots: []inventory.LotLevel{lot(20261101, -2), lot(0, 5)}}, 0, 3},
		{"a good lot below zero is made up by nothing expired", inventory.Level{OnHand: 3, Lots: []inventory.LotLevel{lot(20261101, 5), lot(0, -2)}}, 5, 0},
	} {
		if got := tt.level.Unavailable(today); got != tt.unavailable {
			t.Errorf("%s: unavailable %d, want %d", tt.name, got, tt.unavailable)
		}
		if got := tt.level.Offer(inventory.Terms{Today: today}).Quantity; got != tt.sellable {
			t.Errorf("%s: sellable %d, want %d", tt.name, got, tt.sellable)
		}
	}
}

func TestLevel_LotsComeFirstExpiringFirst(t *testing.T) {
	s, b := newScene(t), storetest.NewBox("sz-1", 1)
	s.hello(b)
	for _, m := range []stock.Movement{
		{Lot: "C3", Expiry: 20270301, Produced: 20261001, Bin: "Z-1", Delta: 3},
		{Delta: 1},
		{Lot: "A1", Expiry: 20270101, Bin: "B-2", Delta: 2},
		{Lot: "A1", Expiry: 20290101, Bin: "B-1", Delta: 4}, // a reprint never changes a date
		{Lot: "B2", Expiry: 20270201, Delta: 5},
		{Lot: "B2", Delta: -5},
	} {
		m.Kind, m.SKU = stock.Receive, "milk"
		b.Move(t, m)
	}
	b.Move(t, stock.Movement{Kind: stock.Putaway, SKU: "milk", Lot: "C3", Bin: "Z-1", To: "Z-2", Delta: -1})
	s.sends(b, b.Rest(100), 7)
	l := s.book.Rows().Levels[0]
	if l.OnHand != 10 || len(l.Lots) != 3 {
		t.Fatalf("level %+v", l)
	}
	for i, want := range []struct {
		lot    stock.Lot
		expiry stock.Date
		onHand int64
		bins   int
	}{{"A1", 20270101, 6, 2}, {"C3", 20270301, 3, 2}, {"", 0, 1, 1}} {
		if got := l.Lots[i]; got.Lot != want.lot || got.Expiry != want.expiry || got.OnHand != want.onHand || len(got.Bins) != want.bins {
			t.Errorf("lot %d: %+v, want %+v", i, got, want)
		}
	}
	if l.Lots[0].Bins[0].Bin != "B-1" || l.Lots[1].Produced != 20261001 {
		t.Errorf("level %+v", l)
	}
}

func FuzzTexts(f *testing.F) {
	f.Add("1.2")
	f.Add(inventory.Token{Incarnation: 1 << 63, Revision: 7}.String())
	f.Add("")
	f.Fuzz(func(t *testing.T, s string) {
		if p, err := inventory.Cursor(s).Place(); err == nil {
			if s != "" && p.Cursor() != inventory.Cursor(s) {
				t.Errorf("cursor %q reads as %+v", s, p)
			}
		} else if !errors.Is(err, inventory.ErrCursor) {
			t.Errorf("cursor %q: %v", s, err)
		}
		if token, err := inventory.ParseToken(s); err == nil {
			if token.String() != s {
				t.Errorf("token %q reads as %+v", s, token)
			}
		} else if !errors.Is(err, inventory.ErrToken) {
			t.Errorf("token %q: %v", s, err)
		}
	})
}

package ledger_test

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/forestock/forestock/agent/ledger"
	"github.com/forestock/forestock/proto/stock"
)

// toldOrder gives an order of five milk as the hub tells it to a box that came
// after so many others, which picked some of them.
func toldOrder(before int, picked int64) stock.Order {
	o := order("o1", stock.OrderOpen, milkLine(5))
	o.Before, o.Lines[0].Picked = before, picked
	return o
}

// left gives what a ledger wants picked of the first line of an order.
func left(tb testing.TB, l *ledger.Ledger) int64 {
	tb.Helper()
	o, ok := l.Order("o1")
	if !ok {
		tb.Fatal("the order is not known")
	}
	p := l.Picked("o1")
	return p.Left(&o.Lines[0])
}

// milkOf gives a statement of milk of another ledger.
func milkOf(e stock.Epoch, seq stock.Seq, milk int64) stock.Statement {
	var sheet stock.Sheet
	sheet.Set(stock.Level{Cell: stock.Cell{SKU: "milk", Lot: "L1"}, OnHand: milk}, 0)
	st := stock.Statement{Epoch: e, Seq: seq}
	st.Levels, st.Digest = sheet.State()
	return st
}

// A box that takes the place of another picks what that one has left.
func TestOrders_ANewBoxPicksWhatIsLeft(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	l, end := open(t, path, small)
	h := &hubside{tb: t}
	h.send(l, milkItem, toldOrder(1, 3))
	must(t, book(t, l, "in", receive("milk", 10)))
	must(t, book(t, l, "p1", pickOf("o1", 1, "milk", -1)))
	h.send(l, toldOrder(1, 1)) // by a hub that went back to before the others
	end()
	l, _ = open(t, path, small)
	if got := left(t, l); got != 1 {
		t.Errorf("%d are left, want 1", got)
	}
	if err := book(t, l, "p2", pickOf("o1", 1, "milk", -2)); !errors.Is(err, ledger.ErrOrder) {
		t.Errorf("six of five were picked: %v", err)
	}
	must(t, book(t, l, "p3", pickOf("o1", 1, "milk", -1)))
	if got := left(t, l); got != 0 {
		t.Errorf("%d are left, want none", got)
	}
}

// A ledger that went back does not know of picks that the hub has. Once its
// successor has taken the hub's levels over, what counts is what the hub says
// that was picked before, and what was brought along and booked since.
func TestOrders_AReborOneLearnsWhatItsPredecessorForgot(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	l, end := open(t, path, small)
	old := l.Position().Epoch
	h := &hubside{tb: t}
	h.send(l, milkItem, toldOrder(0, 0))
	must(t, book(t, l, "in", receive("milk", 10)))
	must(t, book(t, l, "p1", pickOf("o1", 1, "milk", -1)))
	// Here the hub has two more picks, and the disk went back.
	must(t, book(t, l, "p4", pickOf("o1", 1, "milk", -1)))
	end()
	if _, err := ledger.Rebirth(t.Context(), path, ledger.RebirthOptions{Options: small, Why: "it went back"}); err != nil {
		t.Fatal(err)
	}
	l, end = open(t, path, small)
	must(t, book(t, l, "p5", pickOf("o1", 1, "milk", -1)))
	h.send(l, toldOrder(1, 3))
	if got := left(t, l); got != 2 {
		t.Errorf("before it takes over %d are left, want 2 of what it knows", got)
	}
	if _, err := l.TakeOver(t.Context(), milkOf(old, 4, 7), 2); err != nil {
		t.Fatal(err)
	}
	h.send(l, toldOrder(1, 3))
	for _, when := range []string{"after taking over", "after reopening"} {
		if got := left(t, l); got != 0 {
			t.Errorf("%s %d are left, want none: three at the hub, one brought, one booked since", when, got)
		}
		end()
		l, end = open(t, path, small)
	}
}

// A station that was not answered repeats its command to a box that went back, or
// to a new one: what the hub has of it counts once.
func TestTakeOver_ACommandThatOnlyTheHubHasCountsOnce(t *testing.T) {
	c := []stock.Movement{receive("milk", 2), receive("milk", 3)}
	told := func(old stock.Epoch, parts ...int) stock.Statement {
		st := milkOf(old, 3, 20)
		for _, p := range parts {
			st.Booked = append(st.Booked, stock.Booked{Command: stock.SumOfCommand("c"), Part: p})
		}
		return st
	}
	for _, tt := range []struct {
		name  string
		parts []int // of the command that the hub has
		twice bool  // the new ledger booked it as well
		want  int64
	}{
		{"brought by the predecessor", []int{1, 0}, false, 20},
		{"of which the hub has a part", []int{0}, false, 23},
		{"that the hub has not", nil, false, 25},
		{"booked by the new ledger", []int{0, 1}, true, 20},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "ledger.db")
			l, end := open(t, path, small)
			old := l.Position().Epoch
			must(t, book(t, l, "in", receive("milk", 15)))
			if !tt.twice {
				must(t, book(t, l, "c", c...))
			}
			end()
			if _, err := ledger.Rebirth(t.Context(), path, ledger.RebirthOptions{Options: small, Why: "it went back"}); err != nil {
				t.Fatal(err)
			}
			l, end = open(t, path, small)
			if tt.twice {
				must(t, book(t, l, "c", c...))
				must(t, book(t, l, "u", stock.Movement{Kind: stock.Undo, Undoes: 2}))
				tt.want -= 3
			}
			if _, err := l.TakeOver(t.Context(), told(old, tt.parts...), 1); err != nil {
				t.Fatal(err)
			}
			end()
			l, _ = open(t, path, small)
			if len(tt.parts) > 0 {
				before := l.Position()
				if _, err := l.Append(t.Context(), stock.Command{ID: "c", Movements: c}); err != nil || l.Position() != before {
					t.Errorf("repeated once more it is booked again, %v", err)
				}
			}
			var got int64
			for _, level := range l.Levels("milk") {
				got += level.OnHand
			}
			if got != tt.want {
				t.Errorf("%d milk, want %d", got, tt.want)
			}
		})
	}
}

// Of an order that is long over the hub may know no more than that. The floor
// still has to know what it is about, to put back what was picked.
func TestOrders_ACancelWithoutLinesKeepsWhatIsKnown(t *testing.T) {
	l, _ := open(t, filepath.Join(t.TempDir(), "ledger.db"), small)
	h := &hubside{tb: t}
	h.send(l, milkItem, toldOrder(0, 0))
	must(t, book(t, l, "in", receive("milk", 10)))
	must(t, book(t, l, "p1", pickOf("o1", 1, "milk", -1)))
	h.send(l, stock.Order{ID: "o1", State: stock.OrderCancelled})
	if o, ok := l.Order("o1"); !ok || o.State != stock.OrderCancelled || o.Ref != "ref-o1" || len(o.Lines) != 1 {
		t.Errorf("the order is %+v, %v", o, ok)
	}
}

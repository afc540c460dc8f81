package ledger_test

import (
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/forestock/forestock/agent/ledger"
	"github.com/forestock/forestock/proto/stock"
)

// hubside sends things down to a ledger, one batch after the other.
type hubside struct {
	tb   testing.TB
	next stock.Seq
}

func (h *hubside) send(l *ledger.Ledger, things ...any) {
	h.tb.Helper()
	b := stock.DownBatch{Epoch: stock.Epoch{9}, From: h.next + 1}
	for _, v := range things {
		switch v := v.(type) {
		case stock.Item:
			b.Entries = append(b.Entries, stock.Down{Item: &v})
		case stock.Order:
			b.Entries = append(b.Entries, stock.Down{Order: &v})
		}
	}
	p, err := l.ApplyDown(h.tb.Context(), b)
	if err != nil || p.Applied != b.To() {
		h.tb.Fatalf("ApplyDown to %d = %+v, %v", b.To(), p, err)
	}
	h.next = b.To()
}

func order(id stock.OrderID, state stock.OrderState, lines ...stock.OrderLine) stock.Order {
	o := stock.Order{ID: id, Ref: "ref-" + string(id), State: state, Confirmed: time.UnixMilli(1_780_000_000_000).UTC(), Lines: lines}
	for i := range o.Lines {
		o.Lines[i].Number = i + 1
	}
	return o
}

func milkLine(n int64) stock.OrderLine { return stock.OrderLine{SKU: "milk", Quantity: n} }

func pickOf(id stock.OrderID, n int, sku stock.SKU, delta int64) stock.Movement {
	m := receive(sku, delta)
	m.Kind, m.Document, m.Line, m.Expiry = stock.Pick, string(id), stock.LineName(n), 0
	return m
}

func book(tb testing.TB, l *ledger.Ledger, id string, m ...stock.Movement) error {
	tb.Helper()
	_, err := l.Append(tb.Context(), stock.Command{ID: id, Movements: m})
	return err
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

var (
	milkItem = stock.Item{SKU: "milk", Name: "牛奶", Unit: stock.Piece, Pack: 1}
	porkItem = stock.Item{SKU: "pork", Name: "猪肉", Unit: stock.Gram}
)

// An order and what was picked of it are there after the file was opened again,
// also when the entries that picked it have been trimmed.
func TestOrders_SurviveReopeningAndTrimming(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	o := small
	o.CommandWindow, o.CheckpointEvery = 10, 20
	l, end := open(t, path, o)
	h := &hubside{tb: t}
	h.send(l, milkItem, order("o1", stock.OrderOpen, milkLine(3)), order("o2", stock.OrderOpen, milkLine(1)))
	must(t, book(t, l, "in", receive("milk", 10)))
	must(t, book(t, l, "p1", pickOf("o1", 1, "milk", -2)))
	must(t, book(t, l, "p2", stock.Movement{Kind: stock.Undo, Undoes: 2}))
	must(t, book(t, l, "p3", pickOf("o1", 1, "milk", -1)))
	want := stock.Progress{Picked: []stock.Picked{{Line: 1, SKU: "milk", Lot: "L1", Quantity: 1}}}
	check := func(when string) {
		t.Helper()
		if diff := cmp.Diff(want, l.Picked("o1")); diff != "" {
			t.Errorf("%s: picked: %s", when, diff)
		}
		if got, ok := l.Order("o1"); !ok || got.Ref != "ref-o1" || len(l.Orders()) != 2 {
			t.Errorf("%s: order %+v %v, %d orders", when, got, ok, len(l.Orders()))
		}
	}
	check("at first")
	end()
	l, end = open(t, path, o)
	check("after reopening")
	for i := range 60 {
		must(t, book(t, l, "fill-"+stock.LineName(i), receive("salt", 1)))
	}
	must(t, l.Stored(t.Context(), l.Position().Last))
	deadline := time.Now().Add(20 * time.Second)
	for l.Position().First <= 4 && time.Now().Before(deadline) { // checkpoints are written in the background
		if _, err := l.Trim(t.Context(), l.Position().Last); err != nil {
			t.Fatal(err)
		}
		must(t, book(t, l, "more-"+l.Position().Head.String()[:8], receive("salt", 1)))
		must(t, l.Stored(t.Context(), l.Position().Last))
	}
	if first := l.Position().First; first <= 4 {
		t.Fatalf("nothing was trimmed, the oldest entry is %d", first)
	}
	check("after trimming")
	end()
	l, _ = open(t, path, o)
	check("after trimming and reopening")
	must(t, book(t, l, "p4", pickOf("o1", 1, "milk", -2)))
	if err := book(t, l, "p5", pickOf("o1", 1, "milk", -1)); !errors.Is(err, ledger.ErrOrder) {
		t.Errorf("a fourth of three was picked: %v", err)
	}
}

func TestOrders_TakeOnlyWhatTheyWant(t *testing.T) {
	short := func(id stock.OrderID, n int, sku stock.SKU, delta int64) stock.Movement {
		m := pickOf(id, n, sku, delta)
		m.Kind = stock.Short
		return m
	}
	giveBack := func(sku stock.SKU, delta int64) stock.Movement {
		m := pickOf("gone", 1, sku, delta)
		m.Kind = stock.Return
		return m
	}
	because := func(m stock.Movement) stock.Movement {
		m.Reason = "r09"
		return m
	}
	orders := []any{
		milkItem, porkItem,
		order("o1", stock.OrderOpen, milkLine(3), stock.OrderLine{SKU: "pork", Quantity: 500, Tolerance: 50}, stock.OrderLine{SKU: "soy", Quantity: 2, Substitutes: []stock.SKU{"milk"}}),
		order("gone", stock.OrderOpen, milkLine(3)),
	}
	for _, tc := range []struct {
		name  string
		first []stock.Movement // taken
		then  stock.Movement
		why   ledger.OrderReason
	}{
		{"what is ordered", nil, pickOf("o1", 1, "milk", -3), ""},
		{"one too many", nil, pickOf("o1", 1, "milk", -4), ledger.OrderTooMuch},
		{"one too many, with a reason", nil, because(pickOf("o1", 1, "milk", -4)), ledger.OrderTooMuch},
		{"a complete line", []stock.Movement{pickOf("o1", 1, "milk", -3)}, pickOf("o1", 1, "milk", -1), ledger.OrderLineDone},
		{"twice in one command", []stock.Movement{pickOf("o1", 1, "milk", -2), pickOf("o1", 1, "milk", -1)}, pickOf("o1", 1, "milk", -1), ledger.OrderLineDone},
		{"heavy inside the tolerance", nil, pickOf("o1", 2, "pork", -550), ""},
		{"too heavy", nil, pickOf("o1", 2, "pork", -551), ledger.OrderTooMuch},
		{"too heavy, with a reason", nil, because(pickOf("o1", 2, "pork", -900)), ""},
		{"light inside the tolerance is whole", []stock.Movement{pickOf("o1", 2, "pork", -450)}, because(pickOf("o1", 2, "pork", -1)), ledger.OrderLineDone},
		{"a substitute", nil, pickOf("o1", 3, "milk", -2), ""},
		{"another item", nil, pickOf("o1", 1, "soy", -1), ledger.OrderOther},
		{"no such line", nil, pickOf("o1", 9, "milk", -1), ledger.OrderNoLine},
		{"no such order", nil, pickOf("o9", 1, "milk", -1), ""},
		{"after a short", []stock.Movement{short("o1", 1, "milk", -1)}, pickOf("o1", 1, "milk", -1), ledger.OrderLineDone},
		{"a short of several lots", []stock.Movement{short("o1", 1, "milk", -1), short("o1", 1, "milk", 0)}, short("o1", 2, "pork", 0), ""},
		{"a short of a complete line", []stock.Movement{pickOf("o1", 1, "milk", -3)}, short("o1", 1, "milk", 0), ledger.OrderLineDone},
		{"a cancelled order", nil, pickOf("gone", 1, "milk", -1), ledger.OrderGone},
		{"back from a cancelled order", nil, giveBack("milk", 2), ""},
		{"more back than was picked", nil, giveBack("milk", 3), ledger.OrderNotThere},
		{"another item back", nil, giveBack("soy", 1), ledger.OrderNotThere},
		{"back to an unknown order", nil, func() stock.Movement { m := giveBack("milk", 3); m.Document = "old"; return m }(), ""},
		{"no line at all", nil, func() stock.Movement { m := pickOf("o9", 1, "milk", -1); m.Line = ""; return m }(), ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			l, _ := open(t, filepath.Join(t.TempDir(), "ledger.db"), ledger.Options{Warehouse: warehouse, MaxSize: 16 << 20, NoPreallocate: true})
			h := &hubside{tb: t}
			h.send(l, orders...)
			must(t, book(t, l, "g", pickOf("gone", 1, "milk", -2)))
			h.send(l, order("gone", stock.OrderCancelled, milkLine(3)))
			if len(tc.first) > 0 {
				must(t, book(t, l, "first", tc.first...))
			}
			before := l.Position()
			err := book(t, l, "then", tc.then)
			var refused *ledger.OrderError
			switch {
			case tc.why == "":
				must(t, err)
			case !errors.As(err, &refused) || refused.Why != tc.why || refused.Message() == "":
				t.Errorf("got %v, want %s", err, tc.why)
			case l.Position() != before:
				t.Error("something was booked all the same")
			}
		})
	}
}

func TestOrders_AreForgottenWhenTheyAreOver(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	l, end := open(t, path, small)
	h := &hubside{tb: t}
	h.send(l, milkItem, order("closed", stock.OrderOpen, milkLine(1)), order("cancelled", stock.OrderOpen, milkLine(1)), order("picked", stock.OrderOpen, milkLine(1)))
	must(t, book(t, l, "in", receive("milk", 10)))
	must(t, book(t, l, "p", pickOf("picked", 1, "milk", -1)))
	h.send(l, order("closed", stock.OrderClosed), order("never-seen", stock.OrderClosed),
		order("cancelled", stock.OrderCancelled, milkLine(1)), order("picked", stock.OrderCancelled, milkLine(1)))
	known := func(ids ...stock.OrderID) []bool {
		var out []bool
		for _, id := range ids {
			_, ok := l.Order(id)
			out = append(out, ok)
		}
		return out
	}
	ids := []stock.OrderID{"closed", "never-seen", "cancelled", "picked"}
	if diff := cmp.Diff([]bool{false, false, true, true}, known(ids...)); diff != "" || len(l.Orders()) != 0 {
		t.Errorf("known after the hub closed them: %s; %d open", diff, len(l.Orders()))
	}
	h.send(l, milkItem) // whatever comes next
	if diff := cmp.Diff([]bool{false, false, false, true}, known(ids...)); diff != "" {
		t.Errorf("known after the next batch: %s", diff)
	}
	end()
	l, _ = open(t, path, small)
	if diff := cmp.Diff([]bool{false, false, false, true}, known(ids...)); diff != "" {
		t.Errorf("known after reopening: %s", diff)
	}
	back := pickOf("picked", 1, "milk", 1)
	back.Kind = stock.Return
	must(t, book(t, l, "back", back))
	h.send(l, milkItem)
	if _, ok := l.Order("picked"); ok {
		t.Error("a cancelled order is remembered after all of it was put back")
	}
}

func TestOrders_TheFirstDueComesFirst(t *testing.T) {
	l, _ := open(t, filepath.Join(t.TempDir(), "ledger.db"), small)
	h := &hubside{tb: t}
	at := func(id stock.OrderID, due, confirmed int) stock.Order {
		o := order(id, stock.OrderOpen, milkLine(1))
		o.Confirmed = time.UnixMilli(1_780_000_000_000 + int64(confirmed))
		if due > 0 {
			o.Due = time.UnixMilli(1_780_000_000_000 + int64(due))
		}
		return o
	}
	h.send(l, at("no-due", 0, 1), at("late", 900, 2), at("early", 500, 9), at("no-due-first", 0, 0), at("early-first", 500, 3))
	var got []stock.OrderID
	for _, o := range l.Orders() {
		got = append(got, o.ID)
	}
	if diff := cmp.Diff([]stock.OrderID{"early-first", "early", "late", "no-due-first", "no-due"}, got); diff != "" {
		t.Error(diff)
	}
}

// Callers at once pick one line of many pieces and get exactly as many as were
// ordered.
func TestOrders_ManyCallersPickNoMoreThanWasOrdered(t *testing.T) {
	l, _ := open(t, filepath.Join(t.TempDir(), "ledger.db"), small)
	h := &hubside{tb: t}
	h.send(l, milkItem, order("o1", stock.OrderOpen, milkLine(20)))
	must(t, book(t, l, "in", receive("milk", 1000)))
	var working sync.WaitGroup
	won := make(chan bool, 80)
	for i := range 8 {
		working.Go(func() {
			for j := range 10 {
				won <- book(t, l, stock.LineName(100*i+j), pickOf("o1", 1, "milk", -1)) == nil
			}
		})
	}
	working.Wait()
	close(won)
	n := 0
	for ok := range won {
		if ok {
			n++
		}
	}
	p := l.Picked("o1")
	if n != 20 || p.Of(1) != 20 || l.OnHand(stock.Cell{SKU: "milk", Lot: "L1", Bin: "A-01"}) != 980 {
		t.Errorf("%d callers won, %d picked", n, p.Of(1))
	}
}

// A repeated undo of a pick is known although the ledger gave it an order.
func TestOrders_AnUndoGivesThePickBackOnce(t *testing.T) {
	l, _ := open(t, filepath.Join(t.TempDir(), "ledger.db"), small)
	h := &hubside{tb: t}
	h.send(l, milkItem, order("o1", stock.OrderOpen, milkLine(2)))
	must(t, book(t, l, "p", pickOf("o1", 1, "milk", -2)))
	undo := stock.Movement{Kind: stock.Undo, Undoes: 1, Reason: "undo of pick"}
	must(t, book(t, l, "u", undo))
	if r, err := l.Append(t.Context(), stock.Command{ID: "u", Movements: []stock.Movement{undo}}); err != nil || !r.Replayed {
		t.Fatalf("again: %+v, %v", r, err)
	}
	e, err := l.Entry(2)
	if p := l.Picked("o1"); err != nil || e.Document != "o1" || e.Line != "1" || !p.Empty() {
		t.Errorf("undo %+v, %v; picked %+v", e, err, l.Picked("o1"))
	}
}

func TestRecounts_WaitForACount(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	l, end := open(t, path, small)
	h := &hubside{tb: t}
	h.send(l, milkItem, order("o1", stock.OrderOpen, milkLine(2)))
	must(t, book(t, l, "in", receive("milk", 1)))
	short := pickOf("o1", 1, "milk", -1)
	short.Kind = stock.Short
	must(t, book(t, l, "s", short))
	end()
	l, _ = open(t, path, small)
	got := l.Recounts()
	if len(got) != 1 || got[0].SKU != "milk" || got[0].Bin != "A-01" || got[0].Seq != 2 || got[0].Since.IsZero() {
		t.Fatalf("recounts after reopening: %+v", got)
	}
	c := l.Observe(short.Cell())
	count := stock.Movement{Kind: stock.Count, SKU: "milk", Lot: "L1", Bin: "A-01", Count: &c}
	must(t, book(t, l, "c", count))
	if got := l.Recounts(); len(got) != 0 {
		t.Errorf("recounts after the count: %+v", got)
	}
}

func TestSnapshot_HasTheOrders(t *testing.T) {
	dir := t.TempDir()
	l, _ := open(t, filepath.Join(dir, "ledger.db"), small)
	h := &hubside{tb: t}
	h.send(l, milkItem, order("o1", stock.OrderOpen, milkLine(2)))
	must(t, book(t, l, "p", pickOf("o1", 1, "milk", -1)))
	if _, err := l.Snapshot(t.Context(), filepath.Join(dir, "copy.db")); err != nil {
		t.Fatal(err)
	}
	c, _ := open(t, filepath.Join(dir, "copy.db"), small)
	if p := c.Picked("o1"); p.Of(1) != 1 || len(c.Orders()) != 1 {
		t.Errorf("the copy has %d orders, picked %+v", len(c.Orders()), p)
	}
}

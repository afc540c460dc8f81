package ledger_test

import (
	"context"
	"errors"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/forestock/forestock/agent/ledger"
	"github.com/forestock/forestock/proto/stock"
)

func TestAppend_RefusesBeforeItWrites(t *testing.T) {
	with := func(change func(*stock.Movement)) []stock.Movement {
		m := receive("milk", 1)
		change(&m)
		return []stock.Movement{receive("egg", 1), m}
	}
	count := func(c stock.CountEvidence) []stock.Movement {
		return with(func(m *stock.Movement) { m.Kind, m.Count = stock.Count, &c })
	}
	undo := func(seq stock.Seq) []stock.Movement { return []stock.Movement{{Kind: stock.Undo, Undoes: seq}} }
	for _, tc := range []struct {
		name      string
		id        string
		movements []stock.Movement
		want      error
	}{
		{"no id", "", with(func(*stock.Movement) {}), stock.ErrInvalid},
		{"an id of 65 bytes", strings.Repeat("x", 65), with(func(*stock.Movement) {}), stock.ErrInvalid},
		{"a control character in the id", "a\nb", with(func(*stock.Movement) {}), stock.ErrInvalid},
		{"no movements", "x", nil, stock.ErrInvalid},
		{"1,001 movements", "x", make([]stock.Movement, 1001), stock.ErrInvalid},
		{"no kind", "x", with(func(m *stock.Movement) { m.Kind = 0 }), stock.ErrInvalid},
		{"a SKU with a space", "x", with(func(m *stock.Movement) { m.SKU = "fresh milk" }), stock.ErrInvalid},
		{"too much", "x", with(func(m *stock.Movement) { m.Delta = stock.MaxQty + 1 }), stock.ErrInvalid},
		{"a date that does not exist", "x", with(func(m *stock.Movement) { m.Expiry = 20270230 }), stock.ErrInvalid},
		{"a count without what was counted", "x", with(func(m *stock.Movement) { m.Kind = stock.Count }), stock.ErrInvalid},
		{"a pick that says what was counted", "x", with(func(m *stock.Movement) { m.Count = &stock.CountEvidence{} }), stock.ErrInvalid},
		{"fewer than none counted", "x", count(stock.CountEvidence{Counted: -1, Base: 2}), stock.ErrInvalid},
		{"a count of what the book did not have", "x", count(stock.CountEvidence{Counted: 4, Seen: 3, Base: 2}), ledger.ErrCount},
		{"a count from the future", "x", count(stock.CountEvidence{Counted: 4, Seen: 0, Base: 3}), ledger.ErrCount},
		{"an undo of nothing", "x", undo(0), stock.ErrInvalid},
		{"an undo of the future", "x", undo(3), ledger.ErrUndo},
		{"an undo of an opening", "x", undo(2), ledger.ErrUndo},
		{"a pick that undoes", "x", with(func(m *stock.Movement) { m.Undoes = 1 }), stock.ErrInvalid},
	} {
		t.Run(tc.name, func(t *testing.T) {
			l, _ := open(t, filepath.Join(t.TempDir(), "ledger.db"), small)
			opening := receive("leek", 1)
			opening.Kind = stock.Opening
			if _, err := l.Append(t.Context(), stock.Command{ID: "first", Movements: []stock.Movement{receive("leek", 1), opening}}); err != nil {
				t.Fatal(err)
			}
			_, err := l.Append(t.Context(), stock.Command{ID: tc.id, Movements: tc.movements})
			if !errors.Is(err, tc.want) {
				t.Errorf("Append = %v, want %v", err, tc.want)
			}
			if got, commits := l.Position().Last, l.Status().Commits; got != 2 || commits != 1 {
				t.Errorf("%d entries in %d commits, want 2 in 1", got, commits)
			}
		})
	}
}

func TestAppend_ForgetsIDsAndBasesOutsideTheWindow(t *testing.T) {
	o := small
	o.CommandWindow = 3
	l, _ := open(t, filepath.Join(t.TempDir(), "ledger.db"), o)
	book := func(id string) stock.Receipt {
		t.Helper()
		r, err := l.Append(t.Context(), stock.Command{ID: id, Movements: []stock.Movement{receive("milk", 1)}})
		if err != nil {
			t.Fatalf("Append(%s): %v", id, err)
		}
		return r
	}
	for i := range 4 {
		book(strconv.Itoa(i))
	}
	if r := book("1"); !r.Replayed || r.From != 2 {
		t.Errorf("id of the oldest entry in the window = %+v, want entry 2 replayed", r)
	}
	if r := book("0"); r.Replayed || r.From != 5 {
		t.Errorf("id of the entry before the window = %+v, want a new entry 5", r)
	}
	old := stock.Movement{Kind: stock.Count, SKU: "milk", Lot: "L1", Bin: "A-01", Count: &stock.CountEvidence{Seen: 1, Base: 1}}
	if _, err := l.Append(t.Context(), stock.Command{ID: "count", Movements: []stock.Movement{old}}); !errors.Is(err, ledger.ErrCount) {
		t.Errorf("count from before the window = %v, want ErrCount", err)
	}
	undo := stock.Movement{Kind: stock.Undo, Undoes: 2}
	if _, err := l.Append(t.Context(), stock.Command{ID: "undo", Movements: []stock.Movement{undo}}); !errors.Is(err, ledger.ErrUndo) {
		t.Errorf("undo from before the window = %v, want ErrUndo", err)
	}
}

func TestAppend_TakesAnyClock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	l, end := open(t, path, small)
	years := []int{2026, 1971, 2099, 2016, 2036}
	for _, year := range years {
		m := receive("milk", 1)
		m.Time = time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)
		if _, err := l.Append(t.Context(), stock.Command{ID: strconv.Itoa(year), Movements: []stock.Movement{m}}); err != nil {
			t.Fatal(err)
		}
	}
	end()
	l, _ = open(t, path, small)
	for i, year := range years {
		e, err := l.Entry(stock.Seq(i + 1))
		if err != nil || e.Time.UTC().Year() != year {
			t.Errorf("entry %d is of %v, %v; want %d", i+1, e.Time, err, year)
		}
	}
}

func TestCount_KeepsWhatMovesMeanwhile(t *testing.T) {
	l, _ := open(t, filepath.Join(t.TempDir(), "ledger.db"), small)
	book := func(id string, m stock.Movement) {
		t.Helper()
		if _, err := l.Append(t.Context(), stock.Command{ID: id, Movements: []stock.Movement{m}}); err != nil {
			t.Fatalf("Append(%s): %v", id, err)
		}
	}
	cell := stock.Cell{SKU: "milk", Lot: "L1", Bin: "A-01"}
	book("in", receive("milk", 40))
	evidence := l.Observe(cell)   // the person begins to count: the book has 40
	book("out", pick("milk", -3)) // meanwhile three are picked
	evidence.Counted = 38         // before that the shelf held 38
	book("count", stock.Movement{Kind: stock.Count, SKU: "milk", Lot: "L1", Bin: "A-01", Count: &evidence})
	if got := l.OnHand(cell); got != 35 {
		t.Errorf("on hand = %d, want 38 counted less 3 picked meanwhile", got)
	}
	e, err := l.Entry(3)
	if err != nil || e.Delta != -2 || *e.Count != evidence {
		t.Errorf("entry = %+v, %v; want a difference of -2 and the evidence", e, err)
	}
}

func pick(sku stock.SKU, delta int64) stock.Movement {
	m := receive(sku, delta)
	m.Kind = stock.Pick
	return m
}

func TestLedger_SaysNoWhenItDoesNotRun(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	l, err := ledger.Open(path, small)
	if err != nil {
		t.Fatal(err)
	}
	c := stock.Command{ID: "a", Movements: []stock.Movement{receive("milk", 1)}}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := l.Run(ctx); err != nil {
		t.Fatalf("Run: %v", err)
	}
	if _, err := l.Append(t.Context(), c); !errors.Is(err, ledger.ErrClosed) {
		t.Errorf("Append after Run = %v, want ErrClosed", err)
	}
	if err := l.Run(t.Context()); !errors.Is(err, ledger.ErrClosed) {
		t.Errorf("second Run = %v, want ErrClosed", err)
	}
	if err := l.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
}

func TestLedger_StopsWhenItCannotTellWhetherItWrote(t *testing.T) {
	l, err := ledger.Open(filepath.Join(t.TempDir(), "ledger.db"), small)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- l.Run(t.Context()) }()
	c := stock.Command{ID: "a", Movements: []stock.Movement{receive("milk", 1)}}
	if _, err := l.Append(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if err := l.Break(); err != nil {
		t.Fatal(err)
	}
	c.ID = "b"
	if _, err := l.Append(t.Context(), c); !errors.Is(err, ledger.ErrBroken) {
		t.Errorf("Append to a broken file = %v, want ErrBroken", err)
	}
	if err := <-ended; !errors.Is(err, ledger.ErrBroken) {
		t.Errorf("Run = %v, want ErrBroken", err)
	}
	if _, err := l.Append(t.Context(), c); !errors.Is(err, ledger.ErrClosed) {
		t.Errorf("Append afterwards = %v, want ErrClosed", err)
	}
	if got := l.OnHand(stock.Cell{SKU: "milk", Lot: "L1", Bin: "A-01"}); got != 1 {
		t.Errorf("on hand = %d, want 1: what may not be on disk is not shown", got)
	}
}

func TestOpen_RefusesWhatIsNotItsOwn(t *testing.T) {
	t.Parallel() // it waits for a lock
	dir := t.TempDir()
	path := filepath.Join(dir, "ledger.db")
	_, end := open(t, path, small)
	if _, err := ledger.Open(path, small); !errors.Is(err, ledger.ErrLocked) || !strings.Contains(err.Error(), "running agent") {
		t.Errorf("second Open = %v, want ErrLocked that names the running agent", err)
	}
	end()
	other := small
	other.Warehouse = "wh-other"
	if _, err := ledger.Open(path, other); !errors.Is(err, ledger.ErrWarehouse) {
		t.Errorf("Open for another warehouse = %v, want ErrWarehouse", err)
	}
	if _, err := ledger.Open(filepath.Join(dir, "new.db"), ledger.Options{}); !errors.Is(err, stock.ErrInvalid) {
		t.Errorf("new ledger of no warehouse = %v, want ErrInvalid", err)
	}
	if _, err := ledger.Verify(t.Context(), filepath.Join(dir, "none.db"), nil); err == nil {
		t.Error("Verify of a file that does not exist gave no error")
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*new*")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/forestock/forestock/agent/ledger"
	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

// roomy are options for tests that write much.
var roomy = ledger.Options{Warehouse: warehouse, MaxSize: 64 << 20, NoPreallocate: true}

// added gives the sum of the entries that a ledger keeps, begun with a statement.
func added(t *testing.T, l *ledger.Ledger, st stock.Statement) stock.Digest {
	t.Helper()
	sheet, err := st.Sheet()
	if err != nil {
		t.Fatal(err)
	}
	for after := l.Position().First - 1; after < l.Position().Last; {
		batch, _, err := l.Read(t.Context(), after, 1000, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range batch.Entries {
			e, err := wire.DecodeEntry(b)
			if err != nil {
				t.Fatal(err)
			}
			sheet.Apply(&e.Movement)
		}
		after = batch.To()
	}
	return sheet.Digest()
}

// What the base states and what the kept entries add is what the newest states,
// also when the older entries are gone.
func TestBase_AndTheKeptEntriesAreTheNewest(t *testing.T) {
	o := roomy
	o.CheckpointEvery, o.CommandWindow = 100, 300
	l, _ := open(t, filepath.Join(t.TempDir(), "ledger.db"), o)
	for _, trimmed := range []stock.Seq{0, 200, 450} {
		more(t, l, 500)
		if err := l.Stored(t.Context(), l.Position().Last); err != nil {
			t.Fatal(err)
		}
		if base, err := l.Trim(t.Context(), trimmed); err != nil || base != trimmed {
			t.Fatalf("Trim(%d) = %d, %v", trimmed, base, err)
		}
		newest, head := l.Newest(), l.Position()
		if newest.Epoch != head.Epoch || newest.Seq != head.Last || newest.Head != head.Head {
			t.Errorf("the newest statement is as of entry %d of %s, want %+v", newest.Seq, newest.Epoch, head)
		}
		base, err := l.Base(t.Context())
		if err != nil || base.Seq != trimmed || base.Epoch != head.Epoch {
			t.Fatalf("Base is as of entry %d, %v; want %d", base.Seq, err, trimmed)
		}
		if hash, err := l.HashAt(trimmed); err != nil || base.Head != hash {
			t.Errorf("the base has hash %v, want %v, %v", base.Head, hash, err)
		}
		if got, _ := l.Digest(); added(t, l, base) != got || got.Root() != newest.Digest {
			t.Errorf("trimmed up to %d: the base and the kept entries are not the newest levels", trimmed)
		}
	}
}

func TestNewest_DoesNotChangeWithTheLedger(t *testing.T) {
	l, _ := open(t, filepath.Join(t.TempDir(), "ledger.db"), small)
	more(t, l, 100)
	st := l.Newest()
	more(t, l, 100)
	if _, err := st.Sheet(); err != nil {
		t.Error(err)
	}
}

// stated gives a statement of n levels of some other ledger.
func stated(n int) stock.Statement {
	var sheet stock.Sheet
	for i := range n {
		cell := stock.Cell{SKU: stock.SKU(fmt.Sprint("SKU-", i/4)), Lot: stock.Lot(strconv.Itoa(i % 4)), Bin: "A-1"}
		sheet.Set(stock.Level{Cell: cell, OnHand: int64(i%100) - 5, Expiry: 20270131}, 20260131)
	}
	sheet.Set(stock.Level{Cell: stock.Cell{SKU: "much"}, OnHand: 5 * stock.MaxQty}, 0)
	sheet.Set(stock.Level{Cell: stock.Cell{SKU: "less"}, OnHand: -5 * stock.MaxQty}, 0)
	st := stock.Statement{Epoch: stock.Epoch{0xAB, 0xCD}, Seq: 77}
	st.Levels, st.Digest = sheet.State()
	return st
}

// Twenty thousand levels are one commit, whatever waits with it, and are there
// after reopening; the checkpoint that follows has them too.
func TestTakeOver_OfManyLevelsIsOneCommit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	l, end := open(t, path, roomy)
	more(t, l, 100)
	before, own := l.Status().Commits, l.Newest()
	st := stated(20_000)
	took, err := l.TakeOver(t.Context(), st, 0)
	if err != nil || l.Status().Commits != before+1 {
		t.Fatalf("TakeOver = %+v, %v, in %d commits", took, err, l.Status().Commits-before)
	}
	if want := (stock.Takeover{Epoch: st.Epoch, Seq: 77, Last: 100 + stock.Seq(len(st.Levels)) + 8}); took != want {
		t.Errorf("took over %+v, want %+v", took, want)
	}
	first, err := l.Entry(101)
	if err != nil || first.Kind != stock.Opening || first.Command != "takeover-abcd0000-77" || first.Document != st.Epoch.String()+"@77" || first.Produced != st.Levels[0].Produced {
		t.Errorf("the first entry of the takeover is %+v, %v", first, err)
	}
	want, err := own.Sheet()
	if err != nil {
		t.Fatal(err)
	}
	for _, level := range st.Levels {
		want.Apply(&stock.Movement{SKU: level.SKU, Lot: level.Lot, Bin: level.Bin, Delta: level.OnHand})
	}
	end()
	if report, err := ledger.Verify(t.Context(), path, nil); err != nil || !report.OK() {
		t.Fatalf("Verify = %+v, %v", report.Damages, err)
	}
	l, _ = open(t, path, roomy)
	if got, _ := l.Digest(); got != want.Digest() || l.TookOver() != took || l.Status().TookOver != took {
		t.Errorf("after reopening it took over %+v and has digest %x, want %+v and %x", l.TookOver(), got.Root(), took, want.Digest())
	}
	if again, err := l.TakeOver(t.Context(), st, 0); err != nil || again != took {
		t.Errorf("TakeOver again = %+v, %v", again, err)
	}
}

func TestTakeOver_RefusesWhatWouldBeWrong(t *testing.T) {
	good := stated(10)
	for name, spoil := range map[string]func(l *ledger.Ledger, st *stock.Statement) error{
		"its own levels": func(l *ledger.Ledger, st *stock.Statement) error { st.Epoch = l.Position().Epoch; return nil },
		"no epoch":       func(_ *ledger.Ledger, st *stock.Statement) error { st.Epoch = stock.Epoch{}; return nil },
		"another digest": func(_ *ledger.Ledger, st *stock.Statement) error { st.Digest++; return nil },
		"a second time": func(l *ledger.Ledger, st *stock.Statement) error {
			_, err := l.TakeOver(context.Background(), *st, 0)
			st.Seq++
			return err
		},
		"the hub follows it": func(l *ledger.Ledger, _ *stock.Statement) error {
			_, err := l.Append(context.Background(), command("S", 1))
			return errors.Join(err, l.Stored(context.Background(), 1))
		},
		"opened by hand": func(l *ledger.Ledger, _ *stock.Statement) error {
			m := receive("milk", 5)
			m.Kind = stock.Opening
			_, err := l.Append(context.Background(), stock.Command{ID: "hand", Movements: []stock.Movement{m}})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			l, _ := open(t, filepath.Join(t.TempDir(), "ledger.db"), small)
			st := good
			if err := spoil(l, &st); err != nil {
				t.Fatal(err)
			}
			before := l.Position()
			if took, err := l.TakeOver(t.Context(), st, 0); !errors.Is(err, ledger.ErrTakeOver) || l.Position() != before {
				t.Errorf("TakeOver = %+v, %v; want ErrTakeOver and nothing written", took, err)
			}
		})
	}
	l, _ := open(t, filepath.Join(t.TempDir(), "ledger.db"), small) // the control
	if _, err := l.TakeOver(t.Context(), good, 0); err != nil {
		t.Errorf("TakeOver of what was not spoilt = %v", err)
	}
}

// scene is a ledger of which the hub has the first entries, and its successor.
type scene struct {
	*ledger.Ledger
	path   string
	hub    stock.Statement // as the hub has it
	common stock.Seq
	want   stock.Sheet // what is on hand in truth
	old    ledger.Reborn
}

// succession books moves, counts and undos, of which the hub gets those up to
// common, and lets the ledger be born again.
func succession(t *testing.T, o ledger.Options) *scene {
	t.Helper()
	s := &scene{path: filepath.Join(t.TempDir(), "ledger.db")}
	l, end := open(t, s.path, o)
	book := func(id string, movements ...stock.Movement) {
		if _, err := l.Append(t.Context(), stock.Command{ID: id, Movements: movements}); err != nil {
			t.Fatal(err)
		}
	}
	book("in", receive("milk", 10), receive("egg", 6))                                                            // 1, 2
	book("move", stock.Movement{Kind: stock.Putaway, SKU: "milk", Lot: "L1", Bin: "A-01", To: "B-01", Delta: -4}) // 3
	book("pick", receive("egg", -1))                                                                              // 4
	s.hub, s.common = l.Newest(), 4                                                                               // 4
	if err := l.Stored(t.Context(), 2); err != nil {                                                              // not every acknowledgement has come
		t.Fatal(err)
	}
	cell := stock.Cell{SKU: "egg", Lot: "L1", Bin: "A-01"}
	evidence := l.Observe(cell)
	evidence.Counted = 3
	book("count", stock.Movement{Kind: stock.Count, SKU: "egg", Lot: "L1", Bin: "A-01", Count: &evidence}) // 5
	book("undo move", stock.Movement{Kind: stock.Undo, Undoes: 3})                                         // 6: what the hub has
	book("undo pick", stock.Movement{Kind: stock.Undo, Undoes: 4, Reason: "wrong box"})                    // 7
	book("later", receive("leek", 7))                                                                      // 8
	book("undo later", stock.Movement{Kind: stock.Undo, Undoes: 8})                                        // 9: what is brought along
	st := l.Newest()
	var err error
	if s.want, err = st.Sheet(); err != nil {
		t.Fatal(err)
	}
	end()
	if s.old, err = ledger.Rebirth(t.Context(), s.path, ledger.RebirthOptions{Options: o, Why: "the hub has a fork"}); err != nil {
		t.Fatal(err)
	}
	s.Ledger, _ = open(t, s.path, o)
	return s
}

func TestRebirth_BringsAlongWhatTheHubNeverGot(t *testing.T) {
	s := succession(t, small)
	again := stock.Command{ID: "pick", Movements: []stock.Movement{receive("egg", -1)}}
	if r, err := s.Append(t.Context(), again); err != nil || r != (stock.Receipt{Replayed: true}) {
		t.Errorf("a command of before = %+v, %v; want Replayed and no entry", r, err)
	}
	if _, err := s.Append(t.Context(), stock.Command{ID: "new", Movements: []stock.Movement{receive("milk", 1)}}); err != nil {
		t.Fatal(err)
	}
	s.want.Apply(&stock.Movement{SKU: "milk", Lot: "L1", Bin: "A-01", Delta: 1})
	if _, err := s.TakeOver(t.Context(), s.hub, s.common); err != nil {
		t.Fatal(err)
	}
	if got, _ := s.Digest(); got != s.want.Digest() {
		t.Errorf("levels %+v, want %+v", levelsOf(s.Newest()), levelsOf(stateOf(s.want)))
	}
	type line struct {
		Command string
		Part    int
		Kind    stock.Kind
		Bin     stock.Bin
		Delta   int64
		Undoes  stock.Seq
		Reason  string
	}
	var got []line
	for seq := s.TookOver().Last - 5; seq <= s.TookOver().Last; seq++ {
		e, err := s.Entry(seq)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, line{e.Command, e.Part, e.Kind, e.Bin, e.Delta, e.Undoes, e.Reason})
	}
	last := s.TookOver().Last
	undone := fmt.Sprintf("undo of entry 3 of ledger %x", s.hub.Epoch[:4])
	if diff := cmp.Diff([]line{
		{"count", 0, stock.Count, "A-01", -2, 0, ""},
		{"undo move", 0, stock.Adjust, "A-01", 4, 0, undone},
		{"undo move", 1, stock.Adjust, "B-01", -4, 0, undone},
		{"undo pick", 0, stock.Adjust, "A-01", 1, 0, "wrong box"},
		{"later", 0, stock.Receive, "A-01", 7, 0, ""},
		{"undo later", 0, stock.Undo, "A-01", -7, last - 1, ""},
	}, got); diff != "" {
		t.Error(diff)
	}
	if r, err := s.Append(t.Context(), stock.Command{ID: "undo move", Movements: []stock.Movement{{Kind: stock.Undo, Undoes: 3}}}); err != nil || !r.Replayed || r.From != last-4 || r.To != last-3 {
		t.Errorf("a command that was brought along = %+v, %v; want the entries that it became", r, err)
	}
	if _, err := s.Append(t.Context(), stock.Command{ID: "once more", Movements: []stock.Movement{{Kind: stock.Undo, Undoes: last - 1}}}); !errors.Is(err, ledger.ErrUndo) {
		t.Errorf("undoing what is undone = %v, want ErrUndo", err)
	}
}

// The control of what was brought: who does not trace the old ledger, and takes
// the hub's cursor as that knew it, books two entries twice.
func TestRebirth_ControlWithoutATraceBooksTwice(t *testing.T) {
	s := succession(t, small)
	if _, err := s.TakeOver(t.Context(), s.hub, 2); err != nil {
		t.Fatal(err)
	}
	if got, _ := s.Digest(); got == s.want.Digest() {
		t.Error("the levels are right although entries 3 and 4 are there twice: the test tells nothing")
	}
}

// Somebody who removes the old file loses what only that had, but not the levels.
func TestRebirth_TakesOverWithoutTheOldFile(t *testing.T) {
	s := succession(t, small)
	if err := os.Remove(s.old.SetAside); err != nil {
		t.Fatal(err)
	}
	p, _ := s.Predecessor(s.hub.Epoch)
	if _, err := p.Sums(t.Context(), []stock.Seq{3}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Sums = %v, want fs.ErrNotExist", err)
	}
	if _, err := s.TakeOver(t.Context(), s.hub, 0); err != nil {
		t.Fatal(err)
	}
	if digest, _ := s.Digest(); digest.Root() != s.hub.Digest {
		t.Error("the levels are not the hub's")
	}
}

func TestRebirth_TellsOfTheOldLedger(t *testing.T) {
	s := succession(t, small)
	status := s.Status()
	if len(status.Predecessors) != 1 || len(s.old.Predecessors) != 1 {
		t.Fatalf("predecessors %+v and %+v, want one", status.Predecessors, s.old.Predecessors)
	}
	p := status.Predecessors[0]
	if p.Position.Epoch != s.hub.Epoch || p.Position.Last != 9 || p.Stored != 2 || p.Path != s.old.SetAside || p.Why != "the hub has a fork" || p.SetAside.IsZero() {
		t.Errorf("predecessor = %+v", p)
	}
	report, err := ledger.Verify(t.Context(), s.old.SetAside, nil)
	if err != nil || !report.OK() || report.Position.Last != 9 || report.Position.Head != p.Position.Head {
		t.Errorf("the old file: %+v, %v", report, err)
	}
	old, ok := s.Predecessor(s.hub.Epoch)
	if !ok {
		t.Fatal("no predecessor of that epoch")
	}
	if st, err := old.Statement(t.Context()); err != nil || st.Seq != 9 {
		t.Errorf("Statement = as of %d, %v", st.Seq, err)
	} else if digest := s.want.Digest(); st.Digest != digest.Root() {
		t.Error("the predecessor states other levels than it had")
	}
	if _, ok := s.Predecessor(s.Position().Epoch); ok {
		t.Error("a ledger is its own predecessor")
	}
}

func stateOf(sheet stock.Sheet) (st stock.Statement) {
	st.Levels, st.Digest = sheet.State()
	return st
}

func levelsOf(st stock.Statement) map[stock.Cell]int64 {
	levels := make(map[stock.Cell]int64)
	for _, l := range st.Levels {
		levels[l.Cell] = l.OnHand
	}
	return levels
}

// A hub that has lost everything asks for nothing: then the predecessor itself
// states what it had, or brings all its entries along.
func TestRebirth_TakesOverFromItsOwnPredecessor(t *testing.T) {
	for name, statement := range map[string]func(t *testing.T, p *ledger.Predecessor) (stock.Statement, stock.Seq){
		"its levels": func(t *testing.T, p *ledger.Predecessor) (stock.Statement, stock.Seq) {
			t.Helper()
			st, err := p.Statement(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return st, st.Seq
		},
		"its entries": func(_ *testing.T, p *ledger.Predecessor) (stock.Statement, stock.Seq) {
			st := stateOf(stock.Sheet{})
			st.Epoch = p.Position.Epoch
			return st, 0
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "ledger.db")
			l, end := open(t, path, small)
			more(t, l, 200)
			want, _ := l.Digest()
			epoch := l.Position().Epoch
			end()
			if _, err := ledger.Rebirth(t.Context(), path, ledger.RebirthOptions{Options: small}); err != nil {
				t.Fatal(err)
			}
			l, _ = open(t, path, small)
			p, ok := l.Predecessor(epoch)
			if !ok {
				t.Fatal("no predecessor")
			}
			st, common := statement(t, p)
			if _, err := l.TakeOver(t.Context(), st, common); err != nil {
				t.Fatal(err)
			}
			if got, _ := l.Digest(); got != want {
				t.Error("the levels are not those of the predecessor")
			}
		})
	}
}

// The catalogue and the orders, with what was picked of them, are there at once
// in the new ledger, also while the hub is away; what is brought along later does
// not count a second time, whether the ledger was opened again or not.
func TestRebirth_KeepsTheCatalogueAndTheOrders(t *testing.T) {
	for _, reopened := range []bool{false, true} {
		path := filepath.Join(t.TempDir(), "ledger.db")
		l, end := open(t, path, small)
		h := &hubside{tb: t}
		h.send(l, item("milk", "牛奶", "Milk"), order("o1", stock.OrderOpen, milkLine(5)), order("o2", stock.OrderOpen, milkLine(2)))
		for i, n := range []int64{-1, -2} {
			if err := book(t, l, strconv.Itoa(i), pickOf("o1", 1, "milk", n)); err != nil {
				t.Fatal(err)
			}
		}
		down := l.DownPosition()
		st := stateOf(stock.Sheet{})
		st.Epoch = l.Position().Epoch
		end()
		if _, err := ledger.Rebirth(t.Context(), path, ledger.RebirthOptions{Options: small}); err != nil {
			t.Fatal(err)
		}
		l, end = open(t, path, small)
		if _, ok := l.Item("milk"); !ok || l.DownPosition() != down || len(l.Orders()) != 2 {
			t.Errorf("after the rebirth: item %v, %d orders, down %+v; want what was before, %+v", ok, len(l.Orders()), l.DownPosition(), down)
		}
		if err := book(t, l, "too much", pickOf("o1", 1, "milk", -3)); !errors.Is(err, ledger.ErrOrder) {
			t.Errorf("picking 3 more of 5 of which 3 are picked = %v, want ErrOrder", err)
		}
		if err := book(t, l, "one more", pickOf("o1", 1, "milk", -1)); err != nil {
			t.Error(err)
		}
		if _, err := l.TakeOver(t.Context(), st, 0); err != nil {
			t.Fatal(err)
		}
		if reopened {
			end()
			l, _ = open(t, path, small)
		}
		picked := l.Picked("o1")
		if got := picked.Of(1); got != 4 {
			t.Errorf("reopened %v: %d picked of the order, want 4", reopened, got)
		}
	}
}

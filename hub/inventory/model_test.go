package inventory_test

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/hub/store/storetest"
	"github.com/forestock/forestock/proto/stock"
)

var now = time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)

func newBook() *inventory.Book { return inventory.NewBook(inventory.Config{AutoEnrol: true}) }

// toy is all that the Book has to get right: a sum of what was accepted.
type toy struct {
	epoch stock.Epoch
	count stock.Seq
	cells map[stock.Cell]int64
}

func (y *toy) accept(epoch stock.Epoch, entries []inventory.Sent) {
	if epoch != y.epoch || y.cells == nil {
		*y = toy{epoch: epoch, cells: make(map[stock.Cell]int64)}
	}
	for i := range entries {
		y.count++
		if e := &entries[i].Entry; entries[i].Err == nil && e.Seq == y.count {
			y.cells[e.Cell()] += e.Delta
			y.cells[stock.Cell{SKU: e.SKU, Lot: e.Lot, Bin: e.To}] -= e.Delta * sign(e.To != "")
		}
	}
}

func sign(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// model holds a toy for every warehouse.
type model map[stock.Warehouse]*toy

// hear follows the answer to a command: the entries that it says are new are
// the last ones of the run up to the acknowledgement.
func (m model) hear(c inventory.Command, r inventory.Result) {
	in, ok := c.(*inventory.Ingest)
	answer, ok2 := r.(inventory.Ingested)
	if !ok || !ok2 || answer.Stored == 0 {
		return
	}
	if m[in.Warehouse] == nil {
		m[in.Warehouse] = new(toy)
	}
	end := int(answer.Applied + 1 - in.From)
	m[in.Warehouse].accept(in.Epoch, in.Entries[end-answer.Stored:end])
}

// difference says where a Book and the toys differ.
func (m model) difference(b *inventory.Book) string {
	rows := b.Rows()
	got, want := make(map[string]int64), make(map[string]int64)
	for _, l := range rows.Levels {
		for _, lot := range l.Lots {
			for _, bin := range lot.Bins {
				got[fmt.Sprintf("%s %s %q %q", l.Warehouse, l.SKU, lot.Lot, bin.Bin)] = bin.OnHand
				got[fmt.Sprintf("%s %s", l.Warehouse, l.SKU)] += bin.OnHand
			}
		}
		if sum := fmt.Sprintf("%s %s", l.Warehouse, l.SKU); got[sum] != l.OnHand {
			return fmt.Sprintf("%s: the bins add up to %d, on hand is %d", sum, got[sum], l.OnHand)
		}
	}
	for w, y := range m {
		for c, n := range y.cells {
			if n != 0 {
				want[fmt.Sprintf("%s %s %q %q", w, c.SKU, c.Lot, c.Bin)] = n
			}
			want[fmt.Sprintf("%s %s", w, c.SKU)] += n
		}
	}
	for _, st := range rows.Warehouses {
		if y := m[st.Warehouse]; y != nil && y.epoch == st.Box.Epoch && y.count != st.Applied {
			return fmt.Sprintf("%s: %d entries counted, %d applied", st.Warehouse, y.count, st.Applied)
		}
	}
	isZero := cmpopts.IgnoreMapEntries(func(_ string, n int64) bool { return n == 0 })
	return cmp.Diff(want, got, isZero, cmpopts.EquateEmpty())
}

// TestBook_AddsUpLikeAToy: whatever boxes send, lost, repeated, reordered or
// forged, the levels are the sum of the accepted entries, each once; what is
// accepted is the box's own chain; and revisions, sessions and cursors only
// grow.
func TestBook_AddsUpLikeAToy(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b, m := newBook(), make(model)
		fleet := storetest.NewFleet(t, 2)
		var last inventory.Revision
		sessions := make(map[stock.Warehouse]inventory.Session)
		for i := range rapid.IntRange(1, 60).Draw(t, "steps") {
			sent := fleet.Next(t)
			results, changes := b.Apply(now.Add(time.Duration(i)*time.Second), []inventory.Command{sent.Command})
			sent.Hear(results[0])
			m.hear(sent.Command, results[0])
			if diff := m.difference(b); diff != "" {
				t.Fatalf("after %T (-toy +book):\n%s", sent.Command, diff)
			}
			for _, l := range changes.Levels {
				if l.Revision <= last {
					t.Fatalf("revision %d follows %d", l.Revision, last)
				}
				last = l.Revision
			}
			for _, st := range changes.Warehouses {
				if st.Newest < sessions[st.Warehouse] || st.Newest < st.Box.Session {
					t.Fatalf("session %d follows %d", st.Newest, sessions[st.Warehouse])
				}
				sessions[st.Warehouse] = st.Newest
				if answer, ok := results[0].(inventory.Ingested); ok && sent.Box != nil && answer.Stored > 0 && st.Head != sent.Box.HeadAt(st.Applied) {
					t.Fatalf("%s: head at entry %d is not the box's", st.Warehouse, st.Applied)
				}
			}
		}
	})
}

// TestModel_NoticesWhoCountsTwice is the negative control: a hub that counts
// every entry it receives differs from the toy.
func TestModel_NoticesWhoCountsTwice(t *testing.T) {
	box := storetest.NewBox("wh-0", 1)
	box.Move(t, stock.Movement{Kind: stock.Receive, SKU: "milk", Delta: 5})
	b, m := newBook(), make(model)
	results, _ := b.Apply(now, []inventory.Command{box.Hello()})
	box.Hear(results[0])
	in := box.Rest(1)
	results, _ = b.Apply(now, []inventory.Command{in})
	m.hear(in, results[0])
	if diff := m.difference(b); diff != "" {
		t.Fatalf("book and toy differ from the start: %s", diff)
	}
	m["wh-0"].accept(in.Epoch, in.Entries)
	if m.difference(b) == "" {
		t.Error("an entry that is counted twice is not noticed")
	}
}

// TestBook_IsDeterministic: the same commands at the same times give the same
// results and the same state, and so does what was made durable, loaded into
// another Book, now and at any earlier moment.
func TestBook_IsDeterministic(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		one, two, restored := newBook(), newBook(), newBook()
		fleet := storetest.NewFleet(t, 3)
		for i := range rapid.IntRange(1, 25).Draw(t, "groups") {
			at := now.Add(time.Duration(i) * time.Second)
			var group []inventory.Command
			var sent []storetest.Sent
			for range rapid.IntRange(1, 6).Draw(t, "commands") {
				s := fleet.Next(t)
				sent, group = append(sent, s), append(group, s.Command)
			}
			results, changes := one.Apply(at, group)
			results2, changes2 := two.Apply(at, group)
			if diff := cmp.Diff(results, results2) + cmp.Diff(changes, changes2); diff != "" {
				t.Fatalf("two books differ:\n%s", diff)
			}
			for j, s := range sent {
				s.Hear(results[j])
			}
			restored.Load(&changes)
			if rapid.Bool().Draw(t, "restart") {
				rows := one.Rows()
				restored = newBook()
				restored.Load(&rows)
			}
			if want, got := one.Rows(), restored.Rows(); !reflect.DeepEqual(want, got) { // much faster than Diff
				if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
					t.Fatalf("a book that was loaded differs (-book +loaded):\n%s", diff)
				}
			}
			if err := restored.Check(); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(one.Rows(), two.Rows()); diff != "" {
			t.Fatalf("two books differ:\n%s", diff)
		}
	})
}

// TestCheck_NoticesAnyDifference is the negative control of every restart.
func TestCheck_NoticesAnyDifference(t *testing.T) {
	box := storetest.NewBox("wh-0", 1)
	box.Move(t, stock.Movement{Kind: stock.Receive, SKU: "milk", Bin: "C-1", Delta: 5})
	b := newBook()
	results, _ := b.Apply(now, []inventory.Command{box.Hello()})
	box.Hear(results[0])
	b.Apply(now, []inventory.Command{box.Rest(1)})
	for name, spoil := range map[string]func(c *inventory.Changes){
		"a quantity":   func(c *inventory.Changes) { c.Levels[0].Lots[0].Bins[0].OnHand++ },
		"a bin":        func(c *inventory.Changes) { c.Levels[0].Lots[0].Bins[0].Bin = "C-2" },
		"a lost level": func(c *inventory.Changes) { c.Levels = nil },
		"a SKU more":   func(c *inventory.Changes) { c.Levels = append(c.Levels, inventory.Level{Warehouse: "wh-0", SKU: "x"}) },
	} {
		rows := b.Rows()
		spoil(&rows)
		other := newBook()
		other.Load(&rows)
		if err := other.Check(); err == nil {
			t.Errorf("%s: not noticed", name)
		}
	}
}

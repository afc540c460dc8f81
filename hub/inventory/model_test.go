package inventory_test

import (
	"fmt"
	"maps"
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

// seen is a Book as boxes see the hub.
type seen struct{ *inventory.Book }

func (b seen) Warehouse(w stock.Warehouse) (inventory.WarehouseState, bool) {
	for _, st := range b.Rows().Warehouses {
		if st.Warehouse == w {
			return st, true
		}
	}
	return inventory.WarehouseState{}, false
}

func (b seen) Statement(w stock.Warehouse) (stock.Statement, error) {
	st, _ := b.Warehouse(w)
	if st.Frozen == nil {
		return stock.Statement{}, inventory.ErrNotFrozen
	}
	var sheet stock.Sheet
	for _, l := range b.Rows().Levels {
		for _, lot := range l.Lots {
			for _, bin := range lot.Bins {
				cell := stock.Cell{SKU: l.SKU, Lot: lot.Lot, Bin: bin.Bin}
				if l.Warehouse == w {
					sheet.Set(stock.Level{Cell: cell, OnHand: bin.OnHand, Expiry: lot.Expiry}, lot.Produced)
				}
			}
		}
	}
	out := stock.Statement{Epoch: st.Box.Epoch, Seq: st.Applied, Head: st.Head}
	out.Levels, out.Digest = sheet.State()
	return out, nil
}

// cells are levels, as simple as can be.
type cells map[stock.Cell]int64

func (c cells) add(m *stock.Movement) {
	c[m.Cell()] += m.Delta
	if m.To != "" {
		c[stock.Cell{SKU: m.SKU, Lot: m.Lot, Bin: m.To}] -= m.Delta
	}
}

func (c cells) empty() bool {
	for _, n := range c {
		if n != 0 {
			return false
		}
	}
	return true
}

func cellsOf(st *stock.Statement) cells {
	out := make(cells)
	for _, l := range st.Levels {
		out[l.Cell] = l.OnHand
	}
	return out
}

// toy is all that the Book has to get right: a sum of what was accepted, and
// what readers see while that is not the newest that is known.
type toy struct {
	epoch stock.Epoch
	count stock.Seq
	sum   cells
	shown cells     // nil while readers see the sum
	until stock.Seq // what is shown is shown until here
	taken bool      // what is shown was taken over
	order bool      // what is shown becomes the sum
}

func (y *toy) accept(in *inventory.Ingest, entries []inventory.Sent, took stock.Takeover) {
	if in.Epoch != y.epoch || y.sum == nil {
		y.begin(in.Epoch, took)
	}
	for i := range entries {
		y.count++
		if e := &entries[i].Entry; entries[i].Err == nil && e.Seq == y.count {
			y.move(&e.Movement)
		}
		y.reached()
	}
}

func (y *toy) begin(epoch stock.Epoch, took stock.Takeover) {
	next := toy{epoch: epoch, sum: make(cells)}
	if kept := y.seen(); !took.IsZero() && !kept.empty() {
		next.shown, next.until, next.taken = maps.Clone(kept), took.Last, true
	}
	*y = next
	y.reached()
}

func (y *toy) move(m *stock.Movement) {
	y.sum.add(m)
	if y.taken && m.Kind != stock.Opening {
		y.shown.add(m)
	}
}

func (y *toy) reached() {
	if y.shown == nil || y.count < y.until {
		return
	}
	if y.order && y.count == y.until {
		y.sum = y.shown
	}
	y.shown, y.taken, y.order = nil, false, false
}

func (y *toy) seen() cells {
	if y.shown != nil {
		return y.shown
	}
	return y.sum
}

// model holds a toy for every warehouse.
type model map[stock.Warehouse]*toy

func (m model) of(w stock.Warehouse) *toy {
	if m[w] == nil {
		m[w] = new(toy)
	}
	return m[w]
}

// stating gives the toy of a warehouse whose box states its levels, maybe
// before its first entry.
func (m model) stating(w stock.Warehouse, e stock.Epoch) *toy {
	y := m.of(w)
	if y.sum == nil {
		y.begin(e, stock.Takeover{})
	}
	return y
}

// hear follows the answer to a command, and the state that the warehouse has
// then.
func (m model) hear(c inventory.Command, r inventory.Result, st *inventory.WarehouseState) {
	switch c := c.(type) {
	case *inventory.Ingest:
		// The entries that are new are the last ones of the run up to the
		// acknowledgement.
		if answer, ok := r.(inventory.Ingested); ok && answer.Stored > 0 {
			end := int(answer.Applied + 1 - c.From)
			m.of(c.Warehouse).accept(c, c.Entries[end-answer.Stored:end], st.Box.TookOver)
		}
	case inventory.Report:
		if answer, ok := r.(inventory.Stated); ok && answer.Serving {
			y := m.stating(c.Warehouse, c.Statement.Epoch)
			y.shown, y.until, y.taken, y.order = cellsOf(&c.Statement), c.Statement.Seq, false, false
		}
	case inventory.Adopt:
		y, taken := m.of(c.Warehouse), r == inventory.Ingested{Applied: c.Statement.Seq}
		if taken && (y.count < c.Statement.Seq || y.epoch != c.Statement.Epoch) { // and no repetition
			if y.epoch != c.Statement.Epoch {
				y.begin(c.Statement.Epoch, st.Box.TookOver)
			}
			y.sum, y.count, y.epoch = cellsOf(&c.Statement), c.Statement.Seq, c.Statement.Epoch
			y.adopted()
		}
	case inventory.Repair:
		m.repair(c, r)
	case inventory.Retry:
		if _, ok := r.(inventory.Retried); ok {
			m.of(c.Warehouse).move(&c.Sent.Entry.Movement)
		}
	case inventory.Hello:
		if y := m.of(c.Warehouse); st.Frozen != nil && !y.taken {
			y.shown, y.order = nil, false
		}
	}
}

// follow hears an answer of a Book.
func (m model) follow(b *inventory.Book, c inventory.Command, r inventory.Result) {
	st, _ := seen{b}.Warehouse(warehouseOf(c))
	m.hear(c, r, &st)
}

func warehouseOf(c inventory.Command) stock.Warehouse {
	switch c := c.(type) {
	case *inventory.Ingest:
		return c.Warehouse
	case inventory.Hello:
		return c.Warehouse
	case inventory.Adopt:
		return c.Warehouse
	}
	return ""
}

// adopted shows the sum where it went past what was shown.
func (y *toy) adopted() {
	if y.shown != nil && y.count >= y.until {
		if y.order && y.count == y.until {
			y.sum = y.shown
		}
		y.shown, y.taken, y.order = nil, false, false
	}
}

func (m model) repair(c inventory.Repair, r inventory.Result) {
	answer, ok := r.(inventory.Repairing)
	if !ok {
		return
	}
	y := m.stating(c.Warehouse, c.Statement.Epoch)
	if answer.Done == nil {
		y.shown, y.until, y.taken, y.order = cellsOf(&c.Statement), c.Statement.Seq, false, true
		return
	}
	y.sum = cellsOf(&c.Statement)
	for i := range c.Since {
		y.sum.add(&c.Since[i])
	}
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
		for c, n := range y.seen() {
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
		fleet := storetest.NewFleet(t, 2, seen{b})
		var last inventory.Revision
		sessions := make(map[stock.Warehouse]inventory.Session)
		for i := range rapid.IntRange(1, 60).Draw(t, "steps") {
			sent := fleet.Next(t)
			results, changes := b.Apply(now.Add(time.Duration(i)*time.Second), []inventory.Command{sent.Command})
			sent.Hear(results[0])
			m.follow(b, sent.Command, results[0])
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
	m.follow(b, in, results[0])
	if diff := m.difference(b); diff != "" {
		t.Fatalf("book and toy differ from the start: %s", diff)
	}
	m["wh-0"].accept(in, in.Entries, stock.Takeover{})
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
		fleet := storetest.NewFleet(t, 3, seen{one})
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

package ledger_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/forestock/forestock/agent/ledger"
	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

// The invariants of a ledger, whatever is done to it in whatever order, with
// reopening in between:
//
//   - The entries are those of the commands that were answered, in order, each once.
//   - The levels are the sum of the entries, and the digest is that of the levels.
//   - A command that is known gives its first receipt and changes nothing.
//   - A count leaves what was counted plus what moved since its base.
//   - An entry is undone at most once, and its undo takes back exactly what it did.
//   - What is trimmed was stored by the hub, and is older than the window.
//   - The catalogue and the position of the down stream change together.

const modelWindow = 12

// modelOptions write checkpoints often, or so seldom that they bound trimming.
func modelOptions(every int) ledger.Options {
	return ledger.Options{Warehouse: warehouse, MaxSize: 4 << 20, CommandWindow: modelWindow, CheckpointEvery: every}
}

// toy is the whole ledger in a few lines.
type toy struct {
	entries []stock.Entry // entry n is at n-1
	levels  map[stock.Cell]int64
	base    stock.Seq
	stored  stock.Seq
	down    stock.DownPosition
	items   map[stock.SKU]stock.Item
}

func (m *toy) last() stock.Seq { return stock.Seq(len(m.entries)) }

func (m *toy) add(e stock.Entry) {
	m.entries = append(m.entries, e)
	m.levels[e.Cell()] += e.Delta
	if e.To != "" {
		m.levels[stock.Cell{SKU: e.SKU, Lot: e.Lot, Bin: e.To}] -= e.Delta
	}
}

// command gives the entries of a command that is still known.
func (m *toy) command(id string) []stock.Entry {
	i := slices.IndexFunc(m.entries, func(e stock.Entry) bool { return e.Command == id && e.Seq+modelWindow > m.last() })
	if i < 0 || m.entries[i].Part != 0 {
		return nil
	}
	end := i
	for end < len(m.entries) && m.entries[end].Command == id {
		end++
	}
	return m.entries[i:end]
}

func (m *toy) had(c stock.Cell, at stock.Seq) int64 {
	before := toy{levels: make(map[stock.Cell]int64)}
	for _, e := range m.entries[:at] {
		before.add(e)
	}
	return before.levels[c]
}

// machine drives the ledger and the toy with the same steps.
type machine struct {
	toy
	tb      testing.TB
	path    string
	options ledger.Options
	l       *ledger.Ledger
	end     func()
	said    map[string][]stock.Movement // what each command was given with
}

func TestLedger_IsTheToy(t *testing.T) {
	dir := t.TempDir()
	run := 0
	rapid.Check(t, func(rt *rapid.T) {
		run++
		m := &machine{tb: t, path: filepath.Join(dir, fmt.Sprint(run, ".db")), said: make(map[string][]stock.Movement)}
		m.options = modelOptions(rapid.SampledFrom([]int{3, 5, 25}).Draw(rt, "checkpoint every"))
		m.levels, m.items = make(map[stock.Cell]int64), make(map[stock.SKU]stock.Item)
		m.l, m.end = open(t, m.path, m.options)
		defer func() { m.end(); os.Remove(m.path) }()
		rt.Repeat(map[string]func(*rapid.T){
			"append": m.append,
			"again":  m.again,
			"reuse":  m.reuse,
			"count":  m.count,
			"undo":   m.undo,
			"down":   m.applyDown,
			"stored": m.acknowledge,
			"trim":   m.trim,
			"reopen": m.reopen,
			"":       m.check,
		})
	})
}

func drawCell(t *rapid.T) stock.Cell {
	return stock.Cell{
		SKU: rapid.SampledFrom([]stock.SKU{"milk", "egg", "leek"}).Draw(t, "sku"),
		Lot: rapid.SampledFrom([]stock.Lot{"", "L1", "L2"}).Draw(t, "lot"),
		Bin: rapid.SampledFrom([]stock.Bin{"", "A", "B"}).Draw(t, "bin"),
	}
}

func drawMovement(t *rapid.T) stock.Movement {
	c := drawCell(t)
	m := stock.Movement{
		SKU: c.SKU, Lot: c.Lot, Bin: c.Bin, Kind: rapid.SampledFrom([]stock.Kind{stock.Receive, stock.Pick, stock.Waste}).Draw(t, "kind"),
		Delta: rapid.Int64Range(-9, 9).Draw(t, "delta"), Expiry: rapid.SampledFrom([]stock.Date{0, 20270131, 20270228}).Draw(t, "expiry"),
		Time: time.UnixMilli(rapid.Int64Range(1, 4e12).Draw(t, "time")), Operator: "wang",
		Scan: make([]byte, rapid.SampledFrom([]int{0, 30, 900, 3000}).Draw(t, "evidence")),
	}
	to := rapid.SampledFrom([]stock.Bin{"", "A", "B"}).Draw(t, "to")
	if to != "" && to != m.Bin {
		m.Kind, m.To, m.Delta = stock.Putaway, to, -max(m.Delta, -m.Delta)
	}
	return m
}

// newCommand makes a command with an id of its own.
func (m *machine) newCommand(movements ...stock.Movement) stock.Command {
	id := fmt.Sprint("cmd-", len(m.said))
	m.said[id] = movements
	return stock.Command{ID: id, Movements: movements}
}

// bookBoth gives a new command to both.
func (m *machine) bookBoth(t *rapid.T, movements, want []stock.Movement) {
	c := m.newCommand(movements...)
	id := c.ID
	got, err := m.l.Append(m.tb.Context(), c)
	from := m.last() + 1
	for i, w := range want {
		m.add(stock.Entry{Seq: from + stock.Seq(i), Command: id, Part: i, Movement: w})
	}
	if receipt := (stock.Receipt{From: from, To: m.last()}); err != nil || got != receipt {
		t.Fatalf("Append(%s) = %+v, %v; want %+v", id, got, err, receipt)
	}
}

func (m *machine) append(t *rapid.T) {
	movements := rapid.SliceOfN(rapid.Custom(drawMovement), 1, 4).Draw(t, "movements")
	m.bookBoth(t, movements, movements)
}

// drawKnown picks a command that is still known, and gives what was said with it.
func (m *machine) drawKnown(t *rapid.T) (string, []stock.Entry, []stock.Movement) {
	if m.last() == 0 {
		t.Skip("no entry yet")
	}
	at := rapid.IntRange(max(0, len(m.entries)-modelWindow), len(m.entries)-1).Draw(t, "entry")
	booked := m.command(m.entries[at].Command)
	if booked == nil {
		t.Skip("its first entry is out of the window")
	}
	said := slices.Clone(m.said[booked[0].Command])
	for i := range said {
		said[i].Time = time.UnixMilli(5)
	}
	return booked[0].Command, booked, said
}

func (m *machine) again(t *rapid.T) {
	id, booked, said := m.drawKnown(t)
	got, err := m.l.Append(m.tb.Context(), stock.Command{ID: id, Movements: said})
	want := stock.Receipt{From: booked[0].Seq, To: booked[len(booked)-1].Seq, Replayed: true}
	if err != nil || got != want {
		t.Fatalf("Append(%s) again = %+v, %v; want %+v", id, got, err, want)
	}
}

func (m *machine) reuse(t *rapid.T) {
	id, booked, said := m.drawKnown(t)
	said[0].Operator = "li"
	_, err := m.l.Append(m.tb.Context(), stock.Command{ID: id, Movements: said})
	reused, ok := errors.AsType[*ledger.ReusedError](err)
	if !ok || reused.First != booked[0].Seq {
		t.Fatalf("Append(%s) with other content = %v, want a ReusedError of entry %d", id, err, booked[0].Seq)
	}
}

func (m *machine) count(t *rapid.T) {
	c := drawCell(t)
	oldest := m.last() - min(m.last(), modelWindow)
	base := stock.Seq(rapid.Uint64Range(uint64(oldest), uint64(m.last())).Draw(t, "base"))
	evidence := stock.CountEvidence{Counted: rapid.Int64Range(0, 20).Draw(t, "counted"), Seen: m.had(c, base), Base: base}
	movement := stock.Movement{Kind: stock.Count, SKU: c.SKU, Lot: c.Lot, Bin: c.Bin, Count: &evidence, Delta: 77}
	if rapid.Bool().Draw(t, "misread") {
		wrong := evidence
		wrong.Seen++
		movement.Count = &wrong
		_, err := m.l.Append(m.tb.Context(), m.newCommand(movement))
		if !errors.Is(err, ledger.ErrCount) {
			t.Fatalf("count that saw %d where the book had %d: %v, want ErrCount", wrong.Seen, evidence.Seen, err)
		}
		return
	}
	moved := m.levels[c] - evidence.Seen
	want := movement
	want.Delta = evidence.Counted - evidence.Seen
	m.bookBoth(t, []stock.Movement{movement}, []stock.Movement{want})
	if m.levels[c] != evidence.Counted+moved {
		t.Fatalf("the toy is wrong: %d, not %d counted and %d moved", m.levels[c], evidence.Counted, moved)
	}
}

func (m *machine) undo(t *rapid.T) {
	if m.last() == 0 {
		t.Skip("no entry yet")
	}
	seq := stock.Seq(rapid.IntRange(max(1, len(m.entries)-modelWindow+1), len(m.entries)).Draw(t, "entry"))
	first := m.entries[seq-1].Movement
	undone := slices.ContainsFunc(m.entries, func(e stock.Entry) bool { return e.Undoes == seq })
	movement := stock.Movement{Kind: stock.Undo, Undoes: seq, Reason: "wrong shelf"}
	if undone || first.Kind == stock.Undo {
		_, err := m.l.Append(m.tb.Context(), m.newCommand(movement))
		if !errors.Is(err, ledger.ErrUndo) {
			t.Fatalf("undo of entry %d (%s, undone %v): %v, want ErrUndo", seq, first.Kind, undone, err)
		}
		return
	}
	want := movement
	want.SKU, want.Lot, want.Bin, want.To, want.Delta = first.SKU, first.Lot, first.Bin, first.To, -first.Delta
	m.bookBoth(t, []stock.Movement{movement}, []stock.Movement{want})
	without := toy{levels: make(map[stock.Cell]int64)}
	for _, e := range m.entries {
		if e.Seq != seq && e.Undoes != seq {
			without.add(e)
		}
	}
	for c, level := range m.levels {
		if got := m.l.OnHand(c); got != level || got != without.levels[c] {
			t.Fatalf("%+v has %d after entry %d (%s) was undone, and %d had it never been", c, got, seq, first.Kind, without.levels[c])
		}
	}
}

func (m *machine) applyDown(t *rapid.T) {
	b := stock.DownBatch{
		Epoch: stock.Epoch{byte(rapid.IntRange(1, 2).Draw(t, "down epoch"))},
		From:  stock.Seq(rapid.Uint64Range(1, uint64(m.down.Applied)+2).Draw(t, "down from")),
	}
	for range rapid.IntRange(0, 3).Draw(t, "down entries") {
		sku := rapid.SampledFrom([]stock.SKU{"milk", "egg", "leek"}).Draw(t, "item")
		b.Entries = append(b.Entries, stock.Down{Item: &stock.Item{SKU: sku, Name: rapid.SampledFrom([]string{"牛奶", "鸡蛋"}).Draw(t, "name"), Unit: stock.Piece}})
	}
	want := m.down
	if want.Epoch != b.Epoch {
		want = stock.DownPosition{Epoch: b.Epoch}
	}
	if b.From <= want.Applied+1 && b.To() > want.Applied {
		for _, d := range b.Entries[want.Applied+1-b.From:] {
			m.items[d.Item.SKU] = *d.Item
		}
		want.Applied = b.To()
		m.down = want
	}
	if got, err := m.l.ApplyDown(m.tb.Context(), b); err != nil || got != want {
		t.Fatalf("ApplyDown(%d to %d) = %+v, %v; want %+v", b.From, b.To(), got, err, want)
	}
}

func (m *machine) acknowledge(t *rapid.T) {
	upto := stock.Seq(rapid.Uint64Range(0, uint64(m.last())+1).Draw(t, "upto"))
	err := m.l.Stored(m.tb.Context(), upto)
	if upto > m.last() {
		if !errors.Is(err, ledger.ErrAhead) {
			t.Fatalf("Stored(%d) of %d = %v, want ErrAhead", upto, m.last(), err)
		}
		return
	}
	if err != nil {
		t.Fatalf("Stored(%d): %v", upto, err)
	}
	m.stored = max(m.stored, upto)
}

func (m *machine) trim(t *rapid.T) {
	upto := stock.Seq(rapid.Uint64Range(0, uint64(m.last())+1).Draw(t, "trim"))
	base, err := m.l.Trim(m.tb.Context(), upto)
	if err != nil {
		t.Fatalf("Trim(%d): %v", upto, err)
	}
	limit := min(upto, m.stored, m.last()-min(m.last(), modelWindow))
	if base < m.base || base > max(limit, m.base) {
		t.Fatalf("Trim(%d) = %d; was %d, may be %d at most", upto, base, m.base, limit)
	}
	m.base = base
}

func (m *machine) reopen(t *rapid.T) {
	digest, _ := m.l.Digest()
	m.end()
	report, err := ledger.Verify(m.tb.Context(), m.path, nil)
	if err != nil || !report.OK() || !report.Levels || report.Digest != digest.Root() || report.Entries != uint64(m.last()-m.base) {
		t.Fatalf("Verify = %+v, %v", report, err)
	}
	m.l, m.end = open(m.tb, m.path, m.options)
}

// check holds everything that can be asked against the toy.
func (m *machine) check(t *rapid.T) {
	position := m.l.Position()
	if position.First != m.base+1 || position.Last != m.last() {
		t.Fatalf("entries %d to %d, want %d to %d", position.First, position.Last, m.base+1, m.last())
	}
	if got, want := m.l.Unsent(), uint64(m.last()-m.stored); got != want {
		t.Fatalf("unsent = %d, want %d", got, want)
	}
	if m.l.DownPosition() != m.down {
		t.Fatalf("down position = %+v, want %+v", m.l.DownPosition(), m.down)
	}
	if got := slices.Collect(m.l.Items()); len(got) != len(m.items) {
		t.Fatalf("%d items, want %d", len(got), len(m.items))
	}
	for sku, want := range m.items {
		if got, _ := m.l.Item(sku); !cmp.Equal(got, want) {
			t.Fatalf("item %s: %s", sku, cmp.Diff(want, got))
		}
	}
	var sheet stock.Sheet
	for i := range m.entries {
		sheet.Apply(&m.entries[i].Movement)
	}
	if got, _ := m.l.Digest(); got != sheet.Digest() {
		t.Fatal("the digest is not that of the entries")
	}
	for c, want := range m.levels {
		if got := m.l.OnHand(c); got != want {
			t.Fatalf("on hand of %+v = %d, want %d", c, got, want)
		}
	}
	for _, sku := range []stock.SKU{"milk", "egg", "leek"} {
		if diff := cmp.Diff(sheet.Levels(sku), m.l.Levels(sku)); diff != "" {
			t.Fatalf("levels of %s: %s", sku, diff)
		}
	}
	m.checkEntries(t, position)
}

func (m *machine) checkEntries(t *rapid.T, position stock.Position) {
	after := m.base
	for after < m.last() {
		batch, root, err := m.l.Read(m.tb.Context(), after, 3, 1<<20)
		if err != nil {
			t.Fatalf("Read after %d: %v", after, err)
		}
		for i, b := range batch.Entries {
			e := m.entries[int(after)+i]
			if want, err := wire.EncodeEntry(&e); err != nil || !bytes.Equal(b, want) {
				got, decodeErr := wire.DecodeEntry(b)
				t.Fatalf("entry %d: %v, %v\n%s", e.Seq, err, decodeErr, cmp.Diff(e, got))
			}
		}
		after = batch.To()
		if hash, err := m.l.HashAt(after); err != nil || hash != batch.Head() {
			t.Fatalf("hash at %d = %v, %v; want %v", after, hash, err, batch.Head())
		}
		if (root != nil) != (after == m.last()) {
			t.Fatalf("batch to %d of %d: digest root %v", after, m.last(), root)
		}
		if after == m.last() && batch.Head() != position.Head {
			t.Fatalf("head = %v, want %v", position.Head, batch.Head())
		}
	}
}

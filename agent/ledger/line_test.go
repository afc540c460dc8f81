package ledger_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"github.com/forestock/forestock/agent/ledger"
	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

// The invariants over a line of ledgers, of which each takes the place of the
// one before, whatever the hub got and was told to have got, however often a box
// is rolled back, and however often its takeover comes too late:
//
//   - Once the hub and the box agree, the levels are the sum of all commands that
//     were ever answered, each once, but for those that a rolled back disk lost
//     before the hub got them.
//   - A command that the box knew before gives Replayed and books nothing.

// line drives one warehouse: its box, a hub of a few lines, and what should be
// on hand.
type line struct {
	tb      testing.TB
	path    string
	l       *ledger.Ledger
	end     func()
	levels  map[stock.Cell]int64
	known   []known // what the box has answered, oldest first
	told    int     // number of the next command
	hub     hubToy
	ahead   bool // the hub has entries of this ledger that the box lost: they never join again
	refused bool // the takeover was of an older state
	saved   []byte
	savedAt stock.Seq
	took    [2]stock.Seq // the entries of the takeover's commit
	reborn  int
	brought uint64
}

type known struct {
	command stock.Command
	seq     stock.Seq // its last entry in the present ledger; 0 in an earlier one
}

// hubToy is what the hub has stored of its present ledger. Until it has stored
// all that the ledger took over with, it goes on stating the levels from before,
// and what was booked besides.
type hubToy struct {
	epoch   stock.Epoch
	entries [][]byte
	before  stock.Statement
	until   stock.Seq
}

func (h *hubToy) applied() stock.Seq { return stock.Seq(len(h.entries)) }

func (h *hubToy) statement(tb testing.TB, at stock.Seq) stock.Statement {
	tb.Helper()
	var sheet stock.Sheet
	if at < h.until {
		var err error
		if sheet, err = h.before.Sheet(); err != nil {
			tb.Fatal(err)
		}
	}
	for _, b := range h.entries[:at] {
		e, err := wire.DecodeEntry(b)
		if err != nil {
			tb.Fatal(err)
		}
		if at >= h.until || e.Kind != stock.Opening {
			sheet.Apply(&e.Movement)
		}
	}
	st := stock.Statement{Epoch: h.epoch, Seq: at}
	st.Levels, st.Digest = sheet.State()
	return st
}

var lineOptions = ledger.Options{Warehouse: warehouse, MaxSize: 4 << 20, NoPreallocate: true, CheckpointEvery: 25, CommandWindow: 1000}

func TestRebirth_LosesNothingAndBooksNothingTwice(t *testing.T) {
	dir := t.TempDir()
	run, reborn, brought := 0, 0, uint64(0)
	rapid.Check(t, func(rt *rapid.T) {
		run++
		folder := filepath.Join(dir, strconv.Itoa(run))
		if err := os.Mkdir(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		w := &line{tb: t, path: filepath.Join(folder, "ledger.db"), levels: make(map[stock.Cell]int64)}
		w.l, w.end = open(t, w.path, lineOptions)
		defer func() { w.end(); os.RemoveAll(folder) }()
		w.append(rt)
		w.sync(rt)
		rt.Repeat(map[string]func(*rapid.T){
			"append": w.append, "again": w.again, "undo": w.undo, "sync": w.sync, "tell": w.tell, "save": w.save,
			"roll back": w.rollBack, "rebirth": w.rebirth, "take over": w.takeOver, "take over late": w.takeOverLate, "": w.check,
		})
		w.settle(rt)
		reborn += w.reborn
		brought += w.brought
	})
	if reborn == 0 || brought == 0 {
		t.Errorf("%d rebirths brought %d entries along: the test tells nothing", reborn, brought)
	}
	t.Logf("%d rebirths brought %d entries along", reborn, brought)
}

func (w *line) epoch() stock.Epoch { return w.l.Position().Epoch }

// book gives a command to the ledger and adds up what it booked.
func (w *line) book(t *rapid.T, movements []stock.Movement) error {
	c := stock.Command{ID: fmt.Sprint("cmd-", w.told), Movements: movements}
	w.told++
	receipt, err := w.l.Append(w.tb.Context(), c)
	if err != nil {
		return err
	}
	w.add(t, receipt.From, receipt.To, 1)
	w.known = append(w.known, known{c, receipt.To})
	return nil
}

// add adds entries of the ledger to what should be on hand, or takes them away.
func (w *line) add(t *rapid.T, from, to stock.Seq, sign int64) {
	for seq := from; seq <= to; seq++ {
		e, err := w.l.Entry(seq)
		if err != nil {
			t.Fatal(err)
		}
		w.levels[e.Cell()] += sign * e.Delta
		if e.To != "" {
			w.levels[stock.Cell{SKU: e.SKU, Lot: e.Lot, Bin: e.To}] -= sign * e.Delta
		}
	}
}

func (w *line) append(t *rapid.T) {
	movements := rapid.SliceOfN(rapid.Custom(drawMovement), 1, 4).Draw(t, "movements")
	if rapid.Bool().Draw(t, "count") {
		c := drawCell(t)
		evidence := w.l.Observe(c)
		evidence.Counted = rapid.Int64Range(0, 20).Draw(t, "counted")
		movements = []stock.Movement{{Kind: stock.Count, SKU: c.SKU, Lot: c.Lot, Bin: c.Bin, Count: &evidence}}
	}
	if err := w.book(t, movements); err != nil {
		t.Fatal(err)
	}
}

func (w *line) undo(t *rapid.T) {
	last := w.l.Position().Last
	if last == 0 {
		t.Skip("no entry")
	}
	seq := stock.Seq(rapid.Uint64Range(1, uint64(last)).Draw(t, "entry"))
	_ = w.book(t, []stock.Movement{{Kind: stock.Undo, Undoes: seq}}) // may be refused
}

func (w *line) again(t *rapid.T) {
	if len(w.known) == 0 {
		t.Skip("no command")
	}
	before := w.l.Position()
	c := rapid.SampledFrom(w.known).Draw(t, "command").command
	receipt, err := w.l.Append(w.tb.Context(), c)
	if err != nil || !receipt.Replayed || w.l.Position() != before {
		t.Fatalf("Append(%s) again = %+v, %v; want Replayed and nothing booked", c.ID, receipt, err)
	}
	for seq := receipt.From; seq != 0 && seq <= receipt.To; seq++ {
		if e, err := w.l.Entry(seq); err != nil || e.Command != c.ID {
			t.Fatalf("the receipt of %s names entry %d, which is of %q, %v", c.ID, seq, e.Command, err)
		}
	}
}

// sync lets the hub store some entries of the ledger that it follows.
func (w *line) sync(t *rapid.T) {
	if w.hub.epoch.IsZero() {
		w.hub.epoch = w.epoch()
	}
	if w.hub.epoch != w.epoch() || w.ahead {
		t.Skip("the hub does not follow this ledger")
	}
	after, last := w.hub.applied(), w.l.Position().Last
	if after == last {
		t.Skip("nothing to send")
	}
	n := rapid.IntRange(1, int(last-after)).Draw(t, "entries")
	w.send(t, after+stock.Seq(n))
}

func (w *line) send(t *rapid.T, upto stock.Seq) {
	after := w.hub.applied()
	batch, _, err := w.l.Read(w.tb.Context(), after, int(upto-after), 1<<20)
	if err != nil || batch.To() != upto {
		t.Fatalf("Read = entries %d to %d, %v; want up to %d", batch.From, batch.To(), err, upto)
	}
	w.hub.entries = append(w.hub.entries, batch.Entries...)
}

func (w *line) tell(t *rapid.T) {
	if w.hub.epoch != w.epoch() || w.ahead {
		t.Skip("the hub does not follow this ledger")
	}
	if err := w.l.Stored(w.tb.Context(), stock.Seq(rapid.Uint64Range(0, uint64(w.hub.applied())).Draw(t, "upto"))); err != nil {
		t.Fatal(err)
	}
}

func (w *line) save(t *rapid.T) {
	w.savedAt = w.l.Position().Last
	w.end()
	var err error
	if w.saved, err = os.ReadFile(w.path); err != nil {
		t.Fatal(err)
	}
	w.l, w.end = open(w.tb, w.path, lineOptions)
}

// rollBack puts an older copy of the file back. What only the box had is lost.
func (w *line) rollBack(t *rapid.T) {
	if w.saved == nil {
		t.Skip("no copy")
	}
	last, follows := w.l.Position().Last, w.hub.epoch == w.epoch() && !w.ahead
	if follows && w.hub.applied() < w.hub.until && w.savedAt < w.hub.until {
		// A disk that goes back behind a takeover of which the hub has a part loses
		// what the rest of it brought along: nobody can tell that part any more.
		w.send(t, w.hub.until)
	}
	for seq := w.savedAt + 1; seq <= last; seq++ {
		atHub := follows && seq <= w.hub.applied()
		if !atHub && (seq < w.took[0] || seq > w.took[1]) {
			w.add(t, seq, seq, -1)
		}
	}
	w.known = slices.DeleteFunc(w.known, func(k known) bool { return k.seq > w.savedAt })
	w.ahead = w.ahead || follows && w.hub.applied() > w.savedAt
	if w.took[1] > w.savedAt {
		w.took, w.refused = [2]stock.Seq{}, false
	}
	w.end()
	if err := os.WriteFile(w.path, w.saved, 0o600); err != nil {
		t.Fatal(err)
	}
	w.l, w.end = open(w.tb, w.path, lineOptions)
}

func (w *line) rebirth(t *rapid.T) {
	old := w.epoch()
	w.end()
	born, err := ledger.Rebirth(w.tb.Context(), w.path, ledger.RebirthOptions{Options: lineOptions, Why: "test"})
	if err != nil {
		t.Fatal(err)
	}
	w.l, w.end = open(w.tb, w.path, lineOptions)
	if got := w.epoch(); got != born.Epoch || got == old {
		t.Fatalf("epoch %s, reborn %s, before %s", got, born.Epoch, old)
	}
	for i := range w.known {
		w.known[i].seq = 0
	}
	w.saved, w.ahead, w.refused, w.took = nil, false, false, [2]stock.Seq{}
	w.reborn++
}

// common traces the predecessor as the uplink does, point by point.
func (w *line) common(t *rapid.T) (same stock.Seq) {
	p, ok := w.l.Predecessor(w.hub.epoch)
	if !ok {
		return 0
	}
	var all []stock.Seq
	for seq := stock.Seq(1); seq <= w.hub.applied(); seq++ {
		all = append(all, seq)
	}
	points, err := p.Sums(w.tb.Context(), all)
	if err != nil {
		t.Fatal(err)
	}
	same = p.Stored
	for _, point := range points {
		if wire.TraceSum(w.hub.entries[point.Seq-1]) == point.Sum {
			same = point.Seq
		}
	}
	return same
}

func (w *line) takeOver(t *rapid.T) { w.takeOverAt(t, w.hub.applied()) }

// takeOverLate takes over what the hub had a while ago: it will refuse that.
func (w *line) takeOverLate(t *rapid.T) {
	if w.hub.applied() == 0 {
		t.Skip("no older state")
	}
	w.takeOverAt(t, stock.Seq(rapid.Uint64Range(0, uint64(w.hub.applied()-1)).Draw(t, "as of")))
}

func (w *line) takeOverAt(t *rapid.T, at stock.Seq) {
	if w.hub.epoch == w.epoch() || w.hub.epoch.IsZero() || !w.l.TookOver().IsZero() {
		t.Skip("nothing to take over")
	}
	had := w.l.Position().Last
	common := w.common(t)
	st := w.hub.statement(w.tb, at)
	took, err := w.l.TakeOver(w.tb.Context(), st, common)
	if want := (stock.Takeover{Epoch: w.hub.epoch, Seq: at, Last: w.l.Position().Last}); err != nil || took != want || w.l.TookOver() != want {
		t.Fatalf("TakeOver = %+v, %v; want %+v", took, err, want)
	}
	if again, err := w.l.TakeOver(w.tb.Context(), st, common); err != nil || again != took || w.l.Position().Last != took.Last {
		t.Fatalf("TakeOver again = %+v, %v; want %+v", again, err, took)
	}
	w.took = [2]stock.Seq{had + 1, took.Last}
	w.brought += uint64(took.Last-had) - uint64(len(st.Levels))
	if w.refused = at != w.hub.applied(); w.refused {
		return
	}
	w.hub = hubToy{epoch: w.epoch(), before: st, until: took.Last}
	if took.Last > 0 {
		w.send(t, stock.Seq(rapid.IntRange(1, int(took.Last)).Draw(t, "of the takeover")))
	}
}

// check holds the levels against what should be on hand, when the box and the
// hub agree.
func (w *line) check(t *rapid.T) {
	if w.hub.epoch != w.epoch() || w.ahead {
		return
	}
	for c, want := range w.levels {
		if got := w.l.OnHand(c); got != want {
			t.Fatalf("%+v has %d, want %d", c, got, want)
		}
	}
	batch, _, err := w.l.Read(w.tb.Context(), 0, int(w.hub.applied()), 1<<20)
	if err != nil || !slices.EqualFunc(batch.Entries, w.hub.entries, slices.Equal) {
		t.Fatalf("the hub has other entries than the box, %v", err)
	}
}

// settle lets the hub and the box agree.
func (w *line) settle(t *rapid.T) {
	if w.refused || w.ahead {
		w.rebirth(t)
	}
	if w.hub.epoch != w.epoch() && w.l.TookOver().IsZero() {
		w.takeOver(t)
	}
	w.check(t)
	if w.hub.epoch != w.epoch() {
		t.Fatal("the box and the hub do not agree in the end")
	}
}

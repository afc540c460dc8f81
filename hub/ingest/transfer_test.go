package ingest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

// A box that comes back with much to send is asked for its levels first. They
// are served at once and marked, until their history has come.
func TestLink_LevelsComeBeforeTheirHistory(t *testing.T) {
	r := newRig(t)
	r.desk.cfg.StateFirst = 10
	b := r.newBox("sh-1", 1, 1)
	b.book(10)
	b.hello() // ten entries are no backlog
	b.book(20)
	for i := range 3000 { // several parts
		b.move(stock.Movement{Kind: stock.Receive, SKU: stock.SKU(fmt.Sprintf("sku-%d", i)), Lot: "a lot with a long name", Delta: 1})
	}
	if parts := len(b.state(wire.StatementNewest)); parts < 3 {
		t.Fatalf("%d parts: the test shows nothing", parts)
	}
	if w := b.hello(); w.Applied != 0 {
		t.Fatalf("welcome %+v", w)
	}
	if left := b.tell(b.say(&wire.Ping{Nonce: 1, Last: 3030, Time: time.Now()})); len(left) != 1 {
		t.Fatalf("the desk also said %s", describe(left))
	}
	l, _ := r.store.Level("sh-1", "milk")
	if l.OnHand != 60 || l.Reported != 3030 || b.applied() != 0 {
		t.Errorf("on hand %d, reported %d, applied %d; want 60 as of entry 3030 with nothing applied", l.OnHand, l.Reported, b.applied())
	}
	if c := r.desk.Contact("sh-1"); c.Complete.IsZero() {
		t.Error("the numbers are complete, and nobody says so")
	}
	for from := 1; from <= len(b.entries); from += 512 {
		b.say(b.digest(b.batch(from, min(from+511, len(b.entries)))))
	}
	st, _ := r.store.Warehouse("sh-1")
	if l, _ := r.store.Level("sh-1", "milk"); l.OnHand != 60 || l.Reported != 0 || st.Reported != nil || st.Divergence != nil {
		t.Errorf("after the history: on hand %d, state %+v", l.OnHand, st)
	}
	if got := r.count("statements_total", "report"); got != 1 {
		t.Errorf("%v statements gathered, want 1", got)
	}
}

// While the history takes long, the levels are asked for again now and then.
func TestLink_LevelsAreAskedForAgainWhileTheHistoryTakesLong(t *testing.T) {
	r := newRig(t)
	r.desk.cfg.StateFirst = 10
	b := r.newBox("sh-1", 1, 1)
	b.book(100)
	b.hello()
	b.tell(b.say(b.batch(1, 1)))
	b.book(1)
	if got := b.tell(b.say(b.batch(2, 2))); len(got) != 1 || b.milk() != 200 {
		t.Errorf("at once: %s, on hand %d", describe(got), b.milk())
	}
	l, err := r.desk.link("sh-1")
	if err != nil {
		t.Fatal(err)
	}
	if wait := time.Until(l.reportNext); wait < reportEvery-time.Second || wait > reportEvery {
		t.Errorf("asked for again in %s", wait)
	}
	l.reportNext = time.Now()
	if got := b.tell(b.say(b.batch(3, 3))); len(got) != 1 || b.milk() != 202 {
		t.Errorf("later: %s, on hand %d", describe(got), b.milk())
	}
}

// A box that lost its parts asks in vain for none: what is missing is asked for
// again, and a box that is gone is not.
func TestLink_AsksAgainForWhatIsMissing(t *testing.T) {
	r := newRig(t)
	r.desk.cfg.StateFirst = 10
	b := r.newBox("sh-1", 1, 1)
	b.book(100)
	b.hello()
	first := only[*wire.StatementWanted](t, b.say(b.batch(1, 1))[1:]) // it is lost
	l, err := r.desk.link("sh-1")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	l.pursue(t.Context(), now)
	if got := r.answers("sh-1"); len(got) != 0 {
		t.Errorf("asked again at once: %s", describe(got))
	}
	if wait := l.next(); wait > pullFirst {
		t.Errorf("the link wakes up in %s", wait)
	}
	l.pursue(t.Context(), now.Add(2*time.Second))
	again := r.answers("sh-1")
	if w := only[*wire.StatementWanted](t, again); *w != *first {
		t.Errorf("asked again for %+v, first for %+v", w, first)
	}
	l.pursue(t.Context(), now.Add(time.Hour))
	if got := r.answers("sh-1"); len(got) != 0 || l.pull != nil {
		t.Errorf("a box that is gone is asked %s", describe(got))
	}
}

// forking is a warehouse with a present box that has 60 milk at entry 30.
func forking(t *testing.T) (*rig, *box) {
	t.Helper()
	r := newRig(t)
	b := r.newBox("sh-1", 1, 1)
	b.book(30)
	b.hello()
	b.say(b.batch(1, 30))
	return r, b
}

// A new box gets the levels only once the present one is silent; the present one
// is then refused, and closed for ever by the first entries of the new one.
func TestLink_ANewBoxTakesOverFromASilentOne(t *testing.T) {
	r, old := forking(t)
	fresh := r.newBox("sh-1", 2, 2)
	fresh.nonce = 1
	if f := only[*wire.Fenced](t, fresh.say(fresh.helloBody())); f.Reason != wire.FenceClone || f.Rebirth || !strings.Contains(f.Message, "hub box replace") {
		t.Fatalf("while the present box is heard: %+v", f)
	}
	r.desk.cfg.TakeoverAfter = 0
	w := fresh.hello()
	want := stock.Takeover{Epoch: old.epoch, Seq: 30}
	if w.TakeOver != want {
		t.Fatalf("welcome %+v, want a takeover of %+v", w, want)
	}
	if f := only[*wire.Fenced](t, old.say(old.batch(1, 30))); f.Reason != wire.FenceEpoch {
		t.Errorf("the frozen box is answered %+v", f)
	}
	parts := fresh.say(&wire.StatementWanted{Of: wire.StatementStored})
	st := only[*wire.Statement](t, parts)
	if parts[0].Epoch != old.epoch || st.Seq != 30 || st.Head != old.hashes[30] || st.Parts != 2 || len(st.Levels) != 1 || st.Levels[0].OnHand != 60 {
		t.Fatalf("stated %+v of epoch %s", st, parts[0].Epoch)
	}
	st = only[*wire.Statement](t, fresh.say(&wire.StatementWanted{Of: wire.StatementStored, Seq: 30, Part: 1}))
	if len(st.Booked) != 30 || st.Levels != nil {
		t.Errorf("the second part tells %d of the 30 commands, and %d levels", len(st.Booked), len(st.Levels))
	}
	fresh.move(stock.Movement{Kind: stock.Opening, SKU: "milk", Bin: "A", Delta: 60, Document: "x"})
	fresh.tookOver = stock.Takeover{Epoch: want.Epoch, Seq: want.Seq, Last: 1}
	fresh.book(1)
	fresh.hello()
	if a := only[*wire.Ack](t, fresh.say(fresh.digest(fresh.batch(1, 2)))); a.Upto != 2 {
		t.Errorf("ack %+v", a)
	}
	state, _ := r.store.Warehouse("sh-1")
	if fresh.milk() != 62 || state.Divergence != nil || len(state.Closed) != 1 || state.Box.Epoch != fresh.epoch {
		t.Errorf("on hand %d, state %+v", fresh.milk(), state)
	}
	old.nonce++
	old.session = 0
	if f := only[*wire.Fenced](t, old.say(old.helloBody())); f.Reason != wire.FenceEpoch || f.Rebirth {
		t.Errorf("the closed box is answered %+v", f)
	}
	if r.count("takeovers_total", "") != 1 {
		t.Errorf("%v takeovers counted", r.count("takeovers_total", ""))
	}
}

// An operator's word lets a box take over from one that is heard, and holds for
// one time.
func TestLink_AnOperatorReplacesABoxThatIsHeard(t *testing.T) {
	r, _ := forking(t)
	fresh := r.newBox("sh-1", 2, 2)
	word := r.desk.Replace("sh-1", "Li", "the old one is scrap")
	if wait := time.Until(word.Until); wait < 14*time.Minute || wait > replaceFor {
		t.Errorf("the word holds for %s", wait)
	}
	if w := fresh.hello(); w.TakeOver.Seq != 30 {
		t.Fatalf("welcome %+v", w)
	}
	fresh.move(stock.Movement{Kind: stock.Opening, SKU: "milk", Bin: "A", Delta: 60})
	fresh.tookOver = stock.Takeover{Epoch: stock.Epoch{1}, Seq: 30, Last: 1}
	fresh.hello()
	fresh.say(fresh.batch(1, 1))
	if _, ok := r.desk.Replacement("sh-1"); ok {
		t.Error("the word holds after it was used")
	}
	if f := r.newBox("sh-1", 3, 3); true {
		f.nonce = 1
		if got := only[*wire.Fenced](t, f.say(f.helloBody())); got.Reason != wire.FenceClone {
			t.Errorf("a third box is answered %+v", got)
		}
	}
	if !strings.Contains(r.log.String(), "by=Li") {
		t.Error("the log does not say who decided it")
	}
}

func TestLink_NothingIsStatedWhereNothingIsTakenOver(t *testing.T) {
	r, b := forking(t)
	if f := only[*wire.Fenced](t, b.say(&wire.StatementWanted{Of: wire.StatementStored})); f.Reason != wire.FenceSession {
		t.Errorf("answer %+v", f)
	}
	if got := b.say(&wire.StatementWanted{Of: wire.StatementNewest}); len(got) != 0 {
		t.Errorf("asked for the agent's own levels, the hub said %s", describe(got))
	}
	stranger := &wire.Frame{Epoch: b.epoch, Boot: wire.Boot{9}, Session: b.session, Body: &wire.StatementWanted{Of: wire.StatementStored}}
	if f := only[*wire.Fenced](t, r.take("sh-1", r.encode(stranger))); f.Reason != wire.FenceSession {
		t.Errorf("another boot is answered %+v", f)
	}
}

// The box finds the last entry that the hub has of its former ledger.
func TestLink_TracesAFormerLedger(t *testing.T) {
	r, b := forking(t)
	point := func(n int, raw []byte) wire.TracePoint {
		return wire.TracePoint{Seq: stock.Seq(n), Sum: wire.TraceSum(raw)}
	}
	same := func(n int) wire.TracePoint { return point(n, b.entries[n-1]) }
	for _, tt := range []struct {
		name   string
		points []wire.TracePoint
		want   stock.Seq
	}{
		{"all there", []wire.TracePoint{same(5), same(30)}, 30},
		{"beyond what is stored", []wire.TracePoint{same(5), point(31, b.entries[0])}, 5},
		{"forked at 20", []wire.TracePoint{same(10), same(19), point(20, []byte("x")), point(30, []byte("y"))}, 19},
		{"nothing in common", []wire.TracePoint{point(1, []byte("x"))}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := only[*wire.Traced](t, b.say(&wire.Trace{Points: tt.points}))
			if got.Same != tt.want || got.First != tt.points[0].Seq {
				t.Errorf("traced %+v, want %d", got, tt.want)
			}
		})
	}
	other := b.frame(&wire.Trace{Points: []wire.TracePoint{same(1)}})
	other.Epoch = stock.Epoch{7}
	answer := r.take("sh-1", r.encode(other))
	if got := only[*wire.Traced](t, answer); got.Same != 0 || answer[0].Epoch != other.Epoch {
		t.Errorf("a ledger that was never here: %+v of epoch %s", got, answer[0].Epoch)
	}
}

// A ledger that was set back is told to begin anew only where no other box could
// have the newer one.
func TestLink_ALedgerThatWasSetBackIsReborn(t *testing.T) {
	r, b := forking(t)
	back := r.newBox("sh-1", 1, 9)
	back.entries, back.hashes = b.entries[:20:20], b.hashes[:21:21]
	back.nonce = 1
	if f := only[*wire.Fenced](t, back.say(back.helloBody())); f.Reason != wire.FenceFork || f.Rebirth {
		t.Errorf("while the other box is heard: %+v", f)
	}
	r.desk.cfg.TakeoverAfter = 0
	back.nonce++
	if f := only[*wire.Fenced](t, back.say(back.helloBody())); f.Reason != wire.FenceFork || !f.Rebirth || f.Nonce != back.nonce {
		t.Errorf("once the other box is silent: %+v", f)
	}
	if got := r.count("rebirths_total", ""); got != 1 {
		t.Errorf("%v rebirths counted", got)
	}
}

// A hub that lacks what the agent trimmed takes over the levels before it, also
// when it restarts in the middle.
func TestLink_TakesTheBaseWhereEntriesAreGone(t *testing.T) {
	r := newRig(t)
	b := r.newBox("sh-1", 1, 1)
	b.book(40)
	b.trim(31)
	w := b.hello()
	if !w.BaseWanted || w.Applied != 0 {
		t.Fatalf("welcome %+v", w)
	}
	l, err := r.desk.link("sh-1")
	if err != nil {
		t.Fatal(err)
	}
	l.pursue(t.Context(), time.Now().Add(baseAfter))
	if ask := only[*wire.StatementWanted](t, r.answers("sh-1")); ask.Of != wire.StatementBase {
		t.Fatalf("asked for %+v", ask)
	}
	if got := b.say(b.batch(31, 40)); b.applied() != 0 {
		t.Fatalf("entries were taken before the base: %s", describe(got))
	}
	// Another process of the hub knows only what is stored.
	r.registry = prometheus.NewRegistry()
	r.desk = r.newDesk(r.store)
	b.say(&wire.Ping{Nonce: 1, Last: 40, Time: time.Now()})
	if l, err = r.desk.link("sh-1"); err != nil {
		t.Fatal(err)
	}
	l.pursue(t.Context(), time.Now().Add(baseAfter))
	frames := b.tell(r.answers("sh-1"))
	var ack *wire.Ack
	for i := range frames {
		if a, ok := frames[i].Body.(*wire.Ack); ok {
			ack = a
		}
	}
	if ack == nil || ack.Upto != 30 {
		t.Fatalf("the desk said %s, want the acknowledgement of entry 30", describe(frames))
	}
	if a := only[*wire.Ack](t, b.say(b.digest(b.batch(31, 40)))); a.Upto != 40 {
		t.Errorf("ack %+v", a)
	}
	st, _ := r.store.Warehouse("sh-1")
	if b.milk() != 80 || st.Divergence != nil || st.Adopted == nil || st.Adopted.Seq != 30 {
		t.Errorf("on hand %d, state %+v", b.milk(), st)
	}
}

// working gives a desk that runs, as in a hub, with the test as the agent.
func (r *rig) working() {
	r.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.desk.Run(ctx) }()
	r.t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			r.t.Error(err)
		}
	})
}

// answering answers what the desk asks until something is said that is no
// question about levels.
func (b *box) answering(until <-chan struct{}) {
	b.r.t.Helper()
	for {
		for _, f := range b.r.answers(b.w) {
			if w, ok := f.Body.(*wire.StatementWanted); ok {
				b.r.desk.Frame(b.w, b.r.encode(b.frame(b.state(w.Of)[w.Part])))
			}
		}
		select {
		case <-until:
			return
		case <-time.After(time.Millisecond):
		}
	}
}

// What somebody decided makes the agent's levels the hub's, and is recorded.
func TestDesk_RepairsADivergence(t *testing.T) {
	r := newRig(t)
	b := r.newBox("sh-1", 1, 1)
	b.book(3)
	b.sheet.Apply(&stock.Movement{Kind: stock.Receive, SKU: "milk", Bin: "A", Delta: 5}) // what no entry says
	if _, err := r.desk.Repair(t.Context(), "sh-1", "Li", "counted"); !errors.Is(err, ErrSilent) {
		t.Errorf("a repair without an agent: %v", err)
	}
	b.hello()
	b.say(b.digest(b.batch(1, 3)))
	if st, _ := r.store.Warehouse("sh-1"); st.Divergence == nil || b.milk() != 6 {
		t.Fatalf("no divergence: %+v", st) // the control: hub and agent do differ
	}
	r.working()
	r.desk.Frame("sh-1", r.encode(b.frame(&wire.Ping{Nonce: 1, Last: 3, Time: time.Now()})))
	r.wait("sh-1")
	type outcome struct {
		Repair
		err error
	}
	ended, got := make(chan struct{}), outcome{}
	go func() {
		defer close(ended)
		got.Repair, got.err = r.desk.Repair(t.Context(), "sh-1", "Li", "counted the shelf")
	}()
	b.answering(ended)
	if got.err != nil || got.Refusal != nil || got.Done == nil || got.Done.By != "Li" || got.Done.Differ != 1 {
		t.Fatalf("repair %+v", got)
	}
	if st, _ := r.store.Warehouse("sh-1"); st.Divergence != nil || b.milk() != 11 {
		t.Errorf("on hand %d, state %+v", b.milk(), st)
	}
	list, _, err := r.store.Repairs(t.Context(), "sh-1", "", 10)
	if err != nil || len(list) != 1 || list[0].Why != "counted the shelf" || list[0].Cells[0].Before != 6 || list[0].Cells[0].After != 11 {
		t.Errorf("recorded %+v, %v", list, err)
	}
}

// A repair that nobody waits for any more changes nothing.
func TestDesk_ARepairThatWasGivenUpIsNotDone(t *testing.T) {
	r := newRig(t)
	b := r.newBox("sh-1", 1, 1)
	b.book(3)
	b.hello()
	b.say(b.batch(1, 3))
	r.working()
	r.desk.Frame("sh-1", r.encode(b.frame(&wire.Ping{Nonce: 1, Last: 3, Time: time.Now()})))
	r.wait("sh-1")
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { _, err := r.desk.Repair(ctx, "sh-1", "Li", "x"); ended <- err }()
	question := r.wait("sh-1")
	if question.Kind() != wire.KindStatementWanted {
		t.Fatalf("the desk said %s", question.Kind())
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("given up: %v", err)
	}
	b.sheet.Apply(&stock.Movement{Kind: stock.Receive, SKU: "milk", Delta: 1})
	r.desk.Frame("sh-1", r.encode(b.frame(b.state(wire.StatementNewest)[0])))
	r.desk.Frame("sh-1", r.encode(b.frame(&wire.Ping{Nonce: 2, Last: 3, Time: time.Now()})))
	r.wait("sh-1")
	if list, _, _ := r.store.Repairs(t.Context(), "sh-1", "", 10); len(list) != 0 || b.milk() != 6 {
		t.Errorf("on hand %d, recorded %+v", b.milk(), list)
	}
}

// The orders that a warehouse holds are taken however often they come, and go
// down again; picks that name none are told in the log.
func TestLink_TakesTheOrdersThatAWarehouseHolds(t *testing.T) {
	r := newRig(t)
	b := r.newBox("sh-1", 1, 1)
	b.book(5)
	if w := b.hello(); !w.TellOrders {
		t.Error("the welcome does not ask for the orders")
	}
	held := &wire.Orders{Part: 2, Orders: []stock.Order{{ID: "o-1", State: stock.OrderOpen, Lines: []stock.OrderLine{{Number: 1, SKU: "milk", Quantity: 3}}}}}
	for range 2 {
		if taken := only[*wire.OrdersTaken](t, b.say(held)); taken.Part != 2 {
			t.Errorf("taken %+v", taken)
		}
	}
	if d := r.store.Down("sh-1", 0, 10); len(d.Entries) != 1 || d.Entries[0].Order == nil || d.Entries[0].Order.ID != "o-1" {
		t.Errorf("down stream %+v", d)
	}
	if n := r.count("orders_recalled_total", ""); n != 1 {
		t.Errorf("%v orders were recalled, want 1", n)
	}
	b.move(stock.Movement{Kind: stock.Pick, SKU: "milk", Bin: "A", Delta: -3, Document: "o-1", Line: "1"})
	b.move(stock.Movement{Kind: stock.Pick, SKU: "milk", Bin: "A", Delta: -1, Document: "o-2", Line: "1"})
	b.say(b.batch(1, 7))
	if n := r.count("stray_picks_total", ""); n != 1 {
		t.Errorf("%v strays, want the one of o-2", n)
	}
	if got, _, err := r.store.Reservation(t.Context(), "o-1"); err != nil || got.State.String() != "fulfilled" {
		t.Errorf("o-1 is %+v, %v", got, err)
	}
}

package uplink

import (
	"errors"
	"testing"
	"time"

	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

// bench is a machine on a table: the test plays the hub, the ledger and the
// clock.
type bench struct {
	t      *testing.T
	m      *machine
	now    time.Time
	ledger *toyLedger
	first  stock.Seq
}

func newBench(t *testing.T, entries int) *bench {
	t.Helper()
	codec, err := wire.NewCodec()
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, now: time.UnixMilli(1_790_000_000_000), ledger: newToyLedger(stock.Epoch{1}), first: 1}
	b.ledger.add(entries)
	b.m = newMachine(codec, &Box{boot: wire.Boot{5}}, "test", func() float64 { return 0.5 }, b.ledger.facts())
	b.m.opened(b.now)
	return b
}

// todo gives what the machine asks for, with the ledger's answers already given.
func (b *bench) todo() (sent []wire.Frame, rest []action) {
	b.t.Helper()
	for {
		pos := b.ledger.position()
		pos.First = b.first
		b.m.look(pos)
		b.m.feed(b.now)
		actions := b.m.take()
		if len(actions) == 0 {
			return sent, rest
		}
		for _, a := range actions {
			switch a := a.(type) {
			case send:
				f, err := b.m.codec.DecodeUp(a.frame)
				if err != nil {
					b.t.Fatal(err)
				}
				sent = append(sent, f)
			case checkHash:
				b.m.hashed(b.now, a.turn, b.ledger.hashes[a.seq], nil)
			case readBatch:
				r := rig{ledger: b.ledger, codec: b.m.codec}
				p, err := r.read(a)
				b.m.batch(b.now, a.turn, p, err)
			default:
				rest = append(rest, a)
			}
		}
	}
}

// hear gives the machine a frame of the hub, and what it then says.
func (b *bench) hear(session uint64, body wire.Body) []wire.Frame {
	b.t.Helper()
	b.m.frame(b.now, &wire.Frame{Epoch: b.ledger.epoch, Boot: wire.Boot{9}, Session: session, Body: body})
	sent, _ := b.todo()
	return sent
}

func (b *bench) welcome(session uint64, applied int) *wire.Welcome {
	return &wire.Welcome{
		Session: session, Applied: stock.Seq(applied), Head: b.ledger.hashes[min(applied, len(b.ledger.hashes)-1)], DownEpoch: stock.Epoch{2},
		MaxEntries: 4, MaxBytes: 1 << 16, Version: wire.Version, Boot: b.m.box.boot, Nonce: b.m.hello.nonce,
	}
}

// open opens session 7 with nothing stored, and gives the batch that follows.
func (b *bench) open() []wire.Frame {
	b.t.Helper()
	b.todo()
	return b.hear(7, b.welcome(7, 0))
}

// later lets time pass up to a moment, tick by tick.
func (b *bench) later(d time.Duration) (sent []wire.Frame) {
	b.t.Helper()
	for end := b.now.Add(d); ; {
		next := b.m.deadline()
		if next.IsZero() || next.After(end) {
			b.now = end
			return sent
		}
		b.now = next
		b.m.tick(b.now)
		s, _ := b.todo()
		sent = append(sent, s...)
	}
}

func kindsOf(frames []wire.Frame) (out []wire.Kind) {
	for i := range frames {
		out = append(out, frames[i].Kind())
	}
	return out
}

func TestMachine_AFenceStopsItForAWhile(t *testing.T) {
	tests := []struct {
		reason           wire.Fence
		quiet, speaks    time.Duration // still quiet after the one, heard again after the other
		wantState, fence string
	}{
		{wire.FenceSession, 500 * time.Millisecond, 3 * time.Second, "fenced", "session"},
		{wire.FenceWarehouse, 59 * time.Second, 61 * time.Second, "fenced", "warehouse"},
		{wire.FenceClone, 299 * time.Second, 301 * time.Second, "fenced", "clone"},
		{wire.FenceEpoch, 599 * time.Second, 601 * time.Second, "fenced", "epoch"},
		{wire.FenceFork, 59 * time.Second, 61 * time.Second, "fenced", "fork"},
		{wire.FenceVersion, 599 * time.Second, 601 * time.Second, "fenced", "version"},
	}
	for _, tt := range tests {
		t.Run(tt.reason.String(), func(t *testing.T) {
			b := newBench(t, 10)
			b.open()
			b.hear(7, &wire.Ack{Upto: 4})
			b.hear(7, &wire.Fenced{Reason: tt.reason, Message: "because"})
			s := b.m.status(Status{})
			if string(s.State) != tt.wantState || s.Fence != tt.fence || s.Error != "because" || s.Hint == "" {
				t.Errorf("status %+v", s)
			}
			if got := b.later(tt.quiet); len(got) != 0 {
				t.Errorf("says %v while it should be quiet", kindsOf(got))
			}
			// A new connection is no reason to speak up.
			b.m.closed()
			b.m.opened(b.now)
			if got, _ := b.todo(); len(got) != 0 {
				t.Errorf("says %v on a new connection", kindsOf(got))
			}
			if got := b.later(tt.speaks - tt.quiet); len(got) == 0 || got[0].Kind() != wire.KindHello {
				t.Errorf("says %v, want a hello", kindsOf(got))
			}
		})
	}
}

// Two boxes that fight over one identity slow each other down.
func TestMachine_AFightOverSessionsSlowsDown(t *testing.T) {
	b := newBench(t, 1)
	b.open()
	var last time.Duration
	for i := range 10 {
		began := b.now
		b.hear(b.m.session, &wire.Fenced{Reason: wire.FenceSession})
		for b.m.phase == phaseFenced {
			b.later(time.Second)
		}
		took := b.now.Sub(began)
		if took < last/2 || took > 6*time.Minute {
			t.Fatalf("after fence %d it waits %s, before that %s", i, took, last)
		}
		last = took
		b.hear(uint64(8+i), b.welcome(uint64(8+i), 1))
	}
	if last < time.Minute {
		t.Errorf("after ten fences in a row it waits %s only", last)
	}
}

func TestMachine_LateAnswersSayNothing(t *testing.T) {
	tests := []struct {
		name string
		hear func(b *bench) []wire.Frame
	}{
		{"a refusal of another session", func(b *bench) []wire.Frame { return b.hear(6, &wire.Fenced{Reason: wire.FenceClone}) }},
		{"a refusal of a hello", func(b *bench) []wire.Frame { return b.hear(0, &wire.Fenced{Reason: wire.FenceFork, Nonce: 1}) }},
		{"an acknowledgement of another session", func(b *bench) []wire.Frame { return b.hear(6, &wire.Ack{Upto: 4}) }},
		{"a welcome to an earlier hello", func(b *bench) []wire.Frame {
			w := b.welcome(9, 4)
			w.Nonce--
			return b.hear(9, w)
		}},
		{"a welcome to another box", func(b *bench) []wire.Frame {
			w := b.welcome(9, 4)
			w.Boot = wire.Boot{1}
			return b.hear(9, w)
		}},
		{"the welcome once more", func(b *bench) []wire.Frame { return b.hear(7, b.welcome(7, 4)) }},
		{"a pong to no ping", func(b *bench) []wire.Frame { return b.hear(7, &wire.Pong{Nonce: 99, Applied: 4}) }},
		{"an acknowledgement of nothing new", func(b *bench) []wire.Frame { return b.hear(7, &wire.Ack{Upto: 0}) }},
		{"a gap that is being filled", func(b *bench) []wire.Frame { return b.hear(7, &wire.Gap{Want: 1}) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t, 10)
			b.open()
			if got := tt.hear(b); len(got) != 0 {
				t.Errorf("answered with %v", kindsOf(got))
			}
			if b.m.phase != phaseOpen || b.m.acked != 0 || b.m.flight == nil || b.m.flight.to != 4 {
				t.Errorf("machine is at %d in phase %d, flight %+v", b.m.acked, b.m.phase, b.m.flight)
			}
		})
	}
}

func TestMachine_SeesThatTheLedgerDoesNotFit(t *testing.T) {
	tests := []struct {
		name string
		hear func(b *bench)
	}{
		{"a hub that has more than the ledger", func(b *bench) { b.hear(7, b.welcome(7, 11)); b.hear(7, b.welcome(7, 11)) }},
		{"a hub that has another past", func(b *bench) {
			w := b.welcome(7, 5)
			w.Head = stock.Hash{1}
			if got := b.hear(7, w); len(got) != 1 || got[0].Body.(*wire.Hello).Last != 5 || got[0].Body.(*wire.Hello).Head != b.ledger.hashes[5] {
				b.t.Errorf("it says %+v, want a hello that proves what it has", got)
			}
			w.Nonce++
			b.hear(7, w) // the hub insists
		}},
		{"a hub that asks for what is no longer kept", func(b *bench) { b.first = 6; b.todo(); b.hear(7, b.welcome(7, 3)) }},
		{"a gap that reaches back too far", func(b *bench) {
			b.first = 6
			b.todo()
			b.hear(7, b.welcome(7, 5))
			if got := b.hear(7, &wire.Gap{Want: 3}); len(got) != 1 || got[0].Kind() != wire.KindHello {
				b.t.Errorf("it says %v, want a hello", kindsOf(got))
			}
			b.hear(8, b.welcome(8, 2)) // a hub that does not want the base either
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t, 10)
			b.todo()
			tt.hear(b)
			if s := b.m.status(Status{}); s.State != Fenced || s.Fence != "fork" || s.Error == "" {
				t.Errorf("status %+v", s)
			}
		})
	}
}

func TestMachine_SaysHelloAgainWhenTheHubTalksNonsense(t *testing.T) {
	for name, body := range map[string]wire.Body{
		"an acknowledgement of entries that do not exist": &wire.Ack{Upto: 11},
		"a gap after the end":                             &wire.Gap{Want: 12},
		"a gap from zero":                                 &wire.Gap{},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, 10)
			b.open()
			if got := b.hear(7, body); len(got) != 1 || got[0].Kind() != wire.KindHello {
				t.Errorf("answered with %v, want a hello", kindsOf(got))
			}
		})
	}
}

func TestMachine_SilenceLeadsToHelloAndThenToAnotherBroker(t *testing.T) {
	b := newBench(t, 10)
	b.open()
	got := b.later(20 * time.Second)
	hello := 0
	for _, k := range kindsOf(got) {
		if k == wire.KindHello {
			hello++
		}
	}
	if hello == 0 || b.m.phase != phaseHello {
		t.Errorf("after 20 s of silence it said %v", kindsOf(got))
	}
	b.later(39 * time.Second)
	if _, rest := b.todo(); len(rest) != 0 {
		t.Errorf("too early: %+v", rest)
	}
	b.now = b.now.Add(time.Second)
	b.m.tick(b.now)
	_, rest := b.todo()
	if len(rest) != 1 || rest[0] != (hangUp{}) {
		t.Errorf("after a minute of silence it wants %+v, not another line", rest)
	}
}

func TestMachine_WaitsAsLongAsABusyHubAsks(t *testing.T) {
	b := newBench(t, 4)
	if got := b.open(); len(got) != 1 || got[0].Kind() != wire.KindBatch {
		t.Fatalf("sent %v", kindsOf(got))
	}
	before := b.m.pace
	b.hear(7, &wire.Busy{After: 4 * time.Second})
	if b.m.pace != before {
		t.Error("the timeout grew, though the line is good")
	}
	batches := func(frames []wire.Frame) (n int) {
		for _, k := range kindsOf(frames) {
			if k == wire.KindBatch {
				n++
			}
		}
		return n
	}
	if got := b.later(3900 * time.Millisecond); batches(got) != 0 {
		t.Error("sent again too early")
	}
	if got := b.later(1200 * time.Millisecond); batches(got) != 1 {
		t.Errorf("sent %v when the hub has room again", kindsOf(got))
	}
}

func TestMachine_ALedgerThatCannotBeReadIsTriedAgain(t *testing.T) {
	b := newBench(t, 4)
	b.todo()
	b.m.frame(b.now, &wire.Frame{Epoch: b.ledger.epoch, Session: 7, Body: b.welcome(7, 0)})
	for _, a := range b.m.take() {
		if c, ok := a.(checkHash); ok {
			b.m.hashed(b.now, c.turn, b.ledger.hashes[0], nil)
		}
	}
	for _, a := range b.m.take() {
		if r, ok := a.(readBatch); ok {
			b.m.batch(b.now, r.turn, prepared{}, errors.New("bad block"))
		}
	}
	if s := b.m.status(Status{}); s.Error != "bad block" || s.Hint == "" {
		t.Errorf("status %+v", s)
	}
	if got := b.later(2 * time.Second); len(got) != 1 || got[0].Kind() != wire.KindBatch {
		t.Errorf("sent %v a second later", kindsOf(got))
	}
}

func TestTries_ChooseBrokerAndPause(t *testing.T) {
	var n tries
	errGone := errors.New("the line is cut")
	if d := n.pause.delay(1); d != startSpread {
		t.Errorf("first delay up to %s, want %s", d, startSpread)
	}
	for range 10 {
		n.after(ending{err: errGone}, 0)
	}
	if n.address != 10 || n.pause.delay(1) != maxSpread {
		t.Errorf("after ten failures: address %d, delay up to %s", n.address, n.pause.delay(1))
	}
	if alarm := n.after(ending{true, errGone}, time.Hour); alarm != "" || n.address != 10 || n.pause.delay(1) != lostSpread {
		t.Errorf("after an hour: alarm %q, address %d, delay up to %s", alarm, n.address, n.pause.delay(1))
	}
	if n.after(ending{true, errDeaf}, time.Hour); n.address != 11 {
		t.Errorf("a deaf broker is tried again")
	}
	for i, want := range []bool{false, false, true, true} {
		if alarm := n.after(ending{true, errGone}, time.Second); (alarm != "") != want {
			t.Errorf("short connection %d: alarm %q", i+1, alarm)
		}
	}
	if alarm := n.after(ending{true, errGone}, time.Minute); alarm != "" {
		t.Errorf("alarm %q after one that lasted", alarm)
	}
}

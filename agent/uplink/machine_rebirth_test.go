package uplink

import (
	"testing"
	"time"

	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

func TestMachine_BeginsAnewOnlyWhereNoOtherBoxCanBeAtWork(t *testing.T) {
	for _, tt := range []struct {
		reason   wire.Fence
		rebirth  bool
		obedient bool
		want     bool
	}{
		{wire.FenceFork, true, true, true},
		{wire.FenceFork, false, true, false},
		{wire.FenceFork, true, false, false},
		{wire.FenceClone, true, true, false},
		{wire.FenceEpoch, true, true, false},
	} {
		b := newBench(t, 10)
		b.m.obedient = tt.obedient
		b.todo()
		b.m.frame(b.now, &wire.Frame{Epoch: b.ledger.epoch, Body: &wire.Fenced{Reason: tt.reason, Rebirth: tt.rebirth, Nonce: b.m.hello.nonce}})
		_, rest := b.todo()
		got := len(rest) == 1 && rest[0] == rebirth{}
		if got != tt.want {
			t.Errorf("refused as %s, rebirth %t, obedient %t: it does %v", tt.reason, tt.rebirth, tt.obedient, rest)
		}
	}
}

// A box that may not take over yet sends nothing, and asks again.
func TestMachine_WaitsWhileTheOtherBoxIsHeard(t *testing.T) {
	b := newBench(t, 10)
	b.todo()
	w := b.welcome(7, 0)
	w.Occupied = true
	if got := b.hear(7, w); len(got) != 0 {
		t.Errorf("it says %v", kindsOf(got))
	}
	if got := b.later(59 * time.Second); len(got) != 0 {
		t.Errorf("it says %v within a minute", kindsOf(got))
	}
	if got := b.later(2 * time.Second); len(got) != 1 || got[0].Kind() != wire.KindHello {
		t.Errorf("it says %v after a minute, want a hello", kindsOf(got))
	}
}

// Nothing is sent before the levels are taken over, and the hello that follows
// says that they are.
func TestMachine_SendsNothingBeforeItHasTakenOver(t *testing.T) {
	b := newBench(t, 10)
	b.todo()
	old := newToyLedger(stock.Epoch{9})
	old.add(7)
	st := old.statement(7)
	parts := toyParts(wire.StatementStored, &st)
	w := b.welcome(7, 0)
	w.TakeOver = stock.Takeover{Epoch: st.Epoch, Seq: st.Seq}
	if got := b.hear(7, w); len(got) != 1 || got[0].Kind() != wire.KindStatementWanted {
		t.Fatalf("it says %v, want a question for the first part", kindsOf(got))
	}
	if s := b.m.status(Status{}); s.State != TakingOver {
		t.Errorf("state %s", s.State)
	}
	var rest []action
	for _, p := range parts {
		b.m.frame(b.now, &wire.Frame{Epoch: st.Epoch, Session: 7, Body: p})
		sent, more := b.todo()
		rest = append(rest, more...)
		for _, k := range kindsOf(sent) {
			if k != wire.KindStatementWanted {
				t.Errorf("it sends a %s while it takes over", k)
			}
		}
	}
	work, ok := rest[len(rest)-1].(takeOver)
	if !ok || len(work.statement.Levels) != 7 || work.common != 0 {
		t.Fatalf("it does %+v, want it to take 7 levels over", rest)
	}
	took, err := b.ledger.takeOver(work.statement, work.common)
	if err != nil {
		t.Fatal(err)
	}
	b.m.look(b.ledger.position())
	b.m.tookOver(b.now, work.turn, took, nil)
	sent, _ := b.todo()
	if len(sent) != 1 || sent[0].Body.(*wire.Hello).TookOver != took {
		t.Fatalf("it says %v, want a hello with the takeover", kindsOf(sent))
	}
	if got := b.hear(8, b.welcome(8, 0)); len(got) != 1 || got[0].Kind() != wire.KindBatch {
		t.Errorf("it says %v after that, want the first batch", kindsOf(got))
	}
}

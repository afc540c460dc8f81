package ingest

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

func TestLink_AcknowledgesWhatIsStored(t *testing.T) {
	r := newRig(t)
	b := r.newBox("sh-1", 1, 1)
	b.book(10)
	if w := b.hello(); w.Applied != 0 || w.Boot != b.boot || w.Nonce != b.nonce || w.Version != wire.Version {
		t.Fatalf("welcome %+v", w)
	}
	steps := []struct {
		name     string
		from, to int
		want     wire.Body
	}{
		{"the first entries", 1, 4, &wire.Ack{Upto: 4, Last: 10}},
		{"the same again", 1, 4, &wire.Ack{Upto: 4, Last: 10}},
		{"a part of them again", 2, 3, &wire.Ack{Upto: 4, Last: 10}},
		{"a gap", 6, 7, &wire.Gap{Want: 5}},
		{"an overlap", 3, 6, &wire.Ack{Upto: 6, Last: 10}},
		{"the rest", 7, 10, &wire.Ack{Upto: 10, Last: 10}},
		{"everything once more", 1, 10, &wire.Ack{Upto: 10, Last: 10}},
	}
	for _, s := range steps {
		t.Run(s.name, func(t *testing.T) {
			got := b.say(b.batch(s.from, s.to))
			if len(got) != 1 {
				t.Fatalf("answers: %s", describe(got))
			}
			switch want := s.want.(type) {
			case *wire.Ack:
				if a := only[*wire.Ack](t, got); *a != *want {
					t.Errorf("ack %+v, want %+v", a, want)
				}
				if want.Upto != b.applied() {
					t.Errorf("the store has %d, %d was acknowledged", b.applied(), want.Upto)
				}
			case *wire.Gap:
				if g := only[*wire.Gap](t, got); *g != *want {
					t.Errorf("gap %+v, want %+v", g, want)
				}
			}
		})
	}
	if l, _ := r.store.Level("sh-1", "milk"); l.OnHand != 20 {
		t.Errorf("on hand %d, want 20: something counted twice or not at all", l.OnHand)
	}
	if c := r.desk.Contact("sh-1"); c.Last != 10 || c.Complete.IsZero() || c.Heard.IsZero() {
		t.Errorf("contact %+v", c)
	}
	if got := r.count("entries_stored_total", ""); got != 10 {
		t.Errorf("%v entries counted as stored, want 10", got)
	}
}

func TestLink_FencesWhoMayNotGoOn(t *testing.T) {
	r := newRig(t)
	b := r.newBox("sh-1", 1, 1)
	b.book(10)
	b.hello()
	b.say(b.batch(1, 5))
	other := r.newBox("sh-2", 2, 2)
	other.book(3)
	other.hello()

	tests := []struct {
		name string
		w    stock.Warehouse
		f    *wire.Frame
		want wire.Fence
	}{
		{"another warehouse's frame", "sh-2", b.frame(b.batch(6, 10)), wire.FenceSession},
		{"a warehouse that never said hello", "sh-9", b.frame(b.batch(6, 10)), wire.FenceSession},
		{"an older session", "sh-1", &wire.Frame{Epoch: b.epoch, Boot: b.boot, Session: b.session - 1, Body: b.batch(6, 10)}, wire.FenceSession},
		{"no session", "sh-1", &wire.Frame{Epoch: b.epoch, Boot: b.boot, Body: b.batch(6, 10)}, wire.FenceSession},
		{"the session with another boot", "sh-1", &wire.Frame{Epoch: b.epoch, Boot: wire.Boot{9}, Session: b.session, Body: b.batch(6, 10)}, wire.FenceSession},
		{"the session with another epoch", "sh-1", &wire.Frame{Epoch: stock.Epoch{9}, Boot: b.boot, Session: b.session, Body: b.batch(6, 10)}, wire.FenceSession},
		{"a ping of an older session", "sh-1", &wire.Frame{Epoch: b.epoch, Boot: b.boot, Session: 1, Body: &wire.Ping{Nonce: 1, Last: 10}}, wire.FenceSession},
		{"a hello of a version to come", "sh-1", &wire.Frame{Epoch: b.epoch, Boot: b.boot, Body: &wire.Hello{First: 1, Nonce: 99, VersionMin: 2, VersionMax: 3}}, wire.FenceVersion},
		{"a ledger that was set back", "sh-1", &wire.Frame{Epoch: b.epoch, Boot: wire.Boot{7}, Body: &wire.Hello{First: 1, Last: 3, Head: b.hashes[3], Nonce: 1, VersionMin: 1, VersionMax: 1}}, wire.FenceFork},
		{"entries of another past", "sh-1", b.frame(&wire.Batch{Batch: stock.Batch{From: 6, Prev: stock.Hash{1}, Entries: b.entries[5:]}, Last: 10}), wire.FenceFork},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := r.take(tt.w, r.encode(tt.f))
			fence := only[*wire.Fenced](t, got)
			if fence.Reason != tt.want || fence.Message == "" {
				t.Errorf("%s %q, want %s and a message", fence.Reason, fence.Message, tt.want)
			}
			if got[0].Session != tt.f.Session || got[0].Epoch != tt.f.Epoch {
				t.Error("the refusal does not name what is refused")
			}
		})
	}
	if b.applied() != 5 || other.applied() != 0 {
		t.Errorf("the store has %d and %d entries, want 5 and 0", b.applied(), other.applied())
	}
	if a := only[*wire.Ack](t, b.say(b.batch(6, 10))); a.Upto != 10 {
		t.Errorf("the rightful box is answered %+v", a)
	}
}

func TestLink_RefusesBadFramesInTheLogAndTheMetrics(t *testing.T) {
	r := newRig(t)
	b := r.newBox("sh-1", 1, 1)
	b.book(2)
	b.hello()
	good := r.encode(b.frame(b.batch(1, 2)))
	flipped := append([]byte{}, good...)
	flipped[len(flipped)/2] ^= 4
	down, err := r.codec.Encode(&wire.Frame{Body: &wire.Pong{}})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		raw    []byte
		reason wire.Reason
	}{
		{"nothing", nil, wire.TooShort},
		{"damage", flipped, wire.Checksum},
		{"half a frame", good[:len(good)/2], wire.Checksum},
		{"too much", make([]byte, wire.MaxFrame+1), wire.TooLong},
		{"what only a hub says", down, wire.BadKind},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := r.count("frames_refused_total", string(tt.reason))
			if got := r.take("sh-1", tt.raw); len(got) != 0 {
				t.Errorf("answered %s", describe(got))
			}
			if after := r.count("frames_refused_total", string(tt.reason)); after != before+1 {
				t.Errorf("refused for %s: %v, was %v", tt.reason, after, before)
			}
			if !strings.Contains(r.log.String(), "reason="+string(tt.reason)) {
				t.Errorf("the log does not say %s", tt.reason)
			}
		})
	}
	// A flood of them is one line now and then, not a full disk.
	before := r.log.Len()
	for range 10_000 {
		r.take("sh-1", flipped)
	}
	if grown := r.log.Len() - before; grown > 2000 {
		t.Errorf("a flood of bad frames wrote %d bytes to the log", grown)
	}
	if a := only[*wire.Ack](t, r.take("sh-1", good)); a.Upto != 2 {
		t.Errorf("a good frame after that is answered %+v", a)
	}
}

func TestLink_SetsABadEntryAsideAndGoesOn(t *testing.T) {
	r := newRig(t)
	b := r.newBox("sh-1", 1, 1)
	b.book(2)
	b.add([]byte("this is no entry"))
	b.book(2)
	b.hello()
	if a := only[*wire.Ack](t, b.say(b.batch(1, 5))); a.Upto != 5 {
		t.Errorf("ack %+v, want all five", a)
	}
	if got := r.count("entries_quarantined_total", ""); got != 1 {
		t.Errorf("%v entries set aside, want 1", got)
	}
	if l, _ := r.store.Level("sh-1", "milk"); l.OnHand != 8 {
		t.Errorf("on hand %d, want 8", l.OnHand)
	}
	if !strings.Contains(r.log.String(), "set aside") {
		t.Error("the log does not tell")
	}
}

func TestLink_ALateCopyOfAHelloIsNoRollBack(t *testing.T) {
	r := newRig(t)
	b := r.newBox("sh-1", 1, 1)
	b.book(2)
	b.hello()
	late := r.encode(&wire.Frame{Epoch: b.epoch, Boot: b.boot, Body: b.helloBody()})
	b.book(5)
	b.say(b.batch(1, 7))
	if got := r.take("sh-1", late); len(got) != 0 {
		t.Errorf("answered %s", describe(got))
	}
	if a := only[*wire.Ack](t, b.say(b.batch(1, 7))); a.Upto != 7 {
		t.Errorf("ack %+v", a)
	}
	b.hello()
	if got := r.take("sh-1", late); len(got) != 0 {
		t.Errorf("after the next hello answered %s", describe(got))
	}
}

// failing is a store that cannot store.
type failing struct {
	Store
	err  error
	gate chan struct{} // Apply waits for it to be closed
}

func (s failing) Apply(ctx context.Context, cmds ...inventory.Command) ([]inventory.Result, error) {
	if s.gate != nil {
		<-s.gate
	}
	if s.err != nil {
		return nil, s.err
	}
	return s.Store.Apply(ctx, cmds...)
}

func TestLink_AStoreThatFailsIsNeverAcknowledged(t *testing.T) {
	r := newRig(t)
	b := r.newBox("sh-1", 1, 1)
	b.book(3)
	b.hello()
	r.registry = nil
	good := r.desk
	var err error
	r.desk, err = New(DefaultConfig(), failing{Store: r.store, err: errors.New("disk is gone")}, r, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if busy := only[*wire.Busy](t, b.say(b.batch(1, 3))); busy.After <= 0 {
		t.Errorf("busy for %s", busy.After)
	}
	if got := b.say(b.helloBody()); len(got) != 0 {
		t.Errorf("a hello was answered %s", describe(got))
	}
	if b.applied() != 0 {
		t.Errorf("the store has %d entries", b.applied())
	}
	r.desk = good
	if a := only[*wire.Ack](t, b.say(b.batch(1, 3))); a.Upto != 3 {
		t.Errorf("ack %+v", a)
	}
}

func TestDesk_SaysBusyWhenAWarehouseHasNoRoom(t *testing.T) {
	r := newRig(t)
	b, quick := r.newBox("sh-1", 1, 1), r.newBox("sh-2", 2, 2)
	b.book(3)
	b.hello()
	gate := make(chan struct{})
	desk, err := New(DefaultConfig(), gated{r.store, "sh-1", gate}, r, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- desk.Run(ctx) }()
	raw := r.encode(b.frame(b.batch(1, 3)))
	for range queueFrames + 2 {
		desk.Frame("sh-1", raw)
	}
	if got := r.wait("sh-1"); got.Kind() != wire.KindBusy || got.Session != b.session {
		t.Errorf("answer %s of session %d", got.Kind(), got.Session)
	}
	// Another warehouse does not wait for the one that is stuck.
	quick.nonce = 1
	desk.Frame("sh-2", r.encode(quick.frame(quick.helloBody())))
	if got := r.wait("sh-2"); got.Kind() != wire.KindWelcome {
		t.Errorf("answer %s", got.Kind())
	}
	close(gate)
	if got := r.wait("sh-1"); got.Kind() != wire.KindAck {
		t.Errorf("answer %s", got.Kind())
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// gated is a store that stores nothing of one warehouse until a gate opens.
type gated struct {
	Store
	w    stock.Warehouse
	gate chan struct{}
}

func (s gated) Apply(ctx context.Context, cmds ...inventory.Command) ([]inventory.Result, error) {
	if in, ok := cmds[0].(*inventory.Ingest); ok && in.Warehouse == s.w {
		<-s.gate
	}
	return s.Store.Apply(ctx, cmds...)
}

// wait gives the next answer to a warehouse, and forgets those after it.
func (r *rig) wait(w stock.Warehouse) wire.Frame {
	r.t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if got := r.answers(w); len(got) > 0 {
			return got[0]
		}
	}
	r.t.Fatalf("no answer to %s", w)
	return wire.Frame{}
}

func TestLink_TheDownStreamIsSentOneBatchAtATime(t *testing.T) {
	r := newRig(t)
	b := r.newBox("sh-1", 1, 1)
	b.hello()
	l, err := r.desk.link("sh-1")
	if err != nil {
		t.Fatal(err)
	}
	update(t, r, "milk", "tofu", "rice")
	now := time.Now()
	l.push(t.Context(), now)
	sent := r.answers("sh-1")
	batch := only[*wire.DownBatch](t, sent)
	if batch.From != 1 || len(batch.Entries) != 3 {
		t.Fatalf("down batch %+v", batch)
	}
	update(t, r, "eggs")
	l.push(t.Context(), now.Add(time.Millisecond))
	if got := r.answers("sh-1"); len(got) != 0 {
		t.Errorf("sent %s while a batch is in flight", describe(got))
	}
	l.push(t.Context(), now.Add(10*time.Second))
	if again := only[*wire.DownBatch](t, r.answers("sh-1")); again.From != batch.From || len(again.Entries) != 3 {
		t.Errorf("repeated as %+v", again)
	}
	// The agent has stored it: only then the next one goes.
	ack := &wire.Frame{Epoch: sent[0].Epoch, Boot: b.boot, Session: b.session, Body: &wire.Ack{Upto: 3}}
	if got := r.take("sh-1", r.encode(ack)); len(got) != 0 {
		t.Errorf("an ack was answered %s", describe(got))
	}
	if st, _ := r.store.Warehouse("sh-1"); st.Down.Stored != 3 {
		t.Errorf("the store knows %d stored down entries, want 3", st.Down.Stored)
	}
	l.push(t.Context(), now.Add(11*time.Second))
	if next := only[*wire.DownBatch](t, r.answers("sh-1")); next.From != 4 || len(next.Entries) != 1 {
		t.Errorf("next batch %+v", next)
	}
	// An agent that asks for what it once confirmed has lost it.
	gap := &wire.Frame{Epoch: sent[0].Epoch, Boot: b.boot, Session: b.session, Body: &wire.Gap{Want: 2}}
	if fence := only[*wire.Fenced](t, r.take("sh-1", r.encode(gap))); fence.Reason != wire.FenceSession {
		t.Errorf("fence %+v", fence)
	}
	// An agent that is gone is sent nothing.
	l.push(t.Context(), now.Add(time.Hour))
	if got := r.answers("sh-1"); len(got) != 0 {
		t.Errorf("sent %s to an agent that is gone", describe(got))
	}
}

func update(t *testing.T, r *rig, skus ...string) {
	t.Helper()
	var items []stock.Item
	for _, sku := range skus {
		items = append(items, stock.Item{SKU: stock.SKU(sku), Name: sku, Unit: stock.Piece, Pack: 1})
	}
	if _, err := r.store.Apply(t.Context(), inventory.UpdateItems{Items: items}); err != nil {
		t.Fatal(err)
	}
}

func TestDesk_PresenceIsAHintOfThePresentBootOnly(t *testing.T) {
	r := newRig(t)
	b := r.newBox("sh-1", 1, 1)
	b.hello()
	heard := r.desk.Contact("sh-1").Heard
	r.desk.Presence("sh-1", wire.Presence{Boot: wire.Boot{9}})
	r.desk.Presence("nobody", wire.Presence{Boot: wire.Boot{9}, On: true})
	if c := r.desk.Contact("sh-1"); !c.Online {
		t.Error("the will of another boot took the agent off")
	}
	r.desk.Presence("sh-1", wire.Presence{Boot: b.boot})
	if c := r.desk.Contact("sh-1"); c.Online || c.Heard != heard {
		t.Errorf("contact %+v, want it off and not heard again", c)
	}
	if c := r.desk.Contact("nobody"); !c.Heard.IsZero() || c.Online {
		t.Errorf("contact of nobody: %+v", c)
	}
}

func TestDesk_ServesNoMoreWarehousesThanItMay(t *testing.T) {
	r := newRig(t)
	cfg := DefaultConfig()
	cfg.MaxLinks = 2
	d, err := New(cfg, r.store, r, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range []stock.Warehouse{"a", "b", "c", "d"} {
		d.Frame(w, []byte("x"))
	}
	if len(d.links) != 2 {
		t.Errorf("%d links, want 2", len(d.links))
	}
}

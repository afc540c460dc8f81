package ingest

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/hub/store"
	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

// rig is a desk on a real store, with the test as the broker. Frames are taken
// one after the other, in the test's own goroutine.
type rig struct {
	t        testing.TB
	store    *store.Pebble
	desk     *Desk
	registry *prometheus.Registry
	log      *bytes.Buffer
	codec    *wire.Codec

	mu   sync.Mutex
	sent map[stock.Warehouse][]wire.Frame // guarded by mu; what the desk said and was not looked at yet
}

func newRig(tb testing.TB) *rig {
	tb.Helper()
	s, err := store.Open(tb.TempDir(), store.Options{Book: inventory.Config{AutoEnrol: true}})
	if err != nil {
		tb.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	tb.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			tb.Errorf("store: %v", err)
		}
		if err := s.Close(); err != nil {
			tb.Errorf("store: %v", err)
		}
	})
	codec, err := wire.NewCodec()
	if err != nil {
		tb.Fatal(err)
	}
	r := &rig{t: tb, store: s, registry: prometheus.NewRegistry(), log: new(bytes.Buffer), codec: codec, sent: make(map[stock.Warehouse][]wire.Frame)}
	r.desk = r.newDesk(s)
	return r
}

func (r *rig) newDesk(s Store) *Desk {
	r.t.Helper()
	d, err := New(DefaultConfig(), s, r, r.registry, slog.New(slog.NewTextHandler(r.log, nil)))
	if err != nil {
		r.t.Fatal(err)
	}
	return d
}

// Send makes the rig the broker.
func (r *rig) Send(_ context.Context, w stock.Warehouse, raw []byte) error {
	f, err := r.codec.DecodeDown(raw)
	if err != nil {
		r.t.Errorf("the desk sends what an agent refuses: %v", err)
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sent[w] = append(r.sent[w], f)
	return nil
}

// answers gives what the desk said to a warehouse since the last look.
func (r *rig) answers(w stock.Warehouse) []wire.Frame {
	r.mu.Lock()
	defer r.mu.Unlock()
	got := r.sent[w]
	r.sent[w] = nil
	return got
}

// take gives bytes that came in on the topic of a warehouse to its link.
func (r *rig) take(w stock.Warehouse, raw []byte) []wire.Frame {
	r.t.Helper()
	l, err := r.desk.link(w)
	if err != nil {
		r.t.Fatal(err)
	}
	l.guarded(r.t.Context(), arrival{raw, time.Now()})
	return r.answers(w)
}

func (r *rig) encode(f *wire.Frame) []byte {
	r.t.Helper()
	raw, err := r.codec.Encode(f)
	if err != nil {
		r.t.Fatal(err)
	}
	return raw
}

// count gives a counter by its name and the value of its label.
func (r *rig) count(name, label string) float64 {
	r.t.Helper()
	families, err := r.registry.Gather()
	if err != nil {
		r.t.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() != "forestock_ingest_"+name {
			continue
		}
		for _, m := range family.GetMetric() {
			if len(m.GetLabel()) == 0 || m.GetLabel()[0].GetValue() == label {
				return m.GetCounter().GetValue()
			}
		}
	}
	return 0
}

// box is an agent as far as frames go.
type box struct {
	r       *rig
	w       stock.Warehouse
	epoch   stock.Epoch
	boot    wire.Boot
	session uint64
	nonce   uint64
	down    stock.DownPosition
	entries [][]byte
	hashes  []stock.Hash
}

func (r *rig) newBox(w stock.Warehouse, epoch, boot byte) *box {
	e := stock.Epoch{epoch}
	return &box{r: r, w: w, epoch: e, boot: wire.Boot{boot}, hashes: []stock.Hash{stock.Genesis(e)}}
}

// book adds n entries to the box's ledger.
func (b *box) book(n int) {
	b.r.t.Helper()
	for range n {
		e := stock.Entry{Seq: stock.Seq(len(b.entries) + 1), Command: "c", Movement: stock.Movement{Kind: stock.Receive, SKU: "milk", Bin: "A", Delta: 2}}
		raw, err := wire.EncodeEntry(&e)
		if err != nil {
			b.r.t.Fatal(err)
		}
		b.add(raw)
	}
}

func (b *box) add(raw []byte) {
	b.entries = append(b.entries, raw)
	b.hashes = append(b.hashes, b.hashes[len(b.hashes)-1].Next(raw))
}

func (b *box) frame(body wire.Body) *wire.Frame {
	return &wire.Frame{Epoch: b.epoch, Boot: b.boot, Session: b.session, Body: body}
}

func (b *box) say(body wire.Body) []wire.Frame {
	b.r.t.Helper()
	return b.r.take(b.w, b.r.encode(b.frame(body)))
}

func (b *box) helloBody() *wire.Hello {
	return &wire.Hello{
		First: 1, Last: stock.Seq(len(b.entries)), Head: b.hashes[len(b.entries)], Down: b.down, Nonce: b.nonce,
		VersionMin: 1, VersionMax: 1, Software: "test", Time: time.Now(),
	}
}

// hello opens a session.
func (b *box) hello() *wire.Welcome {
	b.r.t.Helper()
	b.nonce++
	b.session = 0
	w := only[*wire.Welcome](b.r.t, b.say(b.helloBody()))
	b.session = w.Session
	return w
}

// batch gives the entries from one to another.
func (b *box) batch(from, to int) *wire.Batch {
	return &wire.Batch{
		Batch: stock.Batch{From: stock.Seq(from), Prev: b.hashes[from-1], Entries: b.entries[from-1 : to]}, Last: stock.Seq(len(b.entries)),
	}
}

// applied gives how far the store has come.
func (b *box) applied() stock.Seq {
	st, _ := b.r.store.Warehouse(b.w)
	return st.Applied
}

// only gives the body of the one answer, which must be of type B.
func only[B wire.Body](tb testing.TB, frames []wire.Frame) B {
	tb.Helper()
	var none B
	if len(frames) != 1 {
		tb.Fatalf("%d answers %v, want one %T", len(frames), describe(frames), none)
	}
	b, ok := frames[0].Body.(B)
	if !ok {
		tb.Fatalf("answer %v, want a %T", describe(frames), none)
	}
	return b
}

func describe(frames []wire.Frame) string {
	var out []string
	for i := range frames {
		out = append(out, frames[i].Kind().String())
	}
	return strings.Join(out, ", ")
}

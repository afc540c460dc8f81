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
	sheet   stock.Sheet
	// first is the oldest entry that is still kept, base the levels before it.
	first    int
	base     stock.Sheet
	tookOver stock.Takeover
}

func (r *rig) newBox(w stock.Warehouse, epoch, boot byte) *box {
	e := stock.Epoch{epoch}
	return &box{r: r, w: w, epoch: e, boot: wire.Boot{boot}, hashes: []stock.Hash{stock.Genesis(e)}, first: 1}
}

// book adds n entries to the box's ledger.
func (b *box) book(n int) {
	b.r.t.Helper()
	for range n {
		b.move(stock.Movement{Kind: stock.Receive, SKU: "milk", Bin: "A", Delta: 2})
	}
}

// move adds one entry to the box's ledger.
func (b *box) move(m stock.Movement) {
	b.r.t.Helper()
	raw, err := wire.EncodeEntry(&stock.Entry{Seq: stock.Seq(len(b.entries) + 1), Command: "c", Movement: m})
	if err != nil {
		b.r.t.Fatal(err)
	}
	b.add(raw)
	b.sheet.Apply(&m)
}

// trim forgets the entries before one.
func (b *box) trim(first int) {
	b.r.t.Helper()
	for i := b.first; i < first; i++ {
		e, err := wire.DecodeEntry(b.entries[i-1])
		if err != nil {
			b.r.t.Fatal(err)
		}
		b.base.Apply(&e.Movement)
	}
	b.first = first
}

// state gives the parts of the box's newest or base levels.
func (b *box) state(of wire.StatementOf) []*wire.Statement {
	sheet, seq := &b.sheet, len(b.entries)
	if of == wire.StatementBase {
		sheet, seq = &b.base, b.first-1
	}
	levels, digest := sheet.State()
	return wire.Parts(of, &stock.Statement{Epoch: b.epoch, Seq: stock.Seq(seq), Head: b.hashes[seq], Levels: levels, Digest: digest})
}

// tell answers every question about levels among the frames, and those that
// follow, and gives what else the desk said.
func (b *box) tell(frames []wire.Frame) (rest []wire.Frame) {
	b.r.t.Helper()
	for len(frames) > 0 {
		f := frames[0]
		frames = frames[1:]
		w, ok := f.Body.(*wire.StatementWanted)
		if !ok {
			rest = append(rest, f)
			continue
		}
		if f.Epoch != b.epoch || f.Session != b.session {
			b.r.t.Fatalf("asked for levels of epoch %s in session %d", f.Epoch, f.Session)
		}
		frames = append(frames, b.say(b.state(w.Of)[w.Part])...)
	}
	return rest
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
		First: stock.Seq(b.first), Last: stock.Seq(len(b.entries)), TookOver: b.tookOver, Head: b.hashes[len(b.entries)], Down: b.down, Nonce: b.nonce,
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

// digest gives a batch the digest of the box's levels.
func (b *box) digest(batch *wire.Batch) *wire.Batch {
	d := b.sheet.Digest()
	root := d.Root()
	batch.Digest = &root
	return batch
}

// milk gives what the hub shows of the milk.
func (b *box) milk() int64 {
	l, _ := b.r.store.Level(b.w, "milk")
	return l.OnHand
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

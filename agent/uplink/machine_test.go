package uplink

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

// toyHub is the hub in a few lines: it stores what joins, and says how far it
// has stored.
type toyHub struct {
	codec   *wire.Codec
	epoch   stock.Epoch
	stored  [][]byte
	head    stock.Hash
	session uint64
	down    stock.DownPosition // Applied is the newest entry of the stream
	downAck stock.Seq
	// lies makes it acknowledge what it has not stored: the negative control.
	lies bool
}

// take gives the answer to a frame; nil for none.
func (h *toyHub) take(f *wire.Frame, now time.Time) wire.Body {
	switch b := f.Body.(type) {
	case *wire.Hello:
		h.session++
		return &wire.Welcome{
			Session: h.session, Applied: stock.Seq(len(h.stored)), Head: h.head, DownEpoch: h.down.Epoch, DownLast: h.down.Applied,
			MaxEntries: 8, MaxBytes: 1 << 16, Version: wire.Version, Time: now, Boot: f.Boot, Nonce: b.Nonce,
		}
	case *wire.Batch:
		return h.batch(f, b)
	case *wire.Ping:
		if f.Session != h.session {
			return &wire.Fenced{Reason: wire.FenceSession}
		}
		return &wire.Pong{Nonce: b.Nonce, Applied: stock.Seq(len(h.stored)), DownLast: h.down.Applied, Time: now}
	case *wire.Ack:
		h.downAck = max(h.downAck, b.Upto)
	}
	return nil
}

func (h *toyHub) batch(f *wire.Frame, b *wire.Batch) wire.Body {
	if f.Session != h.session {
		return &wire.Fenced{Reason: wire.FenceSession}
	}
	applied := stock.Seq(len(h.stored))
	if h.lies {
		return &wire.Ack{Upto: max(applied, b.To())}
	}
	if b.From > applied+1 {
		return &wire.Gap{Want: applied + 1}
	}
	for i, e := range b.Entries {
		if b.From+stock.Seq(i) == stock.Seq(len(h.stored))+1 {
			h.stored = append(h.stored, e)
			h.head = h.head.Next(e)
		}
	}
	return &wire.Ack{Upto: stock.Seq(len(h.stored)), Last: b.Last}
}

// toyLedger is the ledger in a few lines.
type toyLedger struct {
	epoch   stock.Epoch
	entries [][]byte
	hashes  []stock.Hash // hashes[n] is the hash after entry n
	down    stock.DownPosition
}

func newToyLedger(e stock.Epoch) *toyLedger {
	return &toyLedger{epoch: e, hashes: []stock.Hash{stock.Genesis(e)}}
}

func (l *toyLedger) add(n int) {
	for range n {
		e := fmt.Appendf(nil, "entry %d", len(l.entries)+1)
		l.entries = append(l.entries, e)
		l.hashes = append(l.hashes, l.hashes[len(l.hashes)-1].Next(e))
	}
}

func (l *toyLedger) position() stock.Position {
	return stock.Position{Epoch: l.epoch, First: 1, Last: stock.Seq(len(l.entries)), Head: l.hashes[len(l.entries)]}
}

// rig runs one machine against one toy hub over a line that loses, repeats and
// reorders, in virtual time.
type rig struct {
	t       *rapid.T
	codec   *wire.Codec
	now     time.Time
	random  *rand.Rand
	ledger  *toyLedger
	hub     *toyHub
	m       *machine
	up      [][]byte // frames under way to the hub
	down    [][]byte // frames under way to the agent
	trouble float64  // how likely each frame is to be lost, repeated or overtaken
	cursor  stock.Seq
	online  bool
}

func newRig(t *rapid.T) *rig {
	codec, err := wire.NewCodec()
	if err != nil {
		t.Fatal(err)
	}
	epoch, downEpoch := stock.Epoch{1}, stock.Epoch{2}
	seed := rapid.Uint64().Draw(t, "seed")
	r := &rig{
		t: t, codec: codec, now: time.UnixMilli(1_790_000_000_000), random: rand.New(rand.NewPCG(seed, 1)),
		ledger: newToyLedger(epoch), hub: &toyHub{codec: codec, epoch: epoch, head: stock.Genesis(epoch), down: stock.DownPosition{Epoch: downEpoch}},
	}
	r.start()
	return r
}

// start begins a new process of the agent.
func (r *rig) start() {
	var boot wire.Boot
	for i := range boot {
		boot[i] = byte(r.random.Uint32())
	}
	r.m = newMachine(r.codec, boot, "test", r.random.Float64, r.ledger.position(), uint64(len(r.ledger.entries)), r.ledger.down)
	r.online = false
	r.up, r.down = nil, nil
}

// settle does what the machine asks for, and brings all frames to their ends.
func (r *rig) settle() {
	for {
		r.m.look(r.ledger.position())
		r.m.feed(r.now)
		todo := r.m.take()
		for _, a := range todo {
			r.act(a)
		}
		if len(todo) == 0 && len(r.up) == 0 && len(r.down) == 0 {
			return
		}
		r.carryUp()
		r.carryDown()
		r.check()
	}
}

func (r *rig) act(a action) {
	switch a := a.(type) {
	case send:
		r.up = r.post(r.up, a.frame)
	case readBatch:
		p, err := r.read(a)
		r.m.batch(r.now, a.turn, p, err)
	case checkHash:
		if int(a.seq) >= len(r.ledger.hashes) {
			r.m.hashed(r.now, a.turn, stock.Hash{}, errors.New("no such entry"))
			return
		}
		r.m.hashed(r.now, a.turn, r.ledger.hashes[a.seq], nil)
	case storeCursor:
		if a.upto < r.cursor && r.hub.lies {
			return
		}
		r.cursor = max(r.cursor, a.upto)
	case storeDown:
		next := r.ledger.down.Applied + 1
		if r.ledger.down.Epoch != a.batch.Epoch {
			next = 1
		}
		if a.batch.From <= next && a.batch.To() >= next {
			r.ledger.down = stock.DownPosition{Epoch: a.batch.Epoch, Applied: a.batch.To()}
		}
		r.m.downStored(r.ledger.down, nil)
	case hangUp:
		r.m.closed()
		r.online = false
	}
}

func (r *rig) read(a readBatch) (prepared, error) {
	from := a.after + 1
	to := min(a.after+stock.Seq(a.limits.entries), stock.Seq(len(r.ledger.entries)))
	if from > to {
		return prepared{from: from, to: a.after}, nil
	}
	f := a.header
	f.Body = &wire.Batch{Batch: stock.Batch{From: from, Prev: r.ledger.hashes[a.after], Entries: r.ledger.entries[a.after:to]}, Last: stock.Seq(len(r.ledger.entries))}
	raw, err := r.codec.Encode(&f)
	return prepared{from, to, raw}, err
}

// post puts a frame on the line, where trouble waits.
func (r *rig) post(line [][]byte, frame []byte) [][]byte {
	if !r.online || r.random.Float64() < r.trouble {
		return line // lost
	}
	line = append(line, frame)
	if r.random.Float64() < r.trouble {
		line = append(line, frame)
	}
	if r.random.Float64() < r.trouble {
		r.random.Shuffle(len(line), func(i, j int) { line[i], line[j] = line[j], line[i] })
	}
	return line
}

func (r *rig) carryUp() {
	for _, raw := range r.up {
		f, err := r.codec.DecodeUp(raw)
		if err != nil {
			r.t.Fatalf("the machine sent a frame that the hub refuses: %v", err)
		}
		if answer := r.hub.take(&f, r.now); answer != nil {
			r.say(f.Epoch, answer, f.Session)
		}
	}
	r.up = nil
	// The hub keeps one batch of its own stream under way.
	if r.online && r.hub.downAck < r.hub.down.Applied && r.random.Float64() < 0.2 {
		from := r.hub.downAck + 1
		r.say(r.hub.down.Epoch, &wire.DownBatch{From: from, Entries: make([]stock.Down, r.hub.down.Applied-from+1)}, r.hub.session)
	}
}

func (r *rig) say(epoch stock.Epoch, b wire.Body, session uint64) {
	f := wire.Frame{Epoch: epoch, Boot: wire.Boot{9}, Session: session, Body: b}
	raw, err := r.codec.Encode(&f)
	if err != nil {
		r.t.Fatal(err)
	}
	r.down = r.post(r.down, raw)
}

func (r *rig) carryDown() {
	frames := r.down
	r.down = nil
	for _, raw := range frames {
		f, err := r.codec.DecodeDown(raw)
		if err != nil {
			r.t.Fatal(err)
		}
		r.m.frame(r.now, &f)
	}
}

// pass lets virtual time pass, tick by tick.
func (r *rig) pass(d time.Duration) {
	for end := r.now.Add(d); ; {
		if !r.online {
			r.m.opened(r.now)
			r.online = true
		}
		r.settle()
		if !r.online { // it hung up: a second later there is another line
			r.now = r.now.Add(time.Second)
			continue
		}
		next := r.m.deadline()
		if next.IsZero() || !next.Before(end) {
			r.now = later(r.now, end)
			return
		}
		if next.After(r.now) {
			r.now = next
		}
		r.m.tick(r.now)
	}
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// What must hold at every moment: the hub has a prefix of the ledger, and the
// agent believes nothing stored that the hub has not stored.
func (r *rig) check() {
	if len(r.hub.stored) > len(r.ledger.entries) || !slices.EqualFunc(r.hub.stored, r.ledger.entries[:len(r.hub.stored)], slices.Equal) {
		r.t.Fatalf("the hub has %d entries that are not the first of the ledger's %d", len(r.hub.stored), len(r.ledger.entries))
	}
	if int(r.cursor) > len(r.hub.stored) {
		r.t.Fatalf("the agent believes %d entries stored, the hub has %d", r.cursor, len(r.hub.stored))
	}
}

// misuse does one random thing to the rig.
func (r *rig) misuse() {
	switch rapid.IntRange(0, 9).Draw(r.t, "what") {
	case 0, 1, 2:
		r.ledger.add(rapid.IntRange(1, 40).Draw(r.t, "entries"))
	case 3, 4, 5:
		r.pass(time.Duration(rapid.IntRange(0, 30_000).Draw(r.t, "ms")) * time.Millisecond)
	case 6:
		r.m.closed()
		r.online = false
		r.up, r.down = nil, nil
	case 7:
		r.start()
	case 8: // the hub is restored from an older copy, which may know the session
		keep := rapid.IntRange(0, len(r.hub.stored)).Draw(r.t, "keep")
		r.hub.stored = r.hub.stored[:keep]
		r.hub.head = r.ledger.hashes[keep]
		if rapid.Bool().Draw(r.t, "forget") {
			r.hub.session += 100
		}
		r.cursor = min(r.cursor, stock.Seq(keep))
	case 9:
		r.hub.down.Applied += stock.Seq(rapid.IntRange(1, 5).Draw(r.t, "down"))
	}
}

// Whatever happens on the line and to either end: nothing is believed stored
// that is not, and when the trouble is over everything arrives.
func TestMachine_BringsEverythingWhateverHappens(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := newRig(t)
		r.trouble = rapid.SampledFrom([]float64{0, 0.1, 0.4}).Draw(t, "trouble")
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			r.misuse()
		}
		r.trouble = 0
		r.pass(10 * time.Minute)
		if got, want := len(r.hub.stored), len(r.ledger.entries); got != want {
			t.Fatalf("the hub has %d of %d entries; machine %+v", got, want, r.m.status(Status{}))
		}
		if int(r.cursor) != len(r.ledger.entries) {
			t.Fatalf("the agent believes %d of %d entries stored", r.cursor, len(r.ledger.entries))
		}
		if r.ledger.down.Applied != r.hub.down.Applied && r.hub.down.Applied > 0 {
			t.Fatalf("the agent has %d of %d down entries", r.ledger.down.Applied, r.hub.down.Applied)
		}
		if s := r.m.status(Status{}); s.State != Synced || s.Unsent != 0 {
			t.Fatalf("state %s with %d unsent, want synced", s.State, s.Unsent)
		}
	})
}

// The negative control: a hub that acknowledges before it stores is caught by
// the very same rig.
func TestMachine_AHubThatLiesIsCaught(t *testing.T) {
	codec, err := wire.NewCodec()
	if err != nil {
		t.Fatal(err)
	}
	ledger := newToyLedger(stock.Epoch{1})
	ledger.add(20)
	hub := &toyHub{codec: codec, epoch: stock.Epoch{1}, head: stock.Genesis(stock.Epoch{1}), lies: true}
	r := &rig{codec: codec, now: time.UnixMilli(1), random: rand.New(rand.NewPCG(1, 1)), ledger: ledger, hub: hub}
	r.start()
	r.online = true
	r.m.opened(r.now)
	for range 10 {
		r.m.look(ledger.position())
		r.m.feed(r.now)
		for _, a := range r.m.take() {
			r.act(a)
		}
		for _, raw := range r.up {
			f, err := codec.DecodeUp(raw)
			if err != nil {
				t.Fatal(err)
			}
			if answer := hub.take(&f, r.now); answer != nil {
				f.Body = answer
				r.m.frame(r.now, &f)
			}
		}
		r.up = nil
	}
	if int(r.cursor) <= len(hub.stored) {
		t.Errorf("the lying hub has %d entries and the agent believes %d: the rig would not see a loss", len(hub.stored), r.cursor)
	}
}

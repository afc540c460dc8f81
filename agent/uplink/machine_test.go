package uplink

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

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
	online  bool

	want    map[stock.SKU]bool // scans that the hub must end up with, once each
	backups []*toyEpoch        // copies of the hub
	epochs  byte               // of ledgers so far
	// careless carries over without tracing: a negative control.
	careless bool
}

func newRig(t *rapid.T) *rig {
	codec, err := wire.NewCodec()
	if err != nil {
		t.Fatal(err)
	}
	seed := rapid.Uint64().Draw(t, "seed")
	r := &rig{
		t: t, codec: codec, now: time.UnixMilli(1_790_000_000_000), random: rand.New(rand.NewPCG(seed, 1)),
		hub: newToyHub(codec), want: make(map[stock.SKU]bool),
	}
	r.ledger = newToyLedger(r.newEpoch())
	r.start()
	return r
}

func newToyHub(c *wire.Codec) *toyHub {
	return &toyHub{codec: c, closed: make(map[stock.Epoch]bool), down: stock.DownPosition{Epoch: stock.Epoch{2, 2}}}
}

func (r *rig) newEpoch() stock.Epoch {
	r.epochs++
	return stock.Epoch{1, r.epochs}
}

// start begins a new process of the agent.
func (r *rig) start() {
	var boot wire.Boot
	for i := range boot {
		boot[i] = byte(r.random.Uint32())
	}
	r.m = newMachine(r.codec, &Box{boot: boot}, "test", r.random.Float64, r.ledger.facts())
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
		r.checkCursor(a.upto)
		r.ledger.stored = max(r.ledger.stored, a.upto)
	case readLevels:
		r.m.levels(r.levels(a), nil)
	case readPoints:
		points := r.ledger.points(a.epoch, a.after, a.before, 3)
		if r.careless {
			points = nil
		}
		r.m.pointed(r.now, a.turn, points, nil)
	case takeOver:
		took, err := r.ledger.takeOver(a.statement, a.common)
		r.tookOver(a.turn, took, err)
	case inherit:
		took, err := r.ledger.inherit()
		r.tookOver(a.turn, took, err)
	case rebirth:
		r.ledger = r.ledger.reborn(r.newEpoch())
		r.start()
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

// tookOver answers; some commits fail first.
func (r *rig) tookOver(turn int, took stock.Takeover, err error) {
	if r.random.Float64() < r.trouble {
		err = errors.New("bad block")
	}
	r.m.look(r.ledger.position())
	r.m.tookOver(r.now, turn, took, err)
}

// levels gives a part of the ledger's base.
func (r *rig) levels(a readLevels) []byte {
	st := r.ledger.statement(r.ledger.first - 1)
	parts := toyParts(a.want.Of, &st)
	f := a.header
	f.Body = parts[min(a.want.Part, len(parts)-1)]
	raw, err := r.codec.Encode(&f)
	if err != nil {
		r.t.Fatal(err)
	}
	return raw
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
		for _, answer := range r.hub.take(&f, r.now) {
			r.say(&answer)
		}
	}
	r.up = nil
	// The hub keeps one batch of its own stream under way.
	if r.online && r.hub.downAck < r.hub.down.Applied && r.random.Float64() < 0.2 {
		from := r.hub.downAck + 1
		r.say(&wire.Frame{Epoch: r.hub.down.Epoch, Session: r.hub.session, Body: &wire.DownBatch{From: from, Entries: make([]stock.Down, r.hub.down.Applied-from+1)}})
	}
}

func (r *rig) say(f *wire.Frame) {
	f.Boot = wire.Boot{9}
	raw, err := r.codec.Encode(f)
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

// checkCursor sees to it that the agent believes nothing stored that is not.
func (r *rig) checkCursor(upto stock.Seq) {
	at := r.hub.of(r.ledger.epoch)
	if r.hub.lies || upto == 0 {
		return
	}
	if at == nil || at.epoch != r.ledger.epoch || at.applied < upto || (upto >= at.from && at.hashes[upto] != r.ledger.hashes[upto]) {
		r.t.Fatalf("the agent believes entry %d of %s stored, the hub has another history", upto, r.ledger.epoch)
	}
}

// misuse does one random thing to the rig.
func (r *rig) misuse() {
	switch rapid.IntRange(0, 16).Draw(r.t, "what") {
	case 0, 1, 2:
		r.scan(rapid.IntRange(1, 40).Draw(r.t, "entries"))
	case 3, 4, 5:
		r.pass(time.Duration(rapid.IntRange(0, 30_000).Draw(r.t, "ms")) * time.Millisecond)
	case 6:
		r.cut()
	case 7:
		r.start()
	case 8:
		r.restoreHub()
	case 9:
		r.hub.down.Applied += stock.Seq(rapid.IntRange(1, 5).Draw(r.t, "down"))
	case 10: // the hub restarts, and may have forgotten the session
		r.cut()
		if rapid.Bool().Draw(r.t, "forget") {
			r.hub.session += 100
		}
	case 11:
		r.hub.stubborn = !r.hub.stubborn
	case 12: // the disk is an older one
		r.rollBack(stock.Seq(rapid.IntRange(0, len(r.ledger.entries)).Draw(r.t, "to")))
	case 13: // another box
		scans := r.ledger.scans
		r.ledger = newToyLedger(r.newEpoch())
		r.ledger.scans = scans
		r.start()
		r.forget()
	case 14: // the ledger is damaged beyond repair
		r.ledger = r.ledger.reborn(r.newEpoch())
		r.start()
	case 15: // entries that the hub has stored are forgotten
		if keep := rapid.IntRange(1, 20).Draw(r.t, "keep"); int(r.ledger.stored) > keep && r.ledger.stored > r.ledger.took.Last {
			r.ledger.first = max(r.ledger.first, r.ledger.stored-stock.Seq(keep))
		}
	case 16: // the hub is lost altogether
		if r.ledger.took.IsZero() || r.hub.candidate == nil {
			session := r.hub.session
			r.hub = newToyHub(r.codec)
			r.hub.session, r.hub.down.Epoch = session+100, r.newEpoch()
			r.backups = nil
			r.forget()
		}
	}
}

// scan books some scans, which the hub must get.
func (r *rig) scan(n int) {
	for range n {
		r.ledger.add(1)
		r.want[stock.SKU(fmt.Sprintf("s%d", *r.ledger.scans))] = true
	}
}

func (r *rig) cut() {
	r.m.closed()
	r.online = false
	r.up, r.down = nil, nil
}

// restoreHub sets the hub back to an older copy, which may know the session; or
// makes such a copy. One from before the last two ledgers is of no use.
func (r *rig) restoreHub() {
	if r.hub.present == nil {
		return
	}
	back := rapid.IntRange(0, len(r.backups)).Draw(r.t, "backup")
	if back == len(r.backups) {
		r.backups = append(r.backups, r.hub.present.clone())
		return
	}
	old, took := r.backups[back], r.hub.present.took
	if old.epoch != r.hub.present.epoch && (old.epoch != took.Epoch || old.applied > took.Seq || r.ledger.first > 1) {
		return
	}
	r.hub.present, r.hub.candidate = old.clone(), nil
	delete(r.hub.closed, old.epoch)
	r.forget()
}

// rollBack makes the ledger an older one, as far as both sides still know what
// they forgot as entries.
func (r *rig) rollBack(to stock.Seq) {
	at := r.hub.present
	if at != nil && at.from > 1 || r.ledger.first > 1 {
		return
	}
	if to < r.ledger.took.Last && at != nil && at.epoch == r.ledger.epoch {
		return // a takeover that the hub, or a copy of it, has in part and nobody as a whole
	}
	r.ledger.rollBack(to)
	r.start()
	r.forget()
}

// forget gives up what neither side knows any more.
func (r *rig) forget() {
	known := make(map[stock.SKU]bool)
	r.ledger.knows(known)
	if r.hub.present != nil {
		s := r.hub.present.sheet()
		for sku := range s.SKUs() {
			known[sku] = true
		}
	}
	for sku := range r.want {
		if !known[sku] {
			delete(r.want, sku)
		}
	}
}

// wrong says which scans the hub has lost or counted twice.
func (r *rig) wrong() (out []string) {
	s := r.hub.present.sheet()
	for sku := range r.want {
		if n := s.OnHand(stock.Cell{SKU: sku}); n != 1 {
			out = append(out, fmt.Sprintf("%s: %d", sku, n))
		}
	}
	for sku := range s.SKUs() {
		if !r.want[sku] {
			out = append(out, fmt.Sprintf("%s: nobody scanned it", sku))
		}
	}
	return out
}

// Whatever happens on the line and to either end, boxes and hubs that are lost or
// set back included: nothing is believed stored that is not, and when the
// trouble is over the hub has every scan that one of them still knew, once.
func TestMachine_BringsEverythingWhateverHappens(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := newRig(t)
		r.trouble = rapid.SampledFrom([]float64{0, 0.1, 0.4}).Draw(t, "trouble")
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			r.misuse()
		}
		r.trouble, r.hub.stubborn = 0, false
		r.pass(40 * time.Minute) // three fences of ten minutes
		if wrong := r.wrong(); len(wrong) > 0 {
			t.Fatalf("the hub has wrong: %v; machine %+v", wrong, r.m.status(Status{}))
		}
		if got, want := r.hub.present.applied, r.ledger.last(); got != want || r.ledger.stored != want {
			t.Fatalf("the hub has %d of %d entries, the agent believes %d stored", got, want, r.ledger.stored)
		}
		if r.ledger.down.Applied != r.hub.down.Applied && r.hub.down.Applied > 0 {
			t.Fatalf("the agent has %d of %d down entries", r.ledger.down.Applied, r.hub.down.Applied)
		}
		if s := r.m.status(Status{}); s.State != Synced || s.Unsent != 0 {
			t.Fatalf("state %s with %d unsent, want synced", s.State, s.Unsent)
		}
	})
}

// The negative controls: a hub that acknowledges before it stores, and an agent
// that carries over without asking what the hub has, are caught by the very same
// rig.
func TestMachine_TheRigSeesWhatGoesWrong(t *testing.T) {
	t.Run("a hub that lies", func(t *testing.T) {
		r := newControl(t)
		r.hub.lies = true
		r.scan(20)
		r.pass(time.Minute)
		if wrong := r.wrong(); len(wrong) != 20 || r.ledger.stored != 20 {
			t.Errorf("the lying hub has wrong: %v; the agent believes %d stored: the rig would not see a loss", wrong, r.ledger.stored)
		}
	})
	for _, careless := range []bool{false, true} {
		t.Run(fmt.Sprintf("an agent that asks nothing: %t", careless), func(t *testing.T) {
			r := newControl(t)
			r.careless = careless
			r.scan(20)
			r.pass(time.Minute)
			r.rollBack(10)
			r.ledger.stored = 3 // what it noted last before its disk was copied
			r.scan(12)
			r.pass(time.Minute)
			if wrong := r.wrong(); (len(wrong) > 0) != careless || r.ledger.took.IsZero() {
				t.Errorf("the hub has wrong: %v after taking over %+v", wrong, r.ledger.took)
			}
		})
	}
}

func newControl(t *testing.T) *rig {
	t.Helper()
	codec, err := wire.NewCodec()
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{codec: codec, now: time.UnixMilli(1_790_000_000_000), random: rand.New(rand.NewPCG(1, 1)), hub: newToyHub(codec), want: make(map[stock.SKU]bool)}
	r.ledger = newToyLedger(r.newEpoch())
	r.start()
	return r
}

// Package world is a hub and its warehouses in one process, in virtual time, with
// everything that can go wrong going wrong.
//
// The code under test is the real one: bbolt ledgers, the hub's store and book,
// both ends of the link, the MQTT broker and the MQTT client. What is around it
// is simulated: the network, the power, the hub's disk, the staff and the
// office. A seed decides all of it. Run must be called in a bubble of
// testing/synctest, with one world at a time in the process; the same seed then
// gives the same story to the byte, and the trace of a Result is its fingerprint.
package world

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/forestock/forestock/deploy/sim/chance"
	"github.com/forestock/forestock/deploy/sim/line"
	"github.com/forestock/forestock/proto/stock"
)

// Options say how large a world is, and what is wrong with its programs.
type Options struct {
	Agents int           // warehouses; 10 unless set, at most 15
	Rounds int           // times of trouble, each followed by a quiet one; 2 unless set
	Round  time.Duration // how long one time of trouble lasts; 4 minutes unless set
	Defect Defect        // a bug to find; none unless set
	Only   string        // part of the names of the faults that happen; all unless set
	Story  io.Writer     // gets what happens, line by line; nil for nobody
	Log    bool          // the programs' own logs are part of the story
	Dir    string        // where ledgers are kept; a folder in memory unless set
}

func (o Options) withDefaults() Options {
	if o.Agents == 0 {
		o.Agents = 10
	}
	if o.Rounds == 0 {
		o.Rounds = 2
	}
	if o.Round == 0 {
		o.Round = 4 * time.Minute
	}
	if o.Dir == "" {
		o.Dir = "/dev/shm"
		if _, err := os.Stat(o.Dir); err != nil {
			o.Dir = os.TempDir()
		}
	}
	if o.Story == nil {
		o.Story = io.Discard
	}
	return o
}

// Result is what became of a seed.
type Result struct {
	Seed    uint64
	Broken  []string      // promises that were not kept; the first is the most telling
	Trace   string        // fingerprint of all that happened
	Virtual time.Duration // time that passed in the world
	Tally   Tally
}

// World is one run.
type World struct {
	options Options
	dice    chance.Dice
	story   *story
	net     *line.Network
	air     *air
	hub     *hub
	office  *office
	shop    *shop
	boxes   []*box
	dir     string
	log     *slog.Logger

	ctx    context.Context //nolint:containedctx // the world's own lifetime, which ends all that lives in it
	living sync.WaitGroup
	faults sync.WaitGroup // troubles that end by themselves

	mu     sync.Mutex
	broken []string // guarded by mu
	tally  Tally    // guarded by mu
}

// The numbers of the moments (see line.Moment) in which things happen that are
// no traffic. Warehouse i has its line's moments and one of each kind.
const (
	staffMoments  = 16
	tenderMoments = 32
	troubleMoment = 60
	officeMoment  = 61
	faultMoment   = 62
	checkMoment   = 63
	shopMoment    = 59
	maxAgents     = 15
)

// Run lets a seed happen.
func Run(seed uint64, o Options) (_ Result, err error) {
	o = o.withDefaults()
	dir, err := os.MkdirTemp(o.Dir, "forestock-sim-")
	if err != nil {
		return Result{}, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	dice := chance.New(seed)
	system := rand.Reader
	rand.Reader = dice.Reader()
	defer func() { rand.Reader = system }()

	ctx, end := context.WithCancel(context.Background())
	defer end()
	began := time.Now()
	w := newWorld(ctx, dir, dice, o)
	w.run()
	end()
	w.living.Wait()
	return Result{Seed: seed, Broken: w.broken, Trace: w.trace(), Virtual: time.Since(began), Tally: w.tally}, nil
}

func newWorld(ctx context.Context, dir string, dice chance.Dice, o Options) *World {
	w := &World{options: o, dice: dice, dir: dir, ctx: ctx, net: line.New(dice), story: newStory(o.Story, dir)}
	w.log = slog.New(slog.DiscardHandler)
	if o.Log {
		w.log = slog.New(w.story.handler())
	}
	w.air = newAir(w)
	w.hub = newHub(w)
	w.office, w.shop = &office{w: w}, newShop(w)
	for i := range min(o.Agents, maxAgents) {
		w.boxes = append(w.boxes, newBox(w, i))
	}
	return w
}

// run is the story: trouble, quiet, trouble, quiet.
func (w *World) run() {
	if err := w.hub.start(); err != nil {
		w.breach("hub", "does not start: %v", err)
		return
	}
	for _, b := range w.boxes {
		w.must(b.id, os.MkdirAll(filepath.Join(filepath.Dir(b.path), "snapshots"), 0o700))
		w.live(b.tend)
		w.live(b.staff.work)
	}
	w.live(w.office.work)
	w.live(w.shop.work)
	for round := range w.options.Rounds {
		w.story.tell("world", "round %d of trouble", round+1)
		w.trouble(w.options.Round)
		w.heal()
		if !w.settle() {
			break
		}
		w.check()
		if w.failed() {
			break
		}
	}
	w.close()
}

// live runs a part of the world until the world ends.
func (w *World) live(part func(context.Context)) {
	w.living.Go(func() { part(w.ctx) })
}

// breach notes that a promise was not kept.
func (w *World) breach(who, format string, args ...any) {
	text := who + ": " + fmt.Sprintf(format, args...)
	w.story.tell("breach", "%s", text)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.broken = append(w.broken, text)
}

func (w *World) failed() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.broken) > 0
}

// must notes an error of the simulation itself, after which it shows nothing.
func (w *World) must(who stock.Warehouse, err error) {
	if err != nil {
		w.breach(string(who), "the simulation failed: %v", err)
	}
}

// count adds to the tally.
func (w *World) count(add func(*Tally)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	add(&w.tally)
}

// trace gives the fingerprint of all that happened.
func (w *World) trace() string {
	sum := sha256.New()
	for _, b := range w.boxes {
		t := b.line.Trace()
		_, _ = sum.Write(t[:]) // never fails
	}
	_, _ = sum.Write(w.story.sum()) // never fails
	return hex.EncodeToString(sum.Sum(nil)[:16])
}

// pause waits until a moment of a number; false when the world ended first.
func pause(ctx context.Context, d time.Duration, number int) bool {
	t := time.NewTimer(time.Until(line.Moment(time.Now().Add(d), number)))
	defer t.Stop()
	select {
	case <-t.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

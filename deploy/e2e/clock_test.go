package e2e

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/forestock/forestock/agent/floor"
	"github.com/forestock/forestock/deploy/fleet"
	"github.com/forestock/forestock/deploy/torture/skew"
	"github.com/forestock/forestock/hub/client"
	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
)

var jumps = flag.Int("jumps", 8, "jumps of the clocks of hub and agents; make torture asks for more")

const year = 365 * 24 * time.Hour

// clocks are the wall clocks of a fleet's programs. A program that is started
// again starts under the clock that its machine had.
type clocks struct {
	t *testing.T

	mu    sync.Mutex               // guards what follows
	wrong map[string]time.Duration // by node: how far it is ahead
	pids  map[string]int
}

func newClocks(t *testing.T) *clocks {
	t.Helper()
	if err := skew.Available(); err != nil {
		t.Skip(err)
	}
	return &clocks{t: t, wrong: make(map[string]time.Duration), pids: make(map[string]int)}
}

// started turns the clock of a process that has just been started.
func (c *clocks) started(node string, pid int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pids[node] = pid
	if c.wrong[node] != 0 {
		c.set(node)
	}
}

// turn sets the clock of a node so much ahead of the others.
func (c *clocks) turn(node string, d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wrong[node] = d
	c.set(node)
}

// set turns the clock of the node's process, if it is alive. A process that was
// started a moment ago does not have one yet.
func (c *clocks) set(node string) {
	for began := time.Now(); time.Since(began) < patience; time.Sleep(100 * time.Microsecond) {
		clock, err := skew.Of(c.pids[node])
		if errors.Is(err, skew.ErrNoClock) {
			continue
		}
		if err == nil {
			err = errors.Join(clock.Turn(c.wrong[node]), clock.Close())
		}
		if err != nil && syscall.Kill(c.pids[node], 0) == nil {
			c.t.Errorf("turn the clock of %s: %v", node, err)
		}
		return
	}
}

// Whatever the clocks of hub and agents say, by ten years ahead or behind, and
// whichever program is started again under such a clock: every scan is saved,
// the entries keep the order in which they were made, the sessions go on, the
// hub adds up exactly what is in the ledgers, and nothing is forgotten as old.
func TestClocks_JumpsCostNothing(t *testing.T) {
	c := newClocks(t)
	w := newWorldWith(t, fleet.Options{Warehouses: 2, Spawn: true, Started: c.started})
	load, stop := context.WithCancel(w.ctx)
	var porters []*porter
	var working sync.WaitGroup
	for _, s := range w.Sites {
		p := &porter{site: s, rest: 5 * time.Millisecond}
		porters = append(porters, p)
		working.Go(func() { p.carry(load) })
	}
	rng := rand.New(rand.NewPCG(5, 6))
	sizes := []time.Duration{time.Second, time.Minute, time.Hour, 24 * time.Hour, year, 10 * year}
	nodes := []*fleet.Node{w.Hub, w.Sites[0].Agent, w.Sites[1].Agent}
	for n := range *jumps {
		d := sizes[rng.IntN(len(sizes))]
		if rng.IntN(2) == 0 {
			d = -d
		}
		node := nodes[n%len(nodes)]
		c.turn(node.Name, d)
		if rng.IntN(3) == 0 {
			node.Kill() // it starts again under that clock
		}
		for _, p := range porters {
			w.goesOn(p)
		}
	}
	stop()
	working.Wait()
	for _, p := range porters {
		w.settled(p.site)
		a := w.want(p.site, "rice", w.accounted(p))
		if a.Freshness != "LIVE" {
			t.Errorf("%s is %s with the link up", p.site.Warehouse, a.Freshness)
		}
	}
	t.Logf("%d jumps, hub started %d times, agents %d and %d times; %d and %d scans acknowledged", *jumps, w.Hub.Starts(),
		w.Sites[0].Agent.Starts(), w.Sites[1].Agent.Starts(), len(porters[0].done), len(porters[1].done))
}

// goesOn waits until a porter has saved some more, and the hub has stored it.
func (w *world) goesOn(p *porter) {
	w.t.Helper()
	before := p.saved()
	w.eventually("scans saved at "+p.site.Warehouse, func() error {
		if now := p.saved(); now < before+5 {
			return fmt.Errorf("%d saved since the clock jumped", now-before)
		}
		return nil
	})
	p.mu.Lock()
	seq := p.done[len(p.done)-1].from
	p.mu.Unlock()
	w.within(comeback, fmt.Sprintf("the hub to have entry %d of %s", seq, p.site.Warehouse), func() error {
		a, err := w.ask(p.site, "rice")
		if err != nil {
			return err
		}
		stored, err := strconv.ParseUint(a.AppliedSeq, 10, 64)
		if err == nil && stored < seq {
			err = fmt.Errorf("it has %d", stored)
		}
		return err
	})
}

// accounted holds a porter's account against the ledger, whose clock must have
// jumped, and gives what is on hand.
func (w *world) accounted(p *porter) (onHand int64) {
	w.t.Helper()
	entries := readLedger(w.t, w.copyLedger(p.site))
	if err := account(p.done, entries); err != nil {
		w.t.Errorf("%s: %v", p.site.Warehouse, err)
	}
	if entries[0].Seq != 1 {
		w.t.Errorf("%s: the entries before %d were forgotten", p.site.Warehouse, entries[0].Seq)
	}
	// What holds by number must not hold by time, or no clock has jumped.
	back := 0
	for i := range entries {
		onHand += entries[i].Delta
		if i > 0 && entries[i].Seq != entries[i-1].Seq+1 {
			w.t.Errorf("%s: entry %d follows %d", p.site.Warehouse, entries[i].Seq, entries[i-1].Seq)
		}
		if i > 0 && entries[i].Time.Before(entries[i-1].Time) {
			back++
		}
	}
	if back == 0 {
		w.t.Errorf("%s: the clock never went back: the test showed nothing", p.site.Warehouse)
	}
	return onHand
}

// A hub that starts while its clock is years behind what it has stored, and
// that hears of nobody, must not call numbers fresh.
func TestClocks_AHubWhoseClockIsBehindDoesNotCallOldNumbersFresh(t *testing.T) {
	c := newClocks(t)
	w := newWorldWith(t, fleet.Options{Warehouses: 1, Spawn: true, Started: c.started})
	site := w.Sites[0]
	w.mode(site, floor.GoReceive)
	w.scan(site, "]E06901230001345", floor.SoundSaved)
	w.want(site, "rice", 1)
	site.Line.Cut()
	c.turn("hub", -10*year)
	w.Hub.Kill()
	if a := w.want(site, "rice", 1); a.Freshness != "FROZEN" {
		t.Errorf("nobody was heard since the start, and the numbers are %s, age %s", a.Freshness, a.Age)
	}
	site.Line.Mend()
	w.eventually("the numbers to be fresh again", func() error {
		a, err := w.ask(site, "rice")
		if err == nil && a.Freshness != "LIVE" {
			err = fmt.Errorf("they are %s", a.Freshness)
		}
		return err
	})
}

// A hold lasts as long as was said, whatever somebody does to the hub's clock:
// an hour ahead ends none, an hour back keeps none, and what ended is free once.
func TestClocks_AnHourEitherWayMovesNoHold(t *testing.T) {
	c := newClocks(t)
	w := newWorldWith(t, fleet.Options{Warehouses: 1, Spawn: true, Started: c.started})
	site := w.Sites[0]
	w.mode(site, floor.GoReceive)
	for range 5 {
		w.scan(site, "]E06901230001345", floor.SoundSaved)
	}
	w.want(site, "rice", 5)
	hub, err := client.New(w.GRPC, "", client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer hub.Close()
	try := func(id string, n int32, ttl time.Duration) {
		t.Helper()
		_, err := hub.Try(w.ctx, &forestockv1.CreateReservationRequest{ReservationId: id, Reservation: &forestockv1.Reservation{
			Warehouse: "warehouses/" + site.Warehouse, Ttl: durationpb.New(ttl), Lines: []*forestockv1.ReservationLine{{Sku: "rice", Quantity: n}},
		}})
		if err != nil {
			t.Fatal(err)
		}
	}
	is := func(id string, want forestockv1.ReservationState) error {
		r, err := hub.Get(w.ctx, id)
		if err == nil && r.GetState() != want {
			err = fmt.Errorf("%s is %s, want %s", id, r.GetState(), want)
		}
		return err
	}
	try("long", 2, 10*time.Minute)
	c.turn("hub", time.Hour)
	try("ahead", 1, 10*time.Minute)
	c.turn("hub", -time.Hour)
	try("short", 2, time.Second)
	w.eventually("the short hold to end", func() error { return is("short", forestockv1.ReservationState_EXPIRED) })
	for _, d := range []time.Duration{time.Hour, -time.Hour, time.Hour, 0} {
		c.turn("hub", d)
		for _, id := range []string{"long", "ahead"} {
			if err := is(id, forestockv1.ReservationState_TRIED); err != nil {
				t.Errorf("with the clock %v ahead: %v", d, err)
			}
		}
		if a := w.want(site, "rice", 5); a.Sellable != 2 {
			t.Errorf("with the clock %v ahead %d of 5 are sellable, 3 are held", d, a.Sellable)
		}
	}
	for _, id := range []string{"long", "ahead", "short"} { // the last is held again
		if r, err := hub.Confirm(w.ctx, id); err != nil || r.GetState() != forestockv1.ReservationState_CONFIRMED {
			t.Errorf("confirm %s: %v, %v", id, r.GetState(), err)
		}
	}
}

package world

import (
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/forestock/forestock/deploy/sim/line"
)

// fault is one thing that can go wrong. It returns at once or after a while,
// with everything as it should be again, except for what fate keeps.
type fault struct {
	name   string
	weight int
	strike func(w *World, dice *rand.Rand)
}

// faults are all that can go wrong, and how often.
var faults = []fault{
	{"agent killed", 4, func(w *World, dice *rand.Rand) { w.some(dice).order(kill) }},
	{"agent loses power", 4, func(w *World, dice *rand.Rand) { w.some(dice).order(powerCut) }},
	{"agent loses power in a commit", 8, func(w *World, dice *rand.Rand) { w.some(dice).doom() }},
	{"agent's disk goes back", 1, func(w *World, dice *rand.Rand) { w.some(dice).order(rollBack) }},
	{"agent's disk is lost", 1, func(w *World, dice *rand.Rand) { w.some(dice).order(loseDisk) }},
	{"agent's disk is damaged", 1, func(w *World, dice *rand.Rand) { w.some(dice).order(damage) }},
	{"agent's disk fails", 2, func(w *World, dice *rand.Rand) { w.some(dice).breakDisk() }},
	{"agent's disk is full", 2, func(w *World, dice *rand.Rand) { w.some(dice).fillDisk(dice) }},
	{"hub restarted", 1, func(w *World, dice *rand.Rand) { w.hubDown(dice, w.hub.stop) }},
	{"hub killed", 2, func(w *World, dice *rand.Rand) { w.hubDown(dice, w.hub.kill) }},
	{"hub loses power", 2, func(w *World, dice *rand.Rand) { w.hubDown(dice, w.hub.powerCut) }},
	{"hub loses power in a commit", 4, (*World).hubFalls},
	{"hub backed up", 2, (*World).backUp},
	{"hub restored", 1, (*World).restore},
	{"lines cut", 3, func(w *World, dice *rand.Rand) { w.lines(dice, (*line.Line).Cut) }},
	{"lines swallow", 3, func(w *World, dice *rand.Rand) { w.lines(dice, (*line.Line).Swallow) }},
	{"lines stall", 4, (*World).stall},
	{"hub refuses", 2, (*World).refuse},
	{"lines are slow", 3, (*World).slow},
	{"frames suffer", 5, (*World).storm},
}

// trouble lets things go wrong for a while.
func (w *World) trouble(length time.Duration) {
	dice := w.dice.Of("trouble " + time.Now().String())
	happening, all := faults, 0
	if only := w.options.Only; only != "" {
		happening = slices.DeleteFunc(slices.Clone(faults), func(f fault) bool { return !strings.Contains(f.name, only) })
	}
	for _, f := range happening {
		all += f.weight
	}
	if all == 0 {
		w.breach("world", "no fault is called %q", w.options.Only)
		return
	}
	for end := time.Now().Add(length); time.Now().Before(end); {
		if !pause(w.ctx, time.Duration(dice.Int64N(int64(12*time.Second))), troubleMoment) {
			return
		}
		n := dice.IntN(all)
		for _, f := range happening {
			if n -= f.weight; n < 0 {
				w.story.tell("fate", "%s", f.name)
				w.count(func(t *Tally) { t.fault(f.name, 1) })
				f.strike(w, dice)
				break
			}
		}
	}
}

// heal ends all trouble.
func (w *World) heal() {
	w.faults.Wait()
	w.air.set(weather{})
	for _, b := range w.boxes {
		b.line.Set(line.Open)
		b.line.Pace(time.Millisecond, 40*time.Millisecond)
		if l, _ := b.now(); l != nil {
			l.doomed.Store(false)
		}
	}
	w.story.tell("world", "all trouble ends")
}

// close ends the world's programs.
func (w *World) close() {
	if w.hub.now() != nil {
		if err := w.hub.stop(); err != nil {
			w.breach("hub", "does not end in order: %v", err)
		}
	}
}

// some gives one of the boxes.
func (w *World) some(dice *rand.Rand) *box { return w.boxes[dice.IntN(len(w.boxes))] }

// later ends a fault after a while.
func (w *World) later(d time.Duration, end func()) {
	w.faults.Go(func() {
		pause(w.ctx, d, faultMoment)
		end()
	})
}

func upTo(dice *rand.Rand, d time.Duration) time.Duration {
	return time.Second + time.Duration(dice.Int64N(int64(d)))
}

// doom lets the power fail in the box's next commit.
func (b *box) doom() {
	if l, _ := b.now(); l != nil {
		l.doomed.Store(true)
	}
}

// hubDown ends the hub's program in some way, and starts it again.
func (w *World) hubDown(dice *rand.Rand, end func() error) {
	if err := end(); err != nil {
		w.breach("hub", "does not end in order: %v", err)
	}
	w.hubUp(dice)
}

func (w *World) hubUp(dice *rand.Rand) {
	pause(w.ctx, upTo(dice, 40*time.Second), faultMoment)
	if err := w.hub.start(); err != nil {
		w.breach("hub", "does not start again: %v", err)
	}
}

// hubFalls cuts the hub's power in the middle of a write, or in between when
// nothing is written for a while.
func (w *World) hubFalls(dice *rand.Rand) {
	l := w.hub.failPower(1+dice.IntN(20), dice.IntN(2) == 0)
	t := time.NewTimer(30 * time.Second)
	defer t.Stop()
	select {
	case <-l.fallen:
		w.story.tell("hub", "power cut in the middle of a commit")
		if err := w.hub.reboot(l, l.left); err != nil {
			w.breach("hub", "does not end in order: %v", err)
		}
		w.hubUp(dice)
	case <-t.C:
		w.hub.spare()
		w.hubDown(dice, w.hub.powerCut)
	}
}

func (w *World) backUp(*rand.Rand) {
	if err := w.hub.backUp(); err != nil {
		w.breach("hub", "backup: %v", err)
	}
}

// restore throws the hub's data away and puts a backup in its place.
func (w *World) restore(dice *rand.Rand) {
	if len(w.hub.good()) == 0 {
		w.backUp(dice)
	}
	good := w.hub.good()
	if len(good) == 0 {
		return
	}
	backup := good[dice.IntN(len(good))]
	if err := w.hub.powerCut(); err != nil {
		w.breach("hub", "does not end in order: %v", err)
	}
	if err := w.hub.restore(backup); err != nil {
		w.breach("hub", "restore of %s: %v", backup, err)
		return
	}
	w.story.tell("hub", "restored from %s", backup)
	w.hubUp(dice)
}

// lines does something to the open connections of one warehouse, or of all.
func (w *World) lines(dice *rand.Rand, do func(*line.Line)) {
	for _, b := range w.hit(dice) {
		do(b.line)
	}
}

// hit gives those whom a fault of the network concerns: one, or all.
func (w *World) hit(dice *rand.Rand) []*box {
	if dice.IntN(4) == 0 {
		return w.boxes
	}
	return []*box{w.some(dice)}
}

// during puts lines into a state for a while.
func (w *World) during(dice *rand.Rand, longest time.Duration, s line.State) {
	hit := w.hit(dice)
	for _, b := range hit {
		b.line.Set(s)
	}
	w.later(upTo(dice, longest), func() {
		for _, b := range hit {
			b.line.Set(line.Open)
		}
	})
}

func (w *World) stall(dice *rand.Rand) { w.during(dice, 90*time.Second, line.Stalled) }

func (w *World) refuse(dice *rand.Rand) {
	w.lines(dice, (*line.Line).Cut)
	w.during(dice, 60*time.Second, line.Refused)
}

// slow makes lines slow for a while.
func (w *World) slow(dice *rand.Rand) {
	hit := w.hit(dice)
	least := time.Duration(dice.Int64N(int64(2 * time.Second)))
	for _, b := range hit {
		b.line.Pace(least, least+time.Second)
	}
	w.later(upTo(dice, 60*time.Second), func() {
		for _, b := range hit {
			b.line.Pace(time.Millisecond, 40*time.Millisecond)
		}
	})
}

// storm makes frames suffer for a while.
func (w *World) storm(dice *rand.Rand) {
	w.air.set(weather{dice.Float64() * 0.3, dice.Float64() * 0.3, dice.Float64() * 0.4, dice.Float64() * 0.1})
	w.later(upTo(dice, 60*time.Second), func() { w.air.set(weather{}) })
}

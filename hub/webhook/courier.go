package webhook

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/forestock/forestock/hub/inventory"
)

// failuresUntilDown is how many attempts in a row have to fail for an endpoint
// to count as down: it is then asked by one attempt at a time.
const failuresUntilDown = 5

// courier tells one endpoint. Its fields belong to the goroutine of run, but
// for what is atomic.
type courier struct {
	endpoint Endpoint
	keys     keys
	config   *Config
	store    Store
	teller   Teller
	sender   *sender
	log      *slog.Logger
	metrics  *metrics
	// save writes rows as long as this courier is the present one.
	save func(context.Context, map[string][]byte) error

	events, levels *lane
	parked         *lane // letters that wait on disk, so that their keys hold up no other
	saved          progress
	from           time.Time // what happened before is left out; fixed by load, for the followers to read
	gone           []string  // rows of parked letters that were delivered, to be taken away
	newest         int64     // name of the newest letter: nanoseconds
	dead           int
	tidyAt         time.Time

	running  int
	results  chan result
	failures int // in a row
	won      uint64
	lastWin  time.Time
	pause    time.Time // nobody is sent before
	lastErr  string

	shown atomic.Pointer[Status]
}

// Status is how an endpoint is doing.
type Status struct {
	Waiting, Parked, Dead int
	Oldest                time.Time // when the oldest event that waits happened; zero for none
	Delivered             time.Time // when an event was taken last since the hub started
	Error                 string    // why the last attempt failed
}

// step is what a feed gives: an event, or a place that needs nothing.
type step struct {
	lane   *lane
	letter *letter // nil for none
	at     place   // behind it
}

// place is how far a feed came.
type place struct {
	token inventory.Token
	terms string // on which levels were told
}

func (p place) String() string {
	if p.terms == "" {
		return p.token.String()
	}
	return p.token.String() + " " + p.terms
}

// parsePlace reads what String wrote.
func parsePlace(text string) (place, error) {
	token, terms, _ := strings.Cut(text, " ")
	t, err := inventory.ParseToken(token)
	return place{t, terms}, err
}

// feeds are what a courier's followers give it.
type feeds struct {
	events, levels chan step
	broken         chan error
}

// open gives a feed while there is room for what it may give.
func (l *lane) open(steps <-chan step) <-chan step {
	if l.full() {
		return nil
	}
	return steps
}

// result is how an attempt ended.
type result struct {
	lane *lane
	item *item
	err  error
}

// errSwitchedOff ends a courier whose endpoint wants nothing any more.
var errSwitchedOff = errors.New("the endpoint is off")

// run delivers until the context ends. The error wraps errSwitchedOff where the
// endpoint has to be switched off.
func (c *courier) run(ctx context.Context) error {
	if err := c.load(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	var all sync.WaitGroup
	f := feeds{make(chan step), make(chan step), make(chan error, 2)}
	since, levelsSince := c.events.base.token, c.levels.base
	all.Go(func() { f.broken <- c.followEvents(ctx, since, f.events) })
	all.Go(func() { f.broken <- c.followLevels(ctx, levelsSince, f.levels) })
	err := c.deliver(ctx, &f, &all)
	cancel()
	for c.running > 0 { // each ends with the context, and what it has to say counts
		_ = c.settle(<-c.results)
	}
	all.Wait()
	ending, done := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer done()
	if saveErr := c.saveProgress(ending); err == nil && !errors.Is(saveErr, errStale) {
		err = saveErr
	}
	return err
}

// deliver is the courier's loop.
func (c *courier) deliver(ctx context.Context, f *feeds, all *sync.WaitGroup) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	var saveAt time.Time
	for {
		now := time.Now()
		if err := c.tidy(ctx, now); err != nil {
			return err
		}
		wait := c.dispatch(ctx, now, all)
		if c.moved() && saveAt.IsZero() {
			saveAt = now.Add(time.Second)
		}
		if !saveAt.IsZero() {
			wait = min(wait, saveAt.Sub(now))
		}
		if c.events.waiting+c.levels.waiting+c.parked.waiting > 0 {
			wait = min(wait, c.tidyAt.Sub(now))
		}
		c.show()
		timer.Reset(max(wait, 0))
		select {
		case <-ctx.Done():
			return nil
		case err := <-f.broken:
			return err
		case s := <-c.events.open(f.events):
			c.take(s, now)
		case s := <-c.levels.open(f.levels):
			c.take(s, now)
		case r := <-c.results:
			if errors.Is(c.settle(r), errGone) {
				return errors.Join(errSwitchedOff, errGone)
			}
		case now := <-timer.C:
			if saveAt.IsZero() || now.Before(saveAt) {
				continue
			}
			if err := c.saveProgress(ctx); err != nil {
				return err
			}
			saveAt = time.Time{}
		}
	}
}

func (c *courier) take(s step, now time.Time) {
	if s.letter == nil {
		s.lane.skip(s.at)
		return
	}
	if s.letter.Since.Before(c.saved.Since) {
		s.letter.Since = c.saved.Since
	}
	s.lane.add(s.letter, s.at, now)
}

// dispatch begins as many attempts as may run, and gives how long until there
// is more to do.
func (c *courier) dispatch(ctx context.Context, now time.Time, all *sync.WaitGroup) time.Duration {
	if wait := c.pause.Sub(now); wait > 0 {
		return wait
	}
	wait := time.Hour
	for c.running < c.width() {
		l, it, next := c.choose(now)
		if it == nil {
			if !next.IsZero() {
				wait = next.Sub(now)
			}
			break
		}
		it.busy = true
		c.running++
		all.Go(func() { c.results <- result{l, it, c.attempt(ctx, it)} })
	}
	return wait
}

// choose gives what to send next, or when there may be something.
func (c *courier) choose(now time.Time) (from *lane, found *item, next time.Time) {
	for _, l := range [...]*lane{c.parked, c.events, c.levels} {
		it, soon := l.ready(now, c.down(), c.heldFor(l))
		switch {
		case it != nil && !c.down():
			return l, it, time.Time{}
		case it != nil && (found == nil || it.Attempts < found.Attempts):
			from, found = l, it
		case it == nil && !soon.IsZero() && (next.IsZero() || soon.Before(next)):
			next = soon
		}
	}
	return from, found, next
}

// down reports whether the endpoint seems to take nothing at all.
func (c *courier) down() bool { return c.failures >= failuresUntilDown }

// width is how many attempts may run at once.
func (c *courier) width() int {
	if c.down() {
		return 1
	}
	return c.config.Workers
}

// heldFor tells of the keys that have to wait: those whose older events are parked.
func (c *courier) heldFor(l *lane) func(string) bool {
	return func(key string) bool { return l != c.parked && len(c.parked.queues[key]) > 0 }
}

// attempt posts an event. While it runs, the loop leaves the item alone.
func (c *courier) attempt(ctx context.Context, it *item) error {
	if it.row == "" {
		return c.sender.post(ctx, c.endpoint.URL, c.keys, it.ID, it.Body)
	}
	row, ok, err := read[letter](c.store, it.row)
	if err != nil || !ok {
		return err
	}
	return c.sender.post(ctx, c.endpoint.URL, c.keys, row.ID, row.Body)
}

// settle notes how an attempt ended, and gives its error.
func (c *courier) settle(r result) error {
	c.running--
	it, now := r.item, time.Now()
	it.busy = false
	if r.err == nil {
		c.metrics.delivered.WithLabelValues(c.endpoint.ID).Inc()
		c.won++
		c.lastWin, c.lastErr = now, ""
		if c.down() {
			c.events.wake()
			c.levels.wake()
			c.parked.wake()
		}
		c.failures, c.pause = 0, time.Time{}
		if it.row != "" {
			c.gone = append(c.gone, it.row)
		}
		r.lane.finish(it)
		return nil
	}
	if errors.Is(r.err, context.Canceled) {
		return nil // the courier ends; this was no attempt
	}
	c.metrics.failed.WithLabelValues(c.endpoint.ID).Inc()
	if it.Attempts == 0 {
		it.won = c.won
	}
	it.Attempts++
	it.Error, c.lastErr = r.err.Error(), r.err.Error()
	c.failures++
	it.next = now.Add(c.delay(it.Attempts, r.err))
	if c.down() {
		c.pause = now.Add(c.delay(c.failures-failuresUntilDown+1, r.err))
	}
	return r.err
}

// delay gives how long to wait after a number of failures: doubling, between a
// half and the whole of it, and no shorter than the endpoint asked for.
func (c *courier) delay(failures int, err error) time.Duration {
	d := c.config.MaxDelay
	if failures < 30 {
		d = min(d, c.config.FirstDelay<<(failures-1))
	}
	d = d/2 + rand.N(d/2+1)
	if busy, ok := errors.AsType[*busyError](err); ok {
		d = max(d, busy.after)
	}
	return d
}

func (c *courier) moved() bool {
	return c.events.base.String() != c.saved.Events || c.levels.base.String() != c.saved.Levels || len(c.gone) > 0
}

// show publishes how the endpoint is doing.
func (c *courier) show() {
	s := Status{
		Waiting: c.events.waiting + c.levels.waiting, Parked: c.parked.waiting, Dead: c.dead,
		Delivered: c.lastWin, Error: c.lastErr,
	}
	for _, l := range [...]*lane{c.parked, c.events, c.levels} {
		if len(l.window) > 0 && (s.Oldest.IsZero() || l.window[0].Time.Before(s.Oldest)) {
			s.Oldest = l.window[0].Time
		}
	}
	c.shown.Store(&s)
}

package badline

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// Counts is what a line has seen.
type Counts struct {
	Connections int   // that were carried
	Refused     int   // attempts while the line or the hub was down
	Closed      int   // cuts that closed connections
	Reset       int   // cuts that reset them
	Holes       int   // cuts that swallow everything from then on
	Vanished    int   // publishes that never arrived
	SentAgain   int   // segments that TCP would have sent again
	Up, Down    int64 // bytes towards the hub and back
}

// Line is a bad line. Its methods are safe for concurrent use.
type Line struct {
	listener net.Listener
	dial     func(ctx context.Context) (net.Conn, error)

	mu      sync.Mutex // guards what follows
	weather Weather
	rng     *rand.Rand
	down    bool
	ways    map[*way]struct{}
	counts  Counts
	turned  chan struct{} // closed when the weather changes
}

// New makes a line that leads what arrives at a listener to wherever dial does.
func New(l net.Listener, dial func(ctx context.Context) (net.Conn, error), w Weather, seed uint64) *Line {
	return &Line{
		listener: l, dial: dial, weather: w, rng: rand.New(rand.NewPCG(seed, 0x6c696e65)),
		ways: make(map[*way]struct{}), turned: make(chan struct{}),
	}
}

// Change changes the weather. A line that is down comes up.
func (l *Line) Change(w Weather) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.weather, l.down = w, false
	close(l.turned)
	l.turned = make(chan struct{})
}

// Break cuts the line for good, until the weather changes.
func (l *Line) Break() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.down, l.weather = true, Weather{}
	l.cut(0)
	close(l.turned)
	l.turned = make(chan struct{})
}

// Counts gives what the line has seen.
func (l *Line) Counts() Counts {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.counts
}

// Run carries until ctx ends.
func (l *Line) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	stop := context.AfterFunc(ctx, func() { _ = l.listener.Close() })
	defer stop()
	g.Go(func() error { return l.flap(ctx) })
	g.Go(func() error {
		for {
			near, err := l.listener.Accept()
			if errors.Is(err, net.ErrClosed) {
				return nil
			}
			if err != nil {
				return fmt.Errorf("accept on bad line: %w", err)
			}
			g.Go(func() error { return l.carry(ctx, near) })
		}
	})
	return g.Wait()
}

// flap cuts the line and lets it come up again, as the weather has it.
func (l *Line) flap(ctx context.Context) error {
	for {
		l.mu.Lock()
		turned, up := l.turned, l.weather.Up
		stands := up.Max > 0
		var during time.Duration
		if stands {
			during = up.draw(l.rng)
		}
		l.mu.Unlock()
		if !stands {
			during = time.Hour
		}
		if changed, ok := sleep(ctx, during, turned); !ok {
			return nil
		} else if changed || !stands {
			continue
		}
		l.mu.Lock()
		l.down = true
		l.cut(l.rng.IntN(cuts))
		away := l.weather.Down.draw(l.rng)
		l.mu.Unlock()
		if changed, ok := sleep(ctx, away, turned); !ok {
			return nil
		} else if changed {
			continue
		}
		l.mu.Lock()
		l.down = false
		l.mu.Unlock()
	}
}

// sleep waits for d, or until the weather changes; ok is false when ctx ends.
func sleep(ctx context.Context, d time.Duration, turned <-chan struct{}) (changed, ok bool) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return false, true
	case <-turned:
		return true, true
	case <-ctx.Done():
		return false, false
	}
}

// The ways to cut a line.
const (
	closing = iota
	resetting
	swallowing
	cuts
)

// cut ends what is carried now, one way or another. The caller holds mu.
func (l *Line) cut(how int) {
	if len(l.ways) == 0 {
		return
	}
	switch how {
	case closing:
		l.counts.Closed++
	case resetting:
		l.counts.Reset++
	case swallowing:
		l.counts.Holes++
	}
	for w := range l.ways {
		if how == swallowing {
			w.hole.Store(true)
			continue
		}
		w.close(how == resetting)
	}
}

// join takes a connection up, unless the line is down.
func (l *Line) join(w *way) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.down {
		l.counts.Refused++
		return false
	}
	l.counts.Connections++
	l.ways[w] = struct{}{}
	return true
}

// refuse counts a connection behind which nobody is.
func (l *Line) refuse() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.counts.Refused++
}

func (l *Line) leave(w *way) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.ways, w)
}

package sim

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"
)

// ScaleConfig says what scale is simulated.
type ScaleConfig struct {
	Protocol string        // one of Protocols
	Capacity int64         // grams; default 15,000
	Division int64         // grams, the smallest step shown; default 1
	Settle   time.Duration // from a change on the pan until the display stands still; default 400 ms
	Seed     uint64        // of everything random
}

// Scale is a simulated scale at the end of a cable. Its methods may be called from any goroutine.
type Scale struct {
	cable *Cable
	voice voice
	pan   *pan

	mu     sync.Mutex // guards the rest
	faults Faults
	mangle mangler
}

// NewScale puts a scale at the end of a cable; Run switches it on.
func NewScale(cable *Cable, cfg ScaleConfig) (*Scale, error) {
	v, ok := voices[cfg.Protocol]
	if !ok {
		return nil, fmt.Errorf("no simulated scale speaks %q: want one of %s", cfg.Protocol, strings.Join(Protocols(), ", "))
	}
	if cfg.Capacity == 0 {
		cfg.Capacity = 15_000
	}
	if cfg.Division == 0 {
		cfg.Division = 1
	}
	if cfg.Settle == 0 {
		cfg.Settle = 400 * time.Millisecond
	}
	if cfg.Capacity < 0 || cfg.Division < 0 || cfg.Settle < 0 {
		return nil, errors.New("simulated scale: capacity, division and settling time cannot be negative")
	}
	return &Scale{
		cable: cable, voice: v,
		pan: &pan{
			capacity: cfg.Capacity, division: cfg.Division, settle: cfg.Settle,
			dice: rand.New(rand.NewPCG(cfg.Seed, 1)),
		},
		mangle: mangler{dice: rand.New(rand.NewPCG(cfg.Seed, 2))},
	}, nil
}

// Put makes this the only thing on the pan, in grams. A scale without a load shows zero.
func (s *Scale) Put(grams int64) { s.pan.put(grams) }

// Add puts something more on the pan, or takes it off when negative.
func (s *Scale) Add(grams int64) { s.pan.add(grams) }

// Clear takes everything off the pan.
func (s *Scale) Clear() { s.pan.put(0) }

// Zero and Tare are the keys of the scale; they report false while the pan moves and, for zero, too far from zero.
func (s *Scale) Zero() bool { return s.pan.setZero() }

// Tare takes what is on the pan as tare.
func (s *Scale) Tare() bool { return s.pan.setTare() }

// Show returns what the scale displays now.
func (s *Scale) Show() Show { return s.pan.show() }

// Bend sets the faults from now on.
func (s *Scale) Bend(f Faults) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = f
}

// Run answers and sends until the context ends; then it returns nil. While the cable is unplugged it is deaf and mute.
func (s *Scale) Run(ctx context.Context) error {
	s.cable.interrupt(time.Time{})
	release := context.AfterFunc(ctx, func() { s.cable.interrupt(time.Unix(1, 0)) })
	defer release()
	var talker sync.WaitGroup
	defer talker.Wait()
	if s.voice.every > 0 {
		talker.Go(func() { s.talk(ctx) })
	}
	for s.cable.plugged(ctx) {
		s.listen(ctx)
	}
	return nil
}

// listen answers requests until the cable is pulled or the context ends.
func (s *Scale) listen(ctx context.Context) {
	var buf [256]byte
	var asked []byte
	for ctx.Err() == nil {
		n, err := s.cable.Read(buf[:])
		if err != nil {
			return
		}
		if s.voice.answer == nil {
			continue
		}
		asked = append(asked, strip(s.voice.parity, buf[:n])...)
		for len(asked) > 0 {
			used, reply := s.voice.answer(asked, s.pan)
			if used == 0 {
				break
			}
			asked = asked[used:]
			if len(reply) > 0 {
				s.send(ctx, reply)
			}
		}
	}
}

// talk streams.
func (s *Scale) talk(ctx context.Context) {
	tick := time.NewTicker(s.voice.every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			s.send(ctx, s.voice.stream(s.pan.show()))
		}
	}
}

// send writes one frame; what an unplugged cable does not carry is gone.
func (s *Scale) send(ctx context.Context, frame []byte) {
	s.mu.Lock()
	pieces := s.mangle.apply(s.faults, withParity(s.voice.parity, frame))
	s.mu.Unlock()
	write(ctx.Done(), s.cable, pieces)
}

// write sends pieces a moment apart; it reports whether all of them went before stop.
func write(stop <-chan struct{}, cable *Cable, pieces [][]byte) bool {
	for i, p := range pieces {
		if i > 0 {
			select {
			case <-stop:
				return false
			case <-time.After(byteTime):
			}
		}
		if len(p) == 0 {
			continue
		}
		if _, err := cable.Write(p); err != nil {
			return false
		}
	}
	return true
}

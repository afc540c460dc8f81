package sim

import (
	"math/rand/v2"
	"sync"
	"time"
)

// Show is what a scale displays at one moment, in grams of whole divisions.
type Show struct {
	Grams  int64 // what lies on the pan, less zero and tare
	Stable bool
	Over   bool // more than the capacity
	Under  bool // far below zero
	Net    bool // a tare is taken off
	Zero   bool // stands still at zero
}

// pan is the mechanics: goods, settling, zero and tare. Its methods may be called from any goroutine.
type pan struct {
	capacity, division int64 // grams
	settle             time.Duration

	mu    sync.Mutex // guards the rest
	from  int64      // what the pan showed before the last change
	load  int64      // what lies on it
	since time.Time  // of the last change
	zero  int64
	tare  int64
	dice  *rand.Rand
}

func (p *pan) put(grams int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.from, p.load, p.since = p.load, grams, time.Now()
}

func (p *pan) add(grams int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.from, p.load, p.since = p.load, p.load+grams, time.Now()
}

// setZero takes what is on the pan as zero, within 4 % of the capacity as legal scales do; it reports whether it did.
func (p *pan) setZero() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.moving() || p.load > p.capacity/25 || p.load < -p.capacity/25 {
		return false
	}
	p.zero, p.tare = p.load, 0
	return true
}

// setTare takes what is on the pan as tare; on an empty pan that is none.
func (p *pan) setTare() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.moving() {
		return false
	}
	p.tare = p.load - p.zero
	return true
}

func (p *pan) clearTare() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tare = 0
}

func (p *pan) moving() bool { return time.Since(p.since) < p.settle }

// show reads the display. While the pan moves, it runs from the old weight to the new one and shakes.
func (p *pan) show() Show {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := Show{Stable: !p.moving(), Net: p.tare != 0}
	load := p.load
	if !s.Stable {
		done := int64(time.Since(p.since) * 100 / p.settle) // percent
		load = p.from + (p.load-p.from)*done/100
		if shake := max(p.division, (p.load-p.from)/50, (p.from-p.load)/50); p.load != p.from {
			load += p.dice.Int64N(2*shake+1) - shake
		}
	}
	load -= p.zero
	s.Over = load > p.capacity
	s.Under = load < -p.capacity/25
	s.Grams = nearest(load-p.tare, p.division)
	s.Zero = s.Stable && s.Grams == 0
	return s
}

// nearest rounds to whole divisions, half away from zero.
func nearest(grams, division int64) int64 {
	half := division / 2
	if grams < 0 {
		half = -half
	}
	return (grams + half) / division * division
}

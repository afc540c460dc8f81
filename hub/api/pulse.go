package api

import (
	"context"
	"maps"
	"sync"
	"time"

	"github.com/forestock/forestock/hub/inventory"
	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
	"github.com/forestock/forestock/proto/stock"
)

// pulse knows how fresh the numbers of every warehouse are, and tells when one
// of them becomes live, degraded or frozen. It is safe for concurrent use.
type pulse struct {
	stock          Stock
	link           Link
	live, degraded time.Duration

	mu      sync.Mutex // guards what follows
	beat    map[stock.Warehouse]forestockv1.Freshness
	changed chan struct{} // closed with the next change
}

func newPulse(s Stock, l Link, live, degraded time.Duration) *pulse {
	return &pulse{stock: s, link: l, live: live, degraded: degraded, changed: make(chan struct{})}
}

// sign is how a warehouse stands at one moment.
type sign struct {
	Contact
	AsOf      time.Time     // when the numbers were last known to be complete; zero for never
	Age       time.Duration // since AsOf; meaningless for never
	Freshness forestockv1.Freshness
}

// of gives how a warehouse stands now.
func (p *pulse) of(s *inventory.WarehouseState, now time.Time) sign {
	out := sign{Contact: p.link.Contact(s.Warehouse)}
	out.AsOf = out.Complete
	// The line's memory begins with the hub's process. What was stored last was
	// complete at that moment, if nothing was outstanding. A moment that is
	// still to come by this clock says nothing: the clock was set back since, by
	// nobody knows how much.
	if out.AsOf.IsZero() && s.Unsent() == 0 && !s.Stored.After(now) {
		out.AsOf = s.Stored
	}
	// Levels that the agent stated were complete when it did.
	if r := s.Reported; out.AsOf.IsZero() && r != nil && r.Epoch == s.Box.Epoch && r.Seq >= s.Last && !r.Since.After(now) {
		out.AsOf = r.Since
	}
	if out.AsOf.IsZero() {
		out.Freshness = forestockv1.Freshness_FROZEN
		return out
	}
	// A clock that was set back must not make numbers look newer than now.
	out.Age = max(0, now.Sub(out.AsOf))
	out.Freshness = p.freshness(out.Age)
	return out
}

// freshness judges an age. The bounds belong to the staler side.
func (p *pulse) freshness(age time.Duration) forestockv1.Freshness {
	switch {
	case age < p.live:
		return forestockv1.Freshness_LIVE
	case age < p.degraded:
		return forestockv1.Freshness_DEGRADED
	}
	return forestockv1.Freshness_FROZEN
}

// Run looks at every warehouse once a second until ctx ends.
func (p *pulse) Run(ctx context.Context) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		p.look(time.Now())
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (p *pulse) look(now time.Time) {
	beat := make(map[stock.Warehouse]forestockv1.Freshness)
	for _, s := range p.stock.Warehouses() {
		beat[s.Warehouse] = p.of(&s, now).Freshness
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if maps.Equal(beat, p.beat) {
		return
	}
	p.beat = beat
	close(p.changed)
	p.changed = make(chan struct{})
}

// next gives a channel that is closed once the freshness of any warehouse has
// changed.
func (p *pulse) next() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.changed
}

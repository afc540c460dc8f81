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
// of them becomes live, degraded or frozen, or promises on other terms. It is
// safe for concurrent use.
type pulse struct {
	stock          Stock
	link           Link
	live, degraded time.Duration
	zone           *time.Location // whose midnight makes a lot expire
	begun          time.Time

	mu      sync.Mutex // guards what follows
	last    map[stock.Warehouse]beat
	changed chan struct{} // closed with the next change
}

func newPulse(s Stock, l Link, live, degraded time.Duration, zone *time.Location) *pulse {
	return &pulse{stock: s, link: l, live: live, degraded: degraded, zone: zone, begun: time.Now(), changed: make(chan struct{})}
}

// sign is how a warehouse stands at one moment.
type sign struct {
	Contact
	AsOf      time.Time     // when the numbers were last known to be complete; zero for never
	Age       time.Duration // since AsOf; meaningless for never
	Freshness forestockv1.Freshness
}

// beat is how a warehouse stood when Run looked last.
type beat struct {
	freshness forestockv1.Freshness
	terms     inventory.Terms // of no channel
	// settling is set while the hub has only begun to listen, and the warehouse was
	// not heard yet: it is closed, and it is not news.
	settling bool
}

// settled is how long after its start the hub may take to hear from everybody.
const settled = 30 * time.Second

// judged gives how fresh the numbers are in the words of the Book.
func (s *sign) judged() (inventory.Freshness, time.Duration) {
	age := s.Age
	if s.AsOf.IsZero() {
		age = ageless
	}
	switch s.Freshness {
	case forestockv1.Freshness_LIVE:
		return inventory.Live, age
	case forestockv1.Freshness_DEGRADED:
		return inventory.Degraded, age
	case forestockv1.Freshness_FROZEN, forestockv1.Freshness_FRESHNESS_UNSPECIFIED:
	}
	return inventory.Stale, age
}

// terms gives on what terms a warehouse promises at a moment with this sign.
func (p *pulse) terms(s *inventory.WarehouseState, sign *sign, now time.Time) inventory.Terms {
	var own *inventory.Policy
	if rows := p.stock.Policies(s.Warehouse); len(rows) > 0 && rows[0].SKU == "" {
		own = rows[0].Policy
	}
	freshness, age := sign.judged()
	return inventory.Terms{
		Today: stock.DateOf(now.In(p.zone)), Degraded: freshness != inventory.Live, Closed: s.ClosedTo(own, freshness, age),
	}
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
	beats := make(map[stock.Warehouse]beat)
	for _, s := range p.stock.Warehouses() {
		beats[s.Warehouse] = p.now(&s, now)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if maps.Equal(beats, p.last) {
		return
	}
	p.last = beats
	close(p.changed)
	p.changed = make(chan struct{})
}

func (p *pulse) now(s *inventory.WarehouseState, now time.Time) beat {
	sign := p.of(s, now)
	return beat{sign.Freshness, p.terms(s, &sign, now), sign.Heard.IsZero() && now.Sub(p.begun) < settled}
}

// beat gives how a warehouse stood when Run looked last; now, where Run never
// saw it. Whoever follows next goes by this and not by the moment: what is over
// before Run looks again is a change that nobody would take back.
func (p *pulse) beat(s *inventory.WarehouseState, now time.Time) beat {
	p.mu.Lock()
	b, seen := p.last[s.Warehouse]
	p.mu.Unlock()
	if !seen {
		b = p.now(s, now)
	}
	return b
}

// next gives a channel that is closed once the freshness of any warehouse has
// changed, or on what terms it promises.
func (p *pulse) next() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.changed
}

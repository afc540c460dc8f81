package api

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/forestock/forestock/hub/inventory"
	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
	"github.com/forestock/forestock/proto/stock"
)

const (
	live     = forestockv1.Freshness_LIVE
	degraded = forestockv1.Freshness_DEGRADED
	frozen   = forestockv1.Freshness_FROZEN
)

func TestFreshness_TurnsAtItsBounds(t *testing.T) {
	p := newPulse(nil, nil, 15*time.Second, 5*time.Minute, time.UTC)
	for _, tt := range []struct {
		age  time.Duration
		want forestockv1.Freshness
	}{
		{0, live},
		{15*time.Second - 1, live},
		{15 * time.Second, degraded},
		{5*time.Minute - 1, degraded},
		{5 * time.Minute, frozen},
		{1000 * time.Hour, frozen},
	} {
		if got := p.freshness(tt.age); got != tt.want {
			t.Errorf("numbers %v old are %v, want %v", tt.age, got, tt.want)
		}
	}
}

// The age is that of the moment of answering, and it is about the numbers, not
// about the line: a warehouse that is heard but sends a backlog is not live.
func TestFreshness_IsAboutTheNumbers(t *testing.T) {
	now := time.Now()
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	complete := inventory.WarehouseState{Warehouse: "wh-01", Applied: 7, Last: 7, Stored: ago(time.Hour)}
	behind := inventory.WarehouseState{Warehouse: "wh-01", Applied: 7, Last: 9, Stored: ago(time.Second)}
	ahead := inventory.WarehouseState{Warehouse: "wh-01", Applied: 7, Last: 7, Stored: now.Add(10 * 365 * 24 * time.Hour)}
	for _, tt := range []struct {
		name    string
		state   inventory.WarehouseState
		contact Contact
		asOf    time.Time
		want    forestockv1.Freshness
		online  bool
	}{
		{"heard and complete", complete, Contact{Heard: ago(time.Second), Complete: ago(time.Second)}, ago(time.Second), live, true},
		{"heard, with a backlog of an hour", behind, Contact{Heard: ago(time.Second), Complete: ago(time.Hour)}, ago(time.Hour), frozen, true},
		{"silent for a minute", complete, Contact{Heard: ago(time.Minute), Complete: ago(time.Minute)}, ago(time.Minute), degraded, false},
		{"not heard since the hub started", complete, Contact{}, ago(time.Hour), frozen, false},
		{"not heard, and something was outstanding", behind, Contact{}, time.Time{}, frozen, false},
		{"heard, but never complete since the hub started", behind, Contact{Heard: ago(time.Second)}, time.Time{}, frozen, true},
		{"not heard since the start, under a clock that was set back", ahead, Contact{}, time.Time{}, frozen, false},
		{"the clock was set back", complete, Contact{Heard: now.Add(time.Hour), Complete: now.Add(time.Hour)}, now.Add(time.Hour), live, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := &line{contacts: map[stock.Warehouse]Contact{"wh-01": tt.contact}}
			got := newPulse(nil, l, 15*time.Second, 5*time.Minute, time.UTC).of(&tt.state, now)
			if got.Freshness != tt.want || !got.AsOf.Equal(tt.asOf) || got.online(now) != tt.online {
				t.Errorf("as of %v it is %v, online %v; want %v, %v, %v", got.AsOf, got.Freshness, got.online(now), tt.asOf, tt.want, tt.online)
			}
			if got.Age < 0 {
				t.Errorf("the age is %v", got.Age)
			}
		})
	}
}

// Ten minutes of silence, seen second by second.
func TestFreshness_IsToldTheSecondItTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newQuietWorld(t, func(s Stock) Stock { return s })
		w.box("wh-01").receive("milk-1l", 1)
		begun := time.Now()
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- w.server.pulse.Run(ctx) }()

		turned := make(map[forestockv1.Freshness]time.Duration)
		for range 600 {
			synctest.Wait()
			is := beats(w.server.pulse)["wh-01"].freshness
			if _, seen := turned[is]; !seen {
				turned[is] = time.Since(begun)
			}
			time.Sleep(time.Second)
		}
		if turned[live] != 0 || turned[degraded] != 15*time.Second || turned[frozen] != 5*time.Minute {
			t.Errorf("live after %v, degraded after %v, frozen after %v; want 0s, 15s, 5m0s", turned[live], turned[degraded], turned[frozen])
		}
		changed := w.server.pulse.next()
		w.heard("wh-01")
		<-changed
		if is := beats(w.server.pulse)["wh-01"].freshness; is != live {
			t.Errorf("heard again, it is %v", is)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func beats(p *pulse) map[stock.Warehouse]beat {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.last
}

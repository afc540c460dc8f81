package e2e

import (
	"context"
	"flag"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/forestock/forestock/deploy/torture/badline"
)

var flapping = flag.Duration("flapping", 5*time.Second, "time of bad lines between real agents and a real hub; make torture asks for more")

// behind puts a bad line between a site and the hub.
func (w *world) behind(i int, weather badline.Weather) *badline.Line {
	w.t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(w.ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	line := badline.New(listener, func(ctx context.Context) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", w.MQTT)
	}, weather, uint64(i))
	ctx, cancel := context.WithCancel(w.ctx)
	ran := make(chan error, 1)
	go func() { ran <- line.Run(ctx) }()
	w.t.Cleanup(func() {
		cancel()
		if err := <-ran; err != nil {
			w.t.Error(err)
		}
	})
	site := w.Sites[i]
	site.Line.Lead(listener.Addr().String())
	site.Line.Cut() // what was connected before went past it
	site.Line.Mend()
	return line
}

// Real agents work over lines that are cut, reset, swallow, delay and lose:
// every scan is answered and saved meanwhile, and in the end the hub has each of
// them once.
func TestBadLine_RealAgentsLoseNothing(t *testing.T) {
	w := newWorld(t, 2, false)
	fast := badline.Weather{ // cut more often than an agent backs off
		Vanish: 0.3, Delay: badline.Range{Min: time.Millisecond, Max: 50 * time.Millisecond},
		Up: badline.Range{Min: 500 * time.Millisecond, Max: 2 * time.Second}, Down: badline.Every(100 * time.Millisecond),
	}
	lines := []*badline.Line{w.behind(0, fast), w.behind(1, badline.Bad()["everything together"])}
	load, stop := context.WithTimeout(w.ctx, *flapping)
	defer stop()
	var porters []*porter
	var working sync.WaitGroup
	for _, s := range w.Sites {
		p := &porter{site: s, rest: 10 * time.Millisecond}
		porters = append(porters, p)
		working.Go(func() { p.carry(load) })
	}
	working.Wait()
	for _, l := range lines {
		l.Change(badline.Weather{})
	}
	for i, p := range porters {
		w.settled(p.site)
		entries := readLedger(t, w.copyLedger(p.site))
		if err := account(p.done, entries); err != nil {
			t.Errorf("%s: %v", p.site.Warehouse, err)
		}
		w.want(p.site, "rice", int64(len(entries)))
		c := lines[i].Counts()
		t.Logf("%s: %d scans acknowledged; %+v", p.site.Warehouse, len(p.done), c)
		if len(p.done) == 0 || c.Connections == 0 {
			t.Errorf("%s: the test showed nothing", p.site.Warehouse)
		}
	}
}

package client

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/forestock/forestock/hub/api"
	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/hub/store"
	"github.com/forestock/forestock/hub/store/storetest"
	"github.com/forestock/forestock/proto/stock"
)

// hub is a real store behind a real API, and a line to it that can be cut.
type hub struct {
	t      testing.TB
	dir    string
	stop   func()
	store  *store.Pebble
	box    *storetest.Box
	line   net.Listener
	mu     sync.Mutex // guards what follows
	behind string     // where the API listens at present
	conns  []net.Conn
	lost   int // connections that were cut
}

// live says that every warehouse was heard from just now.
type live struct{}

func (live) Contact(stock.Warehouse) api.Contact {
	return api.Contact{Heard: time.Now(), Complete: time.Now()}
}

// open gives a hub with a warehouse that has some milk, and a client of it.
func open(tb testing.TB, milk int64) (*hub, *Client) {
	tb.Helper()
	h := &hub{t: tb, dir: tb.TempDir(), box: storetest.NewBox("wh-1", 1)}
	h.start()
	h.box.Hear(h.apply(h.box.Hello()))
	h.box.Move(tb, stock.Movement{Kind: stock.Receive, SKU: "milk", Delta: milk})
	h.box.Hear(h.apply(h.box.Rest(1)))
	var err error
	if h.line, err = (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0"); err != nil {
		tb.Fatal(err)
	}
	var all sync.WaitGroup
	all.Go(func() { h.relay(&all) })
	c, err := New(h.line.Addr().String(), "a-token-that-is-long-enough", Options{FirstDelay: time.Millisecond, MaxDelay: 50 * time.Millisecond})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		c.Close()
		h.line.Close()
		h.cut()
		all.Wait()
		h.stop()
	})
	return h, c
}

func (h *hub) start() {
	h.t.Helper()
	s, err := store.Open(h.dir, store.Options{Log: slog.New(slog.DiscardHandler), Book: inventory.Config{AutoEnrol: true}})
	if err != nil {
		h.t.Fatal(err)
	}
	c := api.DefaultConfig()
	c.GRPC, c.HTTP = "127.0.0.1:0", "127.0.0.1:0"
	c.Limits.CallsPerSecond, c.Limits.Burst, c.Limits.Drain = 1e6, 1e6, 100*time.Millisecond
	c.Tokens = []api.Token{{Name: "shop", Secret: "a-token-that-is-long-enough", Role: api.Write}}
	server, err := api.New(c, api.Deps{Stock: s, Link: live{}, Registry: prometheus.NewRegistry(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		h.t.Fatal(err)
	}
	h.store = s
	h.mu.Lock()
	h.behind = server.GRPCAddr().String()
	h.mu.Unlock()
	h.stop = storetest.Serve(h.t, s, server.Run)
}

// restart ends the hub and begins it again with what is on disk.
func (h *hub) restart() {
	h.t.Helper()
	h.stop()
	h.start()
}

func (h *hub) apply(c inventory.Command) inventory.Result {
	h.t.Helper()
	results, err := h.store.Apply(context.Background(), c)
	if err != nil {
		h.t.Fatal(err)
	}
	return results[0]
}

// relay carries connections to the hub.
func (h *hub) relay(all *sync.WaitGroup) {
	for {
		near, err := h.line.Accept()
		if err != nil {
			return
		}
		h.mu.Lock()
		far, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", h.behind)
		if err != nil {
			h.mu.Unlock()
			near.Close()
			continue
		}
		h.conns = append(h.conns, near, far)
		h.mu.Unlock()
		for _, pair := range [][2]net.Conn{{near, far}, {far, near}} {
			all.Go(func() {
				_, err := io.Copy(pair[0], pair[1])
				_ = errors.Join(err, pair[0].Close(), pair[1].Close())
			})
		}
	}
}

// cut ends every connection, with whatever is on its way.
func (h *hub) cut() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, c := range h.conns {
		c.Close()
	}
	h.lost += len(h.conns) / 2
	h.conns = nil
}

// cutOne waits for a connection and cuts it.
func (h *hub) cutOne(ctx context.Context) {
	h.mu.Lock()
	lost := h.lost
	h.mu.Unlock()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		h.cut()
		h.mu.Lock()
		done := h.lost > lost
		h.mu.Unlock()
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		if done {
			return
		}
	}
}

// trouble cuts the line again and again until the function it gives is called.
func (h *hub) trouble() (enough func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(15 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				h.cut()
			case <-ctx.Done():
				return
			}
		}
	}()
	return func() {
		h.t.Helper()
		cancel()
		<-done
		if h.lost < 2 {
			h.t.Errorf("the line was cut %d times only: this test shows nothing", h.lost)
		}
	}
}

package badline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/forestock/forestock/agent/agentd"
	"github.com/forestock/forestock/agent/ledger"
	"github.com/forestock/forestock/agent/uplink"
	"github.com/forestock/forestock/hub/broker"
	"github.com/forestock/forestock/hub/ingest"
	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/hub/store"
	"github.com/forestock/forestock/proto/stock"
)

// running is something with a Run that the test can end.
type running struct {
	cancel context.CancelFunc
	group  *errgroup.Group
}

func run(parts ...func(context.Context) error) *running {
	ctx, cancel := context.WithCancel(context.Background())
	g, ctx := errgroup.WithContext(ctx)
	for _, p := range parts {
		g.Go(func() error { return p(ctx) })
	}
	return &running{cancel, g}
}

func (r *running) stop(t *testing.T) {
	t.Helper()
	r.cancel()
	if err := r.group.Wait(); err != nil {
		t.Errorf("ended with %v", err)
	}
}

// network makes places to listen at: ports of loopback, or pipes in memory,
// which virtual time needs.
type network interface {
	listen(t *testing.T) (net.Listener, func(context.Context) (net.Conn, error))
}

type tcp struct{}

func (tcp) listen(t *testing.T) (net.Listener, func(context.Context) (net.Conn, error)) {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l, func(ctx context.Context) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", l.Addr().String())
	}
}

type pipes struct{}

func (pipes) listen(*testing.T) (net.Listener, func(context.Context) (net.Conn, error)) {
	l := &pipeListener{conns: make(chan net.Conn), closed: make(chan struct{})}
	return l, l.dial
}

type pipeListener struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error   { l.once.Do(func() { close(l.closed) }); return nil }
func (l *pipeListener) Addr() net.Addr { return &net.UnixAddr{Name: "hub", Net: "pipe"} }

func (l *pipeListener) dial(ctx context.Context) (net.Conn, error) {
	near, far := net.Pipe()
	select {
	case l.conns <- far:
		return near, nil
	case <-l.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// world is a hub and its agents with everything real but the network.
type world struct {
	t     *testing.T
	net   network
	dir   string
	store *store.Pebble
	hub   *running

	mu   sync.Mutex
	dial func(context.Context) (net.Conn, error) // guarded by mu; to the hub that runs now
}

func newWorld(t *testing.T, n network) *world {
	t.Helper()
	w := &world{t: t, net: n, dir: t.TempDir()}
	w.startHub()
	return w
}

func (w *world) startHub() {
	w.t.Helper()
	log := slog.New(slog.DiscardHandler)
	var err error
	if w.store, err = store.Open(w.dir, store.Options{Book: inventory.Config{AutoEnrol: true}}); err != nil {
		w.t.Fatal(err)
	}
	listener, dial := w.net.listen(w.t)
	b, err := broker.NewEmbedded(listener, broker.DefaultConfig(), nil, log)
	if err != nil {
		w.t.Fatal(err)
	}
	desk, err := ingest.New(ingest.DefaultConfig(), w.store, b, nil, log)
	if err != nil {
		w.t.Fatal(err)
	}
	w.mu.Lock()
	w.dial = dial
	w.mu.Unlock()
	w.hub = run(w.store.Run, desk.Run, func(ctx context.Context) error { return b.Run(ctx, desk) })
}

func (w *world) stopHub() {
	w.t.Helper()
	w.hub.stop(w.t)
	if err := w.store.Close(); err != nil {
		w.t.Error(err)
	}
}

// agent is a warehouse behind a line.
type agent struct {
	w      *world
	name   string
	ledger *ledger.Ledger
	link   *uplink.Link
	line   *Line
	all    *running
	booked []string // ids of the commands that were acknowledged, in order
}

func (w *world) newAgent(i int, name string, weather Weather) *agent {
	w.t.Helper()
	id := stock.Warehouse(fmt.Sprintf("line-%02d", i))
	a, log := &agent{w: w, name: name}, slog.New(slog.DiscardHandler)
	var err error
	if a.ledger, err = ledger.Open(filepath.Join(w.t.TempDir(), "ledger.db"), ledger.Options{Warehouse: id, MaxSize: 256 << 20, NoPreallocate: true}); err != nil {
		w.t.Fatal(err)
	}
	listener, dial := w.net.listen(w.t)
	a.line = New(listener, func(ctx context.Context) (net.Conn, error) {
		w.mu.Lock()
		far := w.dial
		w.mu.Unlock()
		return far(ctx)
	}, weather, uint64(i)+*seed)
	a.link, err = uplink.New(uplink.Config{
		Warehouse: id, Brokers: []string{"tcp://hub:1883"},
		Dial: func(ctx context.Context, _ string) (net.Conn, error) { return dial(ctx) },
	}, agentd.NewJournal(a.ledger, log, func(err error) { w.t.Error(err) }), nil, log)
	if err != nil {
		w.t.Fatal(err)
	}
	a.all = run(a.ledger.Run, a.line.Run, a.link.Run)
	return a
}

func (a *agent) stop() {
	a.w.t.Helper()
	a.all.stop(a.w.t)
	if err := a.ledger.Close(); err != nil {
		a.w.t.Error(err)
	}
}

// book books one command of n movements, as a warehouse does.
func (a *agent) book(n int) {
	a.w.t.Helper()
	c := stock.Command{ID: fmt.Sprintf("%s-%d", a.ledger.Warehouse(), len(a.booked))}
	for i := range n {
		c.Movements = append(c.Movements, stock.Movement{
			Kind: stock.Receive, SKU: stock.SKU(fmt.Sprintf("S%02d", (len(a.booked)+i)%20)), Lot: stock.Lot(fmt.Sprintf("L%d", i%3)), Bin: "A-01-01",
			Delta: int64(1 + i), Operator: "li", Station: "s1", Device: "scanner-1", Time: time.Now(), Scan: []byte("]C10106901230000393"),
		})
	}
	if _, err := a.ledger.Append(context.Background(), c); err != nil {
		a.w.t.Fatal(err)
	}
	a.booked = append(a.booked, c.ID)
}

// arrived waits until the hub has everything of the agent, and gives how long
// that took. It holds both against each other.
func (a *agent) arrived(patience time.Duration) time.Duration {
	t := a.w.t
	t.Helper()
	began := time.Now()
	var st inventory.WarehouseState
	for want := a.ledger.Position(); st.Applied != want.Last || st.Head != want.Head; time.Sleep(10 * time.Millisecond) {
		st, _ = a.w.store.Warehouse(a.ledger.Warehouse())
		if time.Since(began) > patience {
			t.Fatalf("%s: after %v the hub has %d of %d entries; the link is %+v", a.name, patience, st.Applied, want.Last, a.link.Status())
		}
	}
	took := time.Since(began)
	if digest, _ := a.ledger.Digest(); st.Digest != digest.Root() || st.Divergence != nil || st.Quarantined > 0 {
		t.Errorf("%s: the hub adds up to %x, the ledger to %x; %d set aside", a.name, st.Digest, digest.Root(), st.Quarantined)
	}
	if err := account(a.booked, a.w.history(a.ledger.Warehouse())); err != nil {
		t.Errorf("%s: %v", a.name, err)
	}
	return took
}

// history gives every entry that the hub has, in the order of their numbers.
func (w *world) history(id stock.Warehouse) []stock.Entry {
	w.t.Helper()
	var out []stock.Entry
	for _, level := range w.store.Levels(id, "", 1000) {
		for before, more := inventory.Cursor(""), true; more; more = before != "" {
			page, next, err := w.store.Movements(context.Background(), id, level.SKU, before, 1000)
			if err != nil {
				w.t.Fatal(err)
			}
			for i := range page {
				out = append(out, page[i].Entry)
			}
			before = next
		}
	}
	slices.SortFunc(out, func(a, b stock.Entry) int { return cmp.Compare(a.Seq, b.Seq) })
	return out
}

// account holds what was acknowledged to the warehouse against what the hub
// has: every command once, whole, and in the order in which it was booked.
func account(booked []string, stored []stock.Entry) error {
	var all []error
	next := 0
	for i := range stored {
		e := &stored[i]
		switch {
		case int(e.Seq) != i+1:
			return errors.Join(append(all, fmt.Errorf("entry %d stands where entry %d belongs", e.Seq, i+1))...)
		case e.Part > 0 && next > 0 && e.Command == booked[next-1]:
		case next < len(booked) && e.Command == booked[next]:
			next++
		default:
			return errors.Join(append(all, fmt.Errorf("entry %d is of command %s, which was not the next", e.Seq, e.Command))...)
		}
	}
	if next < len(booked) {
		all = append(all, fmt.Errorf("command %s and all after it are missing", booked[next]))
	}
	return errors.Join(all...)
}

package uplink_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/forestock/forestock/hub/broker"
	"github.com/forestock/forestock/hub/ingest"
	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

// network leads dials to whatever listens, and can be cut.
type network struct {
	mu      sync.Mutex
	to      *pipeListener
	cutOff  bool
	conns   []net.Conn
	newest  *hole
	blocked map[string]bool // hosts that do not exist
}

func newNetwork() *network { return &network{blocked: make(map[string]bool)} }

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

func (n *network) listen() *pipeListener {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.to = &pipeListener{conns: make(chan net.Conn), closed: make(chan struct{})}
	return n.to
}

var errDown = errors.New("network is down")

func (n *network) dial(ctx context.Context, host string) (net.Conn, error) {
	n.mu.Lock()
	to, down := n.to, n.cutOff || n.blocked[host]
	n.mu.Unlock()
	if down || to == nil {
		return nil, errDown
	}
	near, far := net.Pipe()
	select {
	case to.conns <- far:
	case <-to.closed:
		return nil, errDown
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	h := &hole{Conn: near}
	n.conns = append(n.conns, far, h)
	n.newest = h
	return h, nil
}

// hole is a connection that can turn into a black hole: it stays open and
// swallows everything, both ways, as a firewall that lost its state does.
type hole struct {
	net.Conn
	black atomic.Bool
}

func (h *hole) Write(b []byte) (int, error) {
	if h.black.Load() {
		return len(b), nil
	}
	return h.Conn.Write(b)
}

func (h *hole) Read(b []byte) (int, error) {
	for {
		n, err := h.Conn.Read(b)
		if err != nil || !h.black.Load() {
			return n, err
		}
	}
}

// blacken turns the newest connection into a black hole.
func (n *network) blacken() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.newest.black.Store(true)
}

// cut drops every connection, and refuses new ones until mend.
func (n *network) cut() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.cutOff = true
	for _, c := range n.conns {
		c.Close()
	}
	n.conns = nil
}

func (n *network) mend() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.cutOff = false
}

// mess is what happens to frames between the broker and the two ends.
type mess struct {
	mu                          sync.Mutex
	lose, repeat, delay, damage float64 // how likely, each
	random                      *rand.Rand
	toHub                       func([]byte) bool // whether a frame may pass; nil lets all pass
}

// trouble changes what happens to frames.
func (w *world) trouble(change func(*mess)) {
	w.mess.mu.Lock()
	defer w.mess.mu.Unlock()
	change(&w.mess)
}

// through gives what becomes of a frame: how many copies, how late, and what
// they say.
func (w *world) through(frame []byte) (copies int, late time.Duration, out []byte) {
	m := &w.mess
	m.mu.Lock()
	defer m.mu.Unlock()
	copies, out = 1, frame
	if m.random.Float64() < m.lose {
		return 0, 0, nil
	}
	if m.random.Float64() < m.repeat {
		copies++
	}
	if m.random.Float64() < m.delay {
		late = time.Duration(m.random.Int64N(int64(4 * time.Second)))
	}
	if m.random.Float64() < m.damage {
		out = slices.Clone(frame)
		out[m.random.IntN(len(out))] ^= 1 << m.random.IntN(8)
	}
	return copies, late, out
}

func (w *world) pass(frame []byte, deliver func([]byte)) {
	copies, late, out := w.through(frame)
	for range copies {
		if late == 0 {
			deliver(out)
			continue
		}
		time.AfterFunc(late, func() { deliver(out) })
	}
}

type messyReceiver struct {
	next broker.Receiver
	w    *world
}

func (r messyReceiver) Frame(w stock.Warehouse, frame []byte) {
	r.w.mess.mu.Lock()
	stop := r.w.mess.toHub != nil && !r.w.mess.toHub(frame)
	r.w.mess.mu.Unlock()
	if stop {
		return
	}
	r.w.pass(frame, func(b []byte) { r.next.Frame(w, b) })
}

func (r messyReceiver) Presence(w stock.Warehouse, p wire.Presence) { r.next.Presence(w, p) }

type messyCarrier struct {
	next ingest.Carrier
	w    *world
}

func (c messyCarrier) Send(ctx context.Context, w stock.Warehouse, frame []byte) error {
	c.w.pass(frame, func(b []byte) { c.next.Send(ctx, w, b) })
	return nil
}

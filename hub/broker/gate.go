package broker

import (
	"crypto/tls"
	"errors"
	"net"
	"sync"
	"time"
)

// gate is the listener of the embedded broker. It lets in no more connections
// than there may be, gives each a deadline for its greeting, and outlives
// errors: the broker would stop listening for good after the first one, such as
// a moment without file descriptors.
type gate struct {
	net.Listener
	cfg     *Config
	tls     *tls.Config // nil for plain TCP
	metrics *metrics

	mu     sync.Mutex
	open   int            // guarded by mu
	perIP  map[string]int // guarded by mu
	closed chan struct{}
	once   sync.Once
}

// acceptPause is how long the gate rests after an error.
const acceptPause = 50 * time.Millisecond

func newGate(l net.Listener, cfg *Config, tc *tls.Config, m *metrics) *gate {
	return &gate{Listener: l, cfg: cfg, tls: tc, metrics: m, perIP: make(map[string]int), closed: make(chan struct{})}
}

// Accept waits for a connection that may come in.
func (g *gate) Accept() (net.Conn, error) {
	for {
		conn, err := g.Listener.Accept()
		if err != nil {
			if errors.Is(err, net.ErrClosed) || !g.rest() {
				return nil, err
			}
			continue
		}
		guarded, ok := g.admit(conn)
		if !ok {
			g.metrics.refused.WithLabelValues("too_many").Inc()
			_ = conn.Close() // it was never let in
			continue
		}
		if g.tls == nil {
			return guarded, nil
		}
		// The handshake happens at the first read, so under the same deadline.
		return tls.Server(guarded, g.tls), nil
	}
}

func (g *gate) rest() bool {
	t := time.NewTimer(acceptPause)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-g.closed:
		return false
	}
}

// Close stops accepting.
func (g *gate) Close() error {
	g.once.Do(func() { close(g.closed) })
	return g.Listener.Close()
}

func (g *gate) admit(conn net.Conn) (*guarded, bool) {
	ip := conn.RemoteAddr().String()
	if host, _, err := net.SplitHostPort(ip); err == nil {
		ip = host
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.open >= g.cfg.MaxConns || g.perIP[ip] >= g.cfg.MaxConnsPerIP {
		return nil, false
	}
	if err := conn.SetReadDeadline(time.Now().Add(greeting)); err != nil {
		return nil, false
	}
	g.open++
	g.perIP[ip]++
	g.metrics.open.Inc()
	return &guarded{Conn: conn, leave: func() { g.forget(ip) }}, true
}

func (g *gate) forget(ip string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.open--
	g.metrics.open.Dec()
	if g.perIP[ip]--; g.perIP[ip] == 0 {
		delete(g.perIP, ip)
	}
}

// guarded is a connection of an agent. Every write has a deadline of its own,
// because the broker writes under a lock that others wait for; the deadlines
// that the broker sets count for reading only.
type guarded struct {
	net.Conn
	leave func()
	once  sync.Once
}

// Write writes within writeTimeout, or ends the connection.
func (c *guarded) Write(b []byte) (int, error) {
	if err := c.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return 0, err
	}
	n, err := c.Conn.Write(b)
	if err != nil {
		_ = c.Close() // err says why
	}
	return n, err
}

// SetDeadline sets the read deadline only.
func (c *guarded) SetDeadline(t time.Time) error { return c.SetReadDeadline(t) }

// Close closes the connection and makes room for another.
func (c *guarded) Close() error {
	c.once.Do(c.leave)
	return c.Conn.Close()
}

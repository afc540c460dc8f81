package fleet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// Line is the network between an agent and the hub: a TCP proxy that can be
// cut and stalled. Its methods are safe for concurrent use.
type Line struct {
	listener net.Listener
	target   atomic.Pointer[string]
	cut      atomic.Bool
	stalled  atomic.Bool
	latency  atomic.Int64 // nanoseconds added to every chunk, each way

	mu    sync.Mutex
	conns map[net.Conn]struct{} // guarded by mu
}

// NewLine listens on a port of loopback and leads to target.
func NewLine(target string) (*Line, error) {
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("open line to %s: %w", target, err)
	}
	l := &Line{listener: listener, conns: make(map[net.Conn]struct{})}
	l.target.Store(&target)
	return l, nil
}

// Addr is where the near end dials.
func (l *Line) Addr() string { return l.listener.Addr().String() }

// Lead makes new connections go to another target.
func (l *Line) Lead(target string) { l.target.Store(&target) }

// Cut drops every connection and refuses new ones until Mend.
func (l *Line) Cut() {
	l.cut.Store(true)
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.conns {
		_ = c.Close() // a connection that is gone already is what we want
	}
}

// Stall swallows every byte while the connections stay open, as a firewall
// that lost its state does, until Mend.
func (l *Line) Stall() { l.stalled.Store(true) }

// Slow adds a delay to every chunk, each way.
func (l *Line) Slow(d time.Duration) { l.latency.Store(int64(d)) }

// Mend makes the line whole again. Connections that were stalled have lost
// bytes, so they are dropped.
func (l *Line) Mend() {
	if l.stalled.Swap(false) {
		l.Cut()
	}
	l.latency.Store(0)
	l.cut.Store(false)
}

// Run carries bytes until ctx ends.
func (l *Line) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	stop := context.AfterFunc(ctx, func() {
		_ = l.listener.Close()
		l.Cut()
	})
	defer stop()
	g.Go(func() error {
		for {
			near, err := l.listener.Accept()
			if errors.Is(err, net.ErrClosed) {
				return nil
			}
			if err != nil {
				return fmt.Errorf("accept on line: %w", err)
			}
			g.Go(func() error { l.carry(ctx, near); return nil })
		}
	})
	return g.Wait()
}

func (l *Line) carry(ctx context.Context, near net.Conn) {
	defer near.Close()
	if l.cut.Load() {
		return
	}
	far, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", *l.target.Load())
	if err != nil {
		return // nobody answers at the far end: the near end sees a closed connection
	}
	defer far.Close()
	if !l.keep(near, far) {
		return
	}
	defer l.forget(near, far)
	done := make(chan struct{}, 2)
	for _, way := range [][2]net.Conn{{near, far}, {far, near}} {
		go func() { l.pump(ctx, way[1], way[0]); done <- struct{}{} }()
	}
	<-done
	_, _ = near.Close(), far.Close()
	<-done
}

func (l *Line) keep(conns ...net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cut.Load() {
		return false
	}
	for _, c := range conns {
		l.conns[c] = struct{}{}
	}
	return true
}

func (l *Line) forget(conns ...net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range conns {
		delete(l.conns, c)
	}
}

func (l *Line) pump(ctx context.Context, to io.Writer, from io.Reader) {
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		if n > 0 && !l.stalled.Load() {
			if !Pause(ctx, time.Duration(l.latency.Load())) {
				return
			}
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

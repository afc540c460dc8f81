package line

import (
	"context"
	"net"
	"sync"
)

// Plug is what one life of an agent has of its line. It lets the life be ended
// from outside: whatever the rest of it still does, nothing leaves any more.
type Plug struct {
	line *Line

	mu     sync.Mutex
	pulled bool   // guarded by mu
	ends   []*end // guarded by mu
}

// Plug gives a new life its plug.
func (l *Line) Plug() *Plug { return &Plug{line: l} }

// Dial opens a connection to the hub.
func (p *Plug) Dial(ctx context.Context, _ string) (net.Conn, error) {
	near, _, err := p.line.connect(ctx)
	if err != nil {
		return nil, err
	}
	if !p.add(near) {
		near.shut()
		return nil, net.ErrClosed
	}
	return near, nil
}

func (p *Plug) add(e *end) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.pulled {
		return false
	}
	p.ends = append(p.ends, e)
	return true
}

// Pull ends the life's connections and refuses new ones. The hub hears of it
// unless it is silent, as a power cut is.
func (p *Plug) Pull(silent bool) {
	p.mu.Lock()
	p.pulled = true
	ends := p.ends
	p.mu.Unlock()
	hangUp(ends, silent)
}

func hangUp(ends []*end, silent bool) {
	for _, e := range ends {
		if silent {
			e.vanish()
			continue
		}
		e.shut()
	}
}

// Port is where one life of the hub listens.
type Port struct {
	net *Network
	in  chan *end

	mu     sync.Mutex
	closed chan struct{}
	pulled bool   // guarded by mu
	ends   []*end // guarded by mu
}

// Listen begins to listen, in the place of whoever did before.
func (n *Network) Listen() *Port {
	p := &Port{net: n, in: make(chan *end, 256), closed: make(chan struct{})}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.port = p
	return p
}

// offer brings a connection in. It never waits.
func (p *Port) offer(e *end) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.pulled {
		return false
	}
	select {
	case p.in <- e:
		p.ends = append(p.ends, e)
		return true
	default:
		return false
	}
}

// Accept waits for a connection.
func (p *Port) Accept() (net.Conn, error) {
	select {
	case <-p.closed:
		return nil, net.ErrClosed
	default:
	}
	select {
	case e := <-p.in:
		return e, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

// Close stops listening; open connections go on.
func (p *Port) Close() error {
	p.stop()
	return nil
}

// Addr gives where agents connect to.
func (p *Port) Addr() net.Addr { return addr("hub") }

// Pull ends all connections and stops listening. The agents hear of it unless
// it is silent, as a power cut is.
func (p *Port) Pull(silent bool) { hangUp(p.stop(), silent) }

func (p *Port) stop() []*end {
	p.net.mu.Lock()
	if p.net.port == p {
		p.net.port = nil
	}
	p.net.mu.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.pulled {
		p.pulled = true
		close(p.closed)
	}
	return p.ends
}

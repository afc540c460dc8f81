// Package line is the network of a simulation: connections between agents and a
// hub in virtual time, in one process.
//
// It carries bytes as TCP does: in order, late, or not at all. A line can be
// slow, stand still and go on later, swallow everything for ever while both
// ends believe in it, or be cut; and either end can lose its power, of which
// the other end then learns nothing.
//
// Every arrival has a moment of its own: the moments of one line differ from
// those of every other, so what happens in one moment happens on one line.
package line

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"hash"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/forestock/forestock/deploy/sim/chance"
)

// Network is the lines of all agents to one hub.
type Network struct {
	dice chance.Dice

	mu   sync.Mutex
	port *Port // guarded by mu; where the hub listens now, nil for nowhere
}

// New gives a network in which nobody listens yet.
func New(dice chance.Dice) *Network { return &Network{dice: dice} }

// Moments is how many lines a network can have: the moments of a line are those
// whose nanoseconds leave the line's number when divided by it.
const Moments = 64

// State is how a line treats what is sent.
type State int

// The states of a line.
const (
	Open    State = iota // it carries
	Refused              // connecting is refused; open connections go on
	Stalled              // everything waits until the line is open again
)

// Line is the way of one agent to the hub.
type Line struct {
	net    *Network
	name   string
	number int64

	mu     sync.Mutex
	state  State         // guarded by mu
	least  time.Duration // guarded by mu; how long bytes take, and how much longer
	spread time.Duration // guarded by mu
	conns  []*conn       // guarded by mu; newest first
	trace  hash.Hash     // guarded by mu; of every arrival
}

// Line makes the line of an agent. The number, below Moments, is its own.
func (n *Network) Line(name string, number int) *Line {
	l := &Line{net: n, name: name, number: int64(number), trace: sha256.New()}
	l.Pace(time.Millisecond, 40*time.Millisecond)
	return l
}

// Pace sets how long bytes take: the least, and how much longer at most.
func (l *Line) Pace(least, spread time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.least, l.spread = least, spread
}

// Set changes the state of the line.
func (l *Line) Set(s State) {
	l.mu.Lock()
	l.state = s
	conns := slices.Clone(l.conns)
	l.mu.Unlock()
	if s == Stalled {
		return
	}
	for _, c := range conns {
		c.resume()
	}
}

// Cut ends every connection; both ends notice.
func (l *Line) Cut() {
	for _, c := range l.take() {
		c.reset()
	}
}

// Swallow makes the open connections swallow everything from now on. Neither
// end notices.
func (l *Line) Swallow() {
	for _, c := range l.take() {
		c.swallow()
	}
}

// take gives the connections and forgets them.
func (l *Line) take() []*conn {
	l.mu.Lock()
	defer l.mu.Unlock()
	conns := l.conns
	l.conns = nil
	return conns
}

// Trace gives a hash of everything that arrived so far, and when.
func (l *Line) Trace() [sha256.Size]byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	return [sha256.Size]byte(l.trace.Sum(nil))
}

func (l *Line) arrived(way byte, b []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, _ = l.trace.Write(binary.LittleEndian.AppendUint64([]byte{way}, uint64(time.Now().UnixNano()))) // never fails
	_, _ = l.trace.Write(b)                                                                            // never fails
}

// next gives a moment of the line after another, when what is sent now arrives.
func (l *Line) next(after time.Time, who string) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	late := l.least + time.Duration(l.net.dice.Now(l.name+who).Int64N(int64(l.spread)))
	at := time.Now().Add(late)
	if !at.After(after) {
		at = after.Add(Moments)
	}
	return Moment(at, int(l.number))
}

// Moment gives the first moment of a number at or after another.
func Moment(at time.Time, number int) time.Time {
	over := at.UnixNano() % Moments
	return at.Add(time.Duration((int64(number) - over + Moments) % Moments))
}

var errRefused = errors.New("connection refused")

// connect is a dial, through a plug.
func (l *Line) connect(ctx context.Context) (near, far *end, err error) {
	if err := until(ctx, l.next(time.Time{}, "dial")); err != nil {
		return nil, nil, err
	}
	l.mu.Lock()
	state := l.state
	l.mu.Unlock()
	switch state {
	case Stalled:
		<-ctx.Done() // whoever dials gives up first
		return nil, nil, ctx.Err()
	case Refused:
		return nil, nil, errRefused
	case Open:
	}
	l.net.mu.Lock()
	port := l.net.port
	l.net.mu.Unlock()
	if port == nil {
		return nil, nil, errRefused
	}
	c := newConn(l)
	if !port.offer(c.far) {
		return nil, nil, errRefused
	}
	l.keep(c)
	return c.near, c.far, nil
}

// keep remembers a new connection, and forgets those that are over.
func (l *Line) keep(c *conn) {
	open := []*conn{c}
	for _, old := range l.take() { // not under the lock: a connection asks its line
		if !old.over() {
			open = append(open, old)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.conns = open
}

func until(ctx context.Context, at time.Time) error {
	t := time.NewTimer(time.Until(at))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// addr is the name of an end.
type addr string

func (addr) Network() string  { return "sim" }
func (a addr) String() string { return string(a) }

var _ net.Addr = addr("")

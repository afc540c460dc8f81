package badline

import (
	"bufio"
	"context"
	"net"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// way is one connection through the line.
type way struct {
	near, far net.Conn
	hole      atomic.Bool // swallows everything
}

func (w *way) close(reset bool) {
	for _, c := range []net.Conn{w.near, w.far} {
		if t, ok := c.(*net.TCPConn); ok && reset {
			_ = t.SetLinger(0) // closing it then resets it; it may be closed already
		}
		_ = c.Close()
	}
}

// carry leads a connection through. That it ends is nobody's error.
func (l *Line) carry(ctx context.Context, near net.Conn) error {
	defer near.Close()
	far, err := l.dial(ctx)
	if err != nil {
		l.refuse()
		return nil // nobody answers at the far end: the near end sees a closed connection
	}
	w := &way{near: near, far: far}
	defer w.close(false)
	if !l.join(w) {
		return nil
	}
	defer l.leave(w)
	stop := context.AfterFunc(ctx, func() { w.close(false) })
	defer stop()
	g, ctx := errgroup.WithContext(ctx)
	for _, d := range []*direction{{line: l, way: w, from: near, to: far, up: true}, {line: l, way: w, from: far, to: near}} {
		queue := make(chan delayed, 256)
		g.Go(func() error {
			defer close(queue)
			return d.read(ctx, queue)
		})
		g.Go(func() error {
			// Whoever ends first ends the connection.
			defer w.close(false)
			return d.write(ctx, queue)
		})
	}
	_ = g.Wait() // how a connection ended does not matter
	return nil
}

// direction is one way of a connection.
type direction struct {
	line     *Line
	way      *way
	from, to net.Conn
	up       bool
	free     time.Time // when the last packet has left the sender
	last     time.Time // when the last packet arrives
}

// delayed is a packet and when it arrives.
type delayed struct {
	at    time.Time
	bytes []byte
}

func (d *direction) read(ctx context.Context, queue chan<- delayed) error {
	r := bufio.NewReader(d.from)
	for {
		packet, err := readPacket(r)
		if err != nil {
			return err
		}
		at, ok := d.fate(packet, time.Now())
		if !ok {
			continue
		}
		select {
		case queue <- delayed{at, packet}:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// fate says when a packet arrives, or that it does not.
func (d *direction) fate(packet []byte, now time.Time) (at time.Time, ok bool) {
	l := d.line
	l.mu.Lock()
	defer l.mu.Unlock()
	w, bytes := &l.weather, len(packet)
	var late time.Duration
	for range (bytes + segment - 1) / segment {
		for rto := firstRTO; l.rng.Float64() < w.Loss; rto *= 2 {
			l.counts.SentAgain++
			bytes += min(segment, len(packet))
			late = max(late, 2*rto-firstRTO)
		}
	}
	if d.up {
		l.counts.Up += int64(bytes)
	} else {
		l.counts.Down += int64(bytes)
	}
	if unconfirmed(packet) && l.rng.Float64() < w.Vanish {
		l.counts.Vanished++
		return at, false
	}
	if d.free.Before(now) {
		d.free = now
	}
	if w.Rate > 0 {
		d.free = d.free.Add(time.Duration(bytes) * time.Second / time.Duration(w.Rate))
	}
	at = d.free.Add(late + w.Delay.draw(l.rng))
	if at.Before(d.last) {
		at = d.last
	}
	d.last = at
	return at, true
}

func (d *direction) write(ctx context.Context, queue <-chan delayed) error {
	for p := range queue {
		if wait := time.Until(p.at); wait > 0 {
			if _, ok := sleep(ctx, wait, nil); !ok {
				return ctx.Err()
			}
		}
		if d.way.hole.Load() {
			continue
		}
		if _, err := d.to.Write(p.bytes); err != nil {
			return err
		}
	}
	return nil
}

package line

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// window is how many bytes may be under way before a writer waits.
const window = 256 << 10

// conn is one connection: two ends, and a pipe each way.
type conn struct {
	line      *Line
	near, far *end

	mu    sync.Mutex // guards everything of the ends and pipes
	moved *sync.Cond // something did
}

// pipe is one direction of a connection.
type pipe struct {
	way    byte
	begun  []byte    // written, and no whole packet yet
	queue  []parcel  // under way, in order
	tail   time.Time // when the newest of them arrives
	owed   int       // arrivals that wait for the line to go on
	buf    []byte    // arrived and not read yet
	flying int       // bytes in queue
	ended  bool      // the end of the stream arrived
	reset  bool      // the connection is broken
	lost   bool      // nothing arrives any more
}

// parcel is one packet, or the end of the stream.
type parcel struct {
	bytes []byte
	end   bool
}

func newConn(l *Line) *conn {
	c := &conn{line: l}
	c.moved = sync.NewCond(&c.mu)
	up, down := &pipe{way: 'u'}, &pipe{way: 'd'}
	c.near = &end{conn: c, in: down, out: up, local: addr(l.name), remote: "hub"}
	c.far = &end{conn: c, in: up, out: down, local: "hub", remote: addr(l.name)}
	return c
}

// over reports whether nobody needs the connection any more.
func (c *conn) over() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return (c.near.closed || c.near.in.reset) && (c.far.closed || c.far.in.reset)
}

// send puts what is written on its way, one packet at a time. The caller holds
// mu.
func (c *conn) send(p *pipe, b []byte) {
	if p.lost {
		return
	}
	p.begun = append(p.begun, b...)
	for n := packet(p.begun); n > 0; n = packet(p.begun) {
		c.post(p, parcel{bytes: bytes.Clone(p.begun[:n])})
		p.begun = p.begun[n:]
	}
}

// packet gives the length of the first packet when it is whole, and 0 when it
// is not.
func packet(b []byte) int {
	const header = 1 // MQTT 3.1.1, section 2.2: one byte, then the length of the rest in 1 to 4 bytes
	if len(b) <= header {
		return 0
	}
	rest, n := binary.Uvarint(b[header:])
	if whole := header + n + int(rest); n > 0 && whole <= len(b) {
		return whole
	}
	return 0
}

func (c *conn) post(p *pipe, one parcel) {
	if p.lost {
		return
	}
	p.queue = append(p.queue, one)
	p.flying += len(one.bytes)
	c.schedule(p)
}

// schedule lets the parcel at the head arrive, after those that are to arrive
// already.
func (c *conn) schedule(p *pipe) {
	p.tail = c.line.next(p.tail, string(p.way))
	time.AfterFunc(time.Until(p.tail), func() { c.arrive(p) })
}

// arrive brings in the parcel at the head.
func (c *conn) arrive(p *pipe) {
	c.line.mu.Lock()
	stalled := c.line.state == Stalled
	c.line.mu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(p.queue) == 0 {
		return
	}
	if stalled {
		p.owed++
		return
	}
	head := p.queue[0]
	p.queue = p.queue[1:]
	p.flying -= len(head.bytes)
	p.buf = append(p.buf, head.bytes...)
	p.ended = p.ended || head.end
	c.line.arrived(p.way, head.bytes)
	c.moved.Broadcast()
}

// resume lets arrive what waited while the line stood still.
func (c *conn) resume() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range []*pipe{c.near.out, c.far.out} {
		for ; p.owed > 0; p.owed-- {
			c.schedule(p)
		}
	}
}

// reset breaks the connection at both ends.
func (c *conn) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lose()
	c.near.in.reset, c.far.in.reset = true, true
	c.moved.Broadcast()
}

// swallow loses everything from now on.
func (c *conn) swallow() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lose()
}

func (c *conn) lose() {
	for _, p := range []*pipe{c.near.out, c.far.out} {
		p.queue, p.flying, p.owed, p.lost = nil, 0, 0, true
	}
	c.moved.Broadcast()
}

// end is one end of a connection.
type end struct {
	conn          *conn
	in, out       *pipe
	local, remote addr
	closed        bool
	read, write   deadline
}

// deadline is when an end stops waiting.
type deadline struct {
	at    time.Time
	timer *time.Timer // wakes who waits
}

func (d *deadline) passed() bool { return !d.at.IsZero() && !time.Now().Before(d.at) }

// wait waits until something moves, or the deadline has passed.
func (c *conn) wait(d *deadline) {
	switch {
	case d.at.IsZero():
	case d.timer == nil:
		d.timer = time.AfterFunc(time.Until(d.at), c.wake)
	default:
		d.timer.Reset(time.Until(d.at))
	}
	c.moved.Wait()
	if d.timer != nil {
		d.timer.Stop()
	}
}

// set changes the deadline, also of who waits already.
func (c *conn) set(d *deadline, at time.Time) {
	d.at = at
	c.moved.Broadcast()
}

func (c *conn) wake() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.moved.Broadcast()
}

// Read waits for bytes.
func (e *end) Read(b []byte) (int, error) {
	c := e.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		switch {
		case e.closed:
			return 0, net.ErrClosed
		case e.in.reset:
			return 0, syscall.ECONNRESET
		case len(e.in.buf) > 0:
			n := copy(b, e.in.buf)
			e.in.buf = e.in.buf[n:]
			return n, nil
		case e.in.ended:
			return 0, io.EOF
		case e.read.passed():
			return 0, os.ErrDeadlineExceeded
		}
		c.wait(&e.read)
	}
}

// Write sends bytes, and waits while too many are under way.
func (e *end) Write(b []byte) (int, error) {
	c := e.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		switch {
		case e.closed:
			return 0, net.ErrClosed
		case e.in.reset:
			return 0, syscall.ECONNRESET
		case e.write.passed():
			return 0, os.ErrDeadlineExceeded
		case e.out.flying < window:
			c.send(e.out, b)
			return len(b), nil
		}
		c.wait(&e.write)
	}
}

// Close ends the connection here; the other end learns of it when everything
// before it has arrived.
func (e *end) Close() error {
	c := e.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	if e.closed {
		return net.ErrClosed
	}
	e.close()
	c.post(e.out, parcel{end: true})
	return nil
}

// shut closes the end, if it is not closed yet.
func (e *end) shut() { _ = e.Close() }

// vanish ends the connection here, and the other end learns nothing.
func (e *end) vanish() {
	c := e.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lose()
	e.close()
}

func (e *end) close() {
	e.closed = true
	e.conn.moved.Broadcast()
}

// SetDeadline implements net.Conn.
func (e *end) SetDeadline(t time.Time) error {
	e.conn.mu.Lock()
	defer e.conn.mu.Unlock()
	e.conn.set(&e.read, t)
	e.conn.set(&e.write, t)
	return nil
}

// SetReadDeadline implements net.Conn.
func (e *end) SetReadDeadline(t time.Time) error {
	e.conn.mu.Lock()
	defer e.conn.mu.Unlock()
	e.conn.set(&e.read, t)
	return nil
}

// SetWriteDeadline implements net.Conn.
func (e *end) SetWriteDeadline(t time.Time) error {
	e.conn.mu.Lock()
	defer e.conn.mu.Unlock()
	e.conn.set(&e.write, t)
	return nil
}

// LocalAddr implements net.Conn.
func (e *end) LocalAddr() net.Addr { return e.local }

// RemoteAddr implements net.Conn.
func (e *end) RemoteAddr() net.Addr { return e.remote }

package api

import (
	"net"
	"sync"
)

// crowd is a listener that holds a number of connections and closes further
// ones at once, so that a flood of them cannot use up the hub's files.
type crowd struct {
	net.Listener
	room room
}

func newCrowd(l net.Listener, limit int) *crowd {
	return &crowd{Listener: l, room: room{limit: int64(limit)}}
}

// Accept gives the next connection that there is room for.
func (c *crowd) Accept() (net.Conn, error) {
	for {
		conn, err := c.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if c.room.enter() {
			at := conn.RemoteAddr()
			return &member{Conn: conn, room: &c.room, from: callerAddr{at, addressKey(at.String())}}, nil
		}
		_ = conn.Close() // it was never used
	}
}

// member is a connection that gives its place back once it closes.
type member struct {
	net.Conn
	room *room
	once sync.Once
	from callerAddr
}

// callerAddr is an address that knows which caller's it is, so that this is found
// out once for a connection and not with every call.
type callerAddr struct {
	net.Addr
	caller string
}

// RemoteAddr gives the other side's address.
func (m *member) RemoteAddr() net.Addr { return m.from }

// callerAt gives the caller at an address.
func callerAt(a net.Addr) string {
	if known, ok := a.(callerAddr); ok {
		return known.caller
	}
	return addressKey(a.String())
}

// Close closes the connection.
func (m *member) Close() error {
	m.once.Do(m.room.leave)
	return m.Conn.Close()
}

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
			return &member{Conn: conn, room: &c.room}, nil
		}
		_ = conn.Close() // it was never used
	}
}

// member is a connection that gives its place back once it closes.
type member struct {
	net.Conn
	room *room
	once sync.Once
}

// Close closes the connection.
func (m *member) Close() error {
	m.once.Do(m.room.leave)
	return m.Conn.Close()
}

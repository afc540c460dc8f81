package mqtt

import (
	"net"
	"sync"
	"time"
)

// writeTimeout bounds every single write. Without it a peer that stops reading
// is never noticed: the library's ping waits behind the full send buffer
// (eclipse-paho/paho.mqtt.golang issue 723).
const writeTimeout = 10 * time.Second

// line is a connection to a broker as the MQTT library sees it: each write has
// its own deadline, announced lengths are checked, and it can be cut with a
// reason.
type line struct {
	net.Conn
	guard guard

	mu  sync.Mutex
	why error // guarded by mu; why it was cut
}

// cut ends the connection. Readers and writers get the reason: the library
// would swallow the usual "use of closed network connection" and never report
// that the connection is lost.
func (l *line) cut(why error) {
	l.mu.Lock()
	if l.why == nil {
		l.why = why
	}
	l.mu.Unlock()
	_ = l.Close() // the reason is already known
}

func (l *line) reason(err error) error {
	if err == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.why != nil {
		return l.why
	}
	return err
}

// Read reads and checks what came.
func (l *line) Read(b []byte) (int, error) {
	n, err := l.Conn.Read(b)
	if gerr := l.guard.take(b[:n]); gerr != nil {
		l.cut(gerr)
		return 0, gerr
	}
	return n, l.reason(err)
}

// Write writes with a deadline of its own.
func (l *line) Write(b []byte) (int, error) {
	if err := l.SetWriteDeadline(time.Time{}); err != nil {
		return 0, l.reason(err)
	}
	n, err := l.Conn.Write(b)
	return n, l.reason(err)
}

// SetWriteDeadline sets the deadline that every write has, whatever the library
// asks for: it lifts the deadline after each publish, also for a ping that is
// being written at that moment.
func (l *line) SetWriteDeadline(time.Time) error {
	return l.Conn.SetWriteDeadline(time.Now().Add(writeTimeout))
}

// SetDeadline sets the read deadline only.
func (l *line) SetDeadline(t time.Time) error { return l.SetReadDeadline(t) }

package port

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	dialTimeout = 3 * time.Second
	// A serial server that loses its power says nothing, so the kernel asks: a dead link is noticed within about 2 s.
	keepAliveIdle  = time.Second
	keepAliveEvery = 500 * time.Millisecond
	keepAliveCount = 2
)

// tcpDevice is a connection to a raw TCP serial server.
type tcpDevice struct {
	conn    *net.TCPConn
	raw     syscall.RawConn
	address string
	stopped atomic.Bool
}

func dialTCP(ctx context.Context, address string) (device, error) {
	dialer := net.Dialer{
		Timeout:         dialTimeout,
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: keepAliveIdle, Interval: keepAliveEvery, Count: keepAliveCount},
	}
	c, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, &openError{state: Absent, err: err}
	}
	conn, ok := c.(*net.TCPConn)
	if !ok {
		return nil, errors.Join(&openError{state: Failed, err: fmt.Errorf("dial %s: not TCP", address)}, c.Close())
	}
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil, errors.Join(&openError{state: Failed, err: fmt.Errorf("dial %s: %w", address, err)}, c.Close())
	}
	return &tcpDevice{conn: conn, raw: raw, address: conn.RemoteAddr().String()}, nil
}

func (t *tcpDevice) node() string { return t.address }

// receive reads inside the callback that says that bytes wait, so that reading and queueing are one step.
func (t *tcpDevice) receive(p *Port) error {
	for {
		var result error
		err := t.raw.Read(func(fd uintptr) bool {
			again := false
			result = p.take(func(buf []byte) (int, error) {
				n, err := unix.Read(int(fd), buf)
				if errors.Is(err, unix.EAGAIN) {
					again = true
					return 0, nil
				}
				if err == nil && n == 0 {
					err = io.EOF
				}
				return max(n, 0), err
			})
			return !again
		})
		if t.stopped.Load() {
			return nil
		}
		if err = errors.Join(err, result); err != nil && !errors.Is(err, unix.EINTR) {
			return fmt.Errorf("%w: %w", ErrUnplugged, err)
		}
	}
}

func (t *tcpDevice) write(b []byte, deadline time.Time) error {
	if err := t.conn.SetWriteDeadline(deadline); err != nil {
		return fmt.Errorf("%w: %w", ErrUnplugged, err)
	}
	if _, err := t.conn.Write(b); err != nil {
		if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
			return ErrWriteStuck
		}
		return fmt.Errorf("%w: %w", ErrUnplugged, err)
	}
	return nil
}

func (t *tcpDevice) discard() error {
	var buf [chunk]byte
	err := t.raw.Control(func(fd uintptr) {
		for {
			if n, err := unix.Read(int(fd), buf[:]); n <= 0 || err != nil {
				return // a lost connection shows at the next read
			}
		}
	})
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnplugged, err)
	}
	return nil
}

func (t *tcpDevice) stop() {
	t.stopped.Store(true)
	t.conn.SetDeadline(time.Unix(1, 0)) //nolint:errcheck // fails only when closed, and then nothing waits
}

func (t *tcpDevice) close() {
	t.conn.Close() //nolint:errcheck // nothing is buffered that anybody still wants
}

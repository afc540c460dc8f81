package lend

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

// Line is a borrowed line. Next is for one goroutine; the other methods may be called from any.
type Line struct {
	conn  net.Conn
	state State
	epoch uint64 // the lender's run

	mu      sync.Mutex // guards the rest, and writes to conn
	asked   uint64     // requests
	waiting map[uint64]chan error
	flush   uint64 // the newest flush that was asked for; chunks before its answer are old
}

// Seen is what a borrower remembers across connections: the newest number of a lender's run.
type Seen struct {
	Epoch uint64
	Seq   uint64
}

// NotOpenError says that the lender's device is not open now.
type NotOpenError struct{ State State }

func (e *NotOpenError) Error() string {
	return fmt.Sprintf("the lender's device is %s: %s", e.State.State, e.State.Why)
}

// ErrLost says that the link is broken, or silent for too long.
var ErrLost = errors.New("the link to the lender is lost")

// BorrowOver borrows a device over a connection that was just made, which it takes over. The errors are ErrKey,
// *NotOpenError, or of the network.
func BorrowOver(ctx context.Context, conn net.Conn, device string, key Key) (*Line, error) {
	config, err := key.BorrowerTLS()
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	secured := tls.Client(conn, config)
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	l := &Line{conn: secured, waiting: map[uint64]chan error{}}
	if err := l.greet(device); err != nil {
		conn.Close()
		return nil, err
	}
	return l, nil
}

// greet proves the key, names the device, and waits for its state.
func (l *Line) greet(device string) error {
	if err := l.conn.SetDeadline(time.Now().Add(2 * Silence)); err != nil {
		return fmt.Errorf("borrow %s: %w", device, err)
	}
	if err := Write(l.conn, Frame{Kind: Borrow, Payload: []byte(device)}); err != nil {
		return fmt.Errorf("borrow %s: %w", device, keyed(err))
	}
	welcome, err := Read(l.conn)
	if err != nil || welcome.Kind != Welcome || len(welcome.Payload) != 8 {
		return fmt.Errorf("borrow %s: no welcome: %w", device, keyed(err))
	}
	l.epoch = binary.BigEndian.Uint64(welcome.Payload)
	status, err := Read(l.conn)
	if err != nil || status.Kind != Status {
		return fmt.Errorf("borrow %s: no state: %w", device, err)
	}
	if err := json.Unmarshal(status.Payload, &l.state); err != nil {
		return fmt.Errorf("borrow %s: state: %w", device, err)
	}
	if l.state.State != "ready" && l.state.State != "silent" {
		return fmt.Errorf("borrow %s: %w", device, &NotOpenError{l.state})
	}
	return l.conn.SetDeadline(time.Time{})
}

// keyed names the lender's refusal: in TLS 1.3 the client learns only by an alert that its certificate was not taken.
func keyed(err error) error {
	if alert, ok := errors.AsType[*net.OpError](err); ok && alert.Op == "remote error" {
		return ErrKey
	}
	return err
}

// State is the device's state when it was borrowed.
func (l *Line) State() State { return l.state }

// Next returns the next chunk that is new: not seen before, and not from before a Flush. It answers requests on the way.
// The error is ErrLost, or *NotOpenError when the device went away.
func (l *Line) Next(seen *Seen) (Frame, error) {
	for {
		if err := l.conn.SetReadDeadline(time.Now().Add(Silence)); err != nil {
			return Frame{}, fmt.Errorf("%w: %w", ErrLost, err)
		}
		f, err := Read(l.conn)
		if err != nil {
			return Frame{}, fmt.Errorf("%w: %w", ErrLost, err)
		}
		switch f.Kind {
		case Done:
			l.settle(f)
		case Status, Chunk:
			if seen.Epoch == l.epoch && f.Seq <= seen.Seq {
				continue
			}
			*seen = Seen{l.epoch, f.Seq}
			if f.Kind == Chunk {
				if l.fresh() {
					return f, nil
				}
				continue
			}
			var s State
			if json.Unmarshal(f.Payload, &s) == nil && s.State != "ready" && s.State != "silent" {
				return Frame{}, &NotOpenError{s}
			}
		case Borrow, Send, Flush, Welcome, Beat:
		}
	}
}

// Beat says that the borrower is there. Call it every BeatEvery.
func (l *Line) Beat() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.write(Frame{Kind: Beat})
}

// Send has bytes written to the device, and waits until they were.
func (l *Line) Send(b []byte, deadline time.Time) error {
	done, err := l.request(Send, b)
	if err != nil {
		return err
	}
	timer := time.NewTimer(time.Until(deadline))
	defer timer.Stop()
	select {
	case err := <-done:
		return err
	case <-timer.C:
		return ErrLost
	}
}

// Flush forgets what the device has said and was not returned by Next. It does not wait: what comes before the answer is
// dropped.
func (l *Line) Flush() error {
	_, err := l.request(Flush, nil)
	return err
}

// Close gives the device back.
func (l *Line) Close() error { return l.conn.Close() }

func (l *Line) request(kind Kind, b []byte) (<-chan error, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked++
	done := make(chan error, 1)
	l.waiting[l.asked] = done
	if kind == Flush {
		l.flush = l.asked
	}
	return done, l.write(Frame{Kind: kind, Seq: l.asked, Payload: b})
}

// write sends with a deadline; l.mu is held.
func (l *Line) write(f Frame) error {
	if err := l.conn.SetWriteDeadline(time.Now().Add(Silence)); err != nil {
		return fmt.Errorf("%w: %w", ErrLost, err)
	}
	if err := Write(l.conn, f); err != nil {
		return fmt.Errorf("%w: %w", ErrLost, err)
	}
	return nil
}

// settle hands the answer to a request out.
func (l *Line) settle(f Frame) {
	l.mu.Lock()
	defer l.mu.Unlock()
	done, ok := l.waiting[f.Seq]
	if !ok {
		return
	}
	delete(l.waiting, f.Seq)
	if f.Seq == l.flush {
		l.flush = 0
	}
	var err error
	if len(f.Payload) > 0 {
		err = errors.New(string(f.Payload))
	}
	done <- err
}

// fresh reports whether no flush is under way.
func (l *Line) fresh() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.flush == 0
}

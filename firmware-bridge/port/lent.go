package port

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/forestock/forestock/firmware-bridge/lend"
)

// lent is a line that another box lends. Its parity and settings are that box's business.
type lent struct {
	line *lend.Line
	seen *lend.Seen // survives this connection
	from string
	quit chan struct{} // closed by stop
	once sync.Once
}

// splitLender takes lend://host:port/device apart.
func splitLender(address string) (hostPort, device string, ok bool) {
	rest, ok := strings.CutPrefix(address, "lend://")
	if !ok {
		return "", "", false
	}
	hostPort, device, ok = strings.Cut(rest, "/")
	return hostPort, device, ok && device != "" && hostPort != ""
}

func borrow(ctx context.Context, address, key string, seen *lend.Seen) (device, error) {
	hostPort, name, _ := splitLender(address)
	k, err := lend.ParseKey(key)
	if err != nil {
		return nil, &openError{state: NoPermission, err: err}
	}
	dialer := net.Dialer{Timeout: lend.Silence}
	conn, err := dialer.DialContext(ctx, "tcp", hostPort)
	if err != nil {
		return nil, &openError{state: Absent, err: err}
	}
	line, err := lend.BorrowOver(ctx, conn, name, k)
	if err != nil {
		return nil, lenderError(err)
	}
	return &lent{line: line, seen: seen, from: hostPort + " " + line.State().Node, quit: make(chan struct{})}, nil
}

// lenderError turns a lender's reason into a state.
func lenderError(err error) error {
	if closed, ok := errors.AsType[*lend.NotOpenError](err); ok {
		return &openError{state: State(closed.State.State), node: closed.State.Node, err: err}
	}
	if errors.Is(err, lend.ErrKey) {
		return &openError{state: NoPermission, err: err}
	}
	return &openError{state: Absent, err: err}
}

func (l *lent) node() string { return l.from }

func (l *lent) receive(p *Port) error {
	var beats sync.WaitGroup
	defer beats.Wait()
	beats.Go(l.beat)
	defer l.stop()
	for {
		f, err := l.line.Next(l.seen)
		select {
		case <-l.quit:
			return nil
		default:
		}
		if err != nil {
			return lenderError(err)
		}
		p.put(f.Payload, time.Now().Add(-min(f.Age, lend.Silence)), int(f.Lost), int(f.Bad))
	}
}

// beat says that we are there, until stop. A beat that fails shows as a link that is lost.
func (l *lent) beat() {
	tick := time.NewTicker(lend.BeatEvery)
	defer tick.Stop()
	for {
		select {
		case <-l.quit:
			return
		case <-tick.C:
			if l.line.Beat() != nil {
				return
			}
		}
	}
}

func (l *lent) write(b []byte, deadline time.Time) error {
	if err := l.line.Send(b, deadline); err != nil {
		if errors.Is(err, lend.ErrLost) {
			return errors.Join(ErrUnplugged, err)
		}
		return errors.Join(ErrWriteStuck, err)
	}
	return nil
}

func (l *lent) discard() error { return l.line.Flush() }

func (l *lent) stop() {
	l.once.Do(func() {
		close(l.quit)
		l.line.Close() //nolint:errcheck // nothing is buffered
	})
}

func (l *lent) close() { l.stop() }

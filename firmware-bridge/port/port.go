package port

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/forestock/forestock/firmware-bridge/lend"
)

// Port is one device, attached or not. Its methods may be called from any goroutine.
type Port struct {
	cfg     Config
	queue   *queue
	events  chan Event
	flushes chan chan error
	running atomic.Bool
	seen    lend.Seen // of a lender; only the goroutine that keeps the port open uses it

	mu   sync.Mutex // guards the rest, and is held while dev is used
	dev  device     // nil when not open
	sick error      // why Write gave dev up
}

// device is an open tty or TCP connection. Only stop may be called while another method runs.
type device interface {
	// receive hands what arrives to the port's take or put, until the device is gone or stopped.
	receive(p *Port) error
	// write returns by the deadline: nil when all bytes were taken.
	write(b []byte, deadline time.Time) error
	// discard forgets what arrived and was not read yet.
	discard() error
	// stop makes receive and write return soon.
	stop()
	close()
	node() string
}

// New returns the port of a device; Run opens it.
func New(cfg Config) (*Port, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	p := &Port{
		cfg: cfg, queue: newQueue(cfg.Queue),
		events: make(chan Event), flushes: make(chan chan error),
	}
	p.queue.status = Status{State: Opening, Address: cfg.Address, Since: time.Now()}
	return p, nil
}

// Run keeps the device open until the context ends; then it closes the device and Events, and returns nil. It runs once.
func (p *Port) Run(ctx context.Context) error {
	if p.running.Swap(true) {
		return fmt.Errorf("port %s: Run was called before", p.cfg.Address)
	}
	defer close(p.events)
	var keeper sync.WaitGroup
	keeper.Go(func() { p.keepOpen(ctx) })
	p.pump(ctx)
	keeper.Wait()
	return nil
}

// Events is where bytes and changes of state come out while Run runs; it is closed when Run returns.
func (p *Port) Events() <-chan Event { return p.events }

// Status returns the newest state, which may be ahead of Events.
func (p *Port) Status() Status {
	p.queue.mu.Lock()
	defer p.queue.mu.Unlock()
	return p.queue.status
}

// Heard returns how many bytes have arrived since the beginning, also those that were dropped or flushed.
func (p *Port) Heard() uint64 {
	p.queue.mu.Lock()
	defer p.queue.mu.Unlock()
	return p.queue.total
}

// Write sends bytes to the device. It returns ErrNotOpen, ErrUnplugged, or ErrWriteStuck when the device does not take them
// before the context's deadline or Config.WriteTimeout; after the last two the port reopens.
func (p *Port) Write(ctx context.Context, b []byte) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("write to %s: %w", p.cfg.Address, err)
	}
	deadline := time.Now().Add(p.cfg.WriteTimeout)
	if d, ok := ctx.Deadline(); ok && d.Before(deadline) {
		deadline = d
	}
	if p.cfg.softParity() {
		b = p.cfg.Line.Parity.Add(b)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dev == nil {
		return fmt.Errorf("write to %s: %w", p.cfg.Address, ErrNotOpen)
	}
	if err := p.dev.write(b, deadline); err != nil {
		p.sick = err
		p.dev.stop() // a line that lost half a command is of no use: start afresh
		return fmt.Errorf("write to %s: %w", p.cfg.Address, err)
	}
	return nil
}

// Flush forgets everything that arrived and was not received from Events yet; states are kept. Call it before a request
// whose answer must be new. It waits for Run.
func (p *Port) Flush(ctx context.Context) error {
	done := make(chan error, 1)
	select {
	case p.flushes <- done:
	case <-ctx.Done():
		return fmt.Errorf("flush %s: %w", p.cfg.Address, ctx.Err())
	}
	if err := <-done; err != nil {
		return fmt.Errorf("flush %s: %w", p.cfg.Address, err)
	}
	return nil
}

// pump hands events out. It is the only sender, so that after a flush nothing old can be on its way.
func (p *Port) pump(ctx context.Context) {
	silence := time.NewTimer(p.cfg.SilentAfter)
	defer silence.Stop()
	if p.cfg.SilentAfter == 0 {
		silence.Stop()
	}
	for {
		event, ok := p.queue.peek()
		out := p.events
		if !ok {
			out = nil
		}
		select {
		case out <- event:
			p.queue.pop()
		case <-p.queue.more:
		case done := <-p.flushes:
			done <- p.discard()
		case <-silence.C:
			silence.Reset(p.queue.silence(p.cfg.SilentAfter))
		case <-ctx.Done():
			return
		}
	}
}

func (p *Port) discard() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.queue.discard(func() error {
		if p.dev == nil {
			return nil
		}
		return p.dev.discard()
	})
}

// goodAfter is how long a device must have stayed open to be retried without a wait when it goes.
const goodAfter = 10 * time.Second

// keepOpen opens the device again and again.
func (p *Port) keepOpen(ctx context.Context) {
	var opened uint64
	wait := p.cfg.RetryMin
	for ctx.Err() == nil {
		seen := p.fingerprint()
		dev, err := p.open(ctx)
		if err == nil {
			opened++
			start := time.Now()
			err = p.use(ctx, dev, opened)
			if time.Since(start) > goodAfter {
				wait = p.cfg.RetryMin
			}
		}
		if ctx.Err() != nil {
			return
		}
		p.report(err, opened)
		p.pause(ctx, wait, seen)
		wait = min(2*wait, p.cfg.retryMax())
	}
}

func (p *Port) report(err error, opened uint64) {
	s := Status{State: Unplugged, Address: p.cfg.Address, Opened: opened, Err: err}
	if failed, ok := errors.AsType[*openError](err); ok {
		s.State, s.Node = failed.state, failed.node
	}
	p.queue.report(s)
}

// pause waits before the next opening: less when what the address leads to has changed since the last one, which is how a
// device that was plugged in again is noticed at once.
func (p *Port) pause(ctx context.Context, wait time.Duration, seen string) {
	wait += rand.N(wait/5 + 1) // ports that failed together do not retry together
	over := time.NewTimer(wait)
	defer over.Stop()
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-over.C:
			return
		case <-look.C:
			if p.fingerprint() != seen {
				return
			}
		}
	}
}

// use receives from an open device until it is gone.
func (p *Port) use(ctx context.Context, dev device, opened uint64) error {
	p.mu.Lock()
	p.dev, p.sick = dev, nil
	p.mu.Unlock()
	p.queue.report(Status{State: Ready, Address: p.cfg.Address, Node: dev.node(), Opened: opened})
	release := context.AfterFunc(ctx, dev.stop)
	err := dev.receive(p)
	release()
	dev.stop() // a write in progress returns, so that the lock comes free
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dev = nil
	dev.close()
	if err == nil {
		err = p.sick
	}
	return err
}

// chunk bounds what one event carries.
const chunk = 4096

// take reads and queues as one step, see queue.discard.
func (p *Port) take(read func([]byte) (int, error)) error {
	p.queue.mu.Lock()
	defer p.queue.mu.Unlock()
	var buf [chunk]byte
	n, err := read(buf[:])
	if n > 0 {
		b := append([]byte(nil), buf[:n]...)
		bad := 0
		if p.cfg.softParity() {
			bad = p.cfg.Line.Parity.Strip(b)
		}
		p.queue.arrivedLocked(Event{Bytes: b, At: time.Now(), Bad: bad})
	}
	return err
}

// put queues bytes that arrived somewhere else.
func (p *Port) put(b []byte, at time.Time, lost, bad int) {
	p.queue.mu.Lock()
	defer p.queue.mu.Unlock()
	p.queue.arrivedLocked(Event{Bytes: b, At: at, Lost: lost, Bad: bad})
}

func (p *Port) open(ctx context.Context) (device, error) {
	if host, ok := p.cfg.tcp(); ok {
		return dialTCP(ctx, host)
	}
	if _, _, ok := splitLender(p.cfg.Address); ok {
		return borrow(ctx, p.cfg.Address, p.cfg.Key, &p.seen)
	}
	return openTTY(p.cfg.Address, p.cfg.Line)
}

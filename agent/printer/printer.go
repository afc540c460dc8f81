package printer

import (
	"context"
	"errors"
	"fmt"
	"image"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"github.com/forestock/forestock/firmware-bridge/port"
)

// Job is a label to print.
type Job struct {
	Name   string // for the log
	Copies int    // 1 to 99
	// Draw makes the picture, in the printer's goroutine, so that nobody waits for
	// it: dark dots and bright ones, so many in an inch.
	Draw func() (picture image.Image, dpi int, err error)
}

// ErrFull says that too many labels wait.
var ErrFull = errors.New("too many labels wait for the printer")

// Printer is one printer. Its methods are safe for concurrent use.
type Printer struct {
	prepared
	line    *port.Port
	log     *slog.Logger
	queue   chan Job
	waiting atomic.Int64 // jobs in queue and at hand

	mu      sync.Mutex
	state   State  // guarded by mu
	trouble string // guarded by mu; why a label was refused, until one is printed
}

// Times of a conversation with a printer.
const (
	askEvery     = 2 * time.Second        // while nothing happens
	askOften     = 300 * time.Millisecond // while it prints
	lostAfter    = 3 * time.Second        // an answer is not awaited longer
	silentAfter  = 7 * time.Second        // a printer answers while it prints, too
	sendTimeout  = 30 * time.Second       // of a label: 30 KB at 9600 baud
	mostUnread   = 4096                   // bytes of an answer that does not end
	mostCopies   = 99
	writeTimeout = 2 * time.Second // of a question
)

// New prepares a printer; Run attaches it. The registerer may be nil.
func New(c Config, r prometheus.Registerer, log *slog.Logger) (*Printer, error) {
	prep, err := c.prepare()
	if err != nil {
		return nil, fmt.Errorf("printer %s: %w", c.Name, err)
	}
	line, err := port.New(prep.port)
	if err != nil {
		return nil, fmt.Errorf("printer %s: %w", c.Name, err)
	}
	p := &Printer{prepared: prep, line: line, log: log.With("printer", c.Name), queue: make(chan Job, prep.Queue)}
	p.state = State{Name: c.Name, Station: c.Station, Address: c.Address, Word: Word(port.Opening), Since: time.Now(), Message: line.Status().Message()}
	if r != nil {
		if err := r.Register(collector{p}); err != nil {
			return nil, fmt.Errorf("register printer metrics: %w", err)
		}
	}
	return p, nil
}

// Print queues a label. It never waits. ErrFull: too many wait already.
func (p *Printer) Print(j Job) error {
	if j.Copies < 1 || j.Copies > mostCopies {
		return fmt.Errorf("print %s: %d copies: 1 to %d", j.Name, j.Copies, mostCopies)
	}
	p.waiting.Add(1) // before it can be taken out
	select {
	case p.queue <- j:
		return nil
	default:
		p.waiting.Add(-1)
		p.refused(ErrFull)
		return fmt.Errorf("print %s: %w", j.Name, ErrFull)
	}
}

// Run keeps the printer attached and prints until ctx ends.
func (p *Printer) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return p.line.Run(ctx) })
	g.Go(func() error { return p.serve(ctx) })
	return g.Wait()
}

func (p *Printer) refused(why error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.state.Refused++
	p.trouble = why.Error()
}

func (p *Printer) printed() {
	p.waiting.Add(-1)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.state.Printed++
	p.trouble = ""
}

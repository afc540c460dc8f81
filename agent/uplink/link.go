package uplink

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

// Link is the way of one warehouse to its hub.
type Link struct {
	cfg     Config
	journal Journal
	log     *slog.Logger
	metrics *metrics
	codec   *wire.Codec

	// The machine, and what follows, belong to the goroutine of loop.
	machine *machine
	session *session  // nil without a connection
	since   time.Time // when it opened
	shown   Status
	told    State // what the log was told last

	reader, writer *worker
	teller         *worker // of levels
	answers        chan answer
	lines          chan lineNews
	status         atomic.Pointer[Status]
}

// New makes a link. Without a Box in the configuration it is another process to
// the hub. The registerer may be nil.
func New(cfg Config, j Journal, r prometheus.Registerer, log *slog.Logger) (*Link, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if cfg.Random == nil {
		cfg.Random = rand.Float64
	}
	codec, err := wire.NewCodec()
	if err != nil {
		return nil, err
	}
	m, err := newMetrics(r)
	if err != nil {
		return nil, err
	}
	l := &Link{
		cfg: cfg, journal: j, log: log.With("warehouse", string(cfg.Warehouse)), metrics: m, codec: codec,
		answers: make(chan answer, 4), lines: make(chan lineNews),
	}
	if l.cfg.Box == nil {
		if l.cfg.Box, err = NewBox(); err != nil {
			return nil, err
		}
	}
	l.machine = newMachine(codec, l.cfg.Box, cfg.Software, cfg.Random, facts{j.Position(), j.Unsent(), j.DownPosition(), j.TookOver(), j.Ancestors()})
	l.machine.obedient = !cfg.KeepLedger
	l.reader, l.writer, l.teller = newWorker(j, codec, l.answers), newWorker(j, codec, l.answers), newWorker(j, codec, l.answers)
	l.shown = Status{State: Offline}
	l.publish()
	return l, nil
}

// Boot gives the identity of this run, as the hub sees it.
func (l *Link) Boot() wire.Boot { return l.cfg.Box.boot }

// Status gives how the link is now.
func (l *Link) Status() Status { return *l.status.Load() }

// ErrRebirth is returned by Run when the hub asks this box to set its ledger
// aside and to begin a new one: it was rolled back, and the hub has entries that
// it lost.
var ErrRebirth = errors.New("the hub asks for a new ledger")

// Run keeps the link up until ctx ends. It returns ErrRebirth or nil: whatever
// else goes wrong on the way to the hub is shown in Status and tried again.
func (l *Link) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return l.reader.run(ctx) })
	g.Go(func() error { return l.writer.run(ctx) })
	g.Go(func() error { return l.teller.run(ctx) })
	g.Go(func() error { return l.supervise(ctx) })
	g.Go(func() error { return l.loop(ctx) })
	return g.Wait()
}

// loop feeds the machine with what happens and does what it asks for.
func (l *Link) loop(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		changed := l.journal.Changed()
		l.machine.look(l.journal.Position())
		l.machine.feed(l.now())
		if err := l.act(ctx); err != nil {
			return err
		}
		l.publish()
		l.arm(timer)
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
		case <-timer.C:
			l.machine.tick(l.now())
		case a := <-l.answers:
			a(l)
		case n := <-l.lines:
			l.lineChanged(n)
		case raw := <-l.inbox():
			l.take(raw)
		}
	}
}

func (l *Link) now() time.Time { return time.Now() }

// arm sets the timer to the machine's next deadline.
func (l *Link) arm(t *time.Timer) {
	at := l.machine.deadline()
	if at.IsZero() {
		t.Stop()
		return
	}
	t.Reset(max(0, time.Until(at)))
}

func (l *Link) inbox() <-chan []byte {
	if l.session == nil {
		return nil
	}
	return l.session.inbox
}

// take reads a frame of the hub. A frame that is refused is lost, and repeated
// by the hub.
func (l *Link) take(raw []byte) {
	f, err := l.codec.DecodeDown(raw)
	if err != nil {
		l.metrics.refuse(err)
		l.machine.note.err = err.Error()
		return
	}
	l.metrics.received.WithLabelValues(f.Kind().String()).Inc()
	l.machine.frame(l.now(), &f)
}

// act does what the machine asks for. Its error ends the link.
func (l *Link) act(ctx context.Context) error {
	for todo := l.machine.take(); len(todo) > 0; todo = append(todo[1:], l.machine.take()...) {
		switch a := todo[0].(type) {
		case send:
			l.send(a)
		case readBatch:
			if !l.reader.ask(a) {
				l.machine.batch(l.now(), a.turn, prepared{}, errSlow)
			}
		case checkHash:
			if !l.reader.ask(a) {
				l.machine.hashed(l.now(), a.turn, stock.Hash{}, errSlow)
			}
		case readCells:
			if !l.reader.ask(a) {
				l.machine.cells(nil, errSlow)
			}
		case readOrders:
			l.machine.orders(l.now(), l.journal.Orders())
		case readLevels:
			l.teller.ask(a) // without room the hub asks again
		case readPoints:
			if !l.teller.ask(a) {
				l.machine.pointed(l.now(), a.turn, nil, errSlow)
			}
		case inherit:
			if !l.writer.ask(a) {
				l.machine.tookOver(l.now(), a.turn, stock.Takeover{}, errSlow)
			}
		case takeOver:
			l.log.InfoContext(ctx, "taking over the hub's levels", "of", a.statement.Epoch, "entry", a.statement.Seq, "levels", len(a.statement.Levels), "common", a.common)
			if !l.writer.ask(a) {
				l.machine.tookOver(l.now(), a.turn, stock.Takeover{}, errSlow)
			}
		case rebirth:
			l.publish()
			return fmt.Errorf("%w: %s", ErrRebirth, a.message)
		case storeDown:
			if !l.writer.ask(a) {
				l.machine.downStored(stock.DownPosition{}, errSlow)
			}
		case storeCursor:
			if err := l.journal.Stored(ctx, a.upto); err != nil {
				l.log.WarnContext(ctx, "the ledger did not take note of the hub's cursor", "upto", a.upto, "err", err)
			}
		case hangUp:
			if l.session != nil {
				l.session.conn.Cut(errDeaf)
			}
		}
	}
	return nil
}

func (l *Link) send(a send) {
	if l.session == nil {
		return
	}
	if !l.session.put(outgoing{a.frame, a.copy}) {
		l.metrics.dropped.WithLabelValues("outbox").Inc()
		return
	}
	l.metrics.count(a)
}

// publish shows the status, and tells the log when the state changed.
func (l *Link) publish() {
	if l.session != nil && l.now().Sub(l.since) >= shortLived {
		l.shown.Alarm = "" // this one lasts
	}
	s := l.machine.status(l.shown)
	l.status.Store(&s)
	l.metrics.show(&s)
	if s.State == l.told || (s.State == Draining && l.told == Synced) || (s.State == Synced && l.told == Draining) {
		return
	}
	l.told = s.State
	attrs := []any{"state", string(s.State), "broker", s.Broker, "unsent", s.Unsent}
	if s.State == Fenced {
		l.metrics.fences.WithLabelValues(s.Fence).Inc()
		l.log.Error("the hub does not accept this box", append(attrs, "reason", s.Fence, "err", s.Error, "hint", s.Hint)...)
		return
	}
	if s.Error != "" {
		attrs = append(attrs, "err", s.Error)
	}
	l.log.Info("link", attrs...)
}

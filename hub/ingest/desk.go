package ingest

import (
	"context"
	crand "crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

// Store makes commands durable and shows what is stored. It is safe for
// concurrent use; the reads do not wait.
type Store interface {
	// Apply answers when what the commands changed is durable.
	Apply(ctx context.Context, cmds ...inventory.Command) ([]inventory.Result, error)
	// Warehouse gives what is stored of a warehouse beside its levels.
	Warehouse(w stock.Warehouse) (inventory.WarehouseState, bool)
	// Levels gives the levels of a warehouse by SKU, those after one.
	Levels(w stock.Warehouse, after stock.SKU, n int) []inventory.Level
	// Down gives the entries of a warehouse's down stream after one.
	Down(w stock.Warehouse, after stock.Seq, n int) stock.DownBatch
	// DownChanged gives a channel that is closed once a down stream changed
	// after the call.
	DownChanged() <-chan struct{}
	// Statement gives the levels of a warehouse whose box is being replaced. The
	// error wraps inventory.ErrNotFrozen when none is.
	Statement(w stock.Warehouse) (stock.Statement, error)
	// Trace gives the greatest of the points at which the ledger of an epoch is
	// stored with just these bytes; 0 where none is.
	Trace(ctx context.Context, w stock.Warehouse, e stock.Epoch, points []wire.TracePoint) (stock.Seq, error)
	// Booked gives by which commands the newest entries of a ledger came.
	Booked(ctx context.Context, w stock.Warehouse, e stock.Epoch, n int) ([]stock.Booked, error)
	// Repair makes the levels that a box states those of the hub.
	Repair(ctx context.Context, r inventory.Repair) (inventory.Repairing, *inventory.Refusal, error)
}

// Carrier brings frames to agents. Nothing is believed about their delivery.
type Carrier interface {
	Send(ctx context.Context, w stock.Warehouse, frame []byte) error
}

// Config bounds the desk.
type Config struct {
	// MaxEntries and MaxBytes limit one batch; bytes count the entries before
	// packing.
	MaxEntries, MaxBytes int
	// MaxLinks bounds the warehouses that are served at once.
	MaxLinks int
	// Random gives numbers in [0, 1) that spread what is repeated. Nil is
	// math/rand; a simulation gives its own, so that it can be repeated.
	Random func() float64
	// StateFirst is how many entries an agent may lack to have sent before it is
	// asked for its levels, which are served while the entries follow.
	StateFirst uint64
	// TakeoverAfter is for how long a box has to be silent before another one may
	// take its warehouse over.
	TakeoverAfter time.Duration
}

// DefaultConfig gives limits that fit every broker: 128 KiB of entries pack to
// some 20 KiB. A backlog of 2,000 entries is sent before anybody notices.
func DefaultConfig() Config {
	return Config{MaxEntries: 512, MaxBytes: 128 << 10, MaxLinks: 10_000, StateFirst: 2000, TakeoverAfter: time.Minute}
}

// minTakeover is more than the longest silence of a box that is well: it pings
// every 5 s, and three of its pings may be lost.
const minTakeover = 20 * time.Second

// Validate checks the configuration.
func (c *Config) Validate() error {
	if c.MaxEntries < 1 || c.MaxEntries > wire.MaxBatch || c.MaxBytes < 1 || c.MaxBytes > wire.MaxBody/2 || c.MaxLinks < 1 {
		return fmt.Errorf("link limits: 1 to %d entries and 1 to %d bytes in a batch, at least one warehouse", wire.MaxBatch, wire.MaxBody/2)
	}
	if c.StateFirst < 1 || c.TakeoverAfter < minTakeover {
		return fmt.Errorf("link: levels come first from 1 entry on, and a box is replaced after %s of silence at least", minTakeover)
	}
	return nil
}

// Desk serves the agents of all warehouses: one link, with one goroutine, each.
// Its methods are safe for concurrent use.
type Desk struct {
	cfg     Config
	store   Store
	carrier Carrier
	log     *slog.Logger
	metrics *metrics
	codec   *wire.Codec
	boot    wire.Boot
	fresh   chan *link // links that have no goroutine yet
	started time.Time  // who was silent before that is not known

	mu      sync.RWMutex
	links   map[stock.Warehouse]*link       // guarded by mu
	replace map[stock.Warehouse]Replacement // guarded by mu
}

// New makes a desk. The registerer may be nil.
func New(cfg Config, s Store, c Carrier, r prometheus.Registerer, log *slog.Logger) (*Desk, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	codec, err := wire.NewCodec()
	if err != nil {
		return nil, err
	}
	if cfg.Random == nil {
		cfg.Random = rand.Float64
	}
	m, err := newMetrics(r)
	if err != nil {
		return nil, err
	}
	d := &Desk{
		cfg: cfg, store: s, carrier: c, log: log, metrics: m, codec: codec,
		fresh: make(chan *link, 1024), started: time.Now(),
		links: make(map[stock.Warehouse]*link), replace: make(map[stock.Warehouse]Replacement),
	}
	if _, err := crand.Read(d.boot[:]); err != nil {
		return nil, err
	}
	return d, nil
}

// Run serves until ctx ends.
func (d *Desk) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return d.ring(ctx) })
	for {
		select {
		case <-ctx.Done():
			return g.Wait()
		case l := <-d.fresh:
			g.Go(func() error {
				defer d.drop(l)
				return l.run(ctx)
			})
		}
	}
}

// ringPause bounds how often the links are woken because a down stream changed.
const ringPause = 50 * time.Millisecond

// ring wakes the links when a down stream changed.
func (d *Desk) ring(ctx context.Context) error {
	rest := time.NewTimer(ringPause)
	defer rest.Stop()
	for {
		changed := d.store.DownChanged()
		d.mu.RLock()
		for _, l := range d.links {
			l.wake()
		}
		d.mu.RUnlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return nil
		}
		rest.Reset(ringPause)
		select {
		case <-rest.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// Frame takes a frame that came in on the topic of a warehouse. It never waits:
// when the warehouse's link has no room, the agent is told to try again.
func (d *Desk) Frame(w stock.Warehouse, frame []byte) {
	l, err := d.link(w)
	if err != nil {
		d.metrics.refused.WithLabelValues("links").Inc()
		return
	}
	select {
	case l.queue <- arrival{frame, time.Now()}:
	default:
		l.turnAway(frame)
	}
}

// Presence takes the hint that a warehouse's agent came or went. It is believed
// only of the boot that has the session, because it may be late, and it never
// counts as having heard of the agent.
func (d *Desk) Presence(w stock.Warehouse, p wire.Presence) {
	st, ok := d.store.Warehouse(w)
	if !ok || wire.Boot(st.Box.Boot) != p.Boot {
		return
	}
	if l, err := d.link(w); err == nil {
		l.note(func(c *Contact) { c.Online = p.On })
	}
}

// Contact gives the signs of life of a warehouse's agent since the hub started.
func (d *Desk) Contact(w stock.Warehouse) Contact {
	d.mu.RLock()
	l := d.links[w]
	d.mu.RUnlock()
	if l == nil {
		return Contact{}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.contact
}

var (
	errTooMany = errors.New("more warehouses than this hub serves")
	errBusy    = errors.New("too many warehouses at one moment")
)

// link gives the link of a warehouse, and makes it when there is none.
func (d *Desk) link(w stock.Warehouse) (*link, error) {
	d.mu.RLock()
	l := d.links[w]
	d.mu.RUnlock()
	if l != nil {
		return l, nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if l := d.links[w]; l != nil {
		return l, nil
	}
	if len(d.links) >= d.cfg.MaxLinks {
		return nil, errTooMany
	}
	l = newLink(d, w)
	select {
	case d.fresh <- l:
	default:
		return nil, errBusy
	}
	d.links[w] = l
	d.metrics.links.Inc()
	return l, nil
}

// drop forgets a link whose goroutine has ended.
func (d *Desk) drop(l *link) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.links[l.warehouse] == l {
		delete(d.links, l.warehouse)
		d.metrics.links.Dec()
	}
}

package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"github.com/forestock/forestock/hub/inventory"
)

// ErrClosed is wrapped by errors about a store that does not run any more.
var ErrClosed = errors.New("store is closed")

// ErrBroken is wrapped by errors about a store that a storage error stopped.
// Whether the command is durable is not known: repeat it after the restart.
var ErrBroken = errors.New("store is broken")

// Pebble is the hub's store in a directory of its own. Its methods are safe
// for concurrent use.
type Pebble struct {
	options     Options
	db          *pebble.DB
	incarnation uint64 // born with the store; tokens carry it
	view        *view
	queue       *queue
	requests    sync.Pool // of those that were answered

	book *inventory.Book // the writer's alone, once Run has begun

	clock    hubClock // the writer's alone, as are those that follow
	buffers  buffers
	commands []inventory.Command

	once    sync.Once
	stopped chan struct{} // closed when nothing is applied any more
	failed  chan struct{} // closed by the first storage error
	cause   error         // the storage error; written before failed is closed

	life   sync.RWMutex // guards closed: readers of the database hold it
	closed bool
	stats  counters

	copying  sync.Mutex // held while a backup is made
	deciding sync.Mutex // held while somebody decides what counts
}

// counters are what Stats tells.
type counters struct{ groups, commands, entries, bytes atomic.Uint64 }

// Open opens the store in a directory, or creates it, and reads everything
// back. Levels that do not add up to the digest stored with them are an error.
// Only one process at a time can have it open. Call Run next.
func Open(dir string, o Options) (*Pebble, error) {
	p := newPebble(o)
	err := p.guard(func() (err error) {
		p.db, err = p.openDB(dir)
		return err
	})
	if err == nil {
		// A file of the database that is not what was written shows here.
		if err = p.guard(p.load); err != nil {
			err = errors.Join(err, p.Close())
		}
	}
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w", dir, err)
	}
	return p, nil
}

func newPebble(o Options) *Pebble {
	return &Pebble{
		options: o.withDefaults(), view: newView(), clock: hubClock{wall: time.Now},
		queue:    newQueue(),
		requests: sync.Pool{New: func() any { return &request{answer: make(chan answer, 1)} }},
		stopped:  make(chan struct{}), failed: make(chan struct{}),
	}
}

func (p *Pebble) openDB(dir string) (*pebble.DB, error) {
	opts := p.options.pebble(&logger{p.options.Log, p.fail})
	defer opts.Cache.Unref()
	return pebble.Open(dir, opts)
}

// guard runs something that ends the process if it fails badly, were it up to
// the database: see logger.Fatalf. It gives the error instead.
func (p *Pebble) guard(f func() error) error {
	done := make(chan error, 1)
	go func() { done <- f() }()
	select {
	case err := <-done:
		return err
	case <-p.failed:
		return p.failure()
	}
}

// fail notes the first storage error and stops the store for good.
func (p *Pebble) fail(err error) {
	p.once.Do(func() {
		p.cause = err
		close(p.failed)
	})
}

// Run applies commands until the context ends or storage fails. It returns
// the storage error, after which the process must end: the database may have
// stopped goroutines of its own where they were.
func (p *Pebble) Run(ctx context.Context) error {
	groups, synced := make(chan *group), make(chan *group, 1)
	written, committed := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(written)
		defer close(groups)
		p.write(ctx, groups)
	}()
	go func() {
		defer close(synced)
		p.commit(groups, synced)
	}()
	go func() {
		defer close(committed)
		p.show(synced)
	}()
	retired := make(chan struct{})
	go func() {
		defer close(retired)
		p.retire(ctx)
	}()
	defer p.end()
	select {
	case <-p.failed: // both may hang inside the database: nobody waits for them
		return p.failure()
	case <-committed:
	}
	<-written
	<-retired
	select {
	case <-p.failed:
		return p.failure()
	default:
		return nil
	}
}

// end answers everybody who waits for the store.
func (p *Pebble) end() {
	close(p.stopped)
	p.queue.end(fmt.Errorf("apply: %w", p.failure()))
}

// failure gives the error of a store that does not run: ErrBroken with its
// cause, or ErrClosed.
func (p *Pebble) failure() error {
	select {
	case <-p.failed:
		return fmt.Errorf("%w: %w", ErrBroken, p.cause)
	default:
		return ErrClosed
	}
}

// Close closes the database. Call it after Run has returned. A broken store
// stays as it is: its database must not write anything more.
func (p *Pebble) Close() error {
	p.life.Lock()
	defer p.life.Unlock()
	if p.closed {
		return nil
	}
	p.closed = true
	select {
	case <-p.failed:
		return nil
	default:
	}
	if err := p.guard(p.db.Close); err != nil {
		return fmt.Errorf("close store: %w", err)
	}
	return nil
}

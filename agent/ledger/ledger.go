package ledger

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"go.etcd.io/bbolt"

	"github.com/forestock/forestock/proto/stock"
)

// Ledger is one warehouse's book. Open gives one; Run must be running while
// something is written; Close ends it.
type Ledger struct {
	path      string
	warehouse stock.Warehouse
	epoch     stock.Epoch
	options   Options
	log       *slog.Logger
	db        *bbolt.DB

	predecessors []*Predecessor // newest last

	queue   queue
	running atomic.Bool
	later   chan struct{} // holds one token while something is to be written soon
	due     chan struct{} // holds one token while a checkpoint is due
	idle    *time.Timer   // fires once nothing was committed for a moment
	tried   stock.Seq     // newest entry when the last checkpoint was begun; of whoever has the turn

	acked atomic.Uint64 // the hub's cursor, which the file may lag behind

	reserved  bool  // the file's space is reserved in the file system
	diskFloor int64 // free bytes of the disk below which new work is refused, unless reserved

	used        atomic.Int64 // bytes of the file in use at the newest commit
	full        atomic.Bool  // there was no room for new work then
	commits     atomic.Uint64
	lastCommit  atomic.Int64 // how long the newest commit took, in nanoseconds
	downRefused atomic.Uint64

	mu   sync.RWMutex // guards view; only whoever has the turn writes it, and reads it without
	view view
}

// view is what is known of the file in memory: only what is on disk.
type view struct {
	base        mark // newest entry that is not kept any more
	last        mark // newest entry
	ending      ending
	stored      stock.Seq
	sheet       stock.Sheet
	catalogue   catalogue
	orders      orders
	recounts    recounts
	down        stock.DownPosition
	checkpoint  checkpoint                    // the newest
	checkpoints [len(bucketLevels)]checkpoint // by slot
	window      window
	past        past
	known       known // commands that only predecessors booked; nil when that was long ago
	changed     chan struct{}
}

// Open opens the ledger at path and makes it when there is none. It reads the
// checkpoint and the newest entries, checks their hashes, and fails when
// anything does not fit. Errors: ErrLocked, ErrDamaged, ErrWarehouse, ErrFormat.
func Open(path string, o Options) (*Ledger, error) {
	o = o.withDefaults()
	db, err := openFile(path, o)
	if err != nil {
		return nil, err
	}
	l := &Ledger{
		path: path, options: o, log: o.Log, db: db,
		queue: newQueue(), later: make(chan struct{}, 1), due: make(chan struct{}, 1),
		idle: time.NewTimer(laterDelay), diskFloor: keptBack(o.MaxSize),
	}
	if err := l.load(); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if err := unmapRead(db, path); err != nil {
		l.log.Warn("the ledger's file stays in memory after it was read through", "path", path, "err", err)
	}
	l.reserve()
	return l, nil
}

// Close closes the file. Call it after Run has returned.
func (l *Ledger) Close() error {
	if err := l.db.Close(); err != nil {
		return fmt.Errorf("close ledger %s: %w", l.path, err)
	}
	return nil
}

// Run lets callers write until ctx ends, and writes in the background what
// nobody asks for. Calls that come later, or were not taken up, fail with
// ErrClosed. It returns an error only when the file cannot be trusted any more:
// then the process must stop and start again. Run it once.
func (l *Ledger) Run(ctx context.Context) error {
	if !l.running.CompareAndSwap(false, true) {
		return fmt.Errorf("ledger %s runs already: %w", l.path, ErrClosed)
	}
	w := &writer{Ledger: l}
	err := w.run(ctx)
	l.queue.close(err)
	return err
}

// Position gives the epoch and how far the ledger has come.
func (l *Ledger) Position() stock.Position {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return stock.Position{Epoch: l.epoch, First: l.view.base.seq + 1, Last: l.view.last.seq, Head: l.view.last.hash}
}

// Warehouse gives whose ledger it is.
func (l *Ledger) Warehouse() stock.Warehouse { return l.warehouse }

// Changed gives a channel that is closed when an entry is appended after the call.
func (l *Ledger) Changed() <-chan struct{} {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.view.changed
}

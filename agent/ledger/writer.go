package ledger

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"github.com/forestock/forestock/proto/stock"
)

// storedDelay is how long the hub's cursor may wait for a commit to ride on.
const storedDelay = time.Second

// request is one thing to write. Its work runs in the writer's goroutine inside
// a transaction; an error of it refuses this request alone, and must come before
// it has changed anything.
type request struct {
	work   func(*commit) error
	size   int // movements
	err    error
	answer chan error // holds one
}

// do hands a request to Run and waits for the commit.
func (l *Ledger) do(ctx context.Context, r *request) error {
	r.answer = make(chan error, 1)
	select {
	case <-l.ended:
		return ErrClosed
	default:
	}
	select {
	case l.queue <- r:
	case <-l.ended:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-r.answer:
		return err
	case <-ctx.Done():
		return ctx.Err()
	case <-l.ended:
	}
	select {
	case err := <-r.answer:
		return err
	default:
		return ErrClosed
	}
}

// writer is Run's goroutine.
type writer struct {
	*Ledger
	saving *saving   // the checkpoint that is being written; nil when none is
	tried  stock.Seq // newest entry when the last checkpoint was begun
}

func (w *writer) run(ctx context.Context) error {
	storedTimer := time.NewTimer(storedDelay)
	storedTimer.Stop()
	defer storedTimer.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return w.finish()
		case r := <-w.queue:
			err = w.commit(w.gather(r))
		case <-w.ackNews:
			storedTimer.Reset(storedDelay)
		case <-storedTimer.C:
			err = w.commit(nil)
		case <-w.saving.ready():
			err = w.saveChunk()
		}
		if err != nil {
			return err
		}
		w.startSaving()
		if w.full.Load() {
			storedTimer.Reset(storedDelay) // look again: space may come back
		}
	}
}

// finish leaves the hub's cursor in the file.
func (w *writer) finish() error {
	return w.commit(nil)
}

// gather takes whatever else waits, up to one group. It never waits itself: a
// single scan is written at once, and what arrives meanwhile shares the next commit.
func (w *writer) gather(first *request) []*request {
	group := []*request{first}
	size := first.size
	for size < maxGroup {
		select {
		case r := <-w.queue:
			group = append(group, r)
			size += r.size
		default:
			return group
		}
	}
	return group
}

// refuseRest answers those who still wait when Run ends.
func (w *writer) refuseRest(cause error) {
	refusal := ErrClosed
	if cause != nil {
		refusal = fmt.Errorf("%w: nothing was written: %w", ErrClosed, cause)
	}
	for {
		select {
		case r := <-w.queue:
			r.answer <- refusal
		default:
			close(w.ended)
			return
		}
	}
}

// commit is what one transaction writes.
type commit struct {
	l       *Ledger
	tx      *bbolt.Tx
	journal journal
	full    error // why there is no room for new work; nil when there is

	last     mark
	records  []record
	entries  []stock.Entry
	commands map[string]int          // command id -> index of its first entry in entries
	undone   map[stock.Seq]stock.Seq // by entries of this commit

	down    *stock.DownPosition // set when the hub's stream moved in this commit
	trimmed bool
	dirty   bool          // something but entries was written
	failed  error         // bbolt refused a change: nothing of this commit may stay
	publish []func(*view) // runs under the lock after the commit
}

// errNothing ends a transaction in which nothing is to be written.
var errNothing = errors.New("nothing to write")

// commit writes a group and answers it: first the disk, then memory, then the
// callers. An error means that the file cannot be trusted any more.
func (l *Ledger) commit(group []*request) error {
	began := time.Now()
	c := &commit{l: l}
	err := l.update(func(tx *bbolt.Tx) error {
		if err := c.begin(tx); err != nil {
			return err
		}
		for _, r := range group {
			r.err = r.work(c)
		}
		return c.end()
	})
	switch {
	case err == nil:
		l.commits.Add(1)
		l.lastCommit.Store(int64(time.Since(began)))
		l.show(c)
	case errors.Is(err, errNothing):
	case errors.Is(err, ErrFull):
		for _, r := range group {
			r.err = cmp.Or(r.err, err)
		}
	default:
		err = fmt.Errorf("%w: it is open whether the write is on disk; start again and ask with the same command id: %w", ErrBroken, err)
		for _, r := range group {
			r.answer <- err
		}
		return err
	}
	for _, r := range group {
		r.answer <- r.err
	}
	return nil
}

func (c *commit) begin(tx *bbolt.Tx) (err error) {
	*c = commit{
		l: c.l, tx: tx, last: c.l.view.last, full: c.l.room(tx),
		commands: make(map[string]int), undone: make(map[stock.Seq]stock.Seq),
	}
	c.journal, err = openJournal(tx)
	return err
}

// fail makes an error of bbolt the end of the whole commit.
func (c *commit) fail(err error) error {
	c.failed = cmp.Or(c.failed, err)
	return err
}

// end writes the entries and the hub's cursor.
func (c *commit) end() error {
	if err := c.putStored(); err != nil || c.failed != nil {
		return errors.Join(err, c.failed)
	}
	if len(c.records) == 0 && !c.dirty {
		return errNothing
	}
	return c.journal.append(c.records)
}

// show makes visible what is on disk now.
func (l *Ledger) show(c *commit) {
	l.mu.Lock()
	defer l.mu.Unlock()
	v := &l.view
	for i := range c.entries {
		v.sheet.Apply(&c.entries[i].Movement)
		v.window.add(&c.entries[i])
	}
	v.last = c.last
	for _, f := range c.publish {
		f(v)
	}
	if len(c.entries) > 0 {
		close(v.changed)
		v.changed = make(chan struct{})
	}
}

// update runs one bbolt transaction. ErrFull means that it certainly left no
// trace; every other error but the function's own leaves that open.
func (l *Ledger) update(fn func(*bbolt.Tx) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("bbolt: %v", p)
		}
	}()
	var id int
	err = l.db.Update(func(tx *bbolt.Tx) error {
		id = tx.ID()
		return fn(tx)
	})
	switch {
	case errors.Is(err, berrors.ErrMaxSizeReached):
		return l.fullError()
	case errors.Is(err, syscall.ENOSPC) && !l.visible(id):
		// The meta page was never replaced, so no later write can bring the
		// transaction back.
		return l.fullError()
	}
	return err
}

// visible reports whether a transaction is what a reader sees now.
func (l *Ledger) visible(id int) bool {
	seen := true
	err := l.db.View(func(tx *bbolt.Tx) error {
		seen = tx.ID() >= id
		return nil
	})
	return err != nil || seen
}

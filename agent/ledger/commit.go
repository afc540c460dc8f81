package ledger

import (
	"cmp"
	"errors"
	"fmt"
	"syscall"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"github.com/forestock/forestock/proto/stock"
)

// commit is what one transaction writes.
type commit struct {
	l       *Ledger
	tx      *bbolt.Tx
	group   int // requests
	journal *journal
	full    error // why there is no room for new work; nil when there is

	last     mark
	ending   ending
	records  []record
	bookings []*booking
	commands map[string]*booking     // by id; nil in a commit of one
	undone   map[stock.Seq]stock.Seq // by entries of this commit; nil where there are none

	tasks   orders              // that this commit changes, as it leaves them
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
	var c *commit
	err := l.update(func(tx *bbolt.Tx) error {
		c = l.begin(tx, len(group))
		for _, r := range group {
			r.err = r.work(c)
		}
		return c.end()
	})
	switch {
	case err == nil:
		l.commits.Add(1)
		l.idle.Reset(laterDelay)
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
	l.remind()
	for _, r := range group {
		r.answer <- r.err
	}
	return nil
}

// remind tells Run what a commit leaves for later.
func (l *Ledger) remind() {
	if l.full.Load() {
		nudge(l.later) // look again: space may come back
	}
	if l.view.last.seq >= l.nextCheckpoint() {
		nudge(l.due)
	}
}

func (l *Ledger) begin(tx *bbolt.Tx, group int) *commit {
	return &commit{
		l: l, tx: tx, group: group, journal: openJournal(tx), last: l.view.last, ending: l.view.ending, full: l.room(tx),
		records: make([]record, 0, group), bookings: make([]*booking, 0, group),
	}
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
	var err error
	if len(c.records) > 0 {
		c.ending, err = c.journal.append(c.ending, c.records)
	}
	return err
}

// show makes visible what is on disk now.
func (l *Ledger) show(c *commit) {
	l.mu.Lock()
	defer l.mu.Unlock()
	v := &l.view
	for _, b := range c.bookings {
		b.show(v)
	}
	v.last, v.ending = c.last, c.ending
	for _, f := range c.publish {
		f(v)
	}
	if len(c.bookings) > 0 {
		close(v.changed)
		v.changed = make(chan struct{})
	}
}

func (b *booking) show(v *view) {
	for i := range b.plan {
		e := &b.plan[i]
		v.sheet.Apply(&e.Movement)
		v.window.add(e, b.key)
		v.recounts.add(e)
	}
}

// nudge wakes whoever waits on a channel that holds one token.
func nudge(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
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
	case lacksSpace(err) && !l.visible(id):
		// The meta page was never replaced, so no later write can bring the
		// transaction back.
		return l.fullError()
	}
	return err
}

// lacksSpace reports whether the file system, a quota or a limit of the process
// refused to let the file grow.
func lacksSpace(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG)
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

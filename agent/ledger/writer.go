package ledger

import (
	"context"
	"runtime"
	"time"

	"github.com/forestock/forestock/proto/stock"
)

// laterDelay is how long the hub's cursor may wait for a commit to ride on, and
// how soon a full ledger looks for space again.
const laterDelay = time.Second

// writer is Run's goroutine: it commits for those who wait behind a caller that
// has the turn, and what has to be written although nobody asks for it.
type writer struct {
	*Ledger
	leads   bool    // it has the turn
	saving  *saving // the checkpoint that is being written; nil when none is
	twinned uint64  // commits when both meta pages were the same
}

// always is ready at once.
var always = func() <-chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

func when(yes bool) <-chan struct{} {
	if yes {
		return always
	}
	return nil
}

func (w *writer) run(ctx context.Context) error {
	var later <-chan time.Time  // nil while nothing waits for a commit to ride on
	w.leads = w.queue.release() // until now nobody had the turn
	for {
		var err error
		select {
		case <-ctx.Done():
			// What rides on the next commit gets one now, and nobody gets the turn.
			return w.take(w.finish)
		case err = <-w.queue.broke:
		case <-w.queue.hand:
			w.leads = true
		case <-when(w.leads):
			err = w.once(w.serve)
		case <-w.later:
			if later == nil {
				later = time.After(laterDelay)
			}
		case <-later:
			later = nil
			err = w.once(w.sweep)
		case <-w.idle.C:
			err = w.once(w.twin)
		case <-w.due:
			err = w.once(w.startSaving)
		case <-when(w.saving != nil):
			err = w.once(w.saveChunk)
		}
		if err != nil {
			return err
		}
	}
}

// serve commits for those who wait. Those who were answered together run before
// it looks at the queue again, so that callers who go on at once share the next
// commit too, instead of the first of them getting one of his own.
func (w *writer) serve() error {
	group := w.queue.gather()
	err := w.commit(group)
	if len(group) > 1 {
		w.queue.reassemble(len(group))
	}
	return err
}

// patience is how often the writer lets others run although nobody came the last
// time: some microseconds, a small part of a commit.
const patience = 20

// reassemble lets others run until all who were answered together wait again, or
// nobody comes any more. It never waits for somebody who does something else.
func (q *queue) reassemble(answered int) {
	had := q.length()
	all := had + answered
	for vain := 0; vain < patience && had < all; vain++ {
		runtime.Gosched()
		if now := q.length(); now > had {
			had, vain = now, 0
		}
	}
}

// sweep commits what waits for a commit to ride on.
func (w *writer) sweep() error { return w.commit(nil) }

// take gets the turn, writes, and keeps the turn.
func (w *writer) take(write func() error) error {
	if !w.leads {
		select {
		case err := <-w.queue.broke:
			return err
		case <-w.queue.hand:
		case <-w.queue.turn:
		}
		w.leads = true
	}
	return write()
}

// once gets the turn, writes, and lets go of the turn when nobody waits.
func (w *writer) once(write func() error) error {
	if err := w.take(write); err != nil {
		return err
	}
	w.leads = w.queue.release()
	return nil
}

// nextCheckpoint gives the entry at which the levels are written down again.
func (l *Ledger) nextCheckpoint() stock.Seq {
	return max(l.view.checkpoint.seq, l.tried) + stock.Seq(l.options.CheckpointEvery)
}

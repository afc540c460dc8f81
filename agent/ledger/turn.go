package ledger

import (
	"context"
	"fmt"
	"sync"
)

// request is one thing to write. Its work runs inside a transaction; an error
// of it refuses this request alone, and must come before it has changed anything.
type request struct {
	work   func(*commit) error
	size   int // movements
	err    error
	answer chan error // holds one
}

// queue is who waits to write. There is one token, the turn, and only whoever
// has it writes. A caller who finds it free commits for himself, which spares
// the way to another goroutine and back; when others came meanwhile he hands it
// to Run's goroutine, which commits for all who wait until nobody does.
type queue struct {
	turn  chan struct{} // the token while nobody writes
	hand  chan struct{} // the token on its way to Run
	broke chan error    // the error of a commit after which nobody may write

	mu      sync.Mutex // guards what follows
	waiting []*request
	closed  error // why nothing is taken any more; nil while something is
}

func newQueue() queue {
	return queue{turn: make(chan struct{}, 1), hand: make(chan struct{}, 1), broke: make(chan error, 1)}
}

// do joins the queue and waits for the commit, or makes it.
func (l *Ledger) do(ctx context.Context, r *request) error {
	r.answer = make(chan error, 1)
	if err := l.queue.join(r); err != nil {
		return err
	}
	select {
	case <-l.queue.turn:
		l.lead()
	default: // whoever has the turn looks at the queue before he lets go of it
	}
	select {
	case err := <-r.answer:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// lead commits what waits, and passes the turn on.
func (l *Ledger) lead() {
	if err := l.commit(l.queue.gather()); err != nil {
		l.queue.broke <- err // and the turn stays with nobody
		return
	}
	if l.queue.release() {
		l.queue.hand <- struct{}{}
	}
}

// release lets go of the turn when nobody waits. It reports whether somebody
// does: then the turn is still the caller's.
func (q *queue) release() bool {
	if !q.empty() {
		return true
	}
	q.turn <- struct{}{}
	if q.empty() {
		return false
	}
	select { // somebody came in between and did not get it
	case <-q.turn:
		return true
	default:
		return false
	}
}

func (q *queue) empty() bool { return q.length() == 0 }

func (q *queue) length() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.waiting)
}

func (q *queue) join(r *request) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed != nil {
		return q.closed
	}
	q.waiting = append(q.waiting, r)
	return nil
}

// gather takes those who wait, up to one group, in the order in which they came.
func (q *queue) gather() []*request {
	q.mu.Lock()
	defer q.mu.Unlock()
	n, size := 0, 0
	for n < len(q.waiting) && size < maxGroup {
		size += q.waiting[n].size
		n++
	}
	group := q.waiting[:n:n]
	q.waiting = q.waiting[n:]
	return group
}

// close refuses those who still wait, and all who come later.
func (q *queue) close(cause error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = ErrClosed
	if cause != nil {
		q.closed = fmt.Errorf("%w: nothing was written: %w", ErrClosed, cause)
	}
	for _, r := range q.waiting {
		r.answer <- q.closed
	}
	q.waiting = nil
}

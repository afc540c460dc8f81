package store

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/forestock/forestock/hub/inventory"
)

// request is one call of Apply.
type request struct {
	commands []inventory.Command
	bytes    int
	answer   chan answer // with room for one, so that nobody waits for a caller who left
	left     atomic.Bool // the caller does not wait any more
}

type answer struct {
	results []inventory.Result
	err     error
}

// queue is the calls that wait for the writer, in their order, and the groups
// that are under way. It needs no bound: behind each there is a caller who waits.
//
// Callers wait for their answer alone, not for the end of the store as well:
// that would be one channel more which all of them lock with each call. So the
// end answers whoever is left.
type queue struct {
	mu      sync.Mutex // guards the rest but rung
	waiting []*request
	groups  []*group // taken and not answered yet, in their order
	ended   error    // why nothing is taken any more

	rung chan struct{} // with room for one: somebody waits, perhaps
}

func newQueue() *queue { return &queue{rung: make(chan struct{}, 1)} }

// put adds a request. It gives the error of a store that has ended.
func (q *queue) put(r *request) error {
	q.mu.Lock()
	if q.ended != nil {
		defer q.mu.Unlock()
		return q.ended
	}
	q.waiting = append(q.waiting, r)
	first := len(q.waiting) == 1
	q.mu.Unlock()
	if first {
		q.ring()
	}
	return nil
}

func (q *queue) ring() {
	select {
	case q.rung <- struct{}{}:
	default: // the writer has to look anyway
	}
}

// take begins a group with what waits, up to the bounds of one. What was left
// by its caller is left out.
func (q *queue) take() *group {
	q.mu.Lock()
	defer q.mu.Unlock()
	g, n := new(group), 0
	for ; n < len(q.waiting) && g.commands < groupCommands && g.taken < groupBytes; n++ {
		r := q.waiting[n]
		if r.left.Load() {
			continue
		}
		q.waiting[len(g.requests)] = r
		g.requests = q.waiting[:len(g.requests)+1]
		g.commands += len(r.commands)
		g.taken += r.bytes
	}
	g.requests = slices.Clip(g.requests)
	if q.waiting = q.waiting[n:]; len(q.waiting) > 0 {
		q.ring()
	} else {
		q.waiting = make([]*request, 0, n) // as many may come again
	}
	q.groups = append(q.groups, g)
	return g
}

// finish ends the oldest group that is under way. It reports whether its
// callers are still to be answered.
func (q *queue) finish() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.ended != nil {
		return false
	}
	q.groups[0] = nil // or its rows would stay in memory
	q.groups = q.groups[1:]
	return true
}

// end answers all callers who wait, now and from now on, with an error.
func (q *queue) end(err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.ended = err
	for _, g := range q.groups {
		refuse(g.requests, err)
	}
	refuse(q.waiting, err)
	q.groups, q.waiting = nil, nil
}

func refuse(requests []*request, err error) {
	for _, r := range requests {
		r.answer <- answer{err: err}
	}
}

package port

import (
	"slices"
	"sync"
	"time"
)

// Event is one thing that happened at a port: bytes arrived, or the state changed. Events come in the order in which they
// happened; bytes after a change of state never belong to the opening before it, so a decoder is reset on each of them.
type Event struct {
	Status *Status   // the new state, or nil
	Bytes  []byte    // what arrived; the receiver owns it
	At     time.Time // when; with a monotonic reading
	Lost   int       // bytes dropped just before these, because Events was not read in time
	Bad    int       // how many of Bytes are Corrupt
}

// queue holds events until they are read: bounded, dropping the oldest.
type queue struct {
	mu     sync.Mutex
	events []Event       // guarded by mu
	lost   int           // guarded by mu: bytes dropped since the last chunk was queued
	status Status        // guarded by mu: the newest state
	heard  time.Time     // guarded by mu: when bytes arrived last, or the device was opened
	total  uint64        // guarded by mu: bytes that arrived
	limit  int           // how many events wait at most
	more   chan struct{} // signalled after each push, capacity 1
}

func newQueue(limit int) *queue {
	return &queue{limit: limit, more: make(chan struct{}, 1)}
}

// pushLocked queues an event and wakes pump.
func (q *queue) pushLocked(e Event) {
	if len(q.events) == q.limit {
		q.drop()
	}
	if len(e.Bytes) > 0 {
		e.Lost, q.lost = e.Lost+q.lost, 0 // lost is zero unless no chunk was queued behind the dropped ones
	}
	q.events = append(q.events, e)
	select {
	case q.more <- struct{}{}:
	default: // already signalled
	}
}

// report queues a state unless it is the one already known.
func (q *queue) report(s Status) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if s.State == q.status.State && s.Opened == q.status.Opened && s.Node == q.status.Node {
		return
	}
	q.reportLocked(s)
}

func (q *queue) reportLocked(s Status) {
	s.Since = time.Now()
	if s.State == Ready {
		q.heard = s.Since
	}
	q.status = s
	q.pushLocked(Event{Status: &s, At: s.Since})
}

// arrivedLocked queues bytes; a silent device is thereby ready again. Times never run backwards.
func (q *queue) arrivedLocked(e Event) {
	if e.At.Before(q.heard) {
		e.At = q.heard
	}
	q.heard = e.At
	q.total += uint64(len(e.Bytes))
	if q.status.State == Silent {
		s := q.status
		s.State = Ready
		q.reportLocked(s)
		e.At = q.heard
	}
	q.pushLocked(e)
}

// silence reports Silent if nothing arrived for limit, and returns how long until it is worth asking again.
func (q *queue) silence(limit time.Duration) time.Duration {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.status.State != Ready {
		return limit
	}
	if left := limit - time.Since(q.heard); left > 0 {
		return left
	}
	s := q.status
	s.State = Silent
	q.reportLocked(s)
	return limit
}

// drop forgets the oldest event but the first, which pump may be handing out; its bytes are counted on the chunk that
// follows it.
func (q *queue) drop() {
	q.lost += q.events[1].Lost + len(q.events[1].Bytes)
	q.events = append(q.events[:1], q.events[2:]...)
	for i := range q.events[1:] {
		if e := &q.events[i+1]; len(e.Bytes) > 0 {
			e.Lost += q.lost
			q.lost = 0
			return
		}
	}
}

// peek returns the oldest event. Only pump calls peek, pop and discard.
func (q *queue) peek() (e Event, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.events) == 0 {
		return Event{}, false
	}
	return q.events[0], true
}

// pop removes the event that peek returned.
func (q *queue) pop() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.events = q.events[1:]
}

// discard runs flush and forgets all bytes that are queued, as one step: a reader that queues under queue.mu cannot slip
// old bytes in between.
func (q *queue) discard(flush func() error) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	err := flush()
	q.events = slices.DeleteFunc(q.events, func(e Event) bool { return e.Status == nil })
	q.lost = 0
	return err
}

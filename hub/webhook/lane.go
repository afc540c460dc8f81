package webhook

import "time"

// item is an event on its way, or a place in the feed that needs nothing more.
type item struct {
	*letter
	row  string    // key of a letter that is on disk; its body is there
	at   place     // of the feed behind this event
	next time.Time // not before
	won  uint64    // what the endpoint had taken when this failed first
	busy bool      // an attempt runs
	done bool
}

// lane is the part of a feed that is on its way to one endpoint. It gives out
// the oldest event of each key, and knows up to where everything is done. It
// belongs to one goroutine.
type lane struct {
	limit    int
	coalesce time.Duration // how long events wait for newer ones of their key that replace them; 0 keeps all
	window   []*item       // in the order of the feed; the first one is never done
	queues   map[string][]*item
	waiting  int   // items that are not done
	base     place // everything up to it is done
}

func newLane(base place, limit int, coalesce time.Duration) *lane {
	return &lane{limit: limit, coalesce: coalesce, queues: make(map[string][]*item), base: base}
}

// full reports whether the lane takes no more.
func (l *lane) full() bool { return l.waiting >= l.limit }

// add takes an event in, behind all others of its key.
func (l *lane) add(e *letter, at place, now time.Time) *item {
	it := &item{letter: e, at: at}
	queue := l.queues[e.Key]
	if l.coalesce > 0 {
		it.next = now.Add(l.coalesce)
		if n := len(queue); n > 0 && !queue[n-1].busy {
			old := queue[n-1]
			it.next, it.Since, it.Attempts, it.won = old.next, old.Since, old.Attempts, old.won
			l.finish(old)
			queue = l.queues[e.Key]
		}
	}
	l.window = append(l.window, it)
	l.queues[e.Key] = append(queue, it)
	l.waiting++
	return it
}

// skip notes that the feed got to a place with nothing to tell.
func (l *lane) skip(at place) {
	n := len(l.window)
	switch {
	case n == 0:
		l.base = at
	case l.window[n-1].done:
		l.window[n-1].at = at
	default:
		l.window = append(l.window, &item{at: at, done: true})
	}
}

// finish notes that an event needs nothing more.
func (l *lane) finish(it *item) {
	it.done, it.busy = true, false
	l.waiting--
	queue := l.queues[it.Key]
	for i, other := range queue {
		if other == it {
			queue = append(queue[:i:i], queue[i+1:]...)
			break
		}
	}
	if len(queue) == 0 {
		delete(l.queues, it.Key)
	} else {
		l.queues[it.Key] = queue
	}
	it.letter = nil // its bytes go; its place in the window stays
	for len(l.window) > 0 && l.window[0].done {
		l.base, l.window = l.window[0].at, l.window[1:]
	}
	if len(l.window) > 2*l.waiting+64 {
		l.compact()
	}
}

// compact makes one of several places side by side that are done.
func (l *lane) compact() {
	out := make([]*item, 0, 2*l.waiting+1)
	for _, it := range l.window {
		if n := len(out); n > 0 && it.done && out[n-1].done {
			out[n-1].at = it.at
			continue
		}
		out = append(out, it)
	}
	l.window = out
}

// head reports whether an item is the oldest of its key, and no attempt runs.
func (l *lane) head(it *item) bool { return !it.done && !it.busy && l.queues[it.Key][0] == it }

// ready gives the first event that may be sent now, or when the next one may.
// Where the endpoint is down it gives the one that was tried least: a key that
// is not stuck shows that it is up again. Held keys are passed over.
func (l *lane) ready(now time.Time, down bool, held func(key string) bool) (found *item, next time.Time) {
	for _, it := range l.window {
		if !l.head(it) || held(it.Key) {
			continue
		}
		switch {
		case it.next.After(now):
			if next.IsZero() || it.next.Before(next) {
				next = it.next
			}
		case !down:
			return it, time.Time{}
		case found == nil || it.Attempts < found.Attempts:
			found = it
		}
	}
	return found, next
}

// wake lets everything that failed before be tried at once.
func (l *lane) wake() {
	for _, it := range l.window {
		if !it.done && it.Attempts > 0 {
			it.next = time.Time{}
		}
	}
}

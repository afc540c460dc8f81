package store

import (
	"sort"
	"sync"

	"github.com/forestock/forestock/hub/inventory"
)

const (
	// logWindow bounds how many changes the log remembers. A watch that falls
	// further behind looks through all levels instead, so nothing is lost.
	logWindow = 1 << 16
	// logChunk bounds how many changes are copied at a time, and so how long
	// the publisher can be made to wait.
	logChunk = 1024
)

// mark says which level changed to which revision.
type mark struct {
	revision inventory.Revision
	shop     *shop
	shelf    *shelf
}

// changeLog remembers the newest marks, by revision.
type changeLog struct {
	mu     sync.RWMutex // guards the rest
	ring   []mark       // the mark number i is at i modulo logWindow
	marks  int          // how many there ever were
	newest inventory.Revision
	lost   inventory.Revision // the log has every mark after it
}

// begin empties the log at the revision that a restart came back with: rows
// are read back by key, not in the order they changed.
func (l *changeLog) begin(r inventory.Revision) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ring, l.marks, l.newest, l.lost = nil, 0, r, r
}

func (l *changeLog) append(marks []mark) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, m := range marks {
		if len(l.ring) < logWindow {
			l.ring = append(l.ring, m)
		} else {
			at := &l.ring[l.marks%logWindow]
			l.lost, *at = at.revision, m
		}
		l.marks++
		l.newest = m.revision
	}
}

// revision gives the newest revision that is published.
func (l *changeLog) revision() inventory.Revision {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.newest
}

// after gives up to logChunk marks that follow a revision; ok tells whether the
// log still has all of them.
func (l *changeLog) after(r inventory.Revision) (_ []mark, ok bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if r < l.lost {
		return nil, false
	}
	first := l.marks - len(l.ring)
	from := first + sort.Search(len(l.ring), func(i int) bool { return l.ring[(first+i)%logWindow].revision > r })
	out := make([]mark, 0, min(logChunk, l.marks-from))
	for i := from; i < l.marks && len(out) < logChunk; i++ {
		out = append(out, l.ring[i%logWindow])
	}
	return out, true
}

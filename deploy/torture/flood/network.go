package flood

import (
	"container/heap"
	"math/rand/v2"
)

const (
	copies = 3
	window = 1000 // deliveries that a frame may be late
	prompt = 0.6  // share of frames whose first copy is not late
)

// network holds frames on their way. Its time is counted in deliveries.
type network struct {
	rng  *rand.Rand
	now  int
	sent int
	way  flights
}

// flight is a copy of a frame on its way.
type flight struct {
	due, order int
	nth        int // which copy
	Packet
}

type flights []flight

func (f flights) Len() int { return len(f) }
func (f flights) Less(i, j int) bool {
	if f[i].due != f[j].due {
		return f[i].due < f[j].due
	}
	return f[i].order < f[j].order
}
func (f flights) Swap(i, j int) { f[i], f[j] = f[j], f[i] }
func (f *flights) Push(x any)   { *f = append(*f, x.(flight)) }
func (f *flights) Pop() any {
	last := (*f)[len(*f)-1]
	*f = (*f)[:len(*f)-1]
	return last
}

// send puts all copies of a frame on their way.
func (n *network) send(p Packet) {
	for nth := range copies {
		late := n.rng.IntN(window)
		if nth == 0 && n.rng.Float64() < prompt {
			late = 0
		}
		n.sent++
		heap.Push(&n.way, flight{n.now + late, n.sent, nth, p})
	}
}

// next gives the frame that arrives next; false when none is on its way.
func (n *network) next() (flight, bool) {
	if len(n.way) == 0 {
		return flight{}, false
	}
	f := heap.Pop(&n.way).(flight)
	n.now = max(n.now+1, f.due)
	return f, true
}

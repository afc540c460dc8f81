package badline

import (
	"math/rand/v2"
	"time"
)

// Weather says how bad a line is. The zero value is fair: nothing happens.
type Weather struct {
	Vanish float64 // share of publishes of QoS 0 that never arrive
	Loss   float64 // share of segments that TCP has to send again
	Delay  Range   // of every packet, each way
	Rate   int     // bytes a second, each way; 0 is without limit
	Up     Range   // how long the line stands between two cuts; 0 is for ever
	Down   Range   // how long nobody can connect after a cut
}

// Range is a span of times, both ends included.
type Range struct{ Min, Max time.Duration }

func (r Range) draw(rng *rand.Rand) time.Duration {
	return r.Min + time.Duration(rng.Int64N(int64(r.Max-r.Min)+1))
}

// Every is a range of one value.
func Every(d time.Duration) Range { return Range{d, d} }

const (
	segment  = 1400                   // bytes of a TCP segment
	firstRTO = 200 * time.Millisecond // TCP's first retransmission timeout on Linux; it doubles
)

// Bad gives the kinds of bad weather by name.
func Bad() map[string]Weather {
	flaps := Range{3 * time.Second, 10 * time.Second}
	return map[string]Weather{
		"flapping":            {Up: flaps, Down: Range{time.Second, 5 * time.Second}},
		"30% vanish":          {Vanish: 0.3},
		"30% TCP loss":        {Loss: 0.3, Delay: Every(30 * time.Millisecond)},
		"64 kbit/s":           {Rate: 8000, Delay: Every(100 * time.Millisecond)},
		"50 to 2,000 ms":      {Delay: Range{50 * time.Millisecond, 2 * time.Second}},
		"everything together": {Vanish: 0.1, Loss: 0.1, Delay: Range{50 * time.Millisecond, 500 * time.Millisecond}, Rate: 8000, Up: Range{10 * time.Second, 40 * time.Second}, Down: flaps},
	}
}

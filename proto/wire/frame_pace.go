package wire

import "time"

const (
	firstTimeout = 2 * time.Second
	maxTimeout   = time.Minute
)

// Pace decides how long a side waits for the answer to a batch before it sends
// the same bytes again. The zero Pace is ready.
type Pace struct {
	smooth  time.Duration // smoothed time to an answer; 0 before the first
	timeout time.Duration // present wait; 0 stands for firstTimeout
}

// Sample learns from an answer to something that was sent once. Answers to what
// was sent twice must not be given: it is not known to which of the two they
// belong (Karn's rule, RFC 6298 section 3). The longer wait then stays until a
// clean answer comes, which keeps a slow line from being filled with copies.
func (p *Pace) Sample(d time.Duration) {
	if p.smooth == 0 {
		p.smooth = d
	} else {
		p.smooth += (d - p.smooth) / 8
	}
	p.Reset()
}

// Reset goes back from a doubled wait to the one that the line deserves: two
// seconds, or three times what answers took.
func (p *Pace) Reset() { p.timeout = min(max(firstTimeout, 3*p.smooth), maxTimeout) }

// Wait gives how long to wait now and doubles the next wait, up to a minute.
// It is spread by half either way, so that the agents of one hub do not move in
// step; spread is in [0, 1).
func (p *Pace) Wait(spread float64) time.Duration {
	if p.timeout == 0 {
		p.timeout = firstTimeout
	}
	d := time.Duration(float64(p.timeout) * (0.5 + spread))
	p.timeout = min(2*p.timeout, maxTimeout)
	return min(d, maxTimeout)
}

package uplink

import "time"

const (
	firstTimeout = 2 * time.Second
	maxTimeout   = 60 * time.Second
)

// pace decides how long to wait for an answer before sending again.
type pace struct {
	smooth  time.Duration // smoothed time from batch to acknowledgement; 0 before the first
	timeout time.Duration // present wait; 0 stands for firstTimeout
}

// sample learns from an answer to something that was sent once. An answer to
// something that was sent twice says nothing, because it is not known to which
// of the two it belongs (Karn's rule, RFC 6298 section 3); so the longer wait
// stays until a clean answer comes, which keeps a slow line from being filled
// with copies.
func (p *pace) sample(d time.Duration) {
	if p.smooth == 0 {
		p.smooth = d
	} else {
		p.smooth += (d - p.smooth) / 8
	}
	p.reset()
}

// reset goes back from the doubled wait to the one that the line deserves.
func (p *pace) reset() { p.timeout = min(max(firstTimeout, 3*p.smooth), maxTimeout) }

// wait gives how long to wait now, spread by half either way so that the
// agents of one hub do not move in step, and doubles the next wait. spread is
// in [0, 1).
func (p *pace) wait(spread float64) time.Duration {
	if p.timeout == 0 {
		p.timeout = firstTimeout
	}
	d := time.Duration(float64(p.timeout) * (0.5 + spread))
	p.timeout = min(2*p.timeout, maxTimeout)
	return min(d, maxTimeout)
}

// backoff decides how long to wait before the next connection: full jitter, so
// that a thousand agents that lost one broker come back spread out.
type backoff struct{ failures int }

const (
	startSpread = time.Second     // of the first connection of a process
	lostSpread  = 5 * time.Second // of the first try after a connection was lost
	maxSpread   = 60 * time.Second
)

// delay gives the wait before the next try. spread is in [0, 1).
func (b *backoff) delay(spread float64) time.Duration {
	width := startSpread
	if b.failures > 0 {
		width = min(lostSpread<<min(b.failures-1, 10), maxSpread)
	}
	return time.Duration(spread * float64(width))
}

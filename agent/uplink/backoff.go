package uplink

import "time"

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

package api

import (
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

// maxBuckets bounds the callers that have a bucket of their own. A flood of
// addresses beyond them shares one.
const maxBuckets = 10_000

// buckets give every caller its token bucket, so that one that asks too often
// slows itself down and nobody else. It is safe for concurrent use.
type buckets struct {
	rate  rate.Limit
	burst int

	mu    sync.Mutex // guards what follows
	of    map[string]*rate.Limiter
	swept time.Time
}

func newBuckets(l Limits) *buckets {
	return &buckets{rate: rate.Limit(l.CallsPerSecond), burst: l.Burst, of: make(map[string]*rate.Limiter)}
}

// take takes n tokens of a caller, or as many as its bucket holds. Without so many
// left it tells how long until there are, and takes nothing.
func (b *buckets) take(caller string, n int) (wait time.Duration) {
	if b.rate == 0 || n <= 0 {
		return 0
	}
	now := time.Now()
	r := b.bucket(caller, now).ReserveN(now, min(n, b.burst))
	if wait = r.DelayFrom(now); wait > 0 {
		r.CancelAt(now)
	}
	return wait
}

func (b *buckets) bucket(caller string, now time.Time) *rate.Limiter {
	b.mu.Lock()
	defer b.mu.Unlock()
	if l := b.of[caller]; l != nil {
		return l
	}
	if len(b.of) >= maxBuckets && now.Sub(b.swept) >= time.Second {
		b.dropFull(now)
		b.swept = now
	}
	if len(b.of) >= maxBuckets {
		caller = ""
		if l := b.of[caller]; l != nil {
			return l
		}
	}
	l := rate.NewLimiter(b.rate, b.burst)
	b.of[caller] = l
	return l
}

// dropFull forgets the buckets that filled up again: a new one is the same.
func (b *buckets) dropFull(now time.Time) {
	for caller, l := range b.of {
		if l.TokensAt(now) >= float64(b.burst) {
			delete(b.of, caller)
		}
	}
}

// addressKey gives the name that an address's limit goes by. Whoever has one
// IPv6 address has the 2^64 of its network, so the network counts as one.
func addressKey(hostport string) string {
	ap, err := netip.ParseAddrPort(hostport)
	if err != nil {
		return hostport
	}
	addr := ap.Addr().Unmap().WithZone("")
	if addr.Is4() {
		return addr.String()
	}
	network, err := addr.Prefix(64)
	if err != nil {
		return addr.String()
	}
	return network.String()
}

// room counts what runs at once, up to a limit.
type room struct {
	limit int64
	used  atomic.Int64
}

// enter takes a place, if there is one.
func (r *room) enter() bool { return r.enterWith(1) }

// enterWith takes n places, if there are so many.
func (r *room) enterWith(n int64) bool {
	if r.used.Add(n) > r.limit {
		r.used.Add(-n)
		return false
	}
	return true
}

// leave gives the place back.
func (r *room) leave() { r.leaveWith(1) }

// leaveWith gives n places back.
func (r *room) leaveWith(n int64) { r.used.Add(-n) }

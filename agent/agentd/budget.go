package agentd

import (
	"context"
	"log/slog"
	"math"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/forestock/forestock/agent/ledger"
	"github.com/forestock/forestock/proto/stock"
)

const (
	paceEvery  = 5 * time.Minute
	paceWindow = 7 * 24 * time.Hour // how far back the pace of work is taken from
	paceSample = 1000               // newest entries whose size is measured
	lowDays    = 3                  // below so many days somebody should act

	entryCost   = 72      // bytes of the file that an entry takes beside its own
	leastPerDay = 1 << 20 // bytes a day that even an idle box is taken to need
)

// pace is how much work there was lately.
type pace struct {
	entries uint64
	over    time.Duration // the time that they took; less than a day counts as one
	mean    int64         // bytes of an entry
}

// daysLeft says for how many days new work fits into so many bytes when the
// hub is away, so that nothing can be forgotten.
func daysLeft(room int64, p pace) float64 {
	days := max(p.over, 24*time.Hour).Hours() / 24
	perDay := float64(p.entries) * float64(p.mean+entryCost) / days
	return math.Max(float64(room), 0) / math.Max(perDay, leastPerDay)
}

// budget knows how long the agent could do without the hub.
type budget struct {
	ledger *ledger.Ledger
	pace   atomic.Pointer[pace]
	log    *slog.Logger
}

func newBudget(l *ledger.Ledger, r prometheus.Registerer, log *slog.Logger) (*budget, error) {
	b := &budget{ledger: l, log: log}
	b.pace.Store(&pace{})
	return b, register(r, metric{
		"forestock_ledger_days_left", "Days for which new work fits while the hub is away, at the pace of the last week.", b.days,
	})
}

// days gives for how many days new work fits.
func (b *budget) days() float64 { return daysLeft(b.ledger.Room(), *b.pace.Load()) }

// Run measures the pace of work every few minutes, and warns when little time
// is left.
func (b *budget) Run(ctx context.Context) error {
	for low := false; ; {
		p, err := measure(ctx, b.ledger, time.Now())
		switch {
		case err != nil && ending(ctx, err):
			return nil
		case err != nil:
			b.log.WarnContext(ctx, "the pace of work cannot be told", "err", err)
		default:
			b.pace.Store(&p)
		}
		was := low
		if low = b.days() < lowDays; low && !was {
			b.log.WarnContext(ctx, "room for new work runs out: bring the hub back, or raise ledger.max_size", "days", b.days())
		}
		if !pause(ctx, paceEvery) {
			return nil
		}
	}
}

// measure looks at the entries of the last week, as far as they are kept.
func measure(ctx context.Context, l *ledger.Ledger, now time.Time) (pace, error) {
	p := l.Position()
	if p.Last < p.First {
		return pace{}, nil
	}
	from, over, err := since(l, p, now)
	if err != nil {
		return pace{}, err
	}
	sample, _, err := l.Read(ctx, max(p.First, p.Last-min(p.Last, paceSample))-1, paceSample, 1<<20)
	if err != nil || len(sample.Entries) == 0 {
		return pace{}, err
	}
	size := 0
	for _, b := range sample.Entries {
		size += len(b)
	}
	return pace{entries: uint64(p.Last + 1 - from), over: over, mean: int64(size / len(sample.Entries))}, nil
}

// since gives the first entry of the last week and how long ago it was. Times
// are taken to ascend; where a clock jumped the answer is a wrong pace, which
// costs a wrong warning.
func since(l *ledger.Ledger, p stock.Position, now time.Time) (stock.Seq, time.Duration, error) {
	low, high, over := p.First, p.Last, time.Duration(0)
	for low <= high {
		middle := low + (high-low)/2
		e, err := l.Entry(middle)
		if err != nil {
			return 0, 0, err
		}
		if age := now.Sub(e.Time); age > paceWindow {
			low = middle + 1
		} else {
			high, over = middle-1, age
		}
	}
	return low, over, nil
}

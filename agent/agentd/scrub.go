package agentd

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/forestock/forestock/agent/ledger"
	"github.com/forestock/forestock/proto/stock"
)

const (
	scrubPass = 24 * time.Hour   // no pass over the file takes longer
	scrubStep = 15 * time.Second // between two steps at most: 4 MiB a minute at least
	scrubKept = 20               // damages that are shown
)

// scrubEvery says how far apart the steps are for a file of so many bytes.
func scrubEvery(used int64) time.Duration {
	steps := max(used/ledger.ScrubBytes, 1)
	return min(scrubPass/time.Duration(steps), scrubStep)
}

// scrub reads the whole ledger through, slowly and for ever, so that what rots
// on the disk is known before it is needed.
type scrub struct {
	ledger *ledger.Ledger
	log    *slog.Logger
	hurt   func(error) // has the ledger restored; nil where it is only shown

	mu      sync.Mutex      // guards what follows
	damages []ledger.Damage // what the newest whole pass found, and what the one that runs has added
	found   []ledger.Damage // what the pass that runs has found
	passed  time.Time       // when the newest pass was complete; zero for never
}

func newScrub(l *ledger.Ledger, r prometheus.Registerer, log *slog.Logger) (*scrub, error) {
	s := &scrub{ledger: l, log: log}
	return s, register(r,
		metric{"forestock_ledger_damaged", "Places where the ledger's file is not what was written.", func() float64 {
			damages, _ := s.state()
			return float64(len(damages))
		}},
		metric{"forestock_ledger_scrubbed_timestamp_seconds", "When the ledger's file was last read through; 0 for never.", func() float64 {
			if _, passed := s.state(); !passed.IsZero() {
				return float64(passed.Unix())
			}
			return 0
		}})
}

// Run reads on until ctx ends.
func (s *scrub) Run(ctx context.Context) error {
	var after stock.Seq
	for pause(ctx, scrubEvery(s.ledger.Status().UsedBytes)) {
		var err error
		if after, err = s.step(ctx, after, time.Now()); err != nil {
			return nil //nolint:nilerr // the agent ends
		}
	}
	return nil
}

// step reads the entries after one, and gives the one to go on after.
func (s *scrub) step(ctx context.Context, after stock.Seq, now time.Time) (stock.Seq, error) {
	part, err := s.ledger.Scrub(ctx, after)
	if err != nil {
		return after, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range part.Damages {
		s.note(ctx, d)
		if s.hurt != nil {
			s.hurt(fmt.Errorf("%w: entries %d to %d: %s", ledger.ErrDamaged, d.From, d.To, d.What))
		}
	}
	if !part.Done {
		return part.To, nil
	}
	s.damages, s.found, s.passed = s.found, nil, now
	return 0, nil
}

// note remembers a damage, and logs it when it is new.
func (s *scrub) note(ctx context.Context, d ledger.Damage) {
	if len(s.found) < scrubKept {
		s.found = append(s.found, d)
	}
	if slices.Contains(s.damages, d) {
		return
	}
	hint := "it is restored from the newest snapshot now"
	if s.hurt == nil {
		hint = "set backup.dir to a folder on another disk and start the agent again: it then restores the file; the hub has what it has stored"
	}
	s.log.ErrorContext(ctx, "the ledger's file is damaged", "from", d.From, "to", d.To, "what", d.What, "hint", hint)
	if len(s.damages) < scrubKept {
		s.damages = append(s.damages, d)
	}
}

func (s *scrub) state() (damages []ledger.Damage, passed time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.damages), s.passed
}

// status gives what the scrub knows, as /api/status says it.
func (s *scrub) status() (damaged []DamageStatus, passed *time.Time) {
	damages, at := s.state()
	damaged = []DamageStatus{}
	for _, d := range damages {
		damaged = append(damaged, DamageStatus{uint64(d.From), uint64(d.To), d.What})
	}
	if !at.IsZero() {
		passed = &at
	}
	return damaged, passed
}

package agentd

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/forestock/forestock/agent/ledger"
)

// upkeep is what the agent does for its ledger while nobody asks.
type upkeep struct {
	retention retention
	budget    *budget
	backup    *backup
	scrub     *scrub
}

func (s *shift) openUpkeep() (err error) {
	s.upkeep = &upkeep{
		retention: retention{ledger: s.ledger, keep: s.cfg.Ledger.Keep, keepSize: s.cfg.Ledger.keepSize(), log: s.log},
	}
	if s.upkeep.budget, err = newBudget(s.ledger, s.registry, s.log); err != nil {
		return err
	}
	if s.upkeep.backup, err = newBackup(s.cfg.Backup, s.ledger, s.registry, s.log); err != nil {
		return err
	}
	s.upkeep.backup.data = s.cfg.Data
	if s.upkeep.scrub, err = newScrub(s.ledger, s.registry, s.log); err == nil && s.cfg.Backup.Dir != "" {
		s.upkeep.scrub.hurt = s.hurt // without snapshots a ledger that still works is better than none
	}
	return err
}

// Run keeps the ledger in order until ctx ends. Nothing that fails in here is a
// reason to stop the agent.
func (u *upkeep) Run(ctx context.Context) error {
	var g errgroup.Group
	g.Go(func() error { return u.retention.Run(ctx) })
	g.Go(func() error { return u.budget.Run(ctx) })
	g.Go(func() error { return u.backup.Run(ctx) })
	g.Go(func() error { return u.scrub.Run(ctx) })
	return g.Wait()
}

// ending reports whether an error only says that the agent ends.
func ending(ctx context.Context, err error) bool {
	return ctx.Err() != nil || errors.Is(err, ledger.ErrClosed)
}

// pause waits; false when ctx has ended.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return ctx.Err() == nil
	}
}

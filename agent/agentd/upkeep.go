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

func (a *Agent) openUpkeep() (err error) {
	a.upkeep = &upkeep{
		retention: retention{ledger: a.ledger, keep: a.cfg.Ledger.Keep, keepSize: a.cfg.Ledger.keepSize(), log: a.log},
	}
	if a.upkeep.budget, err = newBudget(a.ledger, a.registry, a.log); err != nil {
		return err
	}
	if a.upkeep.backup, err = newBackup(a.cfg.Backup, a.ledger, a.registry, a.log); err != nil {
		return err
	}
	a.upkeep.scrub, err = newScrub(a.ledger, a.registry, a.log)
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

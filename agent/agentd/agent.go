package agentd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/forestock/forestock/agent/ledger"
	"github.com/forestock/forestock/agent/uplink"
)

// Agent is a whole agent: New opens it, Run lets it work. It works in shifts, one
// for each ledger: a damaged one is restored, and one that the hub cannot go on
// with is replaced, within one run.
type Agent struct {
	cfg     Config
	version string
	log     *slog.Logger
	rules   rules
	ends    []end // of shifts lately; of whoever runs

	mu    sync.Mutex
	shift *shift // guarded by mu; the present or the last one
}

// end is how a shift ended by itself.
type end struct {
	at  time.Time
	why error // ledger.ErrDamaged or uplink.ErrRebirth
}

// A ledger is not restored or replaced more often than this: what does not help
// three times is for people.
const (
	maxEnds  = 3
	endsOver = time.Hour
)

// New opens the ledger, which it restores when it is damaged, the ports and the
// page.
func New(cfg Config, version string, log *slog.Logger) (*Agent, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	box, err := uplink.NewBox()
	if err != nil {
		return nil, err
	}
	a := &Agent{cfg: cfg, version: version, log: log.With("warehouse", cfg.Warehouse), rules: rules{box: box}}
	if err := a.open(context.Background()); err != nil {
		return nil, err
	}
	return a, nil
}

// open begins a shift. A ledger that is found damaged is restored first.
func (a *Agent) open(ctx context.Context) error {
	s, err := newShift(a.cfg, a.version, a.log, a.rules)
	if errors.Is(err, ledger.ErrDamaged) {
		if err := a.restore(ctx, err); err != nil {
			return err
		}
		s, err = newShift(a.cfg, a.version, a.log, a.rules)
	}
	if err != nil {
		return err
	}
	a.cfg.Station.Listen = s.station.Addr().String() // pages find the next shift where this one was
	a.mu.Lock()
	defer a.mu.Unlock()
	a.shift = s
	return nil
}

func (a *Agent) present() *shift {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.shift
}

// Station gives the address of the stations' page.
func (a *Agent) Station() string { return a.present().station.Addr().String() }

// Status gives the state of the whole agent. It is safe for concurrent use.
func (a *Agent) Status() Status { return a.present().status() }

// Run works until ctx ends, or until the ledger cannot be trusted any more: then
// the process must stop and be started again. It runs once and closes everything
// that New opened.
func (a *Agent) Run(ctx context.Context) error {
	for {
		err := a.present().run(ctx)
		if ctx.Err() != nil || errors.Is(err, ledger.ErrBroken) {
			return err
		}
		switch {
		case errors.Is(err, uplink.ErrRebirth):
			err = a.rebirth(ctx, err)
		case errors.Is(err, ledger.ErrDamaged):
			a.rules.endure = a.ended(ledger.ErrDamaged)
			err = a.restore(ctx, err)
		default:
			return err
		}
		if err == nil {
			err = a.open(ctx)
		}
		if err != nil {
			return err
		}
	}
}

// ended takes note of how a shift ended, and says whether that was once too often.
func (a *Agent) ended(why error) bool {
	now := time.Now()
	a.ends = slices.DeleteFunc(append(a.ends, end{now, why}), func(e end) bool { return now.Sub(e.at) > endsOver })
	n := 0
	for _, e := range a.ends {
		if errors.Is(e.why, why) {
			n++
		}
	}
	return n >= maxEnds
}

// restore makes the ledger whole again, from the newest snapshot and what remains
// of the damaged file.
func (a *Agent) restore(ctx context.Context, why error) error {
	began := time.Now()
	a.log.ErrorContext(ctx, "the ledger is damaged and is being restored", "err", why)
	r, err := ledger.Restore(ctx, LedgerPath(a.cfg.Data), a.cfg.Backup.Dir, a.cfg.ledger(a.log))
	switch {
	case errors.Is(err, ledger.ErrWhole):
		a.log.WarnContext(ctx, "the ledger was read through and is whole: check the disk and the memory of this box", "took", time.Since(began))
		return nil
	case err != nil:
		return fmt.Errorf("the ledger is damaged (%w) and cannot be restored: keep %s, and call support: %w", why, a.cfg.Data, err)
	}
	a.log.ErrorContext(ctx, "the ledger was restored: go on working; check this box's disk and replace it soon; keep the damaged file until the hub has everything",
		"snapshot", r.Snapshot, "salvaged", r.Salvaged, "last", uint64(r.Last), "missing_up_to", uint64(r.Missing), "new_ledger", r.Reborn, "damaged_file", r.SetAside, "took", time.Since(began))
	return nil
}

// rebirth sets the ledger aside and makes an empty one, which takes the hub's
// levels over and what the old one has that the hub never got.
func (a *Agent) rebirth(ctx context.Context, why error) error {
	a.rules.keepLedger = a.ended(uplink.ErrRebirth)
	r, err := ledger.Rebirth(ctx, LedgerPath(a.cfg.Data), ledger.RebirthOptions{Options: a.cfg.ledger(a.log), Why: why.Error()})
	if err != nil {
		return err
	}
	a.log.ErrorContext(ctx, "the ledger had lost entries that the hub has: it was set aside, and a new one takes the hub's levels over. Go on working; find out why the disk of this box is an older one",
		"why", why, "old_file", r.SetAside, "epoch", r.Epoch)
	return nil
}

// close closes what New opened, for an agent that never ran.
func (a *Agent) close() error { return a.present().close() }

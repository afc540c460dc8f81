package ingest

import (
	"context"
	"time"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

const (
	// reportEvery is how often the agent is asked for its levels at most while its
	// history is on the way.
	reportEvery = 5 * time.Second
	// reportShare keeps statements from filling a slow line: after one the agent
	// is left in peace for that many times what it took.
	reportShare = 10
	// baseAfter is how long after a welcome the agent is asked for its base: it
	// first looks whether the welcome fits its ledger.
	baseAfter = 100 * time.Millisecond
)

// wanting asks the agent for its levels where the hub needs them: for good,
// because the agent no longer keeps the entries, or for a while, because it has
// much more to send than can be waited for.
func (l *link) wanting(ctx context.Context, now time.Time, f *wire.Frame) {
	st, ok := l.desk.store.Warehouse(l.warehouse)
	if !ok {
		return
	}
	for _, box := range []*inventory.Box{&st.Box, st.Candidate} {
		if box != nil && box.BaseWanted && f.Session == uint64(box.Session) && f.Boot == wire.Boot(box.Boot) {
			p := newPull(forBase, box.Epoch, f.Session)
			p.again = now.Add(baseAfter)
			l.seek(ctx, now, p)
			return
		}
	}
	if f.Epoch != st.Box.Epoch || f.Session != uint64(st.Box.Session) || st.Unsent() <= l.desk.cfg.StateFirst {
		return
	}
	// Nobody is asked for what is served already.
	if !now.Before(l.reportNext) && served(&st) < st.Last {
		l.seek(ctx, now, newPull(forReport, st.Box.Epoch, f.Session))
	}
}

// served gives the entry of the present ledger that the levels which the hub
// serves are as of.
func served(st *inventory.WarehouseState) stock.Seq {
	if r := st.Reported; r != nil && r.Epoch == st.Box.Epoch {
		return max(st.Applied, r.Seq)
	}
	return st.Applied
}

// seek begins to pull a statement, unless one is being pulled for something as
// pressing.
func (l *link) seek(ctx context.Context, now time.Time, p *pull) {
	if l.pull != nil && l.pull.purpose >= p.purpose && l.pull.session == p.session {
		return
	}
	l.pull = p
	l.log.InfoContext(ctx, "asking the agent for its levels", "for", p.purpose.String())
	l.ask(ctx, p, p.due(now))
}

func (l *link) ask(ctx context.Context, p *pull, wanted []*wire.StatementWanted) {
	for _, w := range wanted {
		l.send(ctx, wire.Frame{Epoch: p.epoch, Session: p.session, Body: w})
	}
}

// pursue keeps a pull going: it asks again for what is missing, and gives up
// what nobody can answer any more. A new hello begins again what is needed then.
func (l *link) pursue(ctx context.Context, now time.Time) {
	if l.repair != nil && l.repair.given() {
		l.repair = nil
	}
	if l.stored.parts != nil && now.Sub(l.stored.asked) >= storedFor {
		l.stored = stored{}
	}
	gone := l.heard.IsZero() || now.Sub(l.heard) > present
	if l.repair != nil && gone {
		l.settle(Repair{}, ErrSilent)
	}
	if l.pull == nil && l.repair == nil {
		return
	}
	st, _ := l.desk.store.Warehouse(l.warehouse)
	over := func(p *pull) bool {
		seated := p.session == uint64(st.Box.Session) || (st.Candidate != nil && p.session == uint64(st.Candidate.Session))
		return gone || !seated || (p.purpose == forRepair && l.repair == nil)
	}
	if l.pull != nil && over(l.pull) {
		l.pull = nil
	}
	if l.repair != nil {
		l.seek(ctx, now, newPull(forRepair, st.Box.Epoch, uint64(st.Box.Session)))
	}
	if l.pull != nil {
		l.ask(ctx, l.pull, l.pull.due(now))
	}
}

// stated takes a part of a statement.
func (l *link) stated(ctx context.Context, at time.Time, f *wire.Frame, s *wire.Statement) {
	p := l.pull
	if p == nil || f.Epoch != p.epoch || f.Session != p.session {
		return // of a pull that is over
	}
	l.ask(ctx, p, p.take(at, s))
	if !p.done() {
		return
	}
	l.pull = nil
	l.desk.metrics.pulled.WithLabelValues(p.purpose.String()).Inc()
	st := p.statement()
	switch p.purpose {
	case forReport:
		l.serve(ctx, at, p, st)
	case forRepair:
		l.mend(ctx, p, st)
	case forBase:
		l.adopt(ctx, at, p, st)
	}
}

// serve gives the store levels to serve while the history follows.
func (l *link) serve(ctx context.Context, at time.Time, p *pull, st stock.Statement) {
	l.reportNext = at.Add(max(reportEvery, reportShare*at.Sub(p.began)))
	result, ok := l.apply(ctx, inventory.Report{Warehouse: l.warehouse, Session: inventory.Session(p.session), Statement: st})
	if !ok {
		return // asked for again in a while
	}
	switch r := result.(type) {
	case *inventory.Refusal:
		l.grumble.say(ctx, "report", "the agent's levels are not served", "why", r.Message)
	case inventory.Stated:
		if !r.Serving {
			return // its history came faster
		}
		l.log.InfoContext(ctx, "serving the agent's levels while its entries follow", "seq", uint64(st.Seq), "applied", uint64(r.Applied), "levels", len(st.Levels))
		l.note(func(c *Contact) {
			if c.Last <= st.Seq {
				c.Complete = at
			}
		})
	}
}

// adopt gives the store levels in the place of entries that nobody has any more,
// and tells the agent to go on behind them.
func (l *link) adopt(ctx context.Context, at time.Time, p *pull, st stock.Statement) {
	result, ok := l.apply(ctx, inventory.Adopt{Warehouse: l.warehouse, Session: inventory.Session(p.session), Statement: st})
	if !ok {
		l.later(at, p)
		return
	}
	switch r := result.(type) {
	case *inventory.Refusal:
		l.refused(ctx, &wire.Frame{Epoch: p.epoch, Session: p.session, Body: &wire.Statement{}}, r)
	case inventory.Ingested:
		l.log.WarnContext(ctx, "took over the agent's levels: the hub lacks entries that the agent no longer keeps",
			"seq", uint64(st.Seq), "levels", len(st.Levels), "hint", "the levels are right from here on; what explains them begins behind this entry")
		l.send(ctx, wire.Frame{Epoch: p.epoch, Session: p.session, Body: &wire.Ack{Upto: r.Applied, Last: st.Seq}})
	}
}

// later pulls again after a while what cannot be done without.
func (l *link) later(at time.Time, p *pull) {
	l.pull = newPull(p.purpose, p.epoch, p.session)
	l.pull.again = at.Add(pullFirst)
}

package ingest

import (
	"context"
	crand "crypto/rand"
	"time"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

// hello opens a session, or gives the one that the box already has.
func (l *link) hello(ctx context.Context, at time.Time, f *wire.Frame, h *wire.Hello) {
	if h.VersionMin > wire.Version || h.VersionMax < wire.Version {
		l.fence(ctx, f, wire.FenceVersion, "no protocol version in common: update the agent or the hub")
		return
	}
	if l.late(f, h) {
		l.desk.metrics.refused.WithLabelValues("late").Inc()
		return
	}
	cmd := inventory.Hello{
		Warehouse: l.warehouse, Boot: inventory.Boot(f.Boot), Nonce: h.Nonce, Software: h.Software,
		Position: stock.Position{Epoch: f.Epoch, First: h.First, Last: h.Last, Head: h.Head}, Down: h.Down,
		TookOver: h.TookOver, MayTakeOver: l.mayTakeOver(at, f.Boot),
	}
	if _, err := crand.Read(cmd.NewDownEpoch[:]); err != nil {
		l.log.ErrorContext(ctx, "no randomness for a new down stream", "err", err)
		return
	}
	result, ok := l.apply(ctx, cmd)
	if !ok {
		return // the agent says hello again
	}
	switch r := result.(type) {
	case *inventory.Refusal:
		l.refused(ctx, f, r)
	case inventory.Welcome:
		l.welcome(ctx, at, f, h, &r)
	}
}

// welcome tells the box that its session is open, and what has to come first.
func (l *link) welcome(ctx context.Context, at time.Time, f *wire.Frame, h *wire.Hello, r *inventory.Welcome) {
	l.heard, l.down = at, downFlight{}
	st, _ := l.desk.store.Warehouse(l.warehouse)
	l.sign(at, f.Boot, &st)
	l.note(func(c *Contact) {
		c.Heard, c.Online, c.Last, c.Offset = at, true, h.Last, offset(h.Time, at)
		if h.Last <= r.Applied && r.TakeOver.IsZero() && !r.BaseWanted {
			c.Complete = at
		}
	})
	l.log.InfoContext(ctx, "session opened", "session", uint64(r.Session), "boot", f.Boot, "epoch", f.Epoch, "applied", uint64(r.Applied), "last", uint64(h.Last), "new", r.New, "software", h.Software)
	l.send(ctx, wire.Frame{Epoch: f.Epoch, Session: uint64(r.Session), Body: &wire.Welcome{
		Session: uint64(r.Session), Applied: r.Applied, Head: r.Head, DownEpoch: r.DownEpoch, DownLast: r.DownLast,
		MaxEntries: l.desk.cfg.MaxEntries, MaxBytes: l.desk.cfg.MaxBytes, Version: wire.Version, Time: at, Boot: f.Boot, Nonce: h.Nonce,
		TakeOver: r.TakeOver, BaseWanted: r.BaseWanted,
		TellOrders: true,
		Occupied:   f.Epoch != st.Box.Epoch && st.Applied > 0 && r.TakeOver.IsZero() && h.TookOver.IsZero(),
	}})
	switch {
	case !r.TakeOver.IsZero():
		l.desk.metrics.takeovers.Inc()
		l.log.WarnContext(ctx, "another box takes the warehouse over", "epoch", f.Epoch, "from_epoch", r.TakeOver.Epoch, "seq", uint64(r.TakeOver.Seq),
			"hint", "the box before it is refused from now on, and closed for ever once the new one begins to count")
	case r.BaseWanted:
		l.log.WarnContext(ctx, "the hub lacks entries that the agent no longer keeps", "applied", uint64(r.Applied), "first", uint64(h.First))
	}
	// Not yet for a report: the agent answers once it has looked whether the
	// welcome fits its ledger, which its first batch tells.
	if r.BaseWanted {
		l.wanting(ctx, at, &wire.Frame{Epoch: f.Epoch, Boot: f.Boot, Session: uint64(r.Session)})
	}
}

// late reports whether a hello is an old copy that the network held up: the box
// has said a newer one, or has sent more entries than it had when it said this.
// The book would take such a copy for a ledger that was rolled back.
func (l *link) late(f *wire.Frame, h *wire.Hello) bool {
	st, ok := l.desk.store.Warehouse(l.warehouse)
	if !ok {
		return false
	}
	for _, old := range st.Superseded {
		if wire.Boot(old.Boot) == f.Boot && h.Nonce < old.Nonce {
			return true
		}
	}
	if wire.Boot(st.Box.Boot) != f.Boot || st.Box.Epoch != f.Epoch {
		return false
	}
	return h.Nonce < st.Box.Nonce || (h.Nonce == st.Box.Nonce && h.Last < st.Applied)
}

// batch stores entries and answers with what is stored. A batch that was stored
// before gets the same answer.
func (l *link) batch(ctx context.Context, at time.Time, f *wire.Frame, b *wire.Batch, st *inventory.WarehouseState) {
	in := inventory.NewIngest(l.warehouse, f.Epoch, inventory.Session(f.Session), b.Batch, b.Digest, b.Last)
	result, ok := l.apply(ctx, in)
	if !ok {
		l.send(ctx, wire.Frame{Epoch: f.Epoch, Session: f.Session, Body: &wire.Busy{After: busyFor}})
		return
	}
	switch r := result.(type) {
	case *inventory.Refusal:
		l.refused(ctx, f, r)
	case inventory.Ingested:
		l.ingested(ctx, at, f, b, r)
		if r.Stored > 0 && f.Epoch != st.Box.Epoch {
			l.opened(ctx, f, st)
		}
	}
}

// opened notes that a new ledger has begun to count.
func (l *link) opened(ctx context.Context, f *wire.Frame, before *inventory.WarehouseState) {
	l.pull, l.stored = nil, stored{}
	l.desk.replaced(l.warehouse)
	l.log.WarnContext(ctx, "a new ledger counts from now on; the one before it is closed for ever",
		"epoch", f.Epoch, "closed_epoch", before.Box.Epoch, "closed_at", uint64(before.Applied))
}

func (l *link) ingested(ctx context.Context, at time.Time, f *wire.Frame, b *wire.Batch, r inventory.Ingested) {
	m := l.desk.metrics
	answer := wire.Frame{Epoch: f.Epoch, Session: f.Session, Body: &wire.Ack{Upto: r.Applied, Last: b.Last}}
	if r.Want != 0 {
		m.gaps.Inc()
		answer.Body = &wire.Gap{Want: r.Want}
	}
	l.send(ctx, answer)
	m.stored.Add(float64(r.Stored))
	m.took.Observe(time.Since(at).Seconds())
	if r.Stored == 0 && r.Want == 0 {
		m.copies.Inc()
	}
	if r.Quarantined > 0 {
		m.quarantined.Add(float64(r.Quarantined))
		l.log.ErrorContext(ctx, "entries set aside", "entries", r.Quarantined, "from", uint64(b.From), "to", uint64(b.To()),
			"hint", "they do not count until somebody decides about them: list the hub's quarantine")
	}
	if r.Strays > 0 {
		m.strays.Add(float64(r.Strays))
		l.grumble.say(ctx, "strays", "goods were picked for orders that this hub does not know, or that are over", "entries", r.Strays, "from", uint64(b.From), "to", uint64(b.To()),
			"hint", "the stock is right; if the hub was restored from a backup, the platform knows these orders and what became of them is in the warehouse's movements")
	}
	st, _ := l.desk.store.Warehouse(l.warehouse)
	l.note(func(c *Contact) {
		c.Last = max(c.Last, b.Last)
		if r.Want == 0 && b.Last <= served(&st) {
			c.Complete = at
		}
		if !r.Diverged {
			c.Differ, c.DifferAt = nil, 0
		}
	})
	// While levels are served that the agent stated, the hub's own cannot be
	// compared.
	if b.Digest != nil && r.Diverged && b.To() == r.Applied && st.Reported == nil {
		l.askCells(ctx, at, f, r.Applied)
	}
}

// ping answers with what is stored, so that an acknowledgement that got lost
// costs no more than a ping.
func (l *link) ping(ctx context.Context, at time.Time, f *wire.Frame, p *wire.Ping, st *inventory.WarehouseState) {
	applied, complete := st.Applied, served(st)
	if f.Epoch != st.Box.Epoch {
		applied, complete = 0, 0 // a candidate's: nothing of it is stored yet
	}
	l.note(func(c *Contact) {
		c.Last, c.Offset = p.Last, offset(p.Time, at)
		if p.Last <= complete {
			c.Complete = at
		}
	})
	l.send(ctx, wire.Frame{Epoch: f.Epoch, Session: f.Session, Body: &wire.Pong{
		Nonce: p.Nonce, Applied: applied, DownLast: st.Down.Last(), Time: time.Now(),
	}})
}

// apply gives one command to the store and waits until it is durable.
func (l *link) apply(ctx context.Context, c inventory.Command) (inventory.Result, bool) {
	results, err := l.desk.store.Apply(ctx, c)
	if err != nil || len(results) != 1 {
		l.desk.metrics.refused.WithLabelValues("store").Inc()
		l.grumble.say(ctx, "store", "the store did not answer", "err", err)
		return nil, false
	}
	return results[0], true
}

// refused tells the agent why the store refused a command.
func (l *link) refused(ctx context.Context, f *wire.Frame, r *inventory.Refusal) {
	if r.Reason == inventory.ReasonInvalid {
		l.desk.metrics.refused.WithLabelValues(string(wire.Invalid)).Inc()
		l.grumble.say(ctx, "invalid", "frame refused", "reason", "invalid", "why", r.Message)
		return
	}
	if r.Rebirth {
		l.desk.metrics.rebirths.Inc()
	}
	l.fenceWith(ctx, f, &wire.Fenced{Reason: wire.Fence(r.Reason), Message: r.Message, Rebirth: r.Rebirth})
}

// offset gives the agent's clock minus the hub's; zero when the agent did not
// say.
func offset(agent, hub time.Time) time.Duration {
	if agent.IsZero() {
		return 0
	}
	return agent.Sub(hub)
}

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
		l.heard, l.down = at, downFlight{}
		l.note(func(c *Contact) {
			c.Heard, c.Online, c.Last, c.Offset = at, true, h.Last, offset(h.Time, at)
			if h.Last <= r.Applied {
				c.Complete = at
			}
		})
		l.log.InfoContext(ctx, "session opened", "session", uint64(r.Session), "boot", f.Boot, "epoch", f.Epoch, "applied", uint64(r.Applied), "last", uint64(h.Last), "new", r.New, "software", h.Software)
		l.send(ctx, wire.Frame{Epoch: f.Epoch, Session: uint64(r.Session), Body: &wire.Welcome{
			Session: uint64(r.Session), Applied: r.Applied, Head: r.Head, DownEpoch: r.DownEpoch, DownLast: r.DownLast,
			MaxEntries: l.desk.cfg.MaxEntries, MaxBytes: l.desk.cfg.MaxBytes, Version: wire.Version, Time: at, Boot: f.Boot, Nonce: h.Nonce,
		}})
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
func (l *link) batch(ctx context.Context, at time.Time, f *wire.Frame, b *wire.Batch) {
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
	}
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
	l.note(func(c *Contact) {
		c.Last = max(c.Last, b.Last)
		if r.Want == 0 && b.Last <= r.Applied {
			c.Complete = at
		}
		if !r.Diverged {
			c.Differ, c.DifferAt = nil, 0
		}
	})
	if b.Digest != nil && r.Diverged && b.To() == r.Applied {
		l.askCells(ctx, at, f, r.Applied)
	}
}

// ping answers with what is stored, so that an acknowledgement that got lost
// costs no more than a ping.
func (l *link) ping(ctx context.Context, at time.Time, f *wire.Frame, p *wire.Ping, st *inventory.WarehouseState) {
	applied := st.Applied
	if f.Epoch != st.Box.Epoch {
		applied = 0 // a candidate's: nothing of it is stored yet
	}
	l.note(func(c *Contact) {
		c.Last, c.Offset = p.Last, offset(p.Time, at)
		if p.Last <= applied {
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
	l.fence(ctx, f, wire.Fence(r.Reason), r.Message)
}

// offset gives the agent's clock minus the hub's; zero when the agent did not
// say.
func offset(agent, hub time.Time) time.Duration {
	if agent.IsZero() {
		return 0
	}
	return agent.Sub(hub)
}

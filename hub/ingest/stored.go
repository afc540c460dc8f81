package ingest

import (
	"context"
	"time"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

// storedFor is for how long the parts of a statement are kept for the next
// question.
const storedFor = 2 * time.Minute

// maxBooked bounds the entries of which a box that takes over learns the
// commands. A station repeats what it was not answered for minutes, and one
// command at a time; this is what a busy warehouse books in ten.
const maxBooked = 1000

// stored is the statement of the ledger that is being taken over, in parts.
type stored struct {
	epoch stock.Epoch
	parts []*wire.Statement // nil while nobody asks
	asked time.Time         // when one of them was asked for last
}

// tell answers a box that is about to take over with a part of the levels.
func (l *link) tell(ctx context.Context, at time.Time, f *wire.Frame, w *wire.StatementWanted, st *inventory.WarehouseState) {
	if w.Of != wire.StatementStored {
		l.desk.metrics.refused.WithLabelValues(string(wire.Invalid)).Inc()
		return
	}
	if st.Frozen == nil || st.Candidate == nil || st.Candidate.Session != inventory.Session(f.Session) {
		l.fence(ctx, f, wire.FenceSession, "there is nothing to take over now: say hello again")
		return
	}
	s := &l.stored
	if s.parts == nil || s.epoch != st.Box.Epoch || s.parts[0].Seq != st.Applied {
		if !l.state(ctx, st) {
			return // the box asks again
		}
	}
	s.asked = at
	// The first part says what the moment is; a question about another moment is
	// answered with it, and so is one about a part that there is not.
	part := s.parts[0]
	if w.Seq == part.Seq && w.Part < len(s.parts) {
		part = s.parts[w.Part]
	}
	l.desk.metrics.told.Inc()
	l.send(ctx, wire.Frame{Epoch: s.epoch, Session: f.Session, Body: part})
}

// state reads the levels from the store and divides them into parts.
func (l *link) state(ctx context.Context, st *inventory.WarehouseState) bool {
	statement, err := l.desk.store.Statement(l.warehouse)
	if err != nil {
		l.grumble.say(ctx, "statement", "the levels cannot be stated", "err", err)
		return false
	}
	if statement.Epoch != st.Box.Epoch || statement.Seq != st.Applied {
		return false // it changed meanwhile
	}
	if statement.Booked, err = l.desk.store.Booked(ctx, l.warehouse, statement.Epoch, maxBooked); err != nil {
		l.grumble.say(ctx, "booked", "the newest commands cannot be told", "err", err)
		return false
	}
	l.stored = stored{epoch: statement.Epoch, parts: wire.Parts(wire.StatementStored, &statement)}
	l.log.InfoContext(ctx, "telling another box the levels that it takes over", "epoch", statement.Epoch, "seq", uint64(statement.Seq), "levels", len(statement.Levels))
	return true
}

// trace answers how far a ledger and what is stored of it agree.
func (l *link) trace(ctx context.Context, f *wire.Frame, t *wire.Trace) {
	same, err := l.desk.store.Trace(ctx, l.warehouse, f.Epoch, t.Points)
	if err != nil {
		l.grumble.say(ctx, "trace", "what is stored of a ledger cannot be compared", "epoch", f.Epoch, "err", err)
		return // the box asks again
	}
	answer := &wire.Traced{Same: same, First: t.Points[0].Seq}
	l.desk.metrics.traced.Inc()
	l.send(ctx, wire.Frame{Epoch: f.Epoch, Session: f.Session, Body: answer})
}

package ingest

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

const (
	// queueFrames bounds the frames of one warehouse that wait. An honest agent
	// has one batch, one ping and an acknowledgement under way.
	queueFrames = 8
	// busyFor is how long an agent is asked to wait when there is no room.
	busyFor = 500 * time.Millisecond
	// idle is after how long without a frame the link of a warehouse that
	// never opened a session is taken down.
	idle = 10 * time.Minute
	// present is for how long after the last frame an agent is worth sending to.
	present = time.Minute
)

type arrival struct {
	frame []byte
	at    time.Time
}

// link is the hub's end of the link to one warehouse.
type link struct {
	desk      *Desk
	warehouse stock.Warehouse
	log       *slog.Logger
	queue     chan arrival
	bell      chan struct{} // holds one when the down stream may have changed
	repairs   chan *repairing

	mu      sync.Mutex
	contact Contact                 // guarded by mu
	signs   map[wire.Boot]time.Time // guarded by mu; when each box was heard from

	// The rest belongs to the goroutine of run.
	heard   time.Time // when a frame of a valid session came last
	arrived time.Time // when any frame came last
	down    downFlight
	cells   cellsAsked
	grumble grumble

	pull       *pull      // the statement that is being gathered; nil for none
	reportNext time.Time  // when levels may be asked for again, to serve them
	repair     *repairing // the repair that waits for a statement; nil for none
	stored     stored
}

func newLink(d *Desk, w stock.Warehouse) *link {
	l := &link{
		desk: d, warehouse: w, log: d.log.With("warehouse", string(w)),
		queue: make(chan arrival, queueFrames), bell: make(chan struct{}, 1), repairs: make(chan *repairing), arrived: time.Now(),
	}
	l.grumble.log = l.log
	return l
}

func (l *link) wake() {
	select {
	case l.bell <- struct{}{}:
	default:
	}
}

// run takes one frame after the other, and keeps the down stream and what is
// asked of the agent moving.
func (l *link) run(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case a := <-l.queue:
			l.arrived = a.at
			l.guarded(ctx, a)
		case r := <-l.repairs:
			l.begin(r)
		case <-l.bell:
		case <-timer.C:
		}
		l.push(ctx, time.Now())
		l.pursue(ctx, time.Now())
		if l.heard.IsZero() && time.Since(l.arrived) >= idle {
			return nil
		}
		timer.Reset(l.next())
	}
}

// next gives how long to wait for something to do.
func (l *link) next() time.Duration {
	wait := idle
	if l.down.frame != nil {
		wait = min(wait, time.Until(l.down.again))
	}
	if l.pull != nil {
		wait = min(wait, time.Until(l.pull.again))
	}
	if l.stored.parts != nil {
		wait = min(wait, time.Until(l.stored.asked.Add(storedFor)))
	}
	return max(0, wait)
}

// guarded takes a frame. A defect of the program costs that frame, not the hub.
func (l *link) guarded(ctx context.Context, a arrival) {
	defer func() {
		if r := recover(); r != nil {
			l.desk.metrics.refused.WithLabelValues("defect").Inc()
			l.log.ErrorContext(ctx, "defect while taking a frame", "panic", fmt.Sprint(r), "stack", string(debug.Stack()))
		}
	}()
	l.take(ctx, a)
}

// take reads a frame and does what it says.
func (l *link) take(ctx context.Context, a arrival) {
	f, err := l.desk.codec.DecodeUp(a.frame)
	if err != nil {
		l.refuse(ctx, &f, err)
		return
	}
	l.desk.metrics.received.WithLabelValues(f.Kind().String()).Inc()
	if h, ok := f.Body.(*wire.Hello); ok {
		l.hello(ctx, a.at, &f, h)
		return
	}
	st, ok := l.admit(ctx, &f)
	if !ok {
		return
	}
	l.heard = a.at
	l.sign(a.at, f.Boot, &st)
	l.note(func(c *Contact) { c.Heard, c.Online = a.at, true })
	switch b := f.Body.(type) {
	case *wire.Batch:
		l.batch(ctx, a.at, &f, b, &st)
	case *wire.Ping:
		l.ping(ctx, a.at, &f, b, &st)
	case *wire.Ack:
		l.downAcked(ctx, a.at, &f, b.Upto)
	case *wire.Gap:
		l.downGap(ctx, &f, b.Want, &st)
	case *wire.Busy:
		l.down.again = a.at.Add(min(b.After, present))
	case *wire.Cells:
		l.compare(ctx, b, &st)
	case *wire.Statement:
		l.stated(ctx, a.at, &f, b)
	case *wire.StatementWanted:
		l.tell(ctx, a.at, &f, b, &st)
	case *wire.Trace:
		l.trace(ctx, &f, b)
	case *wire.Orders:
		l.recall(ctx, &f, b)
	}
	l.wanting(ctx, a.at, &f)
}

// refuse counts and tells a frame that is not whole or not valid. The agent is
// told only what it can act on: a damaged frame it sends again by itself.
func (l *link) refuse(ctx context.Context, f *wire.Frame, err error) {
	reason := wire.ReasonOf(err)
	l.desk.metrics.refused.WithLabelValues(string(reason)).Inc()
	l.grumble.say(ctx, string(reason), "frame refused", "reason", string(reason), "err", err)
	if reason == wire.BadVers {
		l.fence(ctx, f, wire.FenceVersion, fmt.Sprintf("this hub speaks protocol version %d: update the agent", wire.Version))
	}
}

// admit checks that a frame comes from the box that has the session.
func (l *link) admit(ctx context.Context, f *wire.Frame) (inventory.WarehouseState, bool) {
	st, ok := l.desk.store.Warehouse(l.warehouse)
	if !ok {
		l.fence(ctx, f, wire.FenceSession, "the hub does not know this warehouse's session: say hello again")
		return st, false
	}
	for _, box := range []*inventory.Box{&st.Box, st.Candidate} {
		if box == nil || inventory.Session(f.Session) != box.Session || f.Boot != wire.Boot(box.Boot) {
			continue
		}
		// What is said about the down stream carries the stream's epoch, and what
		// is asked about an earlier ledger that one's.
		if f.Epoch == box.Epoch || f.Epoch == st.Down.Epoch || f.Kind() == wire.KindTrace || f.Kind() == wire.KindStatementWanted {
			return st, true
		}
	}
	for _, c := range st.Closed {
		if c.Epoch == f.Epoch {
			l.fence(ctx, f, wire.FenceEpoch, "this ledger was replaced by a later one and stays closed")
			return st, false
		}
	}
	l.fence(ctx, f, wire.FenceSession, "another session of this warehouse was opened: say hello again")
	return st, false
}

// fence refuses a frame, with the epoch and the session that it carried.
func (l *link) fence(ctx context.Context, f *wire.Frame, r wire.Fence, message string) {
	l.fenceWith(ctx, f, &wire.Fenced{Reason: r, Message: message})
}

func (l *link) fenceWith(ctx context.Context, f *wire.Frame, body *wire.Fenced) {
	r := body.Reason
	l.desk.metrics.fenced.WithLabelValues(r.String()).Inc()
	l.grumble.say(ctx, "fence "+r.String(), "frame fenced", "reason", r.String(), "kind", f.Kind().String(), "session", f.Session, "boot", f.Boot, "rebirth", body.Rebirth, "why", body.Message)
	if h, ok := f.Body.(*wire.Hello); ok {
		body.Nonce = h.Nonce
	}
	l.send(ctx, wire.Frame{Epoch: f.Epoch, Session: f.Session, Body: body})
}

// send sends a frame that always fits. That it does not get through is normal,
// and told by the agent's silence.
func (l *link) send(ctx context.Context, f wire.Frame) {
	f.Boot = l.desk.boot
	raw, err := l.desk.codec.Encode(&f)
	if err != nil {
		l.desk.metrics.refused.WithLabelValues("defect").Inc()
		l.log.ErrorContext(ctx, "frame does not encode", "kind", f.Kind().String(), "err", err)
		return
	}
	l.sendRaw(ctx, f.Kind(), raw)
}

func (l *link) sendRaw(ctx context.Context, k wire.Kind, raw []byte) {
	if err := l.desk.carrier.Send(ctx, l.warehouse, raw); err != nil {
		l.desk.metrics.unsent.Inc()
		return
	}
	l.desk.metrics.sent.WithLabelValues(k.String()).Inc()
}

// turnAway answers a frame that finds no room. It runs in the goroutine that
// brought the frame.
func (l *link) turnAway(frame []byte) {
	l.desk.metrics.refused.WithLabelValues("busy").Inc()
	f, err := l.desk.codec.DecodeUp(frame)
	if err != nil || f.Kind() != wire.KindBatch {
		return
	}
	l.send(context.Background(), wire.Frame{Epoch: f.Epoch, Session: f.Session, Body: &wire.Busy{After: busyFor}})
}

func (l *link) note(change func(*Contact)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	change(&l.contact)
}

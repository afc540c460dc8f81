package ingest

import (
	"context"
	"time"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

// downFlight is the one batch of the down stream that waits for the agent to
// store it.
type downFlight struct {
	epoch    stock.Epoch
	from, to stock.Seq
	frame    []byte // nil when nothing is in flight
	sent     time.Time
	again    time.Time // when to send the same bytes again
	copies   int
	pace     wire.Pace
}

// maxDown bounds the entries of one down batch. An item takes some 150 bytes,
// before packing.
const maxDown = 256

// push keeps one batch of the down stream in flight while the agent is there.
func (l *link) push(ctx context.Context, now time.Time) {
	if l.heard.IsZero() || now.Sub(l.heard) > present {
		l.down.frame = nil
		return
	}
	st, ok := l.desk.store.Warehouse(l.warehouse)
	if !ok {
		return
	}
	d := &l.down
	if d.frame != nil && (d.epoch != st.Down.Epoch || d.to <= st.Down.Stored) {
		d.frame = nil
	}
	switch {
	case d.frame == nil:
		l.launch(ctx, now, &st)
	case !now.Before(d.again):
		d.copies++
		d.again = now.Add(d.pace.Wait(l.desk.cfg.Random()))
		l.desk.metrics.resends.Inc()
		l.sendRaw(ctx, wire.KindDownBatch, d.frame)
	}
}

// launch sends what follows the agent's stored position, if anything does.
func (l *link) launch(ctx context.Context, now time.Time, st *inventory.WarehouseState) {
	batch := l.desk.store.Down(l.warehouse, st.Down.Stored, maxDown)
	if len(batch.Entries) == 0 || batch.From != st.Down.Stored+1 {
		return
	}
	body := &wire.DownBatch{From: batch.From, Entries: batch.Entries}
	f := wire.Frame{Epoch: batch.Epoch, Boot: l.desk.boot, Session: uint64(newest(st)), Body: body}
	raw, err := l.desk.codec.Encode(&f)
	for wire.ReasonOf(err) == wire.TooLong && len(body.Entries) > 1 {
		body.Entries = body.Entries[:len(body.Entries)/2]
		raw, err = l.desk.codec.Encode(&f)
	}
	if err != nil {
		l.grumble.say(ctx, "down", "down batch does not encode", "from", uint64(body.From), "err", err)
		return
	}
	d := &l.down
	d.epoch, d.from, d.to, d.frame, d.sent, d.copies = batch.Epoch, body.From, body.To(), raw, now, 0
	d.again = now.Add(d.pace.Wait(l.desk.cfg.Random()))
	l.sendRaw(ctx, wire.KindDownBatch, raw)
}

// newest gives the session that frames to the agent carry.
func newest(st *inventory.WarehouseState) inventory.Session {
	if st.Candidate != nil {
		return max(st.Candidate.Session, st.Box.Session)
	}
	return st.Box.Session
}

// downAcked takes note of what the agent has stored.
func (l *link) downAcked(ctx context.Context, at time.Time, f *wire.Frame, upto stock.Seq) {
	d := &l.down
	result, ok := l.apply(ctx, inventory.DownStored{
		Warehouse: l.warehouse, Session: inventory.Session(f.Session), Position: stock.DownPosition{Epoch: f.Epoch, Applied: upto},
	})
	if !ok {
		return // the agent confirms again when the batch is repeated
	}
	if r, ok := result.(*inventory.Refusal); ok {
		l.refused(ctx, f, r)
		return
	}
	if d.frame != nil && d.epoch == f.Epoch && upto >= d.to {
		if d.copies == 0 {
			d.pace.Sample(at.Sub(d.sent))
		}
		d.frame = nil
	}
}

// downGap takes the agent's wish for other entries than those in flight. What it
// asks for is either in flight already, or something that the hub believes the
// agent has: then a new hello tells what it really has.
func (l *link) downGap(ctx context.Context, f *wire.Frame, want stock.Seq, st *inventory.WarehouseState) {
	if want <= st.Down.Stored || f.Epoch != st.Down.Epoch {
		l.fence(ctx, f, wire.FenceSession, "the agent has less of the down stream than it confirmed: say hello again")
	}
}

// recall takes the orders that a warehouse holds, and what comes of them goes
// down to it.
func (l *link) recall(ctx context.Context, f *wire.Frame, b *wire.Orders) {
	result, ok := l.apply(ctx, inventory.Recall{Warehouse: l.warehouse, Session: inventory.Session(f.Session), Orders: b.Orders})
	if !ok {
		return // the agent tells them again
	}
	switch r := result.(type) {
	case *inventory.Refusal:
		l.refused(ctx, f, r)
	case inventory.Recalled:
		if len(r.Adopted) > 0 {
			l.desk.metrics.recalled.Add(float64(len(r.Adopted)))
			l.log.WarnContext(ctx, "orders came back from the warehouse that this hub did not know as confirmed", "orders", len(r.Adopted), "first", r.Adopted[0],
				"hint", "the hub was restored from a copy that is older than they are; they are confirmed again")
		}
		l.send(ctx, wire.Frame{Epoch: f.Epoch, Session: f.Session, Body: &wire.OrdersTaken{Part: b.Part}})
	}
}

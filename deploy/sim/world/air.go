package world

import (
	"context"
	"fmt"
	"hash/crc32"
	"slices"
	"sync"
	"time"

	"github.com/forestock/forestock/hub/broker"
	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

// air is what happens to whole frames on their way through a broker: they get
// lost, come twice, come late and out of order, even in the hub's next life, and
// are damaged.
type air struct {
	w     *World
	codec *wire.Codec

	mu  sync.Mutex
	bad weather // guarded by mu
}

// weather is how likely each is.
type weather struct{ lose, repeat, delay, damage float64 }

func newAir(w *World) *air {
	codec, err := wire.NewCodec()
	if err != nil {
		w.breach("world", "no codec: %v", err)
	}
	return &air{w: w, codec: codec}
}

func (a *air) set(b weather) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.bad = b
}

// pass lets a frame through, or not.
func (a *air) pass(who string, frame []byte, deliver func([]byte)) {
	a.mu.Lock()
	bad := a.bad
	a.mu.Unlock()
	if bad == (weather{}) {
		deliver(frame)
		return
	}
	// By what it says, because two frames of one moment must not meet again.
	dice := a.w.dice.Now(fmt.Sprintf("%s %08x", who, crc32.ChecksumIEEE(frame)))
	if dice.Float64() < bad.lose {
		a.w.count(func(t *Tally) { t.Lost++ })
		return
	}
	if dice.Float64() < bad.damage {
		a.w.count(func(t *Tally) { t.Damaged++ })
		frame = slices.Clone(frame)
		frame[dice.IntN(len(frame))] ^= 1 << dice.IntN(8)
	}
	if dice.Float64() < bad.repeat {
		a.w.count(func(t *Tally) { t.Repeated++ })
		late := slices.Clone(frame)
		time.AfterFunc(time.Duration(dice.Int64N(int64(3*time.Second))), func() { deliver(late) })
	}
	if dice.Float64() < bad.delay {
		a.w.count(func(t *Tally) { t.Late++ })
		late := slices.Clone(frame)
		time.AfterFunc(time.Duration(dice.Int64N(int64(6*time.Second))), func() { deliver(late) })
		return
	}
	deliver(frame)
}

// up gives the way from the broker to whichever hub runs when a frame arrives.
func (a *air) up() broker.Receiver { return receiver{a} }

type receiver struct{ air *air }

// Frame implements broker.Receiver.
func (r receiver) Frame(w stock.Warehouse, frame []byte) {
	r.air.pass(string(w)+" up", frame, func(b []byte) {
		if l := r.air.w.hub.now(); l != nil {
			l.desk.Frame(w, b)
		}
	})
}

// Presence implements broker.Receiver.
func (r receiver) Presence(w stock.Warehouse, p wire.Presence) {
	if l := r.air.w.hub.now(); l != nil {
		l.desk.Presence(w, p)
	}
}

// down gives the way from one life of the hub to the agents, and notes what it
// promises them.
func (a *air) down(l *hubLife) *sender { return &sender{a, l} }

type sender struct {
	air  *air
	life *hubLife
}

// Send implements ingest.Carrier.
func (s *sender) Send(ctx context.Context, w stock.Warehouse, frame []byte) error {
	if s.air.w.hub.now() != s.life {
		return nil // its power is gone: nobody hears it any more
	}
	s.note(w, frame)
	ctx = context.WithoutCancel(ctx) // a late frame outlives the hub that sent it
	s.air.pass(string(w)+" down", frame, func(b []byte) {
		if l := s.air.w.hub.now(); l != nil {
			_ = l.broker.Send(ctx, w, b) // an agent that is away gets nothing, as with any broker
		}
	})
	return nil
}

// note remembers the promises in a frame. They must be true when they are made.
func (s *sender) note(w stock.Warehouse, frame []byte) {
	f, err := s.air.codec.DecodeDown(frame)
	if err != nil {
		s.air.w.breach("hub", "sends %s what no agent can read: %v", w, err)
		return
	}
	var upto stock.Seq
	switch b := f.Body.(type) {
	case *wire.Ack:
		upto = b.Upto
	case *wire.Pong:
		upto = b.Applied
	case *wire.Welcome:
		upto = b.Applied
	default:
		return
	}
	if st, _ := s.life.store.Warehouse(w); st.Box.Epoch == f.Epoch && st.Applied < upto {
		s.air.w.breach("hub", "tells %s that it has stored entry %d, and has stored %d", w, upto, st.Applied)
	}
	s.air.w.hub.promises.made(w, f.Epoch, upto)
}

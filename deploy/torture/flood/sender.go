package flood

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"

	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

const (
	ahead    = 48   // entries that may be sent before they are acknowledged
	sessions = 6    // of one warehouse in a flood, half of them with a second ledger
	hoarded  = 64   // frames of each session that come back later
	replayed = 0.04 // share of deliveries that are such frames
	goBack   = 8    // gaps after which the sender believes that something is missing
)

// sender is one warehouse: an agent without its manners.
type sender struct {
	warehouse stock.Warehouse
	flood     Flood
	to        Receiver
	tally     *Tally
	rng       *rand.Rand
	codec     *wire.Codec
	net       network

	ledger    *ledger
	life      int
	boot      wire.Boot
	session   uint64
	acked     stock.Seq
	sent      stock.Seq // newest entry that was sent since the last gap
	newest    stock.Seq // newest entry that was delivered, to see what was overtaken
	gaps      int       // answers since the sender went back
	hoard     []Packet  // of earlier sessions
	fresh     []Packet  // of this session
	delivered int
}

func newSender(i int, f Flood, to Receiver, t *Tally, codec *wire.Codec) *sender {
	rng := rand.New(rand.NewPCG(f.Seed, uint64(i)))
	return &sender{
		warehouse: stock.Warehouse(fmt.Sprintf("flood-%02d", i)), flood: f, to: to, tally: t, rng: rng, codec: codec,
		net: network{rng: rng}, ledger: newLedger(rng),
	}
}

// run goes on until so many frames were delivered in all, and then until all is
// acknowledged.
func (s *sender) run(ctx context.Context, frames int) error {
	for s.delivered < frames || s.acked < s.ledger.last || s.ledger.last == 0 {
		life := 1 + min(s.delivered*sessions*s.flood.Warehouses/s.flood.Frames, sessions-1)
		if life > s.life && s.acked == s.ledger.last && (s.life == 0 || s.ledger.last > 0) {
			if err := s.restart(ctx, life); err != nil {
				return err
			}
		}
		if err := s.fill(s.ledger.last == 0 || (life == s.life && s.delivered < frames)); err != nil {
			return err
		}
		if err := s.step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// restart is the box after a restart: a new session, and once a new ledger.
func (s *sender) restart(ctx context.Context, life int) error {
	if life > sessions/2 && s.life <= sessions/2 && s.life > 0 {
		if err := s.clearOut(ctx); err != nil {
			return err
		}
		s.ledger, s.acked = newLedger(s.rng), 0
	}
	s.life, s.sent, s.newest, s.gaps = life, s.acked, s.acked, 0
	s.hoard, s.fresh = append(s.hoard, s.fresh...), nil
	binary.LittleEndian.PutUint64(s.boot[:], s.rng.Uint64())
	p := s.ledger.position()
	hello, err := s.packet(&wire.Hello{First: p.First, Last: p.Last, Head: p.Head, Nonce: 1, VersionMin: wire.Version, VersionMax: wire.Version, Software: "flood"}, 0)
	if err != nil {
		return err
	}
	answer, err := s.to.Take(ctx, s.warehouse, hello)
	if err != nil {
		return err
	}
	welcome, ok := answer.Body.(*wire.Welcome)
	if !ok || welcome.Applied != s.acked {
		return fmt.Errorf("hello of session %d is answered %+v, and %d entries were acknowledged", life, answer.Body, s.acked)
	}
	s.session = welcome.Session
	return nil
}

// clearOut ends a ledger: it sells out, and everything arrives.
func (s *sender) clearOut(ctx context.Context) error {
	if err := s.ledger.clearOut(); err != nil {
		return err
	}
	for s.acked < s.ledger.last {
		if err := s.fill(false); err != nil {
			return err
		}
		if err := s.step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// fill sends batches until enough is on its way. What comes after a gap is cut
// anew, and begins a little before what is missing.
func (s *sender) fill(working bool) error {
	if len(s.net.way) > window {
		return nil // the network is full: what is under way arrives first
	}
	if s.gaps >= goBack || len(s.net.way) == 0 {
		s.sent, s.gaps = s.acked-min(s.acked, stock.Seq(s.rng.IntN(4))), 0
	}
	for s.sent < s.acked+ahead {
		size := stock.Seq(1 + s.rng.IntN(8))
		for working && s.ledger.last < s.sent+size {
			if err := s.ledger.work(s.rng); err != nil {
				return err
			}
			s.tally.Entries.Add(1)
		}
		if s.ledger.last == s.sent {
			return nil
		}
		batch := s.ledger.batch(s.sent+1, s.sent+size)
		body := &wire.Batch{Batch: batch, Last: s.ledger.last}
		if batch.To() == s.ledger.last {
			digest := s.ledger.sheet.Digest()
			root := digest.Root()
			body.Digest = &root
		}
		p, err := s.packet(body, batch.To())
		if err != nil {
			return err
		}
		s.sent = batch.To()
		s.net.send(p)
		if len(s.fresh) < hoarded {
			s.fresh = append(s.fresh, p)
		}
	}
	return nil
}

// step delivers one frame and takes the answer.
func (s *sender) step(ctx context.Context) error {
	f, ok := s.net.next()
	if !ok {
		return nil
	}
	if err := s.deliver(ctx, f.Packet); err != nil {
		return err
	}
	if len(s.hoard) > 0 && s.rng.Float64() < replayed {
		return s.deliver(ctx, s.hoard[s.rng.IntN(len(s.hoard))])
	}
	return nil
}

func (s *sender) deliver(ctx context.Context, p Packet) error {
	s.delivered++
	s.tally.Frames.Add(1)
	if s.flood.Progress != nil {
		s.flood.Progress(int(s.tally.Frames.Load()), s.flood.Frames)
	}
	if p.life == s.life {
		if p.to < s.newest {
			s.tally.Late.Add(1)
		}
		s.newest = max(s.newest, p.to)
	}
	answer, err := s.to.Take(ctx, s.warehouse, p)
	if err != nil {
		return err
	}
	if p.life != s.life {
		s.tally.Replayed.Add(1)
	}
	return s.take(p, &answer)
}

// take holds an answer to what the protocol promises.
func (s *sender) take(p Packet, answer *wire.Frame) error {
	switch b := answer.Body.(type) {
	case *wire.Fenced:
		s.tally.Fenced.Add(1)
		if p.life == s.life {
			return fmt.Errorf("a frame of the session that is open is fenced: %s", b.Message)
		}
		return nil
	case *wire.Ack:
		return s.acknowledged(p, b.Upto)
	case *wire.Gap:
		s.tally.Gaps.Add(1)
		s.gaps++
		if b.Want != s.acked+1 {
			return fmt.Errorf("the hub asks for %d after it acknowledged %d", b.Want, s.acked)
		}
		return nil
	}
	return fmt.Errorf("a batch is answered %+v", answer.Body)
}

func (s *sender) acknowledged(p Packet, upto stock.Seq) error {
	if p.life != s.life {
		// A new ledger takes the old one's place with its first entry; until
		// then the old one, which the hub has in full, may be confirmed again.
		if s.acked == 0 {
			return nil
		}
		return fmt.Errorf("a frame of session %d is acknowledged in session %d", p.life, s.life)
	}
	if upto > s.ledger.last || upto < s.acked {
		return fmt.Errorf("the hub has stored up to %d after it said %d, of %d", upto, s.acked, s.ledger.last)
	}
	s.acked = upto
	s.sent = max(s.sent, s.acked)
	return nil
}

func (s *sender) packet(b wire.Body, to stock.Seq) (Packet, error) {
	f := wire.Frame{Epoch: s.ledger.epoch, Boot: s.boot, Session: s.session, Body: b}
	if _, ok := b.(*wire.Hello); ok {
		f.Session = 0
	}
	raw, err := s.codec.Encode(&f)
	if err != nil {
		return Packet{}, fmt.Errorf("encode: %w", err)
	}
	s.tally.Distinct.Add(1)
	return Packet{raw: raw, kind: f.Kind(), to: to, life: s.life}, nil
}

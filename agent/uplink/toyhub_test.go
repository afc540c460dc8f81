package uplink

import (
	"maps"
	"time"

	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

// toyEpoch is what the hub has stored of one ledger.
type toyEpoch struct {
	epoch   stock.Epoch
	took    stock.Takeover
	entries map[stock.Seq][]byte
	hashes  map[stock.Seq]stock.Hash
	base    stock.Sheet // of entries that it never had, see adopt
	from    stock.Seq   // the first entry after base
	applied stock.Seq
}

func newToyEpoch(e stock.Epoch, took stock.Takeover) *toyEpoch {
	return &toyEpoch{epoch: e, took: took, from: 1, entries: make(map[stock.Seq][]byte), hashes: map[stock.Seq]stock.Hash{0: stock.Genesis(e)}}
}

func (e *toyEpoch) clone() *toyEpoch {
	c := *e
	c.entries, c.hashes = maps.Clone(e.entries), maps.Clone(e.hashes)
	return &c
}

func (e *toyEpoch) sheet() stock.Sheet {
	var s stock.Sheet
	for sku := range e.base.SKUs() {
		for _, l := range e.base.Levels(sku) {
			s.Set(l, 0)
		}
	}
	for seq := e.from; seq <= e.applied; seq++ {
		sku, n := toyFold(e.entries[seq])
		c := stock.Cell{SKU: sku}
		s.Set(stock.Level{Cell: c, OnHand: s.OnHand(c) + n}, 0)
	}
	return s
}

func (e *toyEpoch) statement() stock.Statement {
	s := e.sheet()
	st := stock.Statement{Epoch: e.epoch, Seq: e.applied, Head: e.hashes[e.applied]}
	st.Levels, st.Digest = s.State()
	return st
}

// toyHub is the hub in a few lines: it stores what joins, says how far it has
// stored, and lets a new ledger take over the levels of an earlier one.
type toyHub struct {
	codec     *wire.Codec
	present   *toyEpoch // nil before the first hello
	candidate *toyEpoch // until it has stored what the candidate took over
	closed    map[stock.Epoch]bool
	session   uint64
	seated    stock.Epoch        // whose session it is
	down      stock.DownPosition // Applied is the newest entry of the stream
	downAck   stock.Seq
	asking    *pull     // of the agent's statement; nil for none
	askingFor stock.Seq // what its parts are as of
	told      int       // statements of the agent that were whole and right
	// stubborn makes it refuse candidates, as while another box is at work.
	stubborn bool
	// lies makes it acknowledge what it has not stored: a negative control.
	lies bool
}

// take gives the answers to a frame.
func (h *toyHub) take(f *wire.Frame, now time.Time) (answers []wire.Frame) {
	say := func(b wire.Body) {
		answers = append(answers, wire.Frame{Epoch: f.Epoch, Boot: wire.Boot{9}, Session: f.Session, Body: b})
	}
	if hello, ok := f.Body.(*wire.Hello); ok {
		say(h.hello(f, hello, now))
		answers[0].Session = 0
		if w, ok := answers[0].Body.(*wire.Welcome); ok {
			answers[0].Session = w.Session
			if w.BaseWanted {
				h.asking = new(pull)
				say(&wire.StatementWanted{Of: wire.StatementBase})
				answers[1].Session = w.Session
			}
		}
		return answers
	}
	if f.Session != h.session || h.present == nil || h.of(h.seated).epoch != h.seated {
		say(&wire.Fenced{Reason: wire.FenceSession})
		return answers
	}
	switch b := f.Body.(type) {
	case *wire.Batch:
		say(h.batch(f.Epoch, b))
	case *wire.Ping:
		say(&wire.Pong{Nonce: b.Nonce, Applied: h.of(f.Epoch).applied, DownLast: h.down.Applied, Time: now})
		if h.asking != nil {
			say(&wire.StatementWanted{Of: wire.StatementBase})
		}
	case *wire.Ack:
		h.downAck = max(h.downAck, b.Upto)
	case *wire.StatementWanted:
		st := h.present.statement()
		parts := toyParts(b.Of, &st)
		say(parts[min(b.Part, len(parts)-1)])
		answers[0].Epoch = st.Epoch
	case *wire.Statement:
		h.stated(f.Epoch, b, say)
	case *wire.Trace:
		say(h.trace(f.Epoch, b))
	}
	return answers
}

// of gives the epoch that a session is about.
func (h *toyHub) of(e stock.Epoch) *toyEpoch {
	if h.candidate != nil && h.candidate.epoch == e {
		return h.candidate
	}
	return h.present
}

func (h *toyHub) hello(f *wire.Frame, b *wire.Hello, now time.Time) wire.Body {
	// It asks for a rebirth with every refusal: an agent obeys only where no other
	// box can be at work.
	refuse := func(r wire.Fence) wire.Body {
		return &wire.Fenced{Reason: r, Message: "toy", Nonce: b.Nonce, Rebirth: true}
	}
	if h.closed[f.Epoch] {
		return refuse(wire.FenceEpoch)
	}
	if h.present == nil {
		h.present = newToyEpoch(f.Epoch, stock.Takeover{})
	}
	w := &wire.Welcome{DownEpoch: h.down.Epoch, DownLast: h.down.Applied, MaxEntries: 8, MaxBytes: 1 << 16, Version: wire.Version, Time: now, Boot: f.Boot, Nonce: b.Nonce}
	at := h.present
	if f.Epoch != at.epoch {
		if h.stubborn {
			return refuse(wire.FenceClone)
		}
		switch {
		case b.TookOver.IsZero() && h.present.applied > 0:
			w.TakeOver = stock.Takeover{Epoch: h.present.epoch, Seq: h.present.applied}
		case b.TookOver.Epoch != h.present.epoch || b.TookOver.Seq < h.present.applied:
			if h.present.applied > 0 {
				return refuse(wire.FenceFork)
			}
		}
		if h.candidate == nil || h.candidate.epoch != f.Epoch || h.candidate.took != b.TookOver {
			h.candidate = newToyEpoch(f.Epoch, b.TookOver)
		}
		at = h.candidate
	}
	switch {
	case b.Last < at.applied, b.Last == at.applied && b.Head != at.hashes[at.applied]:
		return refuse(wire.FenceFork)
	case b.First > at.applied+1:
		w.BaseWanted = true
	}
	h.session++
	h.seated = f.Epoch
	h.asking, h.downAck = nil, 0
	if b.Down.Epoch == h.down.Epoch {
		h.downAck = b.Down.Applied
	}
	w.Session, w.Applied, w.Head = h.session, at.applied, at.hashes[at.applied]
	return w
}

func (h *toyHub) batch(epoch stock.Epoch, b *wire.Batch) wire.Body {
	at := h.of(epoch)
	if h.lies {
		return &wire.Ack{Upto: max(at.applied, b.To())}
	}
	if b.From > at.applied+1 {
		return &wire.Gap{Want: at.applied + 1}
	}
	for i, e := range b.Entries {
		if seq := b.From + stock.Seq(i); seq == at.applied+1 {
			at.entries[seq], at.hashes[seq] = e, at.hashes[seq-1].Next(e)
			at.applied = seq
		}
	}
	if at == h.candidate && at.applied >= at.took.Last {
		h.closed[h.present.epoch] = true
		h.present, h.candidate = at, nil
	}
	return &wire.Ack{Upto: at.applied, Last: b.Last}
}

// stated takes a part of the agent's base.
func (h *toyHub) stated(epoch stock.Epoch, b *wire.Statement, say func(wire.Body)) {
	if h.asking == nil {
		return
	}
	if b.Seq != h.askingFor {
		h.asking, h.askingFor = new(pull), b.Seq
	}
	h.asking.take(b)
	h.asking.repeat()
	for _, part := range h.asking.ask() {
		say(&wire.StatementWanted{Of: wire.StatementBase, Seq: h.askingFor, Part: part})
	}
	if !h.asking.whole() {
		return
	}
	st := h.asking.statement(stock.Takeover{Epoch: epoch, Seq: b.Seq})
	sheet, err := st.Sheet()
	if err != nil {
		panic(err)
	}
	at := h.of(epoch)
	at.base, at.from, at.applied = sheet, st.Seq+1, st.Seq
	at.entries, at.hashes = make(map[stock.Seq][]byte), map[stock.Seq]stock.Hash{st.Seq: st.Head}
	h.asking, h.told = nil, h.told+1
	say(&wire.Ack{Upto: st.Seq})
}

func (h *toyHub) trace(epoch stock.Epoch, b *wire.Trace) wire.Body {
	answer := &wire.Traced{First: b.Points[0].Seq}
	for _, p := range b.Points {
		raw, ok := h.present.entries[p.Seq]
		if ok && epoch == h.present.epoch && wire.TraceSum(raw) == p.Sum {
			answer.Same = p.Seq
		}
	}
	return answer
}

package ingest

import (
	"time"

	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

// purpose is what the hub wants a statement for, the more pressing the greater.
type purpose int

const (
	forReport purpose = iota + 1 // to serve it while the history follows
	forRepair                    // to put it in the place of the hub's levels
	forBase                      // to stand for entries that nobody has any more
)

var purposes = [...]string{forReport: "report", forRepair: "repair", forBase: "base"}

func (p purpose) String() string { return purposes[p] }

const (
	// pullWindow is how many parts of a statement are asked for at once.
	pullWindow = 4
	// pullFirst and pullLast bound the wait before missing parts are asked for
	// again. It begins with four times what the last part took, so that copies do
	// not fill a slow line, and doubles while nothing comes.
	pullFirst, pullLast = time.Second, 30 * time.Second
	// pullParts bounds the parts of one statement: some 800,000 levels.
	pullParts = 1024
)

// pull gathers a statement of an agent, part by part. Parts may come in any
// order, twice, or not at all: those that are missing are asked for again. It is
// done once all of one and the same moment are there.
type pull struct {
	purpose purpose
	of      wire.StatementOf
	epoch   stock.Epoch // of the ledger that is stated
	session uint64      // a later one ends the pull

	// seq is what the parts so far are as of; parts is nil while there are none.
	seq     stock.Seq
	head    stock.Hash
	digest  uint64
	parts   [][]stock.StatedLevel
	missing int
	asked   int // parts before this one were asked for

	began    time.Time     // when the first question was asked
	sent     time.Time     // when the last one was
	patience time.Duration // what to wait at first
	wait     time.Duration // what was waited last; 0 when something came since
	again    time.Time     // when to ask for what is missing
}

func newPull(p purpose, epoch stock.Epoch, session uint64) *pull {
	of := wire.StatementNewest
	if p == forBase {
		of = wire.StatementBase
	}
	return &pull{purpose: p, of: of, epoch: epoch, session: session}
}

// due gives what to ask for now: nothing before its time, the first missing
// parts after it.
func (p *pull) due(now time.Time) []*wire.StatementWanted {
	if now.Before(p.again) {
		return nil
	}
	if p.began.IsZero() {
		p.began = now
	}
	p.wait = min(max(2*p.wait, p.patience, pullFirst), pullLast)
	p.sent, p.again = now, now.Add(p.wait)
	if p.parts == nil {
		return []*wire.StatementWanted{{Of: p.of}}
	}
	var out []*wire.StatementWanted
	for i := range p.parts {
		if p.parts[i] == nil && len(out) < pullWindow {
			out = append(out, p.want(i))
			p.asked = max(p.asked, i+1)
		}
	}
	return out
}

func (p *pull) want(part int) *wire.StatementWanted {
	return &wire.StatementWanted{Of: p.of, Seq: p.seq, Part: part}
}

// take takes a part, and gives what to ask for next. A part of a later moment
// than those so far means that the agent does not keep that moment any more:
// the pull begins again with it.
func (p *pull) take(now time.Time, s *wire.Statement) []*wire.StatementWanted {
	if s.Of != p.of || s.Parts > pullParts || (p.parts != nil && s.Seq < p.seq) {
		return nil
	}
	if p.parts == nil || !p.same(s) {
		if !p.begin(s) {
			p.again = now
			return p.due(now)
		}
	}
	if p.parts[s.Part] != nil {
		return nil
	}
	p.parts[s.Part] = s.Levels
	if s.Levels == nil {
		p.parts[s.Part] = []stock.StatedLevel{} // nil is one that is missing
	}
	p.missing--
	p.patience = min(max(4*now.Sub(p.sent), pullFirst), pullLast)
	p.wait, p.again = 0, now.Add(p.patience)
	next := p.next(s.Part)
	if len(next) > 0 {
		p.sent = now
	}
	return next
}

// same reports whether a part is of the moment of those so far.
func (p *pull) same(s *wire.Statement) bool {
	return s.Seq == p.seq && s.Head == p.head && s.Digest == p.digest && s.Parts == len(p.parts)
}

// begin forgets the parts so far. Only the first part begins a statement: its
// answer is what pins the moment at the agent.
func (p *pull) begin(s *wire.Statement) bool {
	if s.Part != 0 {
		p.parts, p.seq = nil, 0
		return false
	}
	p.seq, p.head, p.digest = s.Seq, s.Head, s.Digest
	p.parts, p.missing, p.asked = make([][]stock.StatedLevel, s.Parts), s.Parts, 1
	return true
}

// next asks for the parts that nobody asked for yet: a few after the first one,
// then one for every one that came.
func (p *pull) next(part int) []*wire.StatementWanted {
	n := 1
	if part == 0 {
		n = pullWindow
	}
	var out []*wire.StatementWanted
	for ; n > 0 && p.asked < len(p.parts); n-- {
		out = append(out, p.want(p.asked))
		p.asked++
	}
	return out
}

// done reports whether all parts are there.
func (p *pull) done() bool { return p.parts != nil && p.missing == 0 }

// statement gives the whole of a pull that is done.
func (p *pull) statement() stock.Statement {
	st := stock.Statement{Epoch: p.epoch, Seq: p.seq, Head: p.head, Digest: p.digest}
	for _, levels := range p.parts {
		st.Levels = append(st.Levels, levels...)
	}
	return st
}

package uplink

import (
	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

// pullAhead is how many parts of a statement are asked for at once. More would
// fill a slow line with answers that are asked for again before they came.
const pullAhead = 4

// pull puts the parts of the hub's statement together, in whatever order they
// come. It outlives sessions: what came stays.
type pull struct {
	parts [][]stock.StatedLevel // nil where one is missing
	left  int                   // parts that are missing
	asked map[int]bool          // parts that are on their way
	head  stock.Hash
	sum   uint64 // the digest's root over all parts

	booked []stock.Booked // of all parts that came
}

// whole reports whether every part has come.
func (p *pull) whole() bool { return p.parts != nil && p.left == 0 }

// take keeps a part, and says whether it was a missing one. A part of another
// division begins the statement anew: the hub divides it in its own way after
// an update.
func (p *pull) take(s *wire.Statement) bool {
	if len(p.parts) != s.Parts || p.sum != s.Digest || p.head != s.Head {
		*p = pull{parts: make([][]stock.StatedLevel, s.Parts), left: s.Parts, head: s.Head, sum: s.Digest}
	}
	if p.parts[s.Part] != nil {
		return false
	}
	if p.parts[s.Part] = s.Levels; s.Levels == nil {
		p.parts[s.Part] = []stock.StatedLevel{} // of a warehouse without stock
	}
	p.left--
	p.booked = append(p.booked, s.Booked...)
	delete(p.asked, s.Part)
	return true
}

// ask gives the parts to ask for now: the first alone, because only it tells
// how many there are.
func (p *pull) ask() (parts []int) {
	if p.asked == nil {
		p.asked = make(map[int]bool)
	}
	for i := 0; i < max(len(p.parts), 1) && len(p.asked) < pullAhead; i++ {
		if (p.parts == nil || p.parts[i] == nil) && !p.asked[i] {
			parts = append(parts, i)
			p.asked[i] = true
		}
	}
	return parts
}

// repeat forgets what is on its way: it did not come.
func (p *pull) repeat() { p.asked = nil }

// statement gives the whole.
func (p *pull) statement(of stock.Takeover) *stock.Statement {
	st := &stock.Statement{Epoch: of.Epoch, Seq: of.Seq, Head: p.head, Digest: p.sum, Booked: p.booked}
	for _, levels := range p.parts {
		st.Levels = append(st.Levels, levels...)
	}
	return st
}

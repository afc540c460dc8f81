package uplink

import (
	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

// trace finds the newest entry that an earlier ledger of this box and the hub
// have in common. What comes after it the hub never got. Each question names
// as many entries as fit, spread over what is not known yet, so that a million
// entries take four questions.
type trace struct {
	of     Ancestor
	low    stock.Seq // the hub has this one just so
	high   stock.Seq // it has not got this one, or another in its place
	points []wire.TracePoint
	done   bool
}

// newTrace begins a search. What the earlier ledger knew to be stored at the
// hub is there; what is after the hub's newest entry is not.
func newTrace(of Ancestor, hub stock.Seq) trace {
	return trace{of: of, low: min(of.Stored, hub), high: min(of.Last, hub) + 1}
}

// ask takes the entries to ask about. None are left when there is nothing
// readable between what is known.
func (t *trace) ask(points []wire.TracePoint) {
	t.points = points
	t.done = len(points) == 0
}

// answer takes the hub's answer, and says whether it belongs to the present
// question: no two questions have the same first point.
func (t *trace) answer(a *wire.Traced) bool {
	if t.done || len(t.points) == 0 || a.First != t.points[0].Seq {
		return false
	}
	for _, p := range t.points {
		if p.Seq > a.Same {
			t.high = p.Seq
			break
		}
		t.low = p.Seq
	}
	t.points = nil
	return true
}

package ledger

import (
	"fmt"
	"maps"
	"slices"

	"github.com/forestock/forestock/proto/stock"
)

// A station that was not answered says its command again, to the ledger that is
// there by then: a new one, or one that went back to an older copy. Both may
// book what the hub has of an earlier ledger, and can know only when they take
// that ledger's levels over.

// unknown leaves out what the levels have that are taken over.
func unknown(all []brought, booked []stock.Booked) []brought {
	has := make(map[stock.Booked]bool, len(booked))
	for _, b := range booked {
		has[b] = true
	}
	return slices.DeleteFunc(all, func(b brought) bool {
		return has[stock.Booked{Command: stock.SumOfCommand(b.Command), Part: b.Part}]
	})
}

// twice gives the movements that take back what this ledger booked and the
// levels have as well.
func (c *commit) twice(st *stock.Statement) (out []stock.Movement, err error) {
	has := make(map[stock.Booked]bool)
	for _, b := range st.Booked {
		has[b] = true
	}
	for _, b := range st.Booked {
		first, ok := c.first(b.Command)
		for seq := first; ok && b.Part == 0 && seq <= c.last.seq; seq++ {
			e, err := c.entry(seq)
			if err != nil {
				return nil, err
			}
			if keyOf(e.Command) != b.Command {
				break
			}
			if e.Kind == stock.Short || !has[stock.Booked{Command: b.Command, Part: e.Part}] {
				continue // a line is not shorter for being short twice
			}
			delete(has, stock.Booked{Command: b.Command, Part: e.Part})
			out = append(out, inverse(&e, st.Epoch)...)
		}
	}
	return out, nil
}

// first gives the first entry of a command, also of one in the commit at hand.
func (c *commit) first(key commandKey) (stock.Seq, bool) {
	for _, b := range c.bookings {
		if b.key == key {
			return b.plan[0].Seq, true
		}
	}
	seq, ok := c.l.view.window.commands[key]
	return seq, ok
}

// inverse gives the movements that take an entry back, as corrections: it may
// have been undone already, and that undo is right.
func inverse(e *stock.Entry, epoch stock.Epoch) []stock.Movement {
	undo := brought{Entry: stock.Entry{Movement: stock.Movement{
		Kind: stock.Undo, Undoes: e.Seq, Time: e.Time, Operator: e.Operator, Station: e.Station,
		Reason: fmt.Sprintf("entry %d is in the levels of ledger %x already", e.Seq, epoch[:4]),
	}}, epoch: epoch}
	compensate(&undo.Entry, &e.Movement)
	return undo.movements(nil)
}

// learn makes commands known that the levels have.
func (c *commit) learn(booked []stock.Booked) error {
	if len(booked) == 0 {
		return nil
	}
	all := maps.Clone(c.l.view.known)
	if all == nil {
		all = make(known)
	}
	for _, b := range booked {
		all[b.Command] = struct{}{}
	}
	c.publish = append(c.publish, func(v *view) { v.known = all })
	return all.put(c.tx)
}

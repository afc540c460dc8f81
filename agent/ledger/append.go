package ledger

import (
	"context"
	"fmt"
	"slices"

	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

// maxGroup bounds the movements of one command, and of one commit.
const maxGroup = 1000

// Append books a command: all its movements in one commit, or none. It returns
// when they are on disk. A command whose id was booked before gives the first
// receipt and writes nothing.
//
// A count (Kind Count with Count set) gets its Delta here: Counted - Seen, where
// Seen must be what the book had at Base; Observe gives both. An undo (Kind
// Undo with Undoes set) gets its SKU, lot, bins and Delta here.
//
// Errors before anything is written: stock.ErrInvalid, ErrFull,
// ErrCommandReused, ErrCount, ErrUndo, ErrOrder, ErrClosed. After ErrBroken, or when ctx
// ends first, it is open whether the command was booked: the same id tells.
// What the movements point to (evidence, what was counted) must not be changed
// after the call, because it may still be read when ctx has ended it.
func (l *Ledger) Append(ctx context.Context, c stock.Command) (stock.Receipt, error) {
	if err := checkCommand(&c); err != nil {
		return stock.Receipt{}, err
	}
	// The writer may still read the movements when ctx has ended this call.
	c.Movements = slices.Clone(c.Movements)
	var receipt stock.Receipt
	r := &request{size: len(c.Movements), work: func(w *commit) error {
		var err error
		receipt, err = w.book(&c)
		return err
	}}
	if err := l.do(ctx, r); err != nil {
		return stock.Receipt{}, fmt.Errorf("append command %q: %w", c.ID, err)
	}
	return receipt, nil
}

func checkCommand(c *stock.Command) error {
	if c.ID == "" || len(c.ID) > stock.MaxCommand {
		return fmt.Errorf("%w command id %q: 1 to %d bytes", stock.ErrInvalid, c.ID, stock.MaxCommand)
	}
	if err := stock.CheckText(c.ID); err != nil {
		return fmt.Errorf("command id: %w", err)
	}
	if n := len(c.Movements); n == 0 || n > maxGroup {
		return fmt.Errorf("%w command %q: %d movements, wants 1 to %d", stock.ErrInvalid, c.ID, n, maxGroup)
	}
	for i := range c.Movements {
		if err := checkMovement(&c.Movements[i]); err != nil {
			return fmt.Errorf("command %q: %w", c.ID, err)
		}
	}
	return nil
}

// checkMovement finds what is wrong with a movement by itself, before it
// takes up the writer's time.
func checkMovement(m *stock.Movement) error {
	if (m.Count != nil) != (m.Kind == stock.Count) {
		return fmt.Errorf("%w %s of %s: a count, and only a count, says what was counted", stock.ErrInvalid, m.Kind, m.SKU)
	}
	if (m.Undoes != 0) != (m.Kind == stock.Undo) {
		return fmt.Errorf("%w %s of %s: an undo, and only an undo, names an entry", stock.ErrInvalid, m.Kind, m.SKU)
	}
	if c := m.Count; c != nil && (c.Counted < 0 || c.Counted > stock.MaxQty) {
		return fmt.Errorf("%w count of %s: %d counted", stock.ErrInvalid, m.SKU, c.Counted)
	}
	if m.Kind == stock.Undo {
		return nil // what it undoes has its SKU and quantity
	}
	return m.Validate()
}

// book plans the entries of a command, unless it was booked before.
func (w *commit) book(c *stock.Command) (stock.Receipt, error) {
	if receipt, ok, err := w.booked(c); ok || err != nil {
		return receipt, err
	}
	if w.full != nil {
		return stock.Receipt{}, w.full
	}
	plan := make([]stock.Entry, len(c.Movements))
	encoded := make([][]byte, len(c.Movements))
	for i := range plan {
		e := &plan[i]
		*e = stock.Entry{Seq: w.last.seq + 1 + stock.Seq(i), Command: c.ID, Part: i, Movement: c.Movements[i]}
		if err := w.settle(e, plan[:i]); err != nil {
			return stock.Receipt{}, err
		}
		var err error
		if encoded[i], err = wire.EncodeEntry(e); err != nil {
			return stock.Receipt{}, err
		}
	}
	if err := w.checkOrders(plan); err != nil {
		return stock.Receipt{}, err
	}
	w.take(plan, encoded)
	return stock.Receipt{From: plan[0].Seq, To: w.last.seq}, nil
}

// settle works out what only the ledger knows.
func (w *commit) settle(e *stock.Entry, before []stock.Entry) error {
	switch {
	case e.Count != nil:
		return w.settleCount(e)
	case e.Undoes != 0:
		return w.settleUndo(e, before)
	}
	return nil
}

// take appends planned entries to the commit.
func (w *commit) take(plan []stock.Entry, encoded [][]byte) {
	for i, b := range encoded {
		w.last = mark{plan[i].Seq, w.last.hash.Next(b)}
		w.records = append(w.records, record{w.last.seq, w.last.hash, b})
	}
	if w.group > 1 {
		if w.commands == nil {
			w.commands = make(map[string]int, w.group)
		}
		w.commands[plan[0].Command] = len(w.entries)
	}
	w.entries = append(w.entries, plan...)
	for i := range plan {
		if u := plan[i].Undoes; u != 0 {
			if w.undone == nil {
				w.undone = make(map[stock.Seq]stock.Seq)
			}
			w.undone[u] = plan[i].Seq
		}
	}
}

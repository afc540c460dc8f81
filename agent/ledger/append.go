package ledger

import (
	"context"
	"fmt"

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
	b, err := prepare(&c)
	if err != nil {
		return stock.Receipt{}, err
	}
	var receipt stock.Receipt
	r := &request{size: len(b.plan), work: func(w *commit) error {
		var err error
		receipt, err = w.book(b)
		return err
	}}
	if err := l.do(ctx, r); err != nil {
		return stock.Receipt{}, fmt.Errorf("append command %q: %w", c.ID, err)
	}
	return receipt, nil
}

// booking is a command on its way into the journal. What can be done of it
// without the turn is done by the caller, while others write.
type booking struct {
	command string
	key     commandKey
	plan    []stock.Entry // without numbers until it has the turn
	encoded [][]byte      // but for their numbers; nil for an entry that is to be settled first
}

// prepare checks a command and encodes it. It copies the movements, because the
// writer may still read them when the caller is gone.
func prepare(c *stock.Command) (*booking, error) {
	if c.ID == "" || len(c.ID) > stock.MaxCommand {
		return nil, fmt.Errorf("%w command id %q: 1 to %d bytes", stock.ErrInvalid, c.ID, stock.MaxCommand)
	}
	if err := stock.CheckText(c.ID); err != nil {
		return nil, fmt.Errorf("command id: %w", err)
	}
	n := len(c.Movements)
	if n == 0 || n > maxGroup {
		return nil, fmt.Errorf("%w command %q: %d movements, wants 1 to %d", stock.ErrInvalid, c.ID, n, maxGroup)
	}
	b := &booking{command: c.ID, key: keyOf(c.ID), plan: make([]stock.Entry, n), encoded: make([][]byte, n)}
	for i := range b.plan {
		e := &b.plan[i]
		*e = stock.Entry{Command: c.ID, Part: i, Movement: c.Movements[i]}
		err := checkMovement(&e.Movement)
		if err == nil && !settles(e) {
			b.encoded[i], err = wire.EncodeUnnumbered(e)
		}
		if err != nil {
			return nil, fmt.Errorf("command %q: %w", c.ID, err)
		}
	}
	return b, nil
}

// settles reports whether only the ledger knows what an entry comes to.
func settles(e *stock.Entry) bool { return e.Count != nil || e.Undoes != 0 }

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
	if m.Kind == stock.Count {
		return m.Validate()
	}
	return nil // what an undo undoes has its SKU and quantity; all others are checked as they are encoded
}

// book numbers and settles the entries of a command, unless it was booked before.
func (w *commit) book(b *booking) (stock.Receipt, error) {
	if receipt, ok, err := w.booked(b); ok || err != nil {
		return receipt, err
	}
	if w.full != nil {
		return stock.Receipt{}, w.full
	}
	for i := range b.plan {
		e := &b.plan[i]
		e.Seq = w.last.seq + 1 + stock.Seq(i)
		if b.encoded[i] != nil {
			continue
		}
		if err := w.settle(e, b.plan[:i]); err != nil {
			return stock.Receipt{}, err
		}
		var err error
		if b.encoded[i], err = wire.EncodeUnnumbered(e); err != nil {
			return stock.Receipt{}, err
		}
	}
	if err := w.checkOrders(b.plan); err != nil {
		return stock.Receipt{}, err
	}
	w.take(b)
	return stock.Receipt{From: b.plan[0].Seq, To: w.last.seq}, nil
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
func (w *commit) take(b *booking) {
	for i := range b.plan {
		r := w.last.next(b.plan[i].Seq, b.encoded[i])
		w.last = mark{r.seq, r.hash}
		w.records = append(w.records, r)
		if u := b.plan[i].Undoes; u != 0 {
			if w.undone == nil {
				w.undone = make(map[stock.Seq]stock.Seq)
			}
			w.undone[u] = b.plan[i].Seq
		}
	}
	if w.group > 1 {
		if w.commands == nil {
			w.commands = make(map[string]*booking, w.group)
		}
		w.commands[b.command] = b
	}
	w.bookings = append(w.bookings, b)
}

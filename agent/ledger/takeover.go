package ledger

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

// ErrTakeOver is returned when a statement cannot be taken over; nothing was
// written.
var ErrTakeOver = errors.New("levels cannot be taken over")

// takeoverPrefix begins the command id of the entries that make levels that were
// taken over.
const takeoverPrefix = "takeover-"

// TakeOver books the levels of an earlier ledger of the warehouse, and what that
// ledger did after the hub knew it for the last time, in one commit: an Opening
// entry for each level, then the entries that predecessors brought (see
// Predecessor) with the command ids, times and evidence that they had, and the
// takeover itself. Commands that the statement names are in its levels: they are
// not brought, and what this ledger has of them already is taken back. common is the newest entry that the hub and the predecessor
// of the statement's epoch have alike; where there is no such predecessor it
// means nothing.
//
// Entries that this ledger has already stay: levels only add up. Given the same
// statement again it returns what is on disk. Errors: ErrTakeOver, ErrFull,
// ErrClosed, ErrBroken, ErrDamaged, stock.ErrInvalid, ctx's.
func (l *Ledger) TakeOver(ctx context.Context, st stock.Statement, common stock.Seq) (stock.Takeover, error) {
	took, err := l.takeOver(ctx, &st, common)
	if err != nil {
		return stock.Takeover{}, fmt.Errorf("take over the levels of ledger %s as of entry %d: %w", st.Epoch, st.Seq, err)
	}
	return took, nil
}

// TookOver gives which levels the ledger took over; the zero Takeover for none.
func (l *Ledger) TookOver() stock.Takeover {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.view.past.took.Takeover
}

func (l *Ledger) takeOver(ctx context.Context, st *stock.Statement, common stock.Seq) (took stock.Takeover, err error) {
	if st.Epoch.IsZero() || st.Epoch == l.epoch {
		return took, fmt.Errorf("%w: they are of ledger %s, and this is ledger %s", ErrTakeOver, st.Epoch, l.epoch)
	}
	if _, err := st.Sheet(); err != nil {
		return took, fmt.Errorf("%w: %w", ErrTakeOver, err)
	}
	openings, err := openingsOf(st, time.Now())
	if err != nil {
		return took, err
	}
	brought, err := l.brought(ctx, st.Epoch, common)
	if err != nil {
		return took, err
	}
	brought = unknown(brought, st.Booked)
	// maxGroup bounds what callers may ask for; this is asked for once, and half
	// of it would be wrong levels.
	r := &request{size: len(openings) + len(brought), work: func(c *commit) error {
		took, err = c.takeOver(st, openings, brought)
		return err
	}}
	return took, l.do(ctx, r)
}

// openingsOf gives the movements that make the levels of a statement.
func openingsOf(st *stock.Statement, now time.Time) ([]stock.Movement, error) {
	var out []stock.Movement
	document := fmt.Sprintf("%s@%d", st.Epoch, st.Seq)
	for i := range st.Levels {
		level := &st.Levels[i]
		m := stock.Movement{
			Kind: stock.Opening, SKU: level.SKU, Lot: level.Lot, Bin: level.Bin,
			Expiry: level.Expiry, Produced: level.Produced, Document: document, Time: now,
		}
		// One movement carries at most MaxQty; a level may be the sum of many.
		for rest := level.OnHand; ; {
			m.Delta = min(max(rest, -stock.MaxQty), stock.MaxQty)
			if err := m.Validate(); err != nil {
				return nil, err
			}
			out = append(out, m)
			if rest -= m.Delta; rest == 0 {
				break
			}
		}
	}
	return out, nil
}

func (c *commit) takeOver(st *stock.Statement, openings []stock.Movement, brought []brought) (stock.Takeover, error) {
	v := &c.l.view
	if had := v.past.took; had.Epoch == st.Epoch && had.Seq == st.Seq {
		return had.Takeover, nil
	}
	if err := c.mayTakeOver(); err != nil {
		return stock.Takeover{}, err
	}
	plan := make([]stock.Entry, 0, len(openings)+len(brought))
	command := fmt.Sprintf("%s%x-%d", takeoverPrefix, st.Epoch[:4], st.Seq)
	for i, m := range openings {
		plan = append(plan, stock.Entry{Seq: c.last.seq + 1 + stock.Seq(i), Command: command, Part: i, Movement: m})
	}
	twice, err := c.twice(st)
	if err != nil {
		return stock.Takeover{}, err
	}
	for _, m := range twice {
		plan = append(plan, stock.Entry{Seq: c.last.seq + 1 + stock.Seq(len(plan)), Command: command, Part: len(plan), Movement: m})
	}
	plan = follow(plan, c.last.seq, brought)
	bookings, err := bookingsOf(plan)
	if err != nil {
		return stock.Takeover{}, err
	}
	took := taken{First: c.last.seq + 1}
	for _, b := range bookings {
		c.take(b)
	}
	c.addBrought(plan)
	if err := c.learn(st.Booked); err != nil {
		return stock.Takeover{}, c.fail(err)
	}
	if err := c.rebaseOrders(c.last.seq); err != nil {
		return stock.Takeover{}, c.fail(err)
	}
	took.Takeover = stock.Takeover{Epoch: st.Epoch, Seq: st.Seq, Last: c.last.seq}
	c.dirty = true
	c.publish = append(c.publish, func(v *view) { v.past.took = took })
	return took.Takeover, c.fail(putPast(c.tx, pastTook, took))
}

// bookingsOf divides planned entries into their commands.
func bookingsOf(plan []stock.Entry) (all []*booking, err error) {
	for len(plan) > 0 {
		n := 1
		for n < len(plan) && plan[n].Part > 0 && plan[n].Command == plan[0].Command {
			n++
		}
		b := &booking{command: plan[0].Command, key: keyOf(plan[0].Command), plan: plan[:n], encoded: make([][]byte, n)}
		for i := range b.plan {
			if b.encoded[i], err = wire.EncodeUnnumbered(&b.plan[i]); err != nil {
				return nil, err
			}
		}
		all, plan = append(all, b), plan[n:]
	}
	return all, nil
}

// mayTakeOver says why this ledger cannot take over any levels.
func (c *commit) mayTakeOver() error {
	v := &c.l.view
	switch {
	case !v.past.took.IsZero():
		return fmt.Errorf("%w: it took over those of ledger %s as of entry %d", ErrTakeOver, v.past.took.Epoch, v.past.took.Seq)
	case c.l.acked.Load() > 0:
		return fmt.Errorf("%w: the hub has stored entries of this ledger, so it has levels of its own", ErrTakeOver)
	case c.full != nil:
		return c.full
	case v.base.seq > 0 || v.last.seq == 0:
		return nil
	}
	first, err := c.entry(1)
	if err == nil && first.Kind == stock.Opening {
		err = fmt.Errorf("%w: somebody opened this ledger by hand, with entry 1", ErrTakeOver)
	}
	return err
}

// follow plans the entries that were brought behind what is planned already,
// with their numbers in this ledger.
func follow(plan []stock.Entry, last stock.Seq, brought []brought) []stock.Entry {
	openings := last + stock.Seq(len(plan))
	var of int // which predecessor the numbers in now are of
	now := make(map[stock.Seq]stock.Seq)
	part := 0
	for i := range brought {
		b := &brought[i]
		if b.of != of {
			of = b.of
			clear(now)
		}
		if part++; i == 0 || brought[i-1].of != b.of || brought[i-1].Command != b.Command {
			part = 0
		}
		e := b.Entry
		now[e.Seq] = last + 1 + stock.Seq(len(plan))
		if e.Count != nil {
			// What it was counted against is evidence only: its difference is fixed.
			count := *e.Count
			count.Base = cmp.Or(now[count.Base], openings)
			e.Count = &count
		}
		for _, m := range b.movements(now) {
			plan = append(plan, stock.Entry{Seq: last + 1 + stock.Seq(len(plan)), Command: e.Command, Part: part, Movement: m})
			part++
		}
		part--
	}
	return plan
}

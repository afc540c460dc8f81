package world

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/forestock/forestock/agent/ledger"
	"github.com/forestock/forestock/proto/stock"
)

// staff is the people of one warehouse. They do one thing after the other, and
// repeat a command under its id until it is answered, as a station does.
type staff struct {
	box    *box
	dice   *rand.Rand
	number int // commands so far

	mu     sync.Mutex
	asking string   // guarded by mu; id of the command that is not answered yet
	booked []booked // guarded by mu; what was answered, in order, since the last turn
	past   []past   // guarded by mu; what was answered before
	turns  int      // guarded by mu; at which the staff gave up what it was asking
}

// booked is a command whose answer was seen: a green lamp.
type booked struct {
	command stock.Command
	receipt stock.Receipt
}

// past is a command that was answered by a ledger, or by a state of it, that is
// not there any more.
type past struct {
	booked
	sure    bool // its movements must be at the hub when all is quiet
	settled bool // they have been there once
}

// turn makes everything that was answered the past. The staff cannot refer to it
// any more. What is not sure may have been lost with a disk, and so may what the
// staff is still asking for, which it then gives up.
func (s *staff) turn(sure func(booked) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range s.booked {
		s.past = append(s.past, past{booked: b, sure: sure(b)})
	}
	s.booked = nil
}

// doubt makes unsure what a lost disk may have had alone.
func (s *staff) doubt() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.turns++
	for i := range s.past {
		p := &s.past[i]
		p.sure = p.sure && p.settled
	}
	if s.asking != "" {
		s.past = append(s.past, past{booked: booked{command: stock.Command{ID: s.asking}}})
	}
}

// lost gives how often the disk has lost something.
func (s *staff) lost() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.turns
}

// settled notes that everything that is sure is at the hub.
func (s *staff) settled() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.past {
		s.past[i].settled = s.past[i].sure
	}
}

func newStaff(b *box) *staff { return &staff{box: b, dice: b.w.dice.Of("staff " + string(b.id))} }

func (s *staff) tell(format string, args ...any) {
	s.box.w.story.tell(string(s.box.id)+" staff", format, args...)
}

// work is the shift.
func (s *staff) work(ctx context.Context) {
	for s.rest(ctx, 12*time.Second) {
		if c, ok := s.next(ctx); ok {
			s.do(ctx, c)
		}
	}
}

// rest waits some time, up to twice the usual.
func (s *staff) rest(ctx context.Context, usual time.Duration) bool {
	return pause(ctx, time.Duration(s.dice.Int64N(int64(2*usual))), staffMoments+s.box.number)
}

// do gives a command until it is answered.
func (s *staff) do(ctx context.Context, c stock.Command) {
	defer s.ask("")
	for turn := s.ask(c.ID); s.ask(c.ID) == turn; {
		life, up := s.box.now()
		if life == nil {
			select {
			case <-up:
			case <-ctx.Done():
				return
			}
			if !s.rest(ctx, time.Second) {
				return
			}
			continue
		}
		receipt, err := life.append(c)
		if err == nil {
			s.answered(c, receipt)
			return
		}
		if errors.Is(err, ledger.ErrFull) {
			err = ledger.ErrFull // the whole says how much is free on this very computer
		}
		s.tell("command %s: %v", c.ID, err)
		if refused(err) {
			s.box.w.count(func(t *Tally) { t.Refused++ })
			return
		}
		if s.box.w.options.Defect == StationForgetsID {
			s.number++
			c.ID = s.id()
		}
		if !s.rest(ctx, 2*time.Second) {
			return
		}
	}
}

// ask notes what is being asked for, and gives how often the staff had to give up.
func (s *staff) ask(id string) (turns int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asking = id
	return s.turns
}

// known gives what was answered, what was before, and the command that is not
// answered yet.
func (s *staff) known() (answered []booked, before []past, asking string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.booked), slices.Clone(s.past), s.asking
}

// refused reports whether an error is a final no.
func refused(err error) bool {
	return errors.Is(err, ledger.ErrCount) || errors.Is(err, ledger.ErrUndo) || errors.Is(err, stock.ErrInvalid)
}

// answered takes note of a green lamp.
func (s *staff) answered(c stock.Command, r stock.Receipt) {
	if r.From == 0 && r.Replayed { // an earlier ledger had booked it
		s.mu.Lock()
		defer s.mu.Unlock()
		s.past = append(s.past, past{booked: booked{c, r}, sure: true})
		return
	}
	for _, old := range s.booked {
		if old.command.ID != c.ID {
			continue
		}
		if r.From != old.receipt.From || r.To != old.receipt.To {
			s.box.w.breach(string(s.box.id), "command %s was entries %d to %d, and repeated is %d to %d", c.ID, old.receipt.From, old.receipt.To, r.From, r.To)
		}
		s.tell("command %s again: entries %d to %d", c.ID, r.From, r.To)
		return
	}
	s.mu.Lock()
	s.booked = append(s.booked, booked{c, r})
	s.mu.Unlock()
	s.box.w.count(func(t *Tally) { t.Commands++; t.Entries += int(r.To - r.From + 1) })
	s.tell("command %s: entries %d to %d, %s %+d %s", c.ID, r.From, r.To, c.Movements[0].Kind, c.Movements[0].Delta, c.Movements[0].SKU)
}

func (s *staff) id() string { return fmt.Sprintf("%s-%d", s.box.id, s.number) }

// command makes a command of movements.
func (s *staff) command(m ...stock.Movement) stock.Command {
	s.number++
	for i := range m {
		m[i].Operator, m[i].Station = "op-1", "s1"
		// The clock of the box is not to be trusted, and nothing may hang on it.
		m[i].Time = time.Now().Add(time.Duration(s.dice.Int64N(int64(48*time.Hour))) - 24*time.Hour)
	}
	return stock.Command{ID: s.id(), Movements: m}
}

// next decides what the staff does now.
func (s *staff) next(ctx context.Context) (stock.Command, bool) {
	life, _ := s.box.now()
	if life == nil {
		return s.command(s.receive()), true // the goods come whether the program runs or not
	}
	if s.dice.IntN(4) == 0 {
		if c, ok := s.forOrder(life); ok {
			return c, true
		}
	}
	cell, on := s.somewhere(life)
	switch n := s.dice.IntN(20); {
	case n < 6 || on <= 0:
		return s.command(s.delivery()...), true
	case n < 12:
		return s.command(stock.Movement{Kind: stock.Pick, SKU: cell.SKU, Lot: cell.Lot, Bin: cell.Bin, Delta: -1 - s.dice.Int64N(on)}), true
	case n < 15:
		return s.command(stock.Movement{Kind: stock.Putaway, SKU: cell.SKU, Lot: cell.Lot, Bin: cell.Bin, To: "Z-09", Delta: -1 - s.dice.Int64N(on)}), cell.Bin != "Z-09"
	case n < 17:
		return s.count(ctx, life, cell)
	case n < 18:
		return s.undo()
	case n < 19 && len(s.booked) > 0:
		return s.booked[s.dice.IntN(len(s.booked))].command, true // a button that bounces
	}
	return s.command(stock.Movement{Kind: stock.Waste, SKU: cell.SKU, Lot: cell.Lot, Bin: cell.Bin, Delta: -1, Reason: "broken"}), true
}

var (
	skus = []stock.SKU{"milk", "rice", "eggs-10", "pear", "plum", "salt", "tofu", "beer"}
	bins = []stock.Bin{"", "A-01", "A-02", "B-01", "Z-09"}
)

func (s *staff) receive() stock.Movement {
	return stock.Movement{
		Kind: stock.Receive, SKU: skus[s.dice.IntN(len(skus))], Lot: stock.Lot(fmt.Sprintf("L%d", s.dice.IntN(3))),
		Bin: bins[s.dice.IntN(len(bins))], Delta: 1 + s.dice.Int64N(40), Expiry: stock.Date(20000110 + s.dice.IntN(15)),
		Document: "truck", Scan: []byte("]C1(01)04006381333931"),
	}
}

// delivery is one command of some movements.
func (s *staff) delivery() []stock.Movement {
	out := make([]stock.Movement, 1+s.dice.IntN(5))
	for i := range out {
		out[i] = s.receive()
	}
	return out
}

// somewhere gives a cell that has something.
func (s *staff) somewhere(life *boxLife) (stock.Cell, int64) {
	levels := life.ledger.Levels(skus[s.dice.IntN(len(skus))])
	if len(levels) == 0 {
		return stock.Cell{}, 0
	}
	l := levels[s.dice.IntN(len(levels))]
	return l.Cell, l.OnHand
}

// forOrder picks something for an order, or says that there is nothing to pick.
func (s *staff) forOrder(life *boxLife) (stock.Command, bool) {
	orders := life.ledger.Orders()
	if len(orders) == 0 {
		return stock.Command{}, false
	}
	o := orders[s.dice.IntN(len(orders))]
	line := &o.Lines[s.dice.IntN(len(o.Lines))]
	progress := life.ledger.Picked(o.ID)
	left := progress.Left(line)
	if left == 0 {
		return stock.Command{}, false
	}
	m := stock.Movement{Kind: stock.Short, SKU: line.SKU, Document: string(o.ID), Line: strconv.Itoa(line.Number)}
	for _, l := range life.ledger.Levels(line.SKU) {
		if l.OnHand > 0 {
			m.Kind, m.Lot, m.Bin, m.Delta = stock.Pick, l.Lot, l.Bin, -min(l.OnHand, left)
			break
		}
	}
	s.box.w.count(func(t *Tally) { t.Picked++ })
	return s.command(m), true
}

// count looks at a cell, takes a while, and books what was found.
func (s *staff) count(ctx context.Context, life *boxLife, cell stock.Cell) (stock.Command, bool) {
	evidence := life.ledger.Observe(cell)
	if !s.rest(ctx, 3*time.Second) {
		return stock.Command{}, false
	}
	evidence.Counted = max(0, evidence.Seen+s.dice.Int64N(5)-2)
	return s.command(stock.Movement{Kind: stock.Count, SKU: cell.SKU, Lot: cell.Lot, Bin: cell.Bin, Count: &evidence}), true
}

// undo takes back something that was booked, even if it was taken back before.
func (s *staff) undo() (stock.Command, bool) {
	if len(s.booked) == 0 {
		return stock.Command{}, false
	}
	b := s.booked[s.dice.IntN(len(s.booked))]
	return s.command(stock.Movement{Kind: stock.Undo, Undoes: b.receipt.From}), true
}

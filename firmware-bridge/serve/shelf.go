package serve

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/forestock/forestock/firmware-bridge/lend"
	"github.com/forestock/forestock/firmware-bridge/port"
)

// shelf is a device that can be lent.
type shelf struct {
	name string
	port *port.Port
	log  *slog.Logger

	mu   sync.Mutex // guards the rest, and the order of what is sent
	loan *loan      // nil when nobody has it
	seq  uint64     // of what was sent last, or would have been
	old  time.Time  // what arrived up to then was flushed
}

// keep keeps the device attached and passes on what happens to it, until the context ends.
func (s *shelf) keep(ctx context.Context) {
	var running sync.WaitGroup
	defer running.Wait()
	running.Go(func() {
		if err := s.port.Run(ctx); err != nil {
			s.log.ErrorContext(ctx, "device cannot be kept", "error", err)
		}
	})
	for e := range s.port.Events() {
		if e.Status != nil {
			s.log.InfoContext(ctx, "device is "+string(e.Status.State), "what", e.Status.Message())
		}
		s.pass(e)
	}
}

// pass numbers an event and sends it to the borrower, if there is one. What nobody takes is gone.
func (s *shelf) pass(e port.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seq++
	if s.loan == nil || e.Status == nil && !e.At.After(s.old) {
		return
	}
	var err error
	if e.Status != nil {
		err = s.loan.status(s.seq, state(*e.Status))
		if !e.Status.State.Open() {
			s.loan.end() // the borrower comes back for the next opening
		}
	} else {
		err = s.loan.write(lend.Frame{
			Kind: lend.Chunk, Seq: s.seq, Age: time.Since(e.At), Lost: uint32(e.Lost), Bad: uint32(e.Bad), Payload: e.Bytes,
		})
	}
	if err != nil {
		s.log.Warn("borrower does not take", "error", err)
	}
}

func state(s port.Status) lend.State {
	out := lend.State{State: string(s.State), Node: s.Node}
	if s.Err != nil {
		out.Why = s.Err.Error()
	}
	return out
}

// lendTo gives the device to a borrower and tells it the state; it reports false when another one has it.
func (s *shelf) lendTo(b *loan) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.loan != nil {
		return false
	}
	s.loan = b
	s.seq++
	if err := b.status(s.seq, state(s.port.Status())); err != nil {
		s.log.Warn("borrower does not take", "error", err)
	}
	return true
}

func (s *shelf) takeBack(b *loan) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.loan == b {
		s.loan = nil
	}
}

// serve does what the borrower asks until it has gone.
func (s *shelf) serve(ctx context.Context, b *loan) error {
	for {
		select {
		case <-b.gone:
			return nil
		default:
		}
		if err := deadline(b.conn); err != nil {
			return err
		}
		f, err := lend.Read(b.conn)
		if err != nil {
			return fmt.Errorf("borrower of %s: %w", s.name, err)
		}
		if err := s.obey(ctx, b, f); err != nil {
			return err
		}
	}
}

// obey does one thing that the borrower asks.
func (s *shelf) obey(ctx context.Context, b *loan, f lend.Frame) error {
	switch f.Kind {
	case lend.Beat:
		return nil
	case lend.Send:
		return b.done(f.Seq, s.port.Write(ctx, f.Payload))
	case lend.Flush:
		return s.flush(ctx, b, f.Seq)
	case lend.Borrow, lend.Welcome, lend.Status, lend.Chunk, lend.Done:
	}
	return fmt.Errorf("borrower of %s says %q, which is not for a borrower to say", s.name, rune(f.Kind))
}

// flush empties the line and answers. A chunk that keep has in its hand by then is old, and will not be passed on behind the
// answer.
func (s *shelf) flush(ctx context.Context, b *loan, seq uint64) error {
	err := s.port.Flush(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.old = time.Now()
	return b.done(seq, err)
}

// done answers a request.
func (b *loan) done(seq uint64, result error) error {
	f := lend.Frame{Kind: lend.Done, Seq: seq}
	if result != nil {
		f.Payload = []byte(result.Error())
	}
	return b.write(f)
}

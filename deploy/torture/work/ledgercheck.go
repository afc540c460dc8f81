package work

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/forestock/forestock/agent/ledger"
	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

// Check is part of Work.
func (Ledger) Check(ctx context.Context, path string, saved []Saved, inFlight int) (r Report, err error) {
	began := time.Now()
	l, err := ledger.Open(path, Options())
	if err != nil {
		return r, fmt.Errorf("reopen: %w", err)
	}
	r.Reopening = time.Since(began)
	ctx, cancel := context.WithCancel(ctx)
	ran := make(chan error, 1)
	go func() { ran <- l.Run(ctx) }()
	defer func() {
		cancel()
		err = errors.Join(err, <-ran, l.Close())
	}()
	found, err := read(ctx, l)
	if err != nil {
		return r, err
	}
	for _, s := range saved {
		if got := found[s.N]; got != s {
			return r, fmt.Errorf("command %d was acknowledged as entries %d to %d, found as %d to %d", s.N, s.From, s.To, got.From, got.To)
		}
	}
	r.Ahead = len(found) - len(saved)
	if r.Ahead > inFlight {
		return r, fmt.Errorf("%d commands are in the ledger that were never acknowledged; %d at most in flight", r.Ahead, inFlight)
	}
	r.Again, err = again(ctx, l, found, next(saved))
	return r, err
}

// read collects the commands of the ledger and checks that each is whole.
func read(ctx context.Context, l *ledger.Ledger) (map[int]Saved, error) {
	found := make(map[int]Saved)
	var sheet stock.Sheet
	for after := stock.Seq(0); ; {
		batch, _, err := l.Read(ctx, after, 512, 256<<10)
		if err != nil {
			return nil, fmt.Errorf("read after %d: %w", after, err)
		}
		if len(batch.Entries) == 0 {
			break
		}
		for _, b := range batch.Entries {
			e, err := wire.DecodeEntry(b)
			if err != nil {
				return nil, err
			}
			if err := note(found, &e); err != nil {
				return nil, err
			}
			sheet.Apply(&e.Movement)
		}
		after = batch.To()
	}
	for n, s := range found {
		if parts := len(Command(n).Movements); int(s.To-s.From)+1 != parts {
			return nil, fmt.Errorf("command %d is torn: entries %d to %d, want %d", n, s.From, s.To, parts)
		}
	}
	if got, _ := l.Digest(); got != sheet.Digest() {
		return nil, errors.New("the levels are not the sum of the entries")
	}
	return found, nil
}

func note(found map[int]Saved, e *stock.Entry) error {
	n, err := number(e.Command)
	if err != nil {
		return err
	}
	s, known := found[n]
	switch {
	case !known && e.Part == 0:
		s = Saved{N: n, From: e.Seq}
	case !known || e.Seq != s.To+1 || e.Part != int(e.Seq-s.From):
		return fmt.Errorf("command %d: part %d is entry %d, after entries %d to %d", n, e.Part, e.Seq, s.From, s.To)
	}
	s.To = e.Seq
	found[n] = s
	return nil
}

// again asks for the command that was in flight once more.
func again(ctx context.Context, l *ledger.Ledger, found map[int]Saved, n int) (Saved, error) {
	receipt, err := l.Append(ctx, Command(n))
	if err != nil {
		return Saved{}, fmt.Errorf("ask again for command %d: %w", n, err)
	}
	was, there := found[n]
	got := Saved{n, receipt.From, receipt.To}
	if receipt.Replayed != there || (there && got != was) {
		return got, fmt.Errorf("command %d asked again is %v (replayed %v), it was there: %v %v", n, got, receipt.Replayed, there, was)
	}
	return got, nil
}

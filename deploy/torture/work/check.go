package work

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/forestock/forestock/agent/ledger"
	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

// Saved is a command that the program said was saved.
type Saved struct {
	N        int
	From, To stock.Seq
}

// Acknowledged reads what the program under torture printed. A last line that
// was cut short is not an acknowledgement.
func Acknowledged(stdout string) []Saved {
	var out []Saved
	lines := strings.Split(stdout, "\n")
	for _, line := range lines[:len(lines)-1] {
		var s Saved
		if n, err := fmt.Sscanf(line, "saved %d %d %d", &s.N, &s.From, &s.To); err == nil && n == 3 {
			out = append(out, s)
		}
	}
	return out
}

// Report is what was found after a crash.
type Report struct {
	Entries   int
	Commands  int
	Ahead     int           // commands in the ledger that nobody was told of: a crash between commit and answer
	Reopening time.Duration // until the ledger could be used
}

// Check opens the ledger after a crash and looks for the promises: everything
// acknowledged is there exactly once and where it was said to be, no command
// is there in part, the levels are the sum of the entries, and the command
// after the last acknowledged one, asked again, is there exactly once.
func Check(ctx context.Context, path string, saved []Saved, next int) (Report, error) {
	return check(ctx, path, saved, next, 1)
}

// CheckImage is Check for a copy of a disk that was made while the program
// went on: it may hold any number of commands that were acknowledged later.
func CheckImage(ctx context.Context, path string, saved []Saved, next int) (Report, error) {
	return check(ctx, path, saved, next, 1<<30)
}

func check(ctx context.Context, path string, saved []Saved, next, inFlight int) (r Report, err error) {
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
	r.Entries, r.Commands = int(l.Position().Last), len(found)
	for _, s := range saved {
		if got := found[s.N]; got.From != s.From || got.To != s.To {
			return r, fmt.Errorf("command %d was acknowledged as entries %d to %d, found as %d to %d", s.N, s.From, s.To, got.From, got.To)
		}
	}
	r.Ahead = ahead(found, saved)
	if r.Ahead > inFlight {
		return r, fmt.Errorf("%d commands are in the ledger that were never acknowledged; %d at most in flight", r.Ahead, inFlight)
	}
	return r, again(ctx, l, found, next)
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

func ahead(found map[int]Saved, saved []Saved) int {
	newest := -1
	for _, s := range saved {
		newest = max(newest, s.N)
	}
	n := 0
	for i := range found {
		if i > newest {
			n++
		}
	}
	return n
}

// Last gives the newest command of a ledger that was checked: the one that was
// asked again.
func Last(ctx context.Context, path string, n int) (s Saved, err error) {
	l, err := ledger.Open(path, Options())
	if err != nil {
		return s, fmt.Errorf("reopen: %w", err)
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	found, err := read(ctx, l)
	if err != nil {
		return s, err
	}
	s, ok := found[n]
	if !ok {
		return s, fmt.Errorf("command %d is not in the ledger after it was asked again", n)
	}
	return s, nil
}

// again asks for the command that was in flight once more.
func again(ctx context.Context, l *ledger.Ledger, found map[int]Saved, next int) error {
	receipt, err := l.Append(ctx, Command(next))
	if err != nil {
		return fmt.Errorf("ask again for command %d: %w", next, err)
	}
	was, there := found[next]
	if receipt.Replayed != there {
		return fmt.Errorf("command %d asked again: replayed is %v, though it was there: %v", next, receipt.Replayed, there)
	}
	if there && (receipt.From != was.From || receipt.To != was.To) {
		return fmt.Errorf("command %d asked again: entries %d to %d, was %d to %d", next, receipt.From, receipt.To, was.From, was.To)
	}
	return nil
}

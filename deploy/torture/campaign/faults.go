package campaign

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/forestock/forestock/deploy/torture/inject"
	"github.com/forestock/forestock/deploy/torture/work"
)

// Faults is a campaign of faults at system calls.
type Faults struct {
	Program  string   // runs work.Child first thing
	Dir      string   // for the ledgers and traces
	Syscalls []string // as strace names them
	Action   string   // "signal=KILL" or "error=EIO"
	Points   int      // faults that must fire
	// Fresh is how many faults a ledger lives through before a new one is
	// begun, so that faults hit the making of a file too. 0 means 25.
	Fresh    int
	Progress func(done, points int)
}

// Tally is what a campaign counted.
type Tally struct {
	Points    int           // faults that fired
	Idle      int           // runs that ended before the fault
	Saved     int           // commands acknowledged
	Ahead     int           // faults after the commit and before the answer
	Refused   int           // runs that the fault made stop with an error
	Slowest   time.Duration // of reopening
	PerSystem map[string]int
}

// String sums the campaign up in one line.
func (t Tally) String() string {
	return fmt.Sprintf("%d faults %v, %d runs without; %d commands acknowledged, 0 lost, 0 torn, 0 twice; %d were saved but not yet answered; %d runs stopped by the error; slowest reopening %v",
		t.Points, t.PerSystem, t.Idle, t.Saved, t.Ahead, t.Refused, t.Slowest.Round(time.Millisecond))
}

// commandsPerRun is how many commands one run tries: enough for a checkpoint.
const commandsPerRun = 40

// Run carries the campaign out. It stops at the first broken promise.
func (f Faults) Run(ctx context.Context) (Tally, error) {
	if f.Fresh == 0 {
		f.Fresh = 25
	}
	t := Tally{PerSystem: make(map[string]int)}
	var b book
	for nth := 1; t.Points < f.Points; nth++ {
		fired := false
		for _, call := range f.Syscalls {
			if t.Points == f.Points {
				break
			}
			if b.path == "" || b.faults == f.Fresh {
				b = book{path: filepath.Join(f.Dir, fmt.Sprintf("ledger-%d.db", t.Points))}
			}
			fault := inject.Fault{Syscall: call, Nth: nth, Action: f.Action}
			hit, err := f.point(ctx, &b, fault, &t)
			if err != nil {
				return t, fmt.Errorf("%s on %s after %d faults: %w", fault, b.path, b.faults, err)
			}
			fired = fired || hit
			if f.Progress != nil {
				f.Progress(t.Points, f.Points)
			}
		}
		if !fired {
			nth = 0 // no call of any kind comes that late: begin again, on a file that has grown
		}
	}
	return t, b.discard()
}

// book is one ledger file and what was acknowledged of it.
type book struct {
	path   string
	next   int
	saved  []work.Saved
	faults int
}

func (b *book) discard() error {
	if err := os.Remove(b.path); err != nil && !os.IsNotExist(err) {
		return fmt.Errorf("remove ledger: %w", err)
	}
	return nil
}

// point is one fault: run, crash, reopen, check.
func (f Faults) point(ctx context.Context, b *book, fault inject.Fault, t *Tally) (fired bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	out, err := inject.Run(ctx, f.Dir, fault, work.Env(b.path, b.next, commandsPerRun), f.Program)
	if err != nil {
		return false, err
	}
	saved := work.Acknowledged(out.Stdout)
	b.saved = append(b.saved, saved...)
	b.next += len(saved)
	r, err := work.Check(ctx, b.path, b.saved, b.next)
	if err != nil {
		return false, fmt.Errorf("%w\n%s", err, out.Stderr)
	}
	last, err := work.Last(ctx, b.path, b.next)
	if err != nil {
		return false, err
	}
	b.saved = append(b.saved, last)
	b.next++
	b.faults++
	t.Saved += len(saved)
	t.Ahead += r.Ahead
	t.Slowest = max(t.Slowest, r.Reopening)
	if !out.Fired {
		t.Idle++
		return false, nil
	}
	t.Points++
	t.PerSystem[fault.Syscall]++
	return true, t.judge(f.Action, out, len(saved))
}

// judge holds a run that was not killed to its duty: it stops or refuses, and
// never goes on as if nothing had happened, unless the fault hit something
// that no promise hangs on.
func (t *Tally) judge(action string, out inject.Outcome, saved int) error {
	if out.Killed {
		return nil
	}
	if out.Code != 0 {
		t.Refused++
		return nil
	}
	if saved != commandsPerRun {
		return fmt.Errorf("the run ended without an error after %s and saved %d of %d commands", action, saved, commandsPerRun)
	}
	return nil
}

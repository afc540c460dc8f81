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
	Work     work.Work
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
	var b volume
	nth := make(map[string]int, len(f.Syscalls))
	for t.Points < f.Points {
		fired := 0
		for _, call := range f.Syscalls {
			if b.path == "" || b.faults >= f.Fresh {
				if err := b.discard(); err != nil {
					return t, err
				}
				b = volume{path: filepath.Join(f.Dir, fmt.Sprintf("book-%d", t.Points+t.Idle))}
			}
			nth[call]++
			fault := inject.Fault{Syscall: call, Nth: nth[call], Action: f.Action}
			hit, err := f.point(ctx, &b, fault, &t)
			if err != nil {
				return t, fmt.Errorf("%s on %s after %d faults: %w", fault, b.path, b.faults, err)
			}
			if hit {
				fired++
			} else {
				nth[call] = 0 // no such call comes that late: begin again
			}
			if f.Progress != nil {
				f.Progress(t.Points, f.Points)
			}
		}
		if fired == 0 && t.Points == 0 {
			return t, fmt.Errorf("no fault fired: the program makes none of %v", f.Syscalls)
		}
	}
	return t, b.discard()
}

// volume is what one run of faults works on, and what was acknowledged of it.
type volume struct {
	path   string
	saved  []work.Saved
	faults int
}

func (b *volume) discard() error {
	if b.path == "" {
		return nil
	}
	if err := os.RemoveAll(b.path); err != nil {
		return fmt.Errorf("remove book: %w", err)
	}
	return nil
}

// point is one fault: run, crash, reopen, check.
func (f Faults) point(ctx context.Context, b *volume, fault inject.Fault, t *Tally) (fired bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	out, err := inject.Run(ctx, f.Dir, fault, f.Work.Env(b.path, len(b.saved), commandsPerRun), f.Program)
	if err != nil {
		return false, err
	}
	saved := work.Acknowledged(out.Stdout)
	b.saved = append(b.saved, saved...)
	r, err := f.Work.Check(ctx, b.path, b.saved, 1)
	if err != nil {
		return false, fmt.Errorf("%w\n%s", err, out.Stderr)
	}
	b.saved = append(b.saved, r.Again)
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

// Command torture proves by force that what is saved stays saved: faults at
// every system call, power cuts, disks that lie, frames that are repeated and overtaken, and
// damage to the ledger's file. Each campaign
// prints what it counted, and ends the command at the first broken promise.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"time"

	"github.com/forestock/forestock/deploy/torture/campaign"
	"github.com/forestock/forestock/deploy/torture/flood"
	"github.com/forestock/forestock/deploy/torture/work"
)

func main() {
	work.Child()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "torture:", err)
		os.Exit(1)
	}
}

// scale is how long the campaigns are: 1 is in full.
type scale float64

func (s scale) of(n int) int { return max(int(float64(n)*float64(s)), 1) }

func run(ctx context.Context, args []string) (err error) {
	flags := flag.NewFlagSet("torture", flag.ContinueOnError)
	short := flags.Float64("scale", 1, "share of the full campaigns to run, such as 0.1")
	seed := flags.Uint64("seed", uint64(time.Now().UnixNano()), "of everything random")
	only := flags.String("only", "", "run only this campaign: crash, errors, power, lies, flood or rot")
	if err := flags.Parse(args); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "torture-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	t := torture{program: self, dir: dir, scale: scale(*short), seed: *seed}
	fmt.Printf("seed %d\n", *seed)
	for _, c := range []struct {
		name string
		run  func(context.Context) error
	}{{"crash", t.crash}, {"errors", t.errors}, {"power", t.power}, {"lies", t.lies}, {"flood", t.flood}, {"rot", t.rot}} {
		if *only != "" && *only != c.name {
			continue
		}
		if err := c.run(ctx); err != nil {
			return fmt.Errorf("%s (seed %d): %w", c.name, *seed, err)
		}
	}
	return nil
}

type torture struct {
	program, dir string
	scale        scale
	seed         uint64
}

// faults runs one campaign of faults at system calls and prints its tally.
func (t torture) faults(ctx context.Context, name string, f campaign.Faults) error {
	f.Program, f.Dir, f.Points = t.program, t.dir, t.scale.of(f.Points)
	f.Progress = progress(name)
	tally, err := f.Run(ctx)
	fmt.Printf("\r%s: %s\n", name, tally)
	return err
}

func (t torture) crash(ctx context.Context) error {
	ledger, hub := work.Ledger{}, work.Hub{}
	const kill = "signal=KILL"
	return errors.Join(
		t.faults(ctx, "ledger killed", campaign.Faults{Work: ledger, Action: kill, Points: 800, Syscalls: []string{"pwrite64", "fdatasync"}}),
		t.faults(ctx, "ledger killed while it is made", campaign.Faults{Work: ledger, Action: kill, Points: 100, Fresh: 1, Syscalls: []string{"fsync", "ftruncate", "linkat", "unlinkat", "fallocate"}}),
		t.faults(ctx, "hub killed", campaign.Faults{Work: hub, Action: kill, Points: 600, Syscalls: []string{"write", "fdatasync", "fsync", "renameat"}}),
	)
}

func (t torture) errors(ctx context.Context) error {
	ledger, hub := work.Ledger{}, work.Hub{}
	return errors.Join(
		t.faults(ctx, "ledger on a failing disk", campaign.Faults{Work: ledger, Action: "error=EIO", Points: 120, Syscalls: []string{"pwrite64", "fdatasync"}}),
		t.faults(ctx, "ledger on a full disk", campaign.Faults{Work: ledger, Action: "error=ENOSPC", Points: 120, Syscalls: []string{"pwrite64", "fdatasync", "ftruncate"}}),
		t.faults(ctx, "hub on a failing disk", campaign.Faults{Work: hub, Action: "error=EIO", Points: 60, Syscalls: []string{"fdatasync", "fsync"}}),
	)
}

func (t torture) power(ctx context.Context) error {
	return errors.Join(t.cuts(ctx, "ledger", work.Ledger{}, 500), t.cuts(ctx, "hub", work.Hub{}, 200))
}

// cuts cuts the power under one kind of work, and then under the same work
// with its syncs swallowed, which must lose.
func (t torture) cuts(ctx context.Context, name string, w work.Work, cuts int) error {
	p := campaign.PowerCuts{Work: w, Program: t.program, Dir: t.dir, Cuts: t.scale.of(cuts), Seed: t.seed, Progress: progress("power cuts, " + name)}
	tally, err := p.Run(ctx)
	fmt.Printf("\rpower, %s: %s\n", name, tally)
	if err != nil || tally.Lost+tally.Corrupt > 0 {
		return errors.Join(err, tally.First)
	}
	p.NoSync, p.Cuts, p.Progress = true, t.scale.of(20), progress("power cuts without sync, "+name)
	control, err := p.Run(ctx)
	fmt.Printf("\rcontrol, %s with its syncs swallowed: %s\n", name, control)
	if err == nil && control.Lost+control.Corrupt == 0 {
		err = errors.New("the control lost nothing: the campaign shows nothing")
	}
	return err
}

func (t torture) lies(ctx context.Context) error {
	ledger := work.Ledger{Snapshots: filepath.Join(t.dir, "snapshots")}
	if err := os.Mkdir(ledger.Snapshots, 0o700); err != nil {
		return err
	}
	for _, c := range []struct {
		name string
		work work.Liar
		cuts int
		mend campaign.Mend
	}{{"ledger", ledger, 100, ledger.Mend}, {"hub", work.Hub{}, 100, nil}, {"control, a program that checks nothing", work.Notebook{}, 10, nil}} {
		l := campaign.LyingDisks{Work: c.work, Mend: c.mend, Program: t.program, Dir: t.dir, Cuts: t.scale.of(c.cuts), Seed: t.seed, Progress: progress("lying disk, " + c.name)}
		tally, err := l.Run(ctx)
		fmt.Printf("\rlies, %s: %s\n", c.name, tally)
		_, control := c.work.(work.Notebook)
		switch {
		case err != nil:
			return err
		case control && tally.Silent == 0:
			return errors.New("the control was not caught: the campaign shows nothing")
		case !control && tally.Silent > 0:
			return tally.First
		}
	}
	return nil
}

// floodGrowth is how many bytes of memory the hub's tables may gain in nine
// tenths of a flood; a memory of the frames themselves would take ten times as
// much.
const floodGrowth = 16 << 20

func (t torture) flood(ctx context.Context) (err error) {
	hub, err := flood.OpenHub(filepath.Join(t.dir, "flood"))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	ran := make(chan error, 1)
	go func() { ran <- hub.Run(ctx) }()
	defer func() {
		cancel()
		err = errors.Join(err, <-ran, hub.Close())
	}()
	f := flood.Flood{Frames: t.scale.of(1_000_000), Warehouses: 20, Seed: t.seed, Progress: progress("flood")}
	tally, err := f.Run(ctx, hub)
	fmt.Printf("\rflood: %s\n", tally)
	if err != nil {
		return err
	}
	if tally.End > tally.Early+floodGrowth {
		return errors.New("what the hub remembers of frames grows with their number")
	}
	trusting, err := flood.NewTrusting()
	if err != nil {
		return err
	}
	f.Frames, f.Progress = t.scale.of(50_000), nil
	control, err := f.Run(ctx, trusting)
	fmt.Printf("control, a receiver without a cursor: %s\n", control)
	if !errors.Is(err, flood.ErrDiffers) {
		return fmt.Errorf("the control does not differ: the campaign shows nothing (%w)", err)
	}
	return nil
}

func (t torture) rot(ctx context.Context) error {
	r := campaign.BitRot{Dir: t.dir, Flips: t.scale.of(1000), Pages: t.scale.of(200), Seed: t.seed, Progress: progress("bit rot")}
	tally, err := r.Run(ctx)
	fmt.Printf("\rrot: %s\n", tally)
	if err == nil {
		err = tally.First
	}
	return err
}

// progress prints how far a campaign is, a few times a second.
func progress(name string) func(done, all int) {
	var mu sync.Mutex
	last := time.Now()
	return func(done, all int) {
		mu.Lock()
		defer mu.Unlock()
		if time.Since(last) > 200*time.Millisecond {
			last = time.Now()
			fmt.Printf("\r%s: %d of %d\x1b[K", name, done, all)
		}
	}
}

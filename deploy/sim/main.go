// Command sim runs a hub and ten warehouses in virtual time while everything
// that can go wrong goes wrong, once for each seed, and ends at the first promise
// that was not kept. The same seed always tells the same story:
//
//	go run ./deploy/sim -seed 17 -v    the story of one seed
//	go run ./deploy/sim -seeds 1000    a thousand of them
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/forestock/forestock/deploy/sim/world"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "sim:", err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	flags := flag.NewFlagSet("sim", flag.ContinueOnError)
	first := flags.Uint64("seed", 1, "the first seed")
	seeds := flags.Uint64("seeds", 1, "how many seeds")
	story := flags.Bool("v", false, "tell what happens")
	logs := flags.Bool("log", false, "and what the programs log")
	rounds := flags.Int("rounds", 2, "times of trouble in each")
	round := flags.Duration("round", 4*time.Minute, "how long one of them lasts")
	only := flags.String("only", "", "let only faults happen whose names have this in them")
	defect := flags.Int("defect", 0, fmt.Sprintf("put in a bug, 1 to %d, to see it found", world.Defects))
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *defect < 0 || *defect > world.Defects {
		return fmt.Errorf("defect %d: 1 to %d", *defect, world.Defects)
	}
	o := world.Options{Rounds: *rounds, Round: *round, Defect: world.Defect(*defect), Log: *logs, Only: *only}
	if *story || *logs {
		o.Story = out
	}
	return virtually(func(run bubble) error { return campaign(run, *first, *seeds, o, out) })
}

// campaign runs seeds one after the other, until a promise is broken.
func campaign(run bubble, first, seeds uint64, o world.Options, out io.Writer) error {
	var all world.Tally
	var virtual time.Duration
	began := time.Now()
	for seed := first; seed < first+seeds; seed++ {
		if seeds > 1 {
			fmt.Fprintf(os.Stderr, "\rseed %d\x1b[K\r", seed) // a crash of the process leaves its seed there
		}
		r, err := one(run, seed, o)
		if err != nil {
			return fmt.Errorf("seed %d: %w", seed, err)
		}
		virtual += r.Virtual
		all.Add(&r.Tally)
		if len(r.Broken) > 0 {
			return fmt.Errorf("seed %d: %s (%d promises broken; go run ./deploy/sim -seed %d -v tells how)", seed, r.Broken[0], len(r.Broken), seed)
		}
		if seeds == 1 {
			fmt.Fprintf(out, "seed %d: trace %s\n", seed, r.Trace)
		}
	}
	fmt.Fprintf(out, "%d seeds in %s, %s of virtual time: no promise broken\n%s\n%s", seeds, time.Since(began).Round(time.Millisecond), virtual.Round(time.Second), &all, all.Troubles())
	return nil
}

// one runs one seed in a bubble of its own.
func one(run bubble, seed uint64, o world.Options) (r world.Result, err error) {
	defer func() {
		if p := recover(); p != nil { // the bubble's own way to say that something waits for ever
			err = fmt.Errorf("%v", p)
		}
	}()
	run(func() { r, err = world.Run(seed, o) })
	return r, err
}

// bubble runs something in virtual time.
type bubble func(func())

// virtually gives f virtual time, and ends the program after it. That time is
// to be had in a test only, so this program is one.
func virtually(f func(bubble) error) error {
	testing.Init()
	if err := flag.CommandLine.Parse(nil); err != nil {
		return err
	}
	test := func(t *testing.T) {
		t.Helper()
		err := f(func(inside func()) { synctest.Test(t, func(*testing.T) { inside() }) })
		if err != nil {
			fmt.Fprintln(os.Stderr, "sim:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	all := func(string, string) (bool, error) { return true, nil }
	testing.Main(all, []testing.InternalTest{{Name: "sim", F: test}}, nil, nil)
	return errors.New("this program was not run as a test")
}

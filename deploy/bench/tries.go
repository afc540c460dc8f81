package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/hub/store"
)

// openStore opens a store, which holds the assortment if it was empty. The
// returned function ends it.
func openStore(dir string, a assortment) (*store.Pebble, func() error, error) {
	s, err := store.Open(dir, store.Options{Book: inventory.Config{AutoEnrol: true}})
	if err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- s.Run(ctx) }()
	end := func() error {
		cancel()
		return errors.Join(<-ran, s.Close())
	}
	if len(s.Warehouses()) == 0 {
		if err := a.fill(ctx, s); err != nil {
			return nil, nil, errors.Join(err, end())
		}
	}
	return s, end, nil
}

// trying calls a store in process: one Try a call, answered after the sync.
func trying(s *store.Pebble, a assortment, run string, callers int, want bool) work {
	all := make([]*customers, callers)
	for i := range all {
		all[i] = a.newCustomers(run, i)
	}
	return func(ctx context.Context, caller int) (int, error) {
		o := all[caller].order()
		t, err := o.try()
		if err != nil {
			return 0, err
		}
		results, err := s.Apply(ctx, t)
		if err != nil {
			return 0, err
		}
		if _, ok := results[0].(inventory.Reserved); ok != want {
			return 0, fmt.Errorf("order %s was answered with %+v", o.id, results[0])
		}
		return 1, nil
	}
}

const inProcessCallers = 256

// benchTries measures Trys in the hub's process.
func benchTries(ctx context.Context, b *bench) error {
	b.title("In process: durable Trys of three lines, one a call, %d callers (median of %d rounds of %v)", inProcessCallers, b.rounds, b.each)
	cases := []struct {
		name string
		assortment
	}{
		{"10,000 SKUs", assortment{1, 10_000, plenty}},
		{"one hot SKU", assortment{1, 1, plenty}},
		{"10,000 sold out", assortment{1, 10_000, 0}},
	}
	all := make([][]figures, len(cases))
	for range b.rounds {
		for i, c := range cases {
			f, err := b.tries(ctx, c.assortment)
			if err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			all[i] = append(all[i], f)
		}
	}
	fmt.Fprintf(b, "%-16s %12s %10s %10s\n", "on", "Trys/s", "p50", "p99")
	for i, c := range cases {
		b.row(c.name, middle(all[i]))
	}
	fmt.Fprintf(b, "hot : spread = %.2f; the goal is 100,000/s and hot no slower than spread\n", middle(all[1]).perSecond/middle(all[0]).perSecond)
	return nil
}

func (b *bench) tries(ctx context.Context, a assortment) (f figures, err error) {
	dir, remove, err := b.temp("tries")
	if err != nil {
		return f, err
	}
	defer remove()
	s, end, err := openStore(dir, a)
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, end()) }()
	return drive(ctx, inProcessCallers, b.each, trying(s, a, "p", inProcessCallers, a.OnHand > 0))
}

// heads prints the heads of a table of rows whose servers are processes of their
// own.
func (b *bench) heads(what, rate string) {
	fmt.Fprintf(b, "%-16s %12s %10s %10s %14s %14s\n", what, rate, "p50", "p99", "server's CPU", "callers' CPU")
}

// row prints one line of a table.
func (b *bench) row(name string, f figures) {
	cpu := ""
	if f.cpu > 0 || f.asking > 0 {
		server := "-" // spread over many processes
		if f.cpu > 0 {
			server = f.cpu.Round(100 * time.Nanosecond).String()
		}
		cpu = fmt.Sprintf(" %14s %14v", server, f.asking.Round(100*time.Nanosecond))
	}
	fmt.Fprintf(b, "%-16s %12.0f %10v %10v%s\n", name, f.perSecond, short(f.p50), short(f.p99), cpu)
}

package main

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"
)

// figures are one measurement.
type figures struct {
	perSecond float64
	p50, p99  time.Duration // from the call to the answer
	took      time.Duration
	cpu       time.Duration // that the server used for one thing; 0 for unknown
	asking    time.Duration // and that the callers used
}

// work is one call of one caller. It tells how many things it did.
type work func(ctx context.Context, caller int) (done int, err error)

// drive lets so many callers work, each one call after the other, for a while
// to warm up and then for as long as is measured. The first error ends it.
func drive(ctx context.Context, callers int, each time.Duration, call work) (figures, error) {
	if _, err := stretch(ctx, callers, each/4, call); err != nil {
		return figures{}, err
	}
	return stretch(ctx, callers, each, call)
}

// caller is what one caller did.
type caller struct {
	waits []time.Duration
	done  int
	err   error
}

func stretch(ctx context.Context, callers int, each time.Duration, call work) (figures, error) {
	all := make([]caller, callers)
	began := time.Now()
	until := began.Add(each)
	var wg sync.WaitGroup
	for i := range all {
		wg.Go(func() { all[i].work(ctx, i, until, call) })
	}
	wg.Wait()
	took := time.Since(began)
	var waits []time.Duration
	var err error
	done := 0
	for i := range all {
		waits, done, err = append(waits, all[i].waits...), done+all[i].done, cmp.Or(err, all[i].err)
	}
	f := percentiles(waits)
	f.took = took
	f.perSecond = float64(done) / took.Seconds()
	return f, err
}

func (c *caller) work(ctx context.Context, i int, until time.Time, call work) {
	for c.err == nil && ctx.Err() == nil {
		began := time.Now()
		if !began.Before(until) {
			return
		}
		n, err := call(ctx, i)
		c.waits = append(c.waits, time.Since(began))
		c.done += n
		c.err = err
	}
}

// percentiles gives those of waits, which it sorts.
func percentiles(waits []time.Duration) (f figures) {
	if len(waits) == 0 {
		return f
	}
	slices.Sort(waits)
	f.p50, f.p99 = waits[len(waits)/2], waits[len(waits)*99/100]
	return f
}

// middle gives the measurement of median speed.
func middle(all []figures) figures {
	all = slices.Clone(all)
	slices.SortFunc(all, func(a, b figures) int { return int(a.perSecond - b.perSecond) })
	return all[len(all)/2]
}

// short rounds a duration to what a reader can use.
func short(d time.Duration) time.Duration {
	switch {
	case d > 100*time.Millisecond:
		return d.Round(time.Millisecond)
	case d > time.Millisecond:
		return d.Round(10 * time.Microsecond)
	}
	return d.Round(time.Microsecond)
}

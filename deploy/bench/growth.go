package main

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"
)

// perWarehouse is how many SKUs a front warehouse sells.
const perWarehouse = 5000

// benchGrowth holds a tenth of the warehouses against all of them.
func benchGrowth(ctx context.Context, b *bench) error {
	b.title(`Growth: warehouses of %d SKUs, one lot each; a cell is one SKU in one warehouse. Opening: of a store that was closed.
Trys: one a call, %d callers over all warehouses, %v, right after opening: most meet a SKU for the first time. CPU counts
both cores, callers included.`, perWarehouse, inProcessCallers, b.each)
	fmt.Fprintf(b, "%-12s %12s %12s %12s %12s %12s %12s\n", "warehouses", "heap B/cell", "disk B/cell", "opening", "cells/s", "Trys/s", "CPU/Try")
	var costs []float64
	for _, n := range []int{max(1, b.warehouses/10), b.warehouses} {
		f, err := b.grown(ctx, assortment{Warehouses: n, SKUs: perWarehouse, OnHand: plenty})
		if err != nil {
			return err
		}
		cells := float64(n * perWarehouse)
		opening, cost := time.Duration(f["opening"]), time.Duration(f["cpu"])
		fmt.Fprintf(b, "%-12d %12.0f %12.0f %12v %12.0f %12.0f %12v\n", n, f["heap"]/cells, f["disk"]/cells, opening.Round(time.Millisecond), cells/opening.Seconds(), f["per second"], short(cost))
		costs = append(costs, f["cpu"])
	}
	fmt.Fprintf(b, "A Try costs %.2f times as much at ten times the warehouses\n", costs[1]/costs[0])
	return nil
}

// grown fills a store in one process, and measures it in another.
func (b *bench) grown(ctx context.Context, a assortment) (map[string]float64, error) {
	dir, remove, err := b.temp("growth")
	if err != nil {
		return nil, err
	}
	defer remove()
	var f map[string]float64
	for _, each := range []time.Duration{0, b.each} {
		p, err := spawn(ctx, task{Name: "growth", Dir: dir, Stock: a, Count: int(each)})
		if err != nil {
			return nil, err
		}
		f = p.Figures
		if err := p.Close(); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// growthTask opens a store, and sells from it for Count nanoseconds.
func growthTask(ctx context.Context, t task, tell func(told) error) (err error) {
	before := heap() // the ballast of every hub, mostly
	began := time.Now()
	s, end, err := openStore(t.Dir, t.Stock)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, end()) }()
	f := map[string]float64{"opening": float64(time.Since(began))}
	f["heap"], f["disk"] = heap()-before, float64(s.Stats().DiskBytes)
	if t.Count > 0 {
		call := trying(s, t.Stock, "g", inProcessCallers, true)
		if _, err := stretch(ctx, inProcessCallers, time.Duration(t.Count)/4, call); err != nil {
			return err
		}
		used := processorTime()
		got, err := stretch(ctx, inProcessCallers, time.Duration(t.Count), call)
		if err != nil {
			return err
		}
		f["per second"] = got.perSecond
		f["cpu"] = float64(processorTime()-used) / (got.perSecond * got.took.Seconds())
	}
	if err := tell(told{Figures: f}); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

// processorTime gives what this process used of all cores.
func processorTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u) // it cannot fail for oneself
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

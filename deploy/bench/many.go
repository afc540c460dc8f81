package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/hub/store"
	"github.com/forestock/forestock/proto/stock"
)

// openOrders is how many of the orders in one store are open at its end: two
// hours of 50,000 an hour.
const openOrders = 100_000

// benchOrders fills one store with orders and opens it again.
func benchOrders(ctx context.Context, b *bench) error {
	b.title("Many orders: %d in one store, of three lines; all but the last %d are tried and cancelled, those stay open", b.orders, min(openOrders, b.orders))
	dir, remove, err := b.temp("orders")
	if err != nil {
		return err
	}
	defer remove()
	for _, what := range []string{"filled", "opened again"} {
		p, err := spawn(ctx, task{Name: "orders", Dir: dir, Stock: shelves, Count: b.orders})
		if err != nil {
			return err
		}
		f := p.Figures
		if n := f["per second"]; n > 0 {
			fmt.Fprintf(b, "%-14s %.0f commands/s in batches of 100\n", what, n)
		}
		fmt.Fprintf(b, "%-14s opening %v, heap %.0f MB, resident %.0f MB, disk %.0f MB (%.0f bytes an order), a Try of a known id gives its order: %v\n",
			what, time.Duration(f["opening"]).Round(time.Millisecond), f["heap"]/1e6, memory(p.cmd.Process.Pid, "VmRSS")/1e6, f["disk"]/1e6, f["disk"]/float64(b.orders), f["known"] == 1)
		if err := p.Close(); err != nil {
			return err
		}
	}
	return nil
}

// ordersTask opens a store, makes the orders if they are not there, and tells
// what it takes to hold them.
func ordersTask(ctx context.Context, t task, tell func(told) error) (err error) {
	before := heap() // the ballast of every hub, mostly
	began := time.Now()
	s, end, err := openStore(t.Dir, t.Stock)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, end()) }()
	f := map[string]float64{"opening": float64(time.Since(began))}
	first := t.Stock.newCustomers("m", 0).order()
	if _, known, err := s.Reservation(ctx, stock.OrderID(first.id)); err != nil {
		return err
	} else if !known {
		if f["per second"], err = makeOrders(ctx, s, t.Stock, t.Count); err != nil {
			return err
		}
	}
	again, err := first.try()
	if err != nil {
		return err
	}
	results, err := s.Apply(ctx, again)
	if err != nil {
		return err
	}
	if r, ok := results[0].(inventory.Reserved); ok && r.Replayed {
		f["known"] = 1
	}
	f["heap"], f["disk"] = heap()-before, float64(s.Stats().DiskBytes)
	if err := tell(told{Figures: f}); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

// makeOrders makes so many orders by 16 callers, and gives the commands/s.
func makeOrders(ctx context.Context, s *store.Pebble, a assortment, count int) (float64, error) {
	const callers, together = 16, 100
	var made atomic.Int64
	errs := make([]error, callers)
	began := time.Now()
	var commands atomic.Int64
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			c := a.newCustomers("m", i)
			for errs[i] == nil {
				n := int(made.Add(together))
				if n > count {
					return
				}
				var done int
				done, errs[i] = someOrders(ctx, s, c, together, n <= count-openOrders)
				commands.Add(int64(done))
			}
		})
	}
	wg.Wait()
	return float64(commands.Load()) / time.Since(began).Seconds(), errors.Join(errs...)
}

// someOrders makes orders in one go and cancels them in the next.
func someOrders(ctx context.Context, s *store.Pebble, c *customers, n int, cancel bool) (done int, err error) {
	tries, cancels := make([]inventory.Command, n), make([]inventory.Command, n)
	for i := range n {
		o := c.order()
		if tries[i], err = o.try(); err != nil {
			return 0, err
		}
		cancels[i] = inventory.Cancel{ID: stock.OrderID(o.id), Reason: "changed my mind"}
	}
	steps := [][]inventory.Command{tries}
	if cancel {
		steps = append(steps, cancels)
	}
	for _, step := range steps {
		results, err := s.Apply(ctx, step...)
		if err != nil {
			return 0, err
		}
		for _, r := range results {
			if _, ok := r.(inventory.Reserved); !ok {
				return 0, fmt.Errorf("answered with %+v", r)
			}
		}
		done += n
	}
	return done, nil
}

// heap gives the bytes that are in use after a collection.
func heap() float64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}

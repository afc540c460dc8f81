package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
)

const (
	steadyRate    = 20_000 // orders/s
	steadyStreams = 8
)

// benchSustained lets orders fall due at a steady rate, whether the hub keeps up
// or not, and counts from when each was due to when its answer was there.
func benchSustained(ctx context.Context, b *bench) (err error) {
	b.title("Sustained: %d orders/s over %d gRPC streams for %v, each from when it was due to its durable answer", steadyRate, steadyStreams, b.sustained)
	dir, remove, err := b.temp("steady")
	if err != nil {
		return err
	}
	defer remove()
	p, err := newPlatform(ctx, task{Name: "hub", Dir: dir, Stock: shelves})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	if err := p.openStreams(ctx, steadyStreams); err != nil {
		return err
	}
	all := make([]steady, steadyStreams)
	var g errgroup.Group
	began := time.Now()
	for i, s := range p.streams {
		all[i] = steady{stream: s, customers: shelves.newCustomers("s", i), began: began, every: time.Second * steadyStreams / steadyRate}
		all[i].count = int(b.sustained / all[i].every)
		g.Go(all[i].send)
		g.Go(all[i].receive)
	}
	if err := g.Wait(); err != nil {
		return err
	}
	took := time.Since(began)
	var waits []time.Duration
	for i := range all {
		waits = append(waits, all[i].waits...)
	}
	f := percentiles(waits)
	fmt.Fprintf(b, "%d orders in %v: %.0f/s, p50 %v, p99 %v (goal: below 20ms), p99.9 %v, longest %v; the hub's memory %.0f MB\n",
		len(waits), took.Round(10*time.Millisecond), float64(len(waits))/took.Seconds(), short(f.p50), short(f.p99),
		short(waits[len(waits)*999/1000]), short(waits[len(waits)-1]), memory(p.server.cmd.Process.Pid, "VmRSS")/1e6)
	return nil
}

// steady is one stream whose orders fall due one after the other.
type steady struct {
	stream    commandStream
	customers *customers
	began     time.Time
	every     time.Duration
	count     int
	waits     []time.Duration
}

func (s *steady) due(i int) time.Time { return s.began.Add(time.Duration(i) * s.every) }

// send sends what is due, every millisecond.
func (s *steady) send() error {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for i := 0; i < s.count; <-tick.C {
		for now := time.Now(); i < s.count && s.due(i).Before(now); i++ {
			o := s.customers.order()
			err := s.stream.Send(&forestockv1.StreamReservationsRequest{
				RequestId: uint64(i), Command: &forestockv1.StreamReservationsRequest_Create{Create: request(&o)},
			})
			if err != nil {
				return err
			}
		}
	}
	return s.stream.CloseSend()
}

func (s *steady) receive() error {
	for range s.count {
		r, err := s.stream.Recv()
		if err != nil {
			return err
		}
		if r.GetResult().GetReservation() == nil {
			return fmt.Errorf("an order was answered with %v", r)
		}
		s.waits = append(s.waits, time.Since(s.due(int(r.GetRequestId()))))
	}
	return nil
}

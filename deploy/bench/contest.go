package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// shelves is what the contests over the network are about.
var shelves = assortment{Warehouses: 1, SKUs: 10_000, OnHand: plenty}

// shop is a contestant that takes orders.
type shop struct {
	name string
	open func(ctx context.Context, b *bench, dir string, a assortment, callers int) (seller, error)
}

func openHub(ctx context.Context, _ *bench, dir string, a assortment, _ int) (seller, error) {
	return newPlatform(ctx, task{Name: "hub", Dir: dir, Stock: a})
}

func openHubStreams(ctx context.Context, _ *bench, dir string, a assortment, callers int) (seller, error) {
	p, err := newPlatform(ctx, task{Name: "hub", Dir: dir, Stock: a})
	if err != nil {
		return nil, err
	}
	return p, p.openStreams(ctx, callers)
}

// openEcho asks a hub once, for an answer of the right size.
func openEcho(ctx context.Context, _ *bench, dir string, _ assortment, _ int) (seller, error) {
	hub, err := newPlatform(ctx, task{Name: "hub", Dir: dir, Stock: shelves})
	if err != nil {
		return nil, err
	}
	if err := errors.Join(hub.saveAnswer(ctx, dir, shelves.newCustomers("e", 0).order()), hub.Close()); err != nil {
		return nil, err
	}
	return newPlatform(ctx, task{Name: "echo", Dir: dir})
}

func openRedis(sync string) func(context.Context, *bench, string, assortment, int) (seller, error) {
	return func(ctx context.Context, _ *bench, dir string, a assortment, _ int) (seller, error) {
		return newRedis(ctx, dir, sync, a)
	}
}

func openPostgres(ctx context.Context, _ *bench, dir string, a assortment, callers int) (seller, error) {
	return newPostgres(ctx, dir, a, callers)
}

// contest lets the shops take turns, and gives the median of each. Each turn
// begins with a fresh folder.
func (b *bench) contest(ctx context.Context, shops []shop, a assortment, callers, orders int) ([]figures, error) {
	all := make([][]figures, len(shops))
	for range b.rounds {
		for i, s := range shops {
			f, err := b.turn(ctx, s, a, callers, orders)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", s.name, err)
			}
			all[i] = append(all[i], f)
		}
	}
	out := make([]figures, len(shops))
	for i := range shops {
		out[i] = middle(all[i])
		b.row(shops[i].name, out[i])
	}
	return out, nil
}

func (b *bench) turn(ctx context.Context, s shop, a assortment, callers, orders int) (f figures, err error) {
	dir, remove, err := b.temp("shop")
	if err != nil {
		return f, err
	}
	defer remove()
	open, err := s.open(ctx, b, dir, a, callers)
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, open.Close()) }()
	call := selling(open, a, "n", callers, orders)
	if _, err := stretch(ctx, callers, b.each/4, call); err != nil {
		return f, err
	}
	before := serverTime(open)
	if f, err = stretch(ctx, callers, b.each, call); err == nil {
		f.cpu = time.Duration(float64(serverTime(open)-before) / (f.perSecond * f.took.Seconds()))
	}
	return f, err
}

// serverTime gives the processor time that the server of a seller has used; 0
// where it is spread over many processes.
func serverTime(s seller) time.Duration {
	switch s := s.(type) {
	case *platform:
		return usedBy(s.server.cmd.Process.Pid)
	case *redisShop:
		return usedBy(s.server.Process.Pid)
	}
	return 0
}

// benchUnary measures orders that are a call of their own.
func benchUnary(ctx context.Context, b *bench) error {
	const callers = 64
	b.title(`Over the network: orders of three lines, one a call, %d callers, 10,000 SKUs (median of %d rounds of %v).
Every server is a process of its own beside the client's. Redis: go-redis, 64 connections, a script that checks,
decrements three keys and records the id with the order, appendonly always. PostgreSQL: pgx, 64 connections,
one transaction of three UPDATE ... WHERE available >= n and an INSERT, synchronous_commit on. The echo answers
with a reservation of the same size and does nothing. Hub and echo: gRPC over one connection.`, callers, b.rounds, b.each)
	fmt.Fprintf(b, "%-16s %12s %10s %10s %14s\n", "orders", "per second", "p50", "p99", "server's CPU")
	f, err := b.contest(ctx, []shop{{"hub", openHub}, {"echo", openEcho}, {"Redis", openRedis("always")}, {"PostgreSQL", openPostgres}}, shelves, callers, 1)
	if err != nil {
		return err
	}
	fmt.Fprintf(b, "hub : Redis = %.2f (goal: above 1); hub : echo = %.2f (goal: 0.8); hub : PostgreSQL = %.2f\n\n",
		f[0].perSecond/f[2].perSecond, f[0].perSecond/f[1].perSecond, f[0].perSecond/f[3].perSecond)
	fmt.Fprintf(b, "%-16s %12s %10s %10s %14s\n", "sold out", "per second", "p50", "p99", "server's CPU")
	empty := assortment{Warehouses: 1, SKUs: 10_000}
	f, err = b.contest(ctx, []shop{{"hub", openHub}, {"Redis", openRedis("always")}, {"PostgreSQL", openPostgres}}, empty, callers, 1)
	if err != nil {
		return err
	}
	fmt.Fprintf(b, "hub : Redis = %.2f; hub : PostgreSQL = %.2f\n", f[0].perSecond/f[1].perSecond, f[0].perSecond/f[2].perSecond)
	return nil
}

// benchPiped measures orders that travel together.
func benchPiped(ctx context.Context, b *bench) error {
	const callers, together = 16, 50
	b.title(`Together: the same orders, %d callers with %d at a time (median of %d rounds of %v). Redis: the same script in
pipelines. The hub is durable before it answers in every row; Redis with everysec may lose the last second.`, callers, together, b.rounds, b.each)
	fmt.Fprintf(b, "%-16s %12s %10s %10s %14s\n", "orders", "per second", "p50", "p99", "server's CPU")
	f, err := b.contest(ctx, []shop{
		{"hub, stream", openHubStreams}, {"hub, batches", openHub}, {"Redis everysec", openRedis("everysec")}, {"Redis always", openRedis("always")},
	}, shelves, callers, together)
	if err != nil {
		return err
	}
	fmt.Fprintf(b, "stream : Redis everysec = %.2f, batches : Redis everysec = %.2f (goal: one above 1); stream : Redis always = %.2f, batches : Redis always = %.2f\n",
		f[0].perSecond/f[2].perSecond, f[1].perSecond/f[2].perSecond, f[0].perSecond/f[3].perSecond, f[1].perSecond/f[3].perSecond)
	return nil
}

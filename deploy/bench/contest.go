package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
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

// openHubView gives a hub whose numbers are read so.
func openHubView(v forestockv1.View) func(context.Context, *bench, string, assortment, int) (seller, error) {
	return func(ctx context.Context, _ *bench, dir string, a assortment, _ int) (seller, error) {
		p, err := newPlatform(ctx, task{Name: "hub", Dir: dir, Stock: a})
		if err == nil {
			p.view = v
		}
		return p, err
	}
}

func openHubStreams(ctx context.Context, _ *bench, dir string, a assortment, callers int) (seller, error) {
	p, err := newPlatform(ctx, task{Name: "hub", Dir: dir, Stock: a})
	if err != nil {
		return nil, err
	}
	return p, p.openStreams(ctx, callers)
}

// openShared lets all callers share one stream of hub/client's.
func openShared(ctx context.Context, _ *bench, dir string, a assortment, _ int) (seller, error) {
	p, err := newPlatform(ctx, task{Name: "hub", Dir: dir, Stock: a})
	if err != nil {
		return nil, err
	}
	p.share(ctx)
	return p, nil
}

// openEcho gives an echo: a bare one as grpc-go makes servers and clients, or one
// with the options of the hub and its client.
func openEcho(bare bool) func(context.Context, *bench, string, assortment, int) (seller, error) {
	return func(ctx context.Context, _ *bench, dir string, _ assortment, _ int) (seller, error) {
		if err := prepareEcho(ctx, dir); err != nil {
			return nil, err
		}
		if bare {
			return newBarePlatform(ctx, task{Name: "echo", Dir: dir, Bare: true})
		}
		return newPlatform(ctx, task{Name: "echo", Dir: dir})
	}
}

// prepareEcho asks a hub once, for an answer of the right size.
func prepareEcho(ctx context.Context, dir string) error {
	hub, err := newPlatform(ctx, task{Name: "hub", Dir: dir, Stock: shelves})
	if err != nil {
		return err
	}
	return errors.Join(hub.saveAnswer(ctx, dir, shelves.newCustomers("e", 0).order()), hub.Close())
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
	return measured(func() (figures, error) { return stretch(ctx, callers, b.each, call) }, open)
}

// measured adds to a measurement what it cost the server and the callers.
func measured(stretch func() (figures, error), open seller) (figures, error) {
	server, own := serverTime(open), processorTime()
	f, err := stretch()
	if things := f.perSecond * f.took.Seconds(); err == nil && things > 0 {
		f.cpu = time.Duration(float64(serverTime(open)-server) / things)
		f.asking = time.Duration(float64(processorTime()-own) / things)
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
Every server is a process of its own beside the client's. The hub is asked by hub/client over one connection: with a gRPC
call for each order, and over a stream that all callers share, each waiting for its own answer. Redis: go-redis, 64
connections, a script that checks, decrements three keys and records the id with the order, appendonly always. PostgreSQL:
pgx, 64 connections, one transaction of three UPDATE ... WHERE available >= n and an INSERT, synchronous_commit on. The
echo answers a gRPC call with a reservation of the same size and does nothing: with the options of the hub and its client,
and bare, as grpc-go comes. In every part the hub is asked for the BASIC view of a reservation.`, callers, b.rounds, b.each)
	b.heads("orders", "per second")
	redis, postgres := shop{"Redis", openRedis("always")}, shop{"PostgreSQL", openPostgres}
	f, err := b.contest(ctx, []shop{
		{"hub, calls", openHub}, {"hub, one stream", openShared}, {"echo", openEcho(false)}, {"bare echo", openEcho(true)}, redis, postgres,
	}, shelves, callers, 1)
	if err != nil {
		return err
	}
	calls, shared := f[0].perSecond, f[1].perSecond
	fmt.Fprintf(b, "calls : Redis = %.2f, stream : Redis = %.2f (goal: above 1); calls : bare echo = %.2f (goal: 0.8), calls : echo = %.2f; calls : PostgreSQL = %.2f\n\n",
		calls/f[4].perSecond, shared/f[4].perSecond, calls/f[3].perSecond, calls/f[2].perSecond, calls/f[5].perSecond)
	b.heads("sold out", "per second")
	empty := assortment{Warehouses: 1, SKUs: 10_000}
	f, err = b.contest(ctx, []shop{{"hub, calls", openHub}, {"hub, one stream", openShared}, redis, postgres}, empty, callers, 1)
	if err != nil {
		return err
	}
	fmt.Fprintf(b, "calls : Redis = %.2f, stream : Redis = %.2f; calls : PostgreSQL = %.2f\n", f[0].perSecond/f[2].perSecond, f[1].perSecond/f[2].perSecond, f[0].perSecond/f[3].perSecond)
	return nil
}

// benchPiped measures orders that travel together.
func benchPiped(ctx context.Context, b *bench) error {
	const callers, together = 16, 50
	b.title(`Together: the same orders, %d callers with %d at a time (median of %d rounds of %v). Redis: the same script in
pipelines. The hub is durable before it answers in every row; Redis with everysec may lose the last second.`, callers, together, b.rounds, b.each)
	b.heads("orders", "per second")
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

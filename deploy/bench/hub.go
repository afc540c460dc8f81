package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"github.com/forestock/forestock/hub/api"
	"github.com/forestock/forestock/hub/broker"
	"github.com/forestock/forestock/hub/hubd"
	"github.com/forestock/forestock/hub/ingest"
	"github.com/forestock/forestock/hub/store"
	"github.com/forestock/forestock/proto/stock"
)

// hubTask is a hub: store, broker, ingest and API as hub/hubd wires them, but
// for two things: no limit of calls per caller, because there is one caller
// only; and warehouses count as heard from, because nobody is there.
func hubTask(ctx context.Context, t task, tell func(told) error) (err error) {
	defer runtime.KeepAlive(hubd.Ballast())
	s, end, err := openStore(t.Dir, t.Stock)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, end()) }()
	log := quiet()
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	b, err := broker.NewEmbedded(listener, broker.DefaultConfig(), nil, log)
	if err != nil {
		return err
	}
	desk, err := ingest.New(ingest.DefaultConfig(), s, b, nil, log)
	if err != nil {
		return err
	}
	server, err := serve(s, log)
	if err != nil {
		return err
	}
	if err := tell(told{GRPC: server.GRPCAddr().String(), HTTP: server.HTTPAddr().String(), MQTT: "tcp://" + listener.Addr().String()}); err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return desk.Run(ctx) })
	g.Go(func() error { return b.Run(ctx, desk) })
	g.Go(func() error { return server.Run(ctx) })
	return g.Wait()
}

func serve(s *store.Pebble, log *slog.Logger) (*api.Server, error) {
	c := api.DefaultConfig()
	c.GRPC, c.HTTP, c.Limits.CallsPerSecond = "127.0.0.1:0", "127.0.0.1:0", 0
	return api.New(c, api.Deps{
		Stock: s, Link: heard{}, Ready: func(context.Context) error { return nil },
		Registry: prometheus.NewRegistry(), Log: log, Version: "bench",
	})
}

// heard is the line to warehouses that were heard from just now.
type heard struct{}

// Contact is part of api.Link.
func (heard) Contact(stock.Warehouse) api.Contact {
	now := time.Now()
	return api.Contact{Heard: now, Complete: now}
}

// quiet logs what is wrong, and nothing else.
func quiet() *slog.Logger {
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
}

package hubd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"golang.org/x/sync/errgroup"

	"github.com/forestock/forestock/hub/api"
	"github.com/forestock/forestock/hub/broker"
	"github.com/forestock/forestock/hub/console"
	"github.com/forestock/forestock/hub/ingest"
	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/hub/store"
	"github.com/forestock/forestock/hub/webhook"
	"github.com/forestock/forestock/proto/mqtt"
	"github.com/forestock/forestock/proto/stock"
)

// Hub is a whole hub: New opens it, Run lets it work.
type Hub struct {
	cfg      Config
	log      *slog.Logger
	registry *prometheus.Registry
	cleanups []func() error // what New opened, in that order

	mqtt   net.Listener // nil with an external broker
	broker broker.Broker
	desk   *ingest.Desk
	store  *store.Pebble
	hooks  *webhook.Office
	api    *api.Server

	loaded  atomic.Bool // the configured catalogue is written
	ballast []byte      // see Ballast
}

// New opens the store and every port, in the order that a frame travels.
func New(cfg Config, version string, log *slog.Logger) (*Hub, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	h := &Hub{cfg: cfg, log: log, registry: prometheus.NewRegistry(), ballast: Ballast()}
	h.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	for _, open := range []func() error{
		h.openStore, h.openBroker, h.openIngest, h.openWebhooks,
		func() error { return h.openAPI(version) },
	} {
		if err := open(); err != nil {
			return nil, errors.Join(err, h.close())
		}
	}
	return h, nil
}

func (h *Hub) openStore() (err error) {
	if err := os.MkdirAll(h.cfg.Data, 0o750); err != nil {
		return fmt.Errorf("make the store's folder: %w", err)
	}
	zone, err := time.LoadLocation(h.cfg.TimeZone)
	if err != nil {
		return fmt.Errorf("time_zone: %w", err)
	}
	h.store, err = store.Open(h.cfg.Data, store.Options{Book: inventory.Config{AutoEnrol: h.cfg.AutoEnrol, Zone: zone}, Log: h.log})
	if err != nil {
		return err
	}
	h.cleanups = append(h.cleanups, h.store.Close)
	return h.registry.Register(storeMetrics{h.store})
}

func (h *Hub) openBroker() (err error) {
	m := h.cfg.MQTT
	if m.Broker != "" {
		cfg := broker.ClientConfig{Brokers: []string{m.Broker}, ClientID: "forestock-hub", QoS: m.QoS}
		cfg.TLS = mqtt.TLSFiles{CA: m.TLS.CA, Cert: m.TLS.Cert, Key: m.TLS.Key}
		h.broker, err = broker.NewClient(cfg, h.registry, h.log)
		return err
	}
	h.mqtt, err = (&net.ListenConfig{}).Listen(context.Background(), "tcp", m.Listen)
	if err != nil {
		return fmt.Errorf("listen for agents: %w", err)
	}
	h.cleanups = append(h.cleanups, func() error { return ignoreClosed(h.mqtt.Close()) })
	cfg := broker.DefaultConfig()
	cfg.QoS = m.QoS
	if m.TLS.Cert != "" {
		cfg.TLS = &broker.TLSFiles{Cert: m.TLS.Cert, Key: m.TLS.Key, ClientCA: m.TLS.CA}
	}
	h.broker, err = broker.NewEmbedded(h.mqtt, cfg, h.registry, h.log)
	return err
}

func (h *Hub) openIngest() (err error) {
	h.desk, err = ingest.New(h.cfg.ingest(), h.store, h.broker, h.registry, h.log)
	return err
}

func (h *Hub) openWebhooks() (err error) {
	h.hooks, err = webhook.New(h.cfg.webhooks(), h.store, h.registry, h.log)
	return err
}

func (h *Hub) openAPI(version string) (err error) {
	zone, err := time.LoadLocation(h.cfg.TimeZone)
	if err != nil {
		return fmt.Errorf("time_zone: %w", err)
	}
	cfg := api.DefaultConfig()
	cfg.GRPC, cfg.HTTP, cfg.Open, cfg.Zone = h.cfg.GRPC, h.cfg.HTTP, h.cfg.Open, zone
	cfg.Live, cfg.Degraded = h.cfg.Freshness.Live, h.cfg.Freshness.Degraded
	for _, t := range h.cfg.Tokens {
		role := api.Read
		if t.Role == "write" {
			role = api.Write
		}
		cfg.Tokens = append(cfg.Tokens, api.Token{Name: t.Name, Secret: t.Token, Role: role})
	}
	pages, err := console.Handler(version)
	if err != nil {
		return err
	}
	h.api, err = api.New(cfg, api.Deps{
		Stock: h.store, Link: contacts{h.desk}, Boxes: boxes{h.desk}, Webhooks: h.hooks, Console: pages,
		Backup: h.backup(version), Ready: h.ready, Registry: h.registry, Log: h.log, Version: version,
	})
	if err == nil {
		h.cleanups = append(h.cleanups, func() error { return ignoreClosed(h.api.Close()) })
	}
	return err
}

// Addrs is where a hub listens.
type Addrs struct{ HTTP, GRPC, MQTT string }

// Addrs gives the addresses, with the ports that the system chose.
func (h *Hub) Addrs() Addrs {
	a := Addrs{HTTP: h.api.HTTPAddr().String(), GRPC: h.api.GRPCAddr().String(), MQTT: h.cfg.MQTT.Broker}
	if h.mqtt != nil {
		a.MQTT = h.mqtt.Addr().String()
	}
	return a
}

// Run works until ctx ends, or until a part cannot go on. It runs once and
// closes everything that New opened.
func (h *Hub) Run(ctx context.Context) (err error) {
	defer func() { err = errors.Join(err, h.close()) }()
	h.log.InfoContext(ctx, "hub runs", "http", h.Addrs().HTTP, "grpc", h.Addrs().GRPC, "mqtt", h.Addrs().MQTT, "data", h.cfg.Data)
	// The store outlives those who write into it, so that their last words
	// are stored; when it fails, they end at once.
	fronts, failed := context.WithCancel(ctx)
	defer failed()
	back, stop := context.WithCancel(context.WithoutCancel(ctx))
	stored := make(chan error, 1)
	go func() {
		defer failed()
		stored <- h.store.Run(back)
	}()
	g, fronts := errgroup.WithContext(fronts)
	g.Go(func() error { return h.broker.Run(fronts, h.desk) })
	g.Go(func() error { return h.desk.Run(fronts) })
	g.Go(func() error { return h.hooks.Run(fronts, teller{h.api}) })
	g.Go(func() error { return h.api.Run(fronts) })
	g.Go(func() error { return h.loadCatalogue(fronts) })
	err = g.Wait()
	stop()
	return errors.Join(err, <-stored)
}

// ready says why the hub should not be asked yet.
func (h *Hub) ready(context.Context) error {
	if !h.loaded.Load() {
		return errors.New("the catalogue is being loaded")
	}
	return nil
}

func (h *Hub) close() error {
	var all []error
	for _, clean := range slices.Backward(h.cleanups) {
		all = append(all, clean())
	}
	h.cleanups = nil
	return errors.Join(all...)
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// contacts tells the API what ingest knows of the lines.
type contacts struct{ desk *ingest.Desk }

// Contact is part of api.Link.
func (c contacts) Contact(w stock.Warehouse) api.Contact {
	known := c.desk.Contact(w)
	out := api.Contact{Heard: known.Heard, Complete: known.Complete, Offset: known.Offset, DifferAt: known.DifferAt}
	for _, d := range known.Differ {
		out.Differ = append(out.Differ, api.Difference(d))
	}
	return out
}

// teller says what webhooks tell: what the API says.
type teller struct{ *api.Server }

// Levels begins for a reader of levels.
func (t teller) Levels(terms string, of inventory.Scope) webhook.Levels { return t.Turns(terms, of) }

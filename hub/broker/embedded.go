package broker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/listeners"
	"github.com/mochi-mqtt/server/v2/packets"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/topic"
	"github.com/forestock/forestock/proto/wire"
)

const maxPresence = wire.MaxPresence

// Embedded is a broker inside the hub's process. Frames reach the receiver in
// the loop that reads the agent's connection, so nothing is queued and nothing
// dropped on the way in.
type Embedded struct {
	cfg     Config
	server  *mochi.Server
	gate    *gate
	guard   *guard
	metrics *metrics
	log     *slog.Logger
	done    chan struct{}
}

// NewEmbedded makes a broker that will serve the listener, which it owns from
// now on. The registerer may be nil.
func NewEmbedded(l net.Listener, cfg Config, r prometheus.Registerer, log *slog.Logger) (*Embedded, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	b := &Embedded{cfg: cfg, log: log, done: make(chan struct{})}
	var err error
	if b.metrics, err = newMetrics(r); err != nil {
		return nil, err
	}
	b.gate = newGate(l, &b.cfg, nil, b.metrics)
	if cfg.TLS != nil {
		if b.gate.tls, err = cfg.TLS.serve(); err != nil {
			return nil, err
		}
	}
	// The library's own log repeats what hostile clients send: the guard tells
	// what is worth telling.
	b.server = mochi.New(&mochi.Options{
		InlineClient: true, Capabilities: capabilities(&cfg), SysTopicResendInterval: 3600, Logger: slog.New(slog.DiscardHandler),
	})
	b.guard = &guard{cfg: &b.cfg, server: b.server, metrics: b.metrics, log: log, done: b.done}
	if err := b.server.AddHook(b.guard, nil); err != nil {
		return nil, fmt.Errorf("set up the broker: %w", err)
	}
	return b, nil
}

func capabilities(cfg *Config) *mochi.Capabilities {
	c := mochi.NewDefaultServerCapabilities()
	c.MaximumClients = int64(cfg.MaxConns)
	c.MaximumPacketSize = maxPacket
	c.MaximumClientWritesPending = writesPending
	c.MaximumInflight, c.ReceiveMaximum = inflight, inflight
	c.MaximumQos = 1
	c.MaximumSessionExpiryInterval = 0
	c.MinimumProtocolVersion = 4
	c.TopicAliasMaximum = 0
	c.SharedSubAvailable, c.WildcardSubAvailable, c.SubIDAvailable = 0, 0, 0
	return c
}

// Addr gives where agents connect to.
func (b *Embedded) Addr() net.Addr { return b.gate.Addr() }

// Run serves until ctx ends, and then ends every connection.
func (b *Embedded) Run(ctx context.Context, r Receiver) error {
	if err := b.server.Subscribe(topic.All, 1, b.handle("u", r)); err != nil {
		return fmt.Errorf("start the broker: %w", err)
	}
	if err := b.server.Subscribe(topic.AllPresence, 2, b.handle("s", r)); err != nil {
		return fmt.Errorf("start the broker: %w", err)
	}
	if err := b.server.AddListener(listeners.NewNet("agents", b.gate)); err != nil {
		return fmt.Errorf("start the broker: %w", err)
	}
	if err := b.server.Serve(); err != nil {
		return fmt.Errorf("start the broker: %w", err)
	}
	<-ctx.Done()
	close(b.done)
	if err := b.server.Close(); err != nil {
		return fmt.Errorf("stop the broker: %w", err)
	}
	return nil
}

// handle gives the handler of one of the hub's subscriptions. The guard has
// already made sure that a client writes to its own topics only.
func (b *Embedded) handle(last string, r Receiver) mochi.InlineSubFn {
	return func(_ *mochi.Client, _ packets.Subscription, pk packets.Packet) {
		defer b.guard.caught("receive", func() {})
		deliver(r, pk.TopicName, last, pk.Payload)
	}
}

// deliver hands what came in on a topic to the receiver.
func deliver(r Receiver, name, last string, payload []byte) {
	w, level, err := topic.Parse(name)
	if err != nil || level != last {
		return
	}
	if last == "u" {
		r.Frame(w, payload)
		return
	}
	if p, err := wire.DecodePresence(payload); err == nil {
		r.Presence(w, p)
	}
}

// ErrOffline is returned when there is nobody to send to.
var ErrOffline = errors.New("not connected")

// Send hands a frame to the agent's connection. What finds no room is dropped.
// It does not wait for the agent; at QoS 1 it may wait for a write to it that
// is under way, for at most the five seconds that a write may take.
// Errors: ErrOffline.
func (b *Embedded) Send(ctx context.Context, w stock.Warehouse, frame []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if cl, ok := b.server.Clients.Get(string(w)); !ok || cl.Closed() {
		return fmt.Errorf("send to %s: %w", w, ErrOffline)
	}
	if err := b.server.Publish(topic.Down(w), frame, false, b.cfg.QoS); err != nil {
		return fmt.Errorf("send to %s: %w", w, err)
	}
	return nil
}

// Kick ends the connection of a warehouse's agent.
func (b *Embedded) Kick(w stock.Warehouse) {
	if cl, ok := b.server.Clients.Get(string(w)); ok && !cl.Net.Inline {
		cl.Stop(packets.ErrAdministrativeAction)
	}
}

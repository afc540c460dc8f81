package broker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/forestock/forestock/proto/mqtt"
	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/topic"
)

// ClientConfig says where the external broker is and who the hub is there.
type ClientConfig struct {
	// Brokers are tried in turn: tcp://host:port or tls://host:port.
	Brokers []string
	// ClientID must differ between the replicas of a hub.
	ClientID           string
	Username, Password string
	// QoS of the frames, 0 or 1, both ways. Nothing depends on it.
	QoS byte
	// TLS is used for tls:// brokers, from TLS 1.2 on.
	TLS mqtt.TLSFiles
	// Dial opens a connection to a broker's host:port. Nil dials TCP.
	Dial func(ctx context.Context, hostport string) (net.Conn, error)
}

// Validate checks the configuration.
func (c *ClientConfig) Validate() error {
	if err := mqtt.CheckBrokers(c.Brokers); err != nil {
		return err
	}
	if c.ClientID == "" || c.QoS > 1 {
		return errors.New("external broker: needs a client id, and QoS 0 or 1")
	}
	return nil
}

// Client reaches agents through an external broker: EMQX, RabbitMQ, NATS and
// the like. It is bound by that broker's access rules, which must let
// each agent write only its own topics.
type Client struct {
	cfg     ClientConfig
	log     *slog.Logger
	metrics *clientMetrics
	outbox  chan outgoing
	online  atomic.Bool
}

type outgoing struct {
	topic string
	frame []byte
}

// outboxSize bounds the frames that wait for the broker's connection. Each
// agent has a frame or two outstanding, so a thousand agents fit.
const outboxSize = 2048

// NewClient makes a client of an external broker. The registerer may be nil.
func NewClient(cfg ClientConfig, r prometheus.Registerer, log *slog.Logger) (*Client, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	m, err := newClientMetrics(r)
	if err != nil {
		return nil, err
	}
	return &Client{cfg: cfg, log: log, metrics: m, outbox: make(chan outgoing, outboxSize)}, nil
}

const (
	shortLived = 10 * time.Second // a connection that lived shorter was hardly one
	alarmAfter = 3                // of them in a row need a person
	maxPause   = 30 * time.Second
)

// Run keeps a connection to the broker until ctx ends, one library client for
// each, with full jitter between them.
func (c *Client) Run(ctx context.Context, r Receiver) error {
	failures, short, at := 0, 0, 0
	for c.pause(ctx, failures) {
		address := c.cfg.Brokers[at%len(c.cfg.Brokers)]
		began := time.Now()
		end := c.serve(ctx, address, r)
		if ctx.Err() == nil {
			c.log.WarnContext(ctx, "external broker lost", "broker", address, "err", end.err)
		}
		failures++
		switch lived := time.Since(began); {
		case !end.opened:
			at++
		case lived >= shortLived:
			short, failures = 0, 1
		default:
			if short++; short >= alarmAfter {
				c.log.ErrorContext(ctx, "the connection to the external broker does not last: is there a second hub with this client id?", "broker", address, "client", c.cfg.ClientID)
			}
		}
	}
	return nil
}

// pause waits before the next connection: not at all for the first.
func (c *Client) pause(ctx context.Context, failures int) bool {
	width := time.Duration(0)
	if failures > 0 {
		width = min(time.Second<<min(failures, 10), maxPause)
	}
	t := time.NewTimer(time.Duration(rand.Float64() * float64(width)))
	defer t.Stop()
	select {
	case <-t.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// ending is how a connection went: whether it opened, and why it is over.
type ending struct {
	opened bool
	err    error
}

func (c *Client) serve(ctx context.Context, address string, r Receiver) ending {
	u, err := mqtt.ParseBroker(address)
	if err != nil {
		return ending{err: err}
	}
	s := newSession(ctx, &c.cfg, u, r)
	if err := s.connect(ctx); err != nil {
		c.metrics.connections.WithLabelValues("failed").Inc()
		return ending{err: fmt.Errorf("connect to %s: %w", address, err)}
	}
	c.metrics.connections.WithLabelValues("opened").Inc()
	c.log.InfoContext(ctx, "external broker connected", "broker", address)
	c.online.Store(true)
	defer c.online.Store(false)
	return ending{true, s.serve(ctx, c.outbox)}
}

// Send hands a frame to the broker's connection. It never waits: what finds no
// room is dropped. Errors: ErrOffline.
func (c *Client) Send(ctx context.Context, w stock.Warehouse, frame []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if !c.online.Load() {
		return fmt.Errorf("send to %s: %w", w, ErrOffline)
	}
	select {
	case c.outbox <- outgoing{topic.Down(w), frame}:
		return nil
	default:
		c.metrics.dropped.Inc()
		return fmt.Errorf("send to %s: %w", w, errFull)
	}
}

var errFull = errors.New("too much waits for the broker")

// Kick does nothing: connections are the external broker's. An agent that must
// not go on is fenced by its frames.
func (c *Client) Kick(stock.Warehouse) {}

// clientMetrics count what the client does.
type clientMetrics struct {
	connections *prometheus.CounterVec
	dropped     prometheus.Counter
}

func newClientMetrics(r prometheus.Registerer) (*clientMetrics, error) {
	m := &clientMetrics{
		connections: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: "forestock", Subsystem: "broker_client", Name: "connections_total", Help: "Connections to the external broker, by how the attempt went.",
		}, []string{"result"}),
		dropped: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: "forestock", Subsystem: "broker_client", Name: "frames_dropped_total", Help: "Frames that found no room on the way to the external broker; the protocol repeats them.",
		}),
	}
	if r == nil {
		return m, nil
	}
	if err := r.Register(m.connections); err != nil {
		return nil, err
	}
	return m, r.Register(m.dropped)
}

package mqtt

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"sync"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
)

const (
	connectTimeout = 15 * time.Second
	keepAlive      = 30 * time.Second
	pingTimeout    = 10 * time.Second
	farewell       = 250 * time.Millisecond // for the last words of a clean end
)

// Config says who the client is at a broker, and who gets what comes.
type Config struct {
	// ClientID must be the client's own: a broker throws out the older of two.
	ClientID           string
	Username, Password string
	// QoS of what is published and of subscriptions, 0 or 1.
	QoS byte
	// TLS is used for tls:// brokers.
	TLS TLSFiles
	// Will is what the broker says, retained, when the connection is lost; nil
	// for nothing.
	Will *Message
	// Dial opens a connection to a broker's host:port. Nil dials TCP.
	Dial func(ctx context.Context, hostport string) (net.Conn, error)
	// Receive gets each message, one after another, and must never wait: that
	// would stop the client for good.
	Receive func(topic string, payload []byte)
}

// Message is what is said on a topic.
type Message struct {
	Topic   string
	Payload []byte
}

// Conn is one connection to one broker, with a client of the library of its
// own: such a client is not safe to use again after it lost its connection.
// All methods are safe for concurrent use.
type Conn struct {
	cfg    Config
	client paho.Client
	lost   chan error // gets the reason once

	mu   sync.Mutex
	line *line // guarded by mu; nil before the connection is dialled
	why  error // guarded by mu; why it was cut; nil while it was not
}

// New prepares a connection. It is not dialled after ctx ends.
func New(ctx context.Context, broker *url.URL, cfg Config) *Conn {
	c := &Conn{cfg: cfg, lost: make(chan error, 1)}
	o := paho.NewClientOptions().AddBroker(broker.String()).SetClientID(cfg.ClientID).
		SetUsername(cfg.Username).SetPassword(cfg.Password).
		SetProtocolVersion(4).SetCleanSession(true).SetResumeSubs(false).
		SetAutoReconnect(false).SetConnectRetry(false).SetOrderMatters(true).
		SetKeepAlive(keepAlive).SetPingTimeout(pingTimeout).SetWriteTimeout(writeTimeout).SetConnectTimeout(connectTimeout).
		SetConnectionLostHandler(func(_ paho.Client, err error) { c.lost <- c.reason(err) }).
		SetDefaultPublishHandler(func(_ paho.Client, m paho.Message) { cfg.Receive(m.Topic(), m.Payload()) })
	if cfg.Will != nil {
		o.SetBinaryWill(cfg.Will.Topic, cfg.Will.Payload, 1, true)
	}
	o.SetCustomOpenConnectionFn(func(u *url.URL, _ paho.ClientOptions) (net.Conn, error) { return c.dial(ctx, u) })
	c.client = paho.NewClient(o)
	return c
}

// dial opens the connection and wraps it.
func (c *Conn) dial(ctx context.Context, u *url.URL) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	open := c.cfg.Dial
	if open == nil {
		open = func(ctx context.Context, hostport string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", hostport)
		}
	}
	conn, err := open(ctx, u.Host)
	if err != nil {
		return nil, err
	}
	if u.Scheme == "tls" {
		if conn, err = c.cfg.TLS.secure(ctx, conn, u.Hostname()); err != nil {
			return nil, err
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.line = &line{Conn: conn}
	if c.why != nil {
		c.line.cut(c.why)
		return nil, c.why
	}
	return c.line, nil
}

// Connect connects, and subscribes to each filter. After an error the
// connection is over and Lost says nothing any more.
func (c *Conn) Connect(ctx context.Context, filters ...string) error {
	connecting := c.client.Connect()
	if err := wait(ctx, connecting); err != nil {
		c.Cut(err)
		<-connecting.Done() // soon: there is nothing left to wait for
		if connecting.Error() == nil {
			return <-c.lost // which is err
		}
		return err
	}
	// One filter each: AWS IoT takes eight at most, others count them wrongly.
	for _, filter := range filters {
		if err := c.subscribe(ctx, filter); err != nil {
			c.Cut(err)
			return <-c.lost // which is err
		}
	}
	return nil
}

func (c *Conn) subscribe(ctx context.Context, filter string) error {
	t := c.client.Subscribe(filter, c.cfg.QoS, nil)
	if err := wait(ctx, t); err != nil {
		return fmt.Errorf("subscribe to %s: %w", filter, err)
	}
	// MQTT 3.1.1, section 3.9.3: 0x80 is a refusal. Its absence promises
	// nothing: some brokers grant what they then never deliver.
	if sub, ok := t.(*paho.SubscribeToken); ok && sub.Result()[filter] > 1 {
		return fmt.Errorf("the broker does not let this client read %s: check its access rules", filter)
	}
	return nil
}

// errTimeout is returned when the library does not complete a token in time;
// its own Wait can block for ever (paho issue 613).
var errTimeout = errors.New("no answer from the broker")

func wait(ctx context.Context, t paho.Token) error {
	timer := time.NewTimer(connectTimeout + time.Second)
	defer timer.Stop()
	select {
	case <-t.Done():
		return t.Error()
	case <-timer.C:
		return errTimeout
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Lost gives the reason, once, when an open connection is over.
func (c *Conn) Lost() <-chan error { return c.lost }

// Publish says something on a topic, and gives a channel that is closed when
// it has left: at QoS 1, when the broker confirmed it. It may wait for the
// line, so keep to one at a time where that matters.
func (c *Conn) Publish(m Message) <-chan struct{} {
	return c.client.Publish(m.Topic, c.cfg.QoS, false, m.Payload).Done()
}

// Hint says something that the broker keeps for whoever asks later, at QoS 1.
// Whether it arrives is not waited for.
func (c *Conn) Hint(m Message) { c.client.Publish(m.Topic, 1, true, m.Payload) }

// Leave says last, a hint, and disconnects, so that the will is not sent.
func (c *Conn) Leave(last *Message) {
	if last != nil {
		c.client.Publish(last.Topic, 1, true, last.Payload).WaitTimeout(farewell)
	}
	c.client.Disconnect(uint(farewell.Milliseconds()))
	c.Cut(errLeft)
}

// errLeft is the reason of a cut that needs no other.
var errLeft = errors.New("connection given up")

// Cut ends the connection, or keeps it from being opened, for a reason, which
// Lost then gives.
func (c *Conn) Cut(why error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.why = why
	if c.line != nil {
		c.line.cut(why)
	}
}

// reason gives why the connection was cut, or what the library says.
func (c *Conn) reason(err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.why != nil {
		return c.why
	}
	return err
}

package uplink

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"sync"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"github.com/forestock/forestock/proto/topic"
	"github.com/forestock/forestock/proto/wire"
)

const (
	connectTimeout = 15 * time.Second
	keepAlive      = 30 * time.Second
	pingTimeout    = 10 * time.Second
	// inboxSize bounds the frames of the hub that wait to be looked at, and
	// outboxSize those of the agent that wait for the line. What finds no room
	// is dropped: the protocol repeats it.
	inboxSize  = 64
	outboxSize = 16
	farewell   = 250 * time.Millisecond // for the last words of a clean end
)

// mqtt is one connection to one broker, from connecting to losing it, with a
// client of its own: a client of the library is not safe to use again after it
// lost its connection.
type mqtt struct {
	cfg    *Config
	boot   wire.Boot
	client paho.Client
	inbox  chan []byte
	outbox chan outgoing
	lost   chan loss // gets the reason once
	drops  func()    // counts a frame that found no room in the inbox

	mu   sync.Mutex
	line *line // guarded by mu; nil before the connection is dialled
	why  error // guarded by mu; why it was cut; nil while it was not
}

// loss says why a connection was lost.
type loss struct{ err error }

type outgoing struct {
	frame []byte
	copy  bool
}

// newMQTT prepares a connection. The library keeps nothing and retries nothing:
// both are the protocol's task. The connection is not dialled after ctx ends.
func newMQTT(ctx context.Context, cfg *Config, boot wire.Boot, broker *url.URL, drops func()) *mqtt {
	s := &mqtt{
		cfg: cfg, boot: boot, drops: drops,
		inbox: make(chan []byte, inboxSize), outbox: make(chan outgoing, outboxSize), lost: make(chan loss, 1),
	}
	down := topic.Down(cfg.Warehouse)
	o := paho.NewClientOptions().AddBroker(broker.String()).SetClientID(string(cfg.Warehouse)).
		SetUsername(cfg.Username).SetPassword(cfg.Password).
		SetProtocolVersion(4).SetCleanSession(true).SetResumeSubs(false).
		SetAutoReconnect(false).SetConnectRetry(false).SetOrderMatters(true).
		SetKeepAlive(keepAlive).SetPingTimeout(pingTimeout).SetWriteTimeout(writeTimeout).SetConnectTimeout(connectTimeout).
		SetBinaryWill(topic.Presence(cfg.Warehouse), wire.Presence{Boot: boot}.Encode(), 1, true).
		SetConnectionLostHandler(func(_ paho.Client, err error) { s.lost <- loss{err} }).
		SetDefaultPublishHandler(func(_ paho.Client, m paho.Message) {
			// Nothing but a send that never waits: a handler that blocks
			// stops the client for good.
			if m.Topic() == down {
				s.take(m.Payload())
			}
		})
	o.SetCustomOpenConnectionFn(func(u *url.URL, _ paho.ClientOptions) (net.Conn, error) { return s.dial(ctx, u) })
	s.client = paho.NewClient(o)
	return s
}

func (s *mqtt) take(frame []byte) {
	select {
	case s.inbox <- frame:
	default:
		s.drops()
	}
}

// dial opens the connection and wraps it.
func (s *mqtt) dial(ctx context.Context, u *url.URL) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	open := s.cfg.Dial
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
		if conn, err = s.secure(ctx, conn, u.Hostname()); err != nil {
			return nil, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.line = &line{Conn: conn}
	if s.why != nil {
		s.line.cut(s.why)
		return nil, s.why
	}
	return s.line, nil
}

func (s *mqtt) secure(ctx context.Context, conn net.Conn, server string) (net.Conn, error) {
	cfg, err := s.cfg.TLS.config(server)
	if err == nil {
		secured := tls.Client(conn, cfg)
		if err = secured.HandshakeContext(ctx); err == nil {
			return secured, nil
		}
	}
	_ = conn.Close() // the reason is err
	return nil, fmt.Errorf("secure the connection: %w", err)
}

// connect connects, subscribes, and leaves the hint that the agent is there.
// After an error the library has let go of everything.
func (s *mqtt) connect(ctx context.Context) error {
	connecting := s.client.Connect()
	if err := s.wait(ctx, connecting); err != nil {
		s.cut(err)
		<-connecting.Done() // soon: there is nothing left to wait for
		if connecting.Error() == nil {
			<-s.lost
		}
		return err
	}
	if err := s.subscribe(ctx); err != nil {
		s.cut(err)
		<-s.lost
		return err
	}
	// Presence is a hint: whether it arrives is not waited for.
	s.client.Publish(topic.Presence(s.cfg.Warehouse), 1, true, wire.Presence{Boot: s.boot, On: true}.Encode())
	return nil
}

func (s *mqtt) subscribe(ctx context.Context) error {
	down := topic.Down(s.cfg.Warehouse)
	t := s.client.Subscribe(down, s.cfg.QoS, nil)
	if err := s.wait(ctx, t); err != nil {
		return fmt.Errorf("subscribe to %s: %w", down, err)
	}
	// MQTT 3.1.1, section 3.9.3: 0x80 is a refusal. Its absence promises
	// nothing: some brokers grant what they then never deliver.
	if sub, ok := t.(*paho.SubscribeToken); ok && sub.Result()[down] > 1 {
		return fmt.Errorf("the broker does not let this client read %s", down)
	}
	return nil
}

// errTimeout is returned when the library does not complete a token in time;
// its own Wait can block for ever (paho issue 613).
var errTimeout = errors.New("no answer from the broker")

func (s *mqtt) wait(ctx context.Context, t paho.Token) error {
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

// cut ends the connection, or keeps it from being opened, for a reason.
func (s *mqtt) cut(why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.why = why
	if s.line != nil {
		s.line.cut(why)
	}
}

// reason gives why the connection was cut, or what the library says.
func (s *mqtt) reason(err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.why != nil {
		return s.why
	}
	return err
}

// serve puts what is in the outbox on the line until the connection is lost,
// and gives the reason. When ctx ends it says good-bye.
func (s *mqtt) serve(ctx context.Context) error {
	up := topic.Up(s.cfg.Warehouse)
	for {
		select {
		case l := <-s.lost:
			return s.reason(l.err)
		case <-ctx.Done():
			s.leave()
			return nil
		case o := <-s.outbox:
			// One at a time: the library would wait inside Publish, deaf to
			// everything else.
			t := s.client.Publish(up, s.cfg.QoS, false, o.frame)
			select {
			case <-t.Done():
			case l := <-s.lost:
				return s.reason(l.err)
			case <-ctx.Done():
			}
		}
	}
}

// leave takes back the hint and disconnects, so that the will is not sent.
func (s *mqtt) leave() {
	s.client.Publish(topic.Presence(s.cfg.Warehouse), 1, true, wire.Presence{Boot: s.boot}.Encode()).WaitTimeout(farewell)
	s.client.Disconnect(uint(farewell.Milliseconds()))
	s.cut(errCut)
}

// put hands a frame to the line. It never waits. A copy is left out while
// something still waits: the line is slow, and more of the same makes it
// slower.
func (s *mqtt) put(o outgoing) bool {
	if o.copy && len(s.outbox) > 0 {
		return false
	}
	select {
	case s.outbox <- o:
		return true
	default:
		return false
	}
}

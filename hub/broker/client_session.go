package broker

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"sync"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"github.com/forestock/forestock/proto/topic"
)

const (
	connectTimeout = 15 * time.Second
	keepAlive      = 30 * time.Second
	pingTimeout    = 10 * time.Second
	farewell       = 250 // milliseconds for the last words of a clean end
)

// session is one connection to an external broker, with a library client of
// its own: such a client is not safe to use again after it lost its connection.
type session struct {
	cfg    *ClientConfig
	client paho.Client
	lost   chan loss // gets the reason once

	mu   sync.Mutex
	conn *wireConn // guarded by mu; nil before the connection is dialled
	why  error     // guarded by mu; why it was cut; nil while it was not
}

// loss says why a connection was lost.
type loss struct{ err error }

// newSession prepares a connection. The library keeps nothing and retries
// nothing; the receiver never waits, so it may run in the library's one loop.
func newSession(ctx context.Context, cfg *ClientConfig, u *url.URL, r Receiver) *session {
	s := &session{cfg: cfg, lost: make(chan loss, 1)}
	o := paho.NewClientOptions().AddBroker(u.String()).SetClientID(cfg.ClientID).
		SetUsername(cfg.Username).SetPassword(cfg.Password).
		SetProtocolVersion(4).SetCleanSession(true).SetResumeSubs(false).
		SetAutoReconnect(false).SetConnectRetry(false).SetOrderMatters(true).
		SetKeepAlive(keepAlive).SetPingTimeout(pingTimeout).SetWriteTimeout(writeTimeout).SetConnectTimeout(connectTimeout).
		SetConnectionLostHandler(func(_ paho.Client, err error) { s.lost <- loss{err} }).
		SetDefaultPublishHandler(func(_ paho.Client, m paho.Message) {
			t := m.Topic()
			deliver(r, t, t[max(0, len(t)-1):], m.Payload())
		})
	o.SetCustomOpenConnectionFn(func(u *url.URL, _ paho.ClientOptions) (net.Conn, error) { return s.dial(ctx, u) })
	s.client = paho.NewClient(o)
	return s
}

func (s *session) dial(ctx context.Context, u *url.URL) (net.Conn, error) {
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
		if conn, err = s.cfg.TLS.secure(ctx, conn, u.Hostname()); err != nil {
			return nil, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conn = &wireConn{Conn: conn}
	if s.why != nil {
		s.conn.cut(s.why)
		return nil, s.why
	}
	return s.conn, nil
}

// connect connects and subscribes to what all agents send. After an error the
// library has let go of everything.
func (s *session) connect(ctx context.Context) error {
	connecting := s.client.Connect()
	if err := wait(ctx, connecting); err != nil {
		s.cut(err)
		<-connecting.Done() // soon: there is nothing left to wait for
		if connecting.Error() == nil {
			<-s.lost
		}
		return err
	}
	// One filter each: AWS IoT takes eight at most, others count them wrongly.
	for _, filter := range []string{topic.All, topic.AllPresence} {
		if err := s.subscribe(ctx, filter); err != nil {
			s.cut(err)
			<-s.lost
			return err
		}
	}
	return nil
}

func (s *session) subscribe(ctx context.Context, filter string) error {
	t := s.client.Subscribe(filter, s.cfg.QoS, nil)
	if err := wait(ctx, t); err != nil {
		return fmt.Errorf("subscribe to %s: %w", filter, err)
	}
	if sub, ok := t.(*paho.SubscribeToken); ok && sub.Result()[filter] > 1 {
		return fmt.Errorf("the broker does not let the hub read %s: check its access rules", filter)
	}
	return nil
}

var errTimeout = errors.New("no answer from the broker")

// wait waits for a token; the library's own Wait can block for ever.
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

// serve puts what is in the outbox on the line until the connection is lost,
// and gives the reason. When ctx ends it disconnects.
func (s *session) serve(ctx context.Context, outbox <-chan outgoing) error {
	for {
		select {
		case l := <-s.lost:
			return l.err
		case <-ctx.Done():
			s.client.Disconnect(farewell)
			s.cut(context.Cause(ctx))
			return nil
		case o := <-outbox:
			t := s.client.Publish(o.topic, s.cfg.QoS, false, o.frame)
			if s.cfg.QoS > 0 {
				continue // the broker's confirmation is not worth waiting for
			}
			select {
			case <-t.Done():
			case l := <-s.lost:
				return l.err
			case <-ctx.Done():
			}
		}
	}
}

func (s *session) cut(why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.why = why
	if s.conn != nil {
		s.conn.cut(why)
	}
}

// wireConn is the connection as the library sees it: every write has its own
// deadline, and a cut is reported with its reason. The library would swallow
// "use of closed network connection" and never say that the connection is lost.
type wireConn struct {
	net.Conn
	mu  sync.Mutex
	why error // guarded by mu
}

func (c *wireConn) cut(why error) {
	c.mu.Lock()
	c.why = why
	c.mu.Unlock()
	_ = c.Close() // the reason is already known
}

func (c *wireConn) reason(err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil && c.why != nil {
		return c.why
	}
	return err
}

func (c *wireConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	return n, c.reason(err)
}

func (c *wireConn) Write(b []byte) (int, error) {
	if err := c.Conn.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return 0, c.reason(err)
	}
	n, err := c.Conn.Write(b)
	return n, c.reason(err)
}

// SetWriteDeadline leaves the deadline to Write: the library lifts it after
// each publish, also for a ping that is being written at that moment.
func (c *wireConn) SetWriteDeadline(time.Time) error { return nil }

// SetDeadline sets the read deadline only.
func (c *wireConn) SetDeadline(t time.Time) error { return c.SetReadDeadline(t) }

// ClientTLSFiles names the files of the hub's identity at an external broker.
// They are read anew for every connection.
type ClientTLSFiles struct {
	Cert, Key string // PEM; empty where the broker wants none
	CA        string // PEM; empty stands for the authorities of the system
}

func (f ClientTLSFiles) secure(ctx context.Context, conn net.Conn, server string) (net.Conn, error) {
	cfg, err := f.config(server)
	if err == nil {
		secured := tls.Client(conn, cfg)
		if err = secured.HandshakeContext(ctx); err == nil {
			return secured, nil
		}
	}
	_ = conn.Close() // the reason is err
	return nil, fmt.Errorf("secure the connection: %w", err)
}

func (f ClientTLSFiles) config(server string) (*tls.Config, error) {
	// Brokers outside are not ours to choose: 1.2 is what all of them speak.
	c := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: server}
	if f.Cert != "" || f.Key != "" {
		pair, err := tls.LoadX509KeyPair(f.Cert, f.Key)
		if err != nil {
			return nil, fmt.Errorf("read the hub's certificate: %w", err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	if f.CA == "" {
		return c, nil
	}
	pem, err := os.ReadFile(f.CA)
	if err != nil {
		return nil, fmt.Errorf("read the broker's authority: %w", err)
	}
	c.RootCAs = x509.NewCertPool()
	if !c.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("read the broker's authority: %s holds no certificate", f.CA)
	}
	return c, nil
}

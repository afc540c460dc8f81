package broker

import (
	"context"
	"net/url"

	"github.com/forestock/forestock/proto/mqtt"
	"github.com/forestock/forestock/proto/topic"
)

// session is one connection to an external broker.
type session struct {
	cfg  *ClientConfig
	conn *mqtt.Conn
}

// newSession prepares a connection. The receiver never waits, so it may run in
// the library's one loop.
func newSession(ctx context.Context, cfg *ClientConfig, u *url.URL, r Receiver) *session {
	files := cfg.TLS
	files.Old = true
	return &session{cfg: cfg, conn: mqtt.New(ctx, u, mqtt.Config{
		ClientID: cfg.ClientID, Username: cfg.Username, Password: cfg.Password,
		QoS: cfg.QoS, TLS: files, Dial: cfg.Dial,
		Receive: func(t string, frame []byte) { deliver(r, t, t[max(0, len(t)-1):], frame) },
	})}
}

// connect connects and subscribes to what all agents send.
func (s *session) connect(ctx context.Context) error {
	return s.conn.Connect(ctx, topic.All, topic.AllPresence)
}

// serve puts what is in the outbox on the line until the connection is lost,
// and gives the reason. When ctx ends it disconnects.
func (s *session) serve(ctx context.Context, outbox <-chan outgoing) error {
	for {
		select {
		case err := <-s.conn.Lost():
			return err
		case <-ctx.Done():
			s.conn.Leave(nil)
			return nil
		case o := <-outbox:
			left := s.conn.Publish(mqtt.Message{Topic: o.topic, Payload: o.frame})
			if s.cfg.QoS > 0 {
				continue // the broker's confirmation is not worth waiting for
			}
			select {
			case <-left:
			case err := <-s.conn.Lost():
				return err
			case <-ctx.Done():
			}
		}
	}
}

package uplink

import (
	"context"
	"net/url"

	"github.com/forestock/forestock/proto/mqtt"
	"github.com/forestock/forestock/proto/topic"
	"github.com/forestock/forestock/proto/wire"
)

// inboxSize bounds the frames of the hub that wait to be looked at, and
// outboxSize those of the agent that wait for the line. What finds no room is
// dropped: the protocol repeats it.
const (
	inboxSize  = 64
	outboxSize = 16
)

// session is one connection to one broker, and what waits on either side of it.
type session struct {
	cfg    *Config
	boot   wire.Boot
	conn   *mqtt.Conn
	inbox  chan []byte
	outbox chan outgoing
	drops  func() // counts a frame that found no room in the inbox
}

type outgoing struct {
	frame []byte
	copy  bool
}

// newSession prepares a connection. It is not dialled after ctx ends.
func newSession(ctx context.Context, cfg *Config, boot wire.Boot, broker *url.URL, drops func()) *session {
	s := &session{
		cfg: cfg, boot: boot, drops: drops,
		inbox: make(chan []byte, inboxSize), outbox: make(chan outgoing, outboxSize),
	}
	down, will := topic.Down(cfg.Warehouse), s.presence(false)
	s.conn = mqtt.New(ctx, broker, mqtt.Config{
		ClientID: string(cfg.Warehouse), Username: cfg.Username, Password: cfg.Password,
		QoS: cfg.QoS, TLS: cfg.TLS, Will: &will, Dial: cfg.Dial,
		Receive: func(t string, frame []byte) {
			if t == down {
				s.take(frame)
			}
		},
	})
	return s
}

func (s *session) presence(on bool) mqtt.Message {
	return mqtt.Message{Topic: topic.Presence(s.cfg.Warehouse), Payload: wire.Presence{Boot: s.boot, On: on}.Encode()}
}

func (s *session) take(frame []byte) {
	select {
	case s.inbox <- frame:
	default:
		s.drops()
	}
}

// connect connects, subscribes, and leaves the hint that the agent is there.
func (s *session) connect(ctx context.Context) error {
	if err := s.conn.Connect(ctx, topic.Down(s.cfg.Warehouse)); err != nil {
		return err
	}
	s.conn.Hint(s.presence(true))
	return nil
}

// serve puts what is in the outbox on the line until the connection is lost,
// and gives the reason. When ctx ends it says good-bye.
func (s *session) serve(ctx context.Context) error {
	up := topic.Up(s.cfg.Warehouse)
	for {
		select {
		case err := <-s.conn.Lost():
			return err
		case <-ctx.Done():
			s.leave()
			return nil
		case o := <-s.outbox:
			// One at a time: the library would wait inside Publish, deaf to
			// everything else.
			select {
			case <-s.conn.Publish(mqtt.Message{Topic: up, Payload: o.frame}):
			case err := <-s.conn.Lost():
				return err
			case <-ctx.Done():
			}
		}
	}
}

// leave takes back the hint and disconnects.
func (s *session) leave() {
	last := s.presence(false)
	s.conn.Leave(&last)
}

// put hands a frame to the line. It never waits. A copy is left out while
// something still waits: the line is slow, and more of the same makes it
// slower.
func (s *session) put(o outgoing) bool {
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

package broker

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"
	"golang.org/x/time/rate"

	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/topic"
)

// guard decides what each client of the embedded broker may do.
type guard struct {
	mochi.HookBase
	cfg     *Config
	server  *mochi.Server
	metrics *metrics
	log     *slog.Logger
	done    <-chan struct{} // closed when the broker ends

	clients sync.Map // *mochi.Client -> *client, from the greeting to the end
}

// client is what the guard knows of a client that was let in.
type client struct {
	up, down, presence string
	frames, bytes      *rate.Limiter
	expiry             *time.Timer // ends the connection with its certificate; nil without one
}

// ID names the hook in the broker's own messages.
func (g *guard) ID() string { return "guard" }

// Provides says which moments the guard wants to see.
func (g *guard) Provides(b byte) bool {
	return bytes.Contains([]byte{
		mochi.OnConnect, mochi.OnConnectAuthenticate, mochi.OnSessionEstablished, mochi.OnDisconnect,
		mochi.OnACLCheck, mochi.OnPacketRead, mochi.OnPublish, mochi.OnWill, mochi.OnPublishDropped,
	}, []byte{b})
}

// refusal is why a client is not let in: a label, what it is told, and what
// the log says.
type refusal struct {
	reason string
	code   packets.Code
	why    string
}

// OnConnect lets a client in or not.
func (g *guard) OnConnect(cl *mochi.Client, pk packets.Packet) (err error) {
	defer g.caught("connect", func() { err = packets.ErrUnspecifiedError })
	if r := g.judge(cl, &pk.Connect); r != nil {
		g.metrics.refused.WithLabelValues(r.reason).Inc()
		g.log.Warn("client refused", "client", fmt.Sprintf("%.40q", cl.ID), "remote", cl.Net.Remote, "reason", r.reason, "why", r.why)
		if err := g.server.SendConnack(cl, r.code, false, nil); err != nil {
			return err
		}
		return r.code
	}
	g.evict(cl.ID)
	return nil
}

// judge holds a greeting against the rules. The reasons for them:
// mochi-mqtt issues 501 (a version 5 packet ends the process), 398, 399 and 504
// (kept sessions are inherited by client id), 503 (a will skips the access
// rules).
func (g *guard) judge(cl *mochi.Client, c *packets.ConnectParams) *refusal {
	if v := cl.Properties.ProtocolVersion; v != 4 {
		return &refusal{"protocol", packets.ErrUnsupportedProtocolVersion, fmt.Sprintf("MQTT protocol level %d: only 4 (MQTT 3.1.1) is spoken", v)}
	}
	// What the client calls itself: where it says nothing, the broker has made
	// a name up that would do for a warehouse.
	w, err := stock.ParseWarehouse(c.ClientIdentifier)
	if err != nil {
		return &refusal{"client_id", packets.ErrClientIdentifierNotValid, err.Error()}
	}
	if cl.ID == mochi.InlineClientId {
		return &refusal{"client_id", packets.ErrClientIdentifierNotValid, "this id is taken by the broker itself"}
	}
	if c.Keepalive == 0 || c.Keepalive > maxKeepAlive {
		return &refusal{"keep_alive", packets.ErrBadUsernameOrPassword, fmt.Sprintf("keep alive of %d s: 1 to %d", c.Keepalive, maxKeepAlive)}
	}
	if !c.Clean {
		return &refusal{"session", packets.ErrBadUsernameOrPassword, "wants a kept session: only clean ones are given"}
	}
	if c.WillFlag && c.WillTopic != topic.Presence(w) {
		return &refusal{"will", packets.ErrBadUsernameOrPassword, fmt.Sprintf("will on %.80q: only on %s", c.WillTopic, topic.Presence(w))}
	}
	if c.WillFlag && len(c.WillPayload) > maxPresence {
		return &refusal{"will", packets.ErrBadUsernameOrPassword, fmt.Sprintf("will of %d bytes", len(c.WillPayload))}
	}
	if name, ok := g.certified(cl); !ok || (g.cfg.TLS != nil && name != cl.ID) {
		return &refusal{"certificate", packets.ErrBadUsernameOrPassword, fmt.Sprintf("the certificate is of %.40q", name)}
	}
	return nil
}

// certified gives the name in the client's certificate. It is not ok when there
// has to be one and is not.
func (g *guard) certified(cl *mochi.Client) (name string, ok bool) {
	if g.cfg.TLS == nil {
		return "", true
	}
	leaf := leafOf(cl)
	if leaf == nil {
		return "", false
	}
	return leaf.Subject.CommonName, true
}

func leafOf(cl *mochi.Client) *x509.Certificate {
	if conn, ok := cl.Net.Conn.(*tls.Conn); ok {
		if certs := conn.ConnectionState().PeerCertificates; len(certs) > 0 {
			return certs[0]
		}
	}
	return nil
}

// evict ends an older connection of the same client and waits until the broker
// has forgotten it. Left alone, the broker does both at once, and the farewell
// of the old one sometimes unsubscribes the new one.
func (g *guard) evict(id string) {
	old, ok := g.server.Clients.Get(id)
	if !ok {
		return
	}
	old.Stop(packets.ErrSessionTakenOver)
	tick := time.NewTicker(evictPoll)
	defer tick.Stop()
	for end := time.Now().Add(writeTimeout); time.Now().Before(end); {
		select { // before the first look too: how long it takes is then no matter of luck
		case <-tick.C:
		case <-g.done:
			return
		}
		if now, ok := g.server.Clients.Get(id); !ok || now != old {
			return
		}
	}
}

const evictPoll = 2 * time.Millisecond

// OnConnectAuthenticate lets in whoever OnConnect let in.
func (g *guard) OnConnectAuthenticate(*mochi.Client, packets.Packet) bool { return true }

// OnSessionEstablished begins to keep account of a client. The broker calls
// OnDisconnect for every client it calls this for.
func (g *guard) OnSessionEstablished(cl *mochi.Client, _ packets.Packet) {
	defer g.caught("session", func() { cl.Stop(packets.ErrUnspecifiedError) })
	w := stock.Warehouse(cl.ID)
	c := &client{
		up: topic.Up(w), down: topic.Down(w), presence: topic.Presence(w),
		frames: rate.NewLimiter(rate.Limit(g.cfg.FramesPerSecond), g.cfg.FramesPerSecond),
		bytes:  rate.NewLimiter(rate.Limit(g.cfg.BytesPerSecond), max(g.cfg.BytesPerSecond, maxPacket)),
	}
	if leaf := leafOf(cl); leaf != nil {
		// A connection must not outlive the certificate that opened it.
		c.expiry = time.AfterFunc(time.Until(leaf.NotAfter), func() { cl.Stop(packets.ErrNotAuthorized) })
	}
	g.clients.Store(cl, c)
	g.log.Info("client connected", "client", cl.ID, "remote", cl.Net.Remote)
}

// OnDisconnect ends the account of a client.
func (g *guard) OnDisconnect(cl *mochi.Client, err error, _ bool) {
	if c, ok := g.clients.LoadAndDelete(cl); ok && c.(*client).expiry != nil {
		c.(*client).expiry.Stop()
	}
	g.log.Info("client gone", "client", cl.ID, "remote", cl.Net.Remote, "err", err)
}

// OnACLCheck allows a client its own three topics, letter by letter.
func (g *guard) OnACLCheck(cl *mochi.Client, t string, write bool) (allowed bool) {
	defer g.caught("acl", func() { allowed = false })
	v, ok := g.clients.Load(cl)
	if !ok {
		return false
	}
	c := v.(*client)
	if write {
		if t == c.up || t == c.presence {
			return true
		}
		g.deny(cl, "publish", t)
		cl.Stop(packets.ErrNotAuthorized) // no honest agent does that
		return false
	}
	if t == c.down {
		return true
	}
	g.deny(cl, "subscribe", t)
	return false
}

func (g *guard) deny(cl *mochi.Client, action, t string) {
	g.metrics.denied.WithLabelValues(action).Inc()
	g.log.Warn("client may not do that", "client", cl.ID, "remote", cl.Net.Remote, "action", action, "topic", fmt.Sprintf("%.80q", t))
}

// OnPacketRead holds up a client that sends too fast. It runs in the loop that
// reads that client's connection, so nobody else waits.
func (g *guard) OnPacketRead(cl *mochi.Client, pk packets.Packet) (_ packets.Packet, err error) {
	defer g.caught("read", func() { err = packets.ErrRejectPacket })
	v, ok := g.clients.Load(cl)
	if !ok {
		return pk, nil // the greeting itself
	}
	c, now := v.(*client), time.Now()
	wait := max(c.frames.ReserveN(now, 1).DelayFrom(now), c.bytes.ReserveN(now, min(len(pk.Payload)+1, maxPacket)).DelayFrom(now))
	if wait <= 0 {
		return pk, nil
	}
	g.metrics.throttled.Inc()
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-t.C:
	case <-g.done:
	}
	return pk, nil
}

// OnPublish keeps the broker from keeping anything: nobody subscribes later,
// and what is retained is memory that a client decides about.
func (g *guard) OnPublish(cl *mochi.Client, pk packets.Packet) (packets.Packet, error) {
	pk.FixedHeader.Retain = false
	if !cl.Net.Inline && len(pk.Payload) > maxPresence && pk.TopicName == topic.Presence(stock.Warehouse(cl.ID)) {
		g.deny(cl, "presence", pk.TopicName)
		return pk, packets.ErrRejectPacket
	}
	return pk, nil
}

// OnWill keeps the broker from keeping the will.
func (g *guard) OnWill(_ *mochi.Client, will mochi.Will) (mochi.Will, error) {
	will.Retain = false
	return will, nil
}

// OnPublishDropped counts what found no room on the way to an agent.
func (g *guard) OnPublishDropped(*mochi.Client, packets.Packet) { g.metrics.dropped.Inc() }

// caught keeps a defect in a hook from ending the process: the client is
// refused instead.
func (g *guard) caught(where string, refuse func()) {
	if r := recover(); r != nil {
		g.metrics.panics.Inc()
		g.log.Error("defect in the broker's guard", "where", where, "panic", fmt.Sprint(r), "stack", string(debug.Stack()))
		refuse()
	}
}

package broker_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/forestock/forestock/hub/broker"
	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/topic"
	"github.com/forestock/forestock/proto/wire"
)

// Packets are written by hand here: no library would send them.

func str(s string) []byte { return append(binary.BigEndian.AppendUint16(nil, uint16(len(s))), s...) }

func packet(header byte, parts ...[]byte) []byte {
	body := bytes.Join(parts, nil)
	return append(append([]byte{header}, length(len(body))...), body...)
}

// length is MQTT 3.1.1, section 2.2.3.
func length(n int) []byte {
	var out []byte
	for {
		d := byte(n & 127)
		if n >>= 7; n == 0 {
			return append(out, d)
		}
		out = append(out, d|128)
	}
}

// greeting is a CONNECT packet.
type greeting struct {
	version   byte
	dirty     bool
	keepAlive uint16
	id        string
	will      string
	payload   string
}

func hi(id string) greeting { return greeting{version: 4, keepAlive: 30, id: id} }

func (g greeting) bytes() []byte {
	flags := byte(2)
	if g.dirty {
		flags = 0
	}
	var will []byte
	if g.will != "" {
		flags |= 4
		will = append(str(g.will), str(g.payload)...)
		if g.version == 5 {
			will = append([]byte{0}, will...)
		}
	}
	name := "MQTT"
	if g.version == 3 {
		name = "MQIsdp"
	}
	head := append(str(name), g.version, flags)
	head = binary.BigEndian.AppendUint16(head, g.keepAlive)
	if g.version == 5 {
		head = append(head, 0)
	}
	return packet(0x10, head, str(g.id), will)
}

func subscribe(filters ...string) []byte {
	body := []byte{0, 1}
	for _, f := range filters {
		body = append(append(body, str(f)...), 0)
	}
	return packet(0x82, body)
}

func publish(name string, payload []byte) []byte { return packet(0x30, str(name), payload) }

// raw is a client that says what the test says.
type raw struct {
	net.Conn
	t *testing.T
}

func dialRaw(t *testing.T, b *broker.Embedded) *raw {
	t.Helper()
	c, err := dialTCP(t, b.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return &raw{c, t}
}

func (r *raw) say(b []byte) {
	r.t.Helper()
	if _, err := r.Write(b); err != nil {
		r.t.Fatalf("write: %v", err)
	}
}

// hear reads one packet; nil when the connection ends.
func (r *raw) hear() []byte {
	r.t.Helper()
	r.SetReadDeadline(time.Now().Add(20 * time.Second))
	head := make([]byte, 2)
	if _, err := io.ReadFull(r, head); err != nil {
		var ne net.Error
		if errors.As(err, &ne) && ne.Timeout() {
			r.t.Fatal("the broker neither answers nor hangs up")
		}
		return nil
	}
	body := make([]byte, head[1])
	if _, err := io.ReadFull(r, body); err != nil {
		return nil
	}
	return append(head, body...)
}

// ends reports that the broker hangs up, whatever it says before.
func (r *raw) ends() bool {
	r.t.Helper()
	for range 10 {
		if r.hear() == nil {
			return true
		}
	}
	return false
}

func started(t *testing.T, cfg broker.Config) (*broker.Embedded, *inbox) {
	t.Helper()
	b := newEmbedded(t, cfg)
	got := newInbox()
	background(t, func(ctx context.Context) error { return b.Run(ctx, got) })
	return b, got
}

// works checks that an honest agent is served.
func works(t *testing.T, b *broker.Embedded, got *inbox, id string) {
	t.Helper()
	c := dialRaw(t, b)
	defer c.Close()
	c.say(hi(id).bytes())
	if ack := c.hear(); len(ack) != 4 || ack[0] != 0x20 || ack[3] != 0 {
		t.Fatalf("CONNACK % x", ack)
	}
	w := stock.Warehouse(id)
	c.say(subscribe(topic.Down(w)))
	if ack := c.hear(); len(ack) != 5 || ack[4] != 0 {
		t.Fatalf("SUBACK % x", ack)
	}
	c.say(publish(topic.Up(w), []byte("still")))
	if !got.has(w, "still", 10*time.Second) {
		t.Fatal("an honest agent's frame did not arrive")
	}
	if err := b.Send(t.Context(), w, []byte("down")); err != nil {
		t.Fatal(err)
	}
	if p := c.hear(); !bytes.HasSuffix(p, []byte("down")) {
		t.Fatalf("got % x instead of a frame", p)
	}
}

func TestEmbedded_RefusesGreetings(t *testing.T) {
	b, got := started(t, broker.DefaultConfig())
	own := topic.Presence("sh-1")
	tests := []struct {
		name string
		g    greeting
	}{
		{"MQTT 5", greeting{version: 5, keepAlive: 30, id: "sh-1"}},
		{"MQTT 3.1", greeting{version: 3, keepAlive: 30, id: "sh-1"}},
		{"no keep alive", greeting{version: 4, id: "sh-1"}},
		{"a keep alive of 121 seconds", greeting{version: 4, keepAlive: 121, id: "sh-1"}},
		{"a session to be kept", greeting{version: 4, keepAlive: 30, id: "sh-1", dirty: true}},
		{"no client id", hi("")},
		{"a client id in capitals", hi("SH-1")},
		{"a wildcard as client id", hi("+")},
		{"a topic as client id", hi("sh-1/u")},
		{"a client id of 33 letters", hi(strings.Repeat("a", 33))},
		{"the broker's own client id", hi("inline")},
		{"a will on another warehouse's topic", greeting{version: 4, keepAlive: 30, id: "sh-1", will: topic.Presence("sh-2"), payload: "x"}},
		{"a will on the topic of frames", greeting{version: 4, keepAlive: 30, id: "sh-1", will: topic.Up("sh-1"), payload: "x"}},
		{"a will of a kilobyte", greeting{version: 4, keepAlive: 30, id: "sh-1", will: own, payload: strings.Repeat("x", 1000)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := dialRaw(t, b)
			c.say(tt.g.bytes())
			ack := c.hear()
			if ack != nil && (ack[0] != 0x20 || ack[3] == 0) {
				t.Fatalf("let in: % x", ack)
			}
			if ack != nil && !c.ends() {
				t.Error("the connection stays open")
			}
		})
	}
	works(t, b, got, "sh-1")
	// The negative control: the same greeting without anything wrong is let in.
	c := dialRaw(t, b)
	c.say(greeting{version: 4, keepAlive: 120, id: "sh-1", will: own, payload: "x"}.bytes())
	if ack := c.hear(); len(ack) != 4 || ack[3] != 0 {
		t.Errorf("an honest greeting is answered % x", ack)
	}
}

func TestEmbedded_OutlivesHostilePackets(t *testing.T) {
	b, got := started(t, broker.DefaultConfig())
	tests := []struct {
		name string
		say  [][]byte
	}{
		{"a truncated SUBSCRIBE of version 5, which ends an unguarded broker", [][]byte{greeting{version: 5, keepAlive: 30, id: "p"}.bytes(), packet(0x82, []byte{0, 1, 0}, str("a"))}},
		{"a header that claims 256 MiB", [][]byte{{0x10, 0xff, 0xff, 0xff, 0x7f}}},
		{"a length of five digits", [][]byte{{0x10, 0xff, 0xff, 0xff, 0xff, 0x7f}}},
		{"a PUBLISH before the greeting", [][]byte{publish(topic.Up("sh-9"), []byte("x"))}},
		{"two greetings", [][]byte{hi("sh-9").bytes(), hi("sh-9").bytes()}},
		{"a packet that claims 256 MiB after the greeting", [][]byte{hi("sh-9").bytes(), {0x30, 0xff, 0xff, 0xff, 0x7f}}},
		{"a packet over the limit", [][]byte{hi("sh-9").bytes(), publish(topic.Up("sh-9"), make([]byte, 70<<10))}},
		{"a topic that no warehouse has", [][]byte{hi("sh-9").bytes(), publish("fs/1/00/nobody/u", []byte("x"))}},
		{"another warehouse's topic", [][]byte{hi("sh-9").bytes(), publish(topic.Up("sh-1"), []byte("forged"))}},
		{"the hub's topic of itself", [][]byte{hi("sh-9").bytes(), publish(topic.Down("sh-9"), []byte("x"))}},
		{"the broker's own topics", [][]byte{hi("sh-9").bytes(), publish("$SYS/broker/uptime", []byte("x")), publish("x", nil)}},
		{"not MQTT at all", [][]byte{[]byte("GET / HTTP/1.1\r\nHost: hub\r\n\r\n")}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := heap()
			c := dialRaw(t, b)
			for _, p := range tt.say {
				c.Write(p) // it may be cut off in the middle
			}
			if !c.ends() {
				t.Error("the connection stays open")
			}
			if after := heap(); after > before+32<<20 {
				t.Errorf("it cost %d MiB", (after-before)>>20)
			}
		})
	}
	for len(got.frames) > 0 {
		if f := <-got.frames; string(f.b) != "still" {
			t.Errorf("a frame of %s got through: %q", f.w, f.b)
		}
	}
	works(t, b, got, "sh-1")
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func TestEmbedded_LetsNobodyListenIn(t *testing.T) {
	b, got := started(t, broker.DefaultConfig())
	spy := dialRaw(t, b)
	spy.say(hi("spy").bytes())
	spy.hear()
	for _, filter := range []string{
		topic.Down("sh-1"), topic.Up("sh-1"), topic.Up("spy"), topic.All, topic.AllPresence, "fs/1/+/+/d", "fs/#", "#", "+/+/+/+/+",
		"$share/g/fs/1/+/+/d", "$share/g/" + topic.Down("spy"), "$SYS/#", topic.Presence("sh-1"),
	} {
		spy.say(subscribe(filter))
		if ack := spy.hear(); len(ack) != 5 || ack[0] != 0x90 || ack[4] != 0x80 {
			t.Errorf("%s: SUBACK % x, want a refusal", filter, ack)
		}
	}
	works(t, b, got, "sh-1")
	spy.say(packet(0xc0)) // PINGREQ: what comes back first is the PINGRESP
	if p := spy.hear(); len(p) != 2 || p[0] != 0xd0 {
		t.Errorf("the spy heard % x", p)
	}
}

func TestEmbedded_BoundsConnections(t *testing.T) {
	cfg := broker.DefaultConfig()
	cfg.MaxConns, cfg.MaxConnsPerIP = 100, 3
	b, got := started(t, cfg)
	var open []*raw
	for range 3 {
		open = append(open, dialRaw(t, b))
	}
	if c := dialRaw(t, b); !c.ends() {
		t.Error("a fourth connection of one address was let in")
	}
	open[0].Close()
	open[1].Close()
	eventually(t, "room for another", func() bool {
		c, err := dialTCP(t, b.Addr().String())
		if err != nil {
			return false
		}
		defer c.Close()
		c.Write(hi("sh-7").bytes())
		c.SetReadDeadline(time.Now().Add(time.Second))
		_, err = io.ReadFull(c, make([]byte, 4))
		return err == nil
	})
	open[2].Close()
	works(t, b, got, "sh-1")
}

// Again and again an agent comes back while its old connection still hangs:
// the new one must always get its frames.
func TestEmbedded_AnAgentThatComesBackIsServed(t *testing.T) {
	b, got := started(t, broker.DefaultConfig())
	var left []*raw
	for range 100 {
		c := dialRaw(t, b)
		left = append(left, c)
		c.say(hi("sh-1").bytes())
		if ack := c.hear(); len(ack) != 4 || ack[3] != 0 {
			t.Fatalf("CONNACK % x", ack)
		}
		c.say(subscribe(topic.Down("sh-1")))
		c.hear()
		if err := b.Send(t.Context(), "sh-1", []byte("x")); err != nil {
			t.Fatal(err)
		}
		if p := c.hear(); !bytes.HasSuffix(p, []byte("x")) {
			t.Fatalf("the new connection got % x", p)
		}
	}
	if !left[0].ends() {
		t.Error("the old connection stays open")
	}
	works(t, b, got, "sh-2")
}

func TestEmbedded_KickEndsTheConnection(t *testing.T) {
	b, got := started(t, broker.DefaultConfig())
	c := dialRaw(t, b)
	c.say(hi("sh-1").bytes())
	c.hear()
	b.Kick("sh-1")
	b.Kick("nobody")
	if !c.ends() {
		t.Error("the connection stays open")
	}
	works(t, b, got, "sh-1")
}

// bad is a receiver with a defect.
type bad struct{ *inbox }

func (r bad) Frame(w stock.Warehouse, b []byte) {
	if string(b) == "boom" {
		var p *wire.Presence
		_ = p.On
	}
	r.inbox.Frame(w, b)
}

func TestEmbedded_OutlivesADefectOfTheReceiver(t *testing.T) {
	b := newEmbedded(t, broker.DefaultConfig())
	got := bad{newInbox()}
	background(t, func(ctx context.Context) error { return b.Run(ctx, got) })
	c := dialRaw(t, b)
	c.say(hi("sh-1").bytes())
	c.hear()
	c.say(publish(topic.Up("sh-1"), []byte("boom")))
	c.say(publish(topic.Up("sh-1"), []byte("after")))
	if !got.has("sh-1", "after", 10*time.Second) {
		t.Error("nothing arrives after the defect")
	}
}

// pipes is a listener over net.Pipe that can fail, for virtual time.
type pipes struct {
	conns  chan net.Conn
	fails  chan error
	closed chan struct{}
	once   sync.Once
}

func newPipes() *pipes {
	return &pipes{conns: make(chan net.Conn), fails: make(chan error), closed: make(chan struct{})}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case err := <-p.fails:
		return nil, err
	case <-p.closed:
		return nil, net.ErrClosed
	}
}
func (p *pipes) Close() error   { p.once.Do(func() { close(p.closed) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "hub", Net: "pipe"} }

func (p *pipes) dial(t *testing.T) *raw {
	t.Helper()
	near, far := net.Pipe()
	p.conns <- far
	return &raw{near, t}
}

// inTime runs a scenario against a broker in virtual time.
func inTime(t *testing.T, cfg broker.Config, scenario func(p *pipes, b *broker.Embedded, got *inbox)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		p := newPipes()
		b, err := broker.NewEmbedded(p, cfg, nil, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		got := newInbox()
		stop := background(t, func(ctx context.Context) error { return b.Run(ctx, got) })
		scenario(p, b, got)
		stop()
		time.Sleep(time.Minute)
	})
}

func TestEmbedded_HangsUpOnWhoDoesNotGreetInTime(t *testing.T) {
	for name, say := range map[string][]byte{"silence": nil, "a letter now and then": hi("sh-1").bytes()} {
		t.Run(name, func(t *testing.T) {
			inTime(t, broker.DefaultConfig(), func(p *pipes, _ *broker.Embedded, _ *inbox) {
				begin := time.Now()
				c := p.dial(t)
				go func() {
					for _, letter := range say {
						time.Sleep(time.Second)
						c.Write([]byte{letter})
					}
				}()
				if !c.ends() {
					t.Error("the connection stays open")
				}
				if took := time.Since(begin); took > 6*time.Second {
					t.Errorf("hung up after %s", took)
				}
				c.Close()
			})
		})
	}
}

// A client that reads nothing costs its own connection, and nobody's time: here
// the clock does not move at all until the write to it is given up.
func TestEmbedded_ASlowAgentHoldsUpNobody(t *testing.T) {
	inTime(t, broker.DefaultConfig(), func(p *pipes, b *broker.Embedded, got *inbox) {
		attach := func(id stock.Warehouse) *raw {
			c := p.dial(t)
			go c.Write(append(hi(string(id)).bytes(), subscribe(topic.Down(id))...))
			c.hear()
			c.hear()
			return c
		}
		slow, quick := attach("slow"), attach("sh-1")
		begin := time.Now()
		for range 300 { // far more than its queue holds
			if err := b.Send(t.Context(), "slow", make([]byte, 60<<10)); err != nil {
				t.Fatal(err)
			}
		}
		go quick.Write(publish(topic.Up("sh-1"), []byte("up")))
		if !got.has("sh-1", "up", time.Second) {
			t.Error("another agent's frame did not arrive")
		}
		if err := b.Send(t.Context(), "sh-1", []byte("down")); err != nil {
			t.Fatal(err)
		}
		if f := quick.hear(); !bytes.HasSuffix(f, []byte("down")) {
			t.Errorf("another agent got % x", f)
		}
		if took := time.Since(begin); took != 0 {
			t.Errorf("the slow agent held the others up for %s", took)
		}
		time.Sleep(6 * time.Second)
		if err := b.Send(t.Context(), "slow", nil); !errors.Is(err, broker.ErrOffline) {
			t.Errorf("send to the slow agent: %v, want it cut off", err)
		}
		slow.Close()
		quick.Close()
	})
}

func TestEmbedded_OutlivesErrorsOfTheListener(t *testing.T) {
	inTime(t, broker.DefaultConfig(), func(p *pipes, _ *broker.Embedded, _ *inbox) {
		for range 20 {
			p.fails <- errors.New("too many open files")
		}
		c := p.dial(t)
		go c.Write(hi("sh-1").bytes())
		if ack := c.hear(); len(ack) != 4 || ack[3] != 0 {
			t.Errorf("CONNACK % x", ack)
		}
		c.Close()
	})
}

func TestEmbedded_HoldsUpWhoSendsTooFast(t *testing.T) {
	cfg := broker.DefaultConfig()
	cfg.FramesPerSecond = 10
	inTime(t, cfg, func(p *pipes, _ *broker.Embedded, got *inbox) {
		c := p.dial(t)
		go c.Write(hi("sh-1").bytes())
		c.hear()
		begin := time.Now()
		for range 60 { // ten at once, then ten a second
			c.Write(publish(topic.Up("sh-1"), []byte("x")))
		}
		if took := time.Since(begin); took < 4*time.Second || took > 6*time.Second {
			t.Errorf("60 frames at 10 a second took %s", took)
		}
		synctest.Wait()
		if n := len(got.frames); n < 59 {
			t.Errorf("%d of 60 frames arrived: none may be dropped", n)
		}
		c.Close()
	})
}

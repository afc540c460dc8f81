package broker_test

import (
	"bytes"
	"context"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/forestock/forestock/hub/broker"
	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/topic"
	"github.com/forestock/forestock/proto/wire"
)

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

package broker_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/forestock/forestock/hub/broker"
	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/topic"
)

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

package broker_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"github.com/forestock/forestock/hub/broker"
	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/topic"
	"github.com/forestock/forestock/proto/wire"
)

// The contract holds for every way that frames can travel: in the hub's own
// process, or through a broker that runs elsewhere.
func TestBroker_Contract(t *testing.T) {
	ways := []struct {
		name string
		make func(*testing.T) (b broker.Broker, address string)
	}{
		{"embedded", embedded},
		{"client of another broker in Go", clientOfMochi},
		{"client of the Debian broker", clientOfDebian},
	}
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			b, address := way.make(t)
			got := newInbox()
			background(t, func(ctx context.Context) error { return b.Run(ctx, got) })
			agent := connect(t, address, "sh-1")
			eventually(t, "a frame gets up", func() bool {
				agent.client.Publish(topic.Up("sh-1"), 0, false, []byte("up")).Wait()
				return got.has("sh-1", "up", 50*time.Millisecond)
			})
			t.Run("frames of a burst arrive in order, each handed over with its warehouse", func(t *testing.T) { burst(t, got, agent) })
			t.Run("frames get down, to their warehouse only", func(t *testing.T) { down(t, b, agent, connect(t, address, "sh-2")) })
			t.Run("the will and the hint tell who is there", func(t *testing.T) { presence(t, got, address) })
			t.Run("the bytes of a frame are left alone", func(t *testing.T) { untouched(t, b, got, agent) })
		})
	}
}

func burst(t *testing.T, got *inbox, agent *client) {
	t.Helper()
	got.drain()
	for i := range 200 {
		agent.client.Publish(topic.Up("sh-1"), 1, false, fmt.Appendf(nil, "%d", i)).Wait()
	}
	for i := range 200 {
		select {
		case f := <-got.frames:
			if f.w != "sh-1" || string(f.b) != strconv.Itoa(i) {
				t.Fatalf("frame %d is %s %q", i, f.w, f.b)
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("frame %d did not arrive", i)
		}
	}
}

func down(t *testing.T, b broker.Broker, one, two *client) {
	t.Helper()
	eventually(t, "a frame gets down", func() bool {
		if err := b.Send(t.Context(), "sh-1", []byte("one")); err != nil {
			return false
		}
		return bytes.Equal(one.next(50*time.Millisecond), []byte("one"))
	})
	eventually(t, "another warehouse gets its own", func() bool {
		if err := b.Send(t.Context(), "sh-2", []byte("two")); err != nil {
			return false
		}
		return bytes.Equal(two.next(50*time.Millisecond), []byte("two"))
	})
	for f := one.next(time.Millisecond); f != nil; f = one.next(time.Millisecond) {
		if string(f) != "one" {
			t.Errorf("sh-1 got %q", f)
		}
	}
}

func presence(t *testing.T, got *inbox, address string) {
	t.Helper()
	boot := wire.Boot{7}
	w := stock.Warehouse("sh-3")
	o := options(address, string(w)).SetBinaryWill(topic.Presence(w), wire.Presence{Boot: boot}.Encode(), 1, true)
	var conn net.Conn
	o.SetCustomOpenConnectionFn(dialInto(t, &conn))
	c := paho.NewClient(o)
	if token := c.Connect(); !token.WaitTimeout(10*time.Second) || token.Error() != nil {
		t.Fatalf("connect: %v", token.Error())
	}
	c.Publish(topic.Presence(w), 1, true, wire.Presence{Boot: boot, On: true}.Encode()).Wait()
	eventually(t, "the hint comes", func() bool { return got.present(w) == wire.Presence{Boot: boot, On: true} })
	conn.Close() // no good-bye
	eventually(t, "the will comes", func() bool { return got.present(w) == wire.Presence{Boot: boot} })
}

func untouched(t *testing.T, b broker.Broker, got *inbox, agent *client) {
	t.Helper()
	frame := make([]byte, wire.MaxFrame)
	for i := range frame {
		frame[i] = byte(i * 7)
	}
	got.drain()
	agent.client.Publish(topic.Up("sh-1"), 0, false, frame).Wait()
	select {
	case f := <-got.frames:
		if !bytes.Equal(f.b, frame) {
			t.Error("the largest frame was changed on the way up")
		}
	case <-time.After(10 * time.Second):
		t.Error("the largest frame did not get up")
	}
	if err := b.Send(t.Context(), "sh-1", frame); err != nil {
		t.Fatal(err)
	}
	if f := agent.next(10 * time.Second); !bytes.Equal(f, frame) {
		t.Errorf("the largest frame came down as %d bytes", len(f))
	}
}

func embedded(t *testing.T) (broker.Broker, string) {
	t.Helper()
	b := newEmbedded(t, broker.DefaultConfig())
	return b, "tcp://" + b.Addr().String()
}

func newEmbedded(t *testing.T, cfg broker.Config) *broker.Embedded {
	t.Helper()
	b, err := broker.NewEmbedded(listen(t), cfg, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func newClient(t *testing.T, address string) broker.Broker {
	t.Helper()
	c, err := broker.NewClient(broker.ClientConfig{Brokers: []string{"tcp://127.0.0.1:1", address}, ClientID: "hub"}, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// clientOfMochi is a broker of the test's own, as it comes: no rules at all.
func clientOfMochi(t *testing.T) (broker.Broker, string) {
	t.Helper()
	address := "tcp://" + serveBare(t, "").addr
	return newClient(t, address), address
}

// clientOfDebian runs the broker that Debian packages, with its default limits
// on purpose.
func clientOfDebian(t *testing.T) (broker.Broker, string) {
	t.Helper()
	const program = "/usr/sbin/mosquitto" //nolint:misspell // its name
	if _, err := os.Stat(program); err != nil {
		t.Skipf("%s is not installed: make deps installs it", program)
	}
	l := listen(t)
	port := l.Addr().(*net.TCPAddr).Port
	l.Close() // the program takes the port over
	file := filepath.Join(t.TempDir(), "broker.conf")
	if err := os.WriteFile(file, fmt.Appendf(nil, "listener %d 127.0.0.1\nallow_anonymous true\npersistence false\n", port), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program, "-c", file)
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		if t.Failed() {
			t.Logf("%s: %s", program, said.String())
		}
	})
	address := fmt.Sprintf("tcp://127.0.0.1:%d", port)
	eventually(t, "the broker listens", func() bool {
		conn, err := dialTCP(t, address[len("tcp://"):])
		if err != nil {
			return false
		}
		conn.Close()
		return true
	})
	return newClient(t, address), address
}

func TestClient_ComesBackToABrokerThatRestarts(t *testing.T) {
	first := serveBare(t, "")
	c := newClient(t, "tcp://"+first.addr)
	got := newInbox()
	background(t, func(ctx context.Context) error { return c.Run(ctx, got) })
	up := func(what string) {
		t.Helper()
		agent := connect(t, "tcp://"+first.addr, "sh-1")
		eventually(t, what, func() bool {
			agent.client.Publish(topic.Up("sh-1"), 0, false, []byte(what)).WaitTimeout(time.Second)
			return got.has("sh-1", what, 50*time.Millisecond)
		})
	}
	up("before")
	first.stop()
	eventually(t, "sending to nobody is told", func() bool { return errors.Is(c.Send(t.Context(), "sh-1", nil), broker.ErrOffline) })
	serveBare(t, first.addr)
	up("after")
}

package broker_test

import (
	"context"
	"log/slog"
	"net"
	"net/url"
	"sync"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/hooks/auth"
	"github.com/mochi-mqtt/server/v2/listeners"

	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/topic"
	"github.com/forestock/forestock/proto/wire"
)

// inbox is a receiver that keeps what it gets.
type inbox struct {
	frames chan frame
	mu     sync.Mutex
	there  map[stock.Warehouse]wire.Presence // guarded by mu
}

type frame struct {
	w stock.Warehouse
	b []byte
}

func newInbox() *inbox {
	return &inbox{frames: make(chan frame, 1000), there: make(map[stock.Warehouse]wire.Presence)}
}

func (i *inbox) Frame(w stock.Warehouse, b []byte) {
	select {
	case i.frames <- frame{w, b}:
	default:
	}
}

func (i *inbox) Presence(w stock.Warehouse, p wire.Presence) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.there[w] = p
}

func (i *inbox) present(w stock.Warehouse) wire.Presence {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.there[w]
}

func (i *inbox) drain() {
	for {
		select {
		case <-i.frames:
		case <-time.After(100 * time.Millisecond):
			return
		}
	}
}

// has reports whether the frame arrives within a while.
func (i *inbox) has(w stock.Warehouse, b string, within time.Duration) bool {
	timeout := time.After(within)
	for {
		select {
		case f := <-i.frames:
			if f.w == w && string(f.b) == b {
				return true
			}
		case <-timeout:
			return false
		}
	}
}

// eventually waits for something that other programs do in their own time.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}

// background runs something until the test ends.
func background(t *testing.T, f func(context.Context) error) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- f(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("ended with %v", err)
		}
	})
	t.Cleanup(stop)
	return stop
}

// client is an agent as far as MQTT goes.
type client struct {
	client paho.Client
	inbox  chan []byte
}

func options(address, id string) *paho.ClientOptions {
	return paho.NewClientOptions().AddBroker(address).SetClientID(id).SetProtocolVersion(4).SetCleanSession(true).
		SetAutoReconnect(false).SetConnectRetry(false).SetKeepAlive(30 * time.Second)
}

func dialTCP(t *testing.T, address string) (net.Conn, error) {
	t.Helper()
	return (&net.Dialer{Timeout: 10 * time.Second}).DialContext(t.Context(), "tcp", address)
}

func dialInto(t *testing.T, conn *net.Conn) paho.OpenConnectionFunc {
	t.Helper()
	return func(u *url.URL, _ paho.ClientOptions) (net.Conn, error) {
		c, err := dialTCP(t, u.Host)
		*conn = c
		return c, err
	}
}

// connect connects an agent that reads its own topic.
func connect(t *testing.T, address, id string) *client {
	t.Helper()
	c := &client{inbox: make(chan []byte, 100)}
	c.client = paho.NewClient(options(address, id))
	if token := c.client.Connect(); !token.WaitTimeout(10*time.Second) || token.Error() != nil {
		t.Fatalf("connect %s: %v", id, token.Error())
	}
	t.Cleanup(func() { c.client.Disconnect(50) })
	token := c.client.Subscribe(topic.Down(stock.Warehouse(id)), 0, func(_ paho.Client, m paho.Message) {
		select {
		case c.inbox <- m.Payload():
		default:
		}
	})
	if !token.WaitTimeout(10*time.Second) || token.Error() != nil {
		t.Fatalf("subscribe %s: %v", id, token.Error())
	}
	return c
}

func (c *client) next(within time.Duration) []byte {
	select {
	case b := <-c.inbox:
		return b
	case <-time.After(within):
		return nil
	}
}

// bareServer is a broker as the library comes, without any rules, on an address that stays.
type bareServer struct {
	addr string
	stop func()
}

func serveBare(t *testing.T, addr string) *bareServer {
	t.Helper()
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	server := mochi.New(&mochi.Options{Logger: slog.New(slog.DiscardHandler)})
	if err := server.AddHook(new(auth.AllowHook), nil); err != nil {
		t.Fatal(err)
	}
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	if err := server.AddListener(listeners.NewNet("test", l)); err != nil {
		t.Fatal(err)
	}
	if err := server.Serve(); err != nil {
		t.Fatal(err)
	}
	stop := sync.OnceFunc(func() { server.Close() })
	t.Cleanup(stop)
	return &bareServer{l.Addr().String(), stop}
}

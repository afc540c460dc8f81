package api

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"

	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
)

func TestConfig_RefusesWhatCannotWork(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*Config)
		says   string
	}{
		"an address that is none":          {func(c *Config) { c.GRPC = "9090" }, "host:port"},
		"everybody's address, no token":    {func(c *Config) { c.HTTP = ":8080" }, "configure tokens"},
		"another machine's, no token":      {func(c *Config) { c.GRPC = "192.0.2.1:9090" }, "configure tokens"},
		"live for longer than degraded":    {func(c *Config) { c.Live = time.Hour }, "freshness"},
		"no zone":                          {func(c *Config) { c.Zone = nil }, "Asia/Shanghai"},
		"bookmarks without a pause":        {func(c *Config) { c.Bookmark = 0 }, "bookmark"},
		"no room":                          {func(c *Config) { c.Limits.InFlight = 0 }, "in flight"},
		"a bucket that is always empty":    {func(c *Config) { c.Limits.Burst = 0 }, "lets nothing through"},
		"a token without a name":           {func(c *Config) { c.Tokens = []Token{{Secret: reader, Role: Read}} }, "needs a name"},
		"a token that can be guessed":      {func(c *Config) { c.Tokens = []Token{{Name: "a", Secret: "secret", Role: Read}} }, "16 characters"},
		"a token that may do nothing":      {func(c *Config) { c.Tokens = []Token{{Name: "a", Secret: reader}} }, "neither read nor write"},
		"two callers that cannot be told ": {func(c *Config) { c.Tokens = []Token{{"a", reader, Read}, {"b", reader, Write}} }, "has the secret of a"},
	} {
		t.Run(name, func(t *testing.T) {
			c := DefaultConfig()
			tt.change(&c)
			err := c.Validate()
			if err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("says %v, want %q in it", err, tt.says)
			}
			if err != nil && strings.Contains(err.Error(), reader) {
				t.Errorf("tells the secret: %v", err)
			}
		})
	}
	for name, change := range map[string]func(*Config){
		"the defaults":                     func(*Config) {},
		"localhost":                        func(c *Config) { c.HTTP = "localhost:8080" },
		"IPv6":                             func(c *Config) { c.HTTP = "[::1]:8080" },
		"everybody's address, with tokens": func(c *Config) { withTokens(c); c.HTTP = ":8080" },
		"everybody's address, on purpose":  func(c *Config) { c.HTTP, c.Open = "0.0.0.0:8080", true },
		"no limit per caller":              func(c *Config) { c.Limits.CallsPerSecond, c.Limits.Burst = 0, 0 },
	} {
		c := DefaultConfig()
		change(&c)
		if err := c.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNew_TellsThatAnAddressIsTaken(t *testing.T) {
	var lc net.ListenConfig
	taken, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	c := DefaultConfig()
	c.GRPC, c.HTTP = "127.0.0.1:0", taken.Addr().String()
	_, err = New(c, Deps{Stock: openStore(t), Link: &line{}, Registry: prometheus.NewRegistry(), Log: slog.New(slog.DiscardHandler)})
	if err == nil || !strings.Contains(err.Error(), "address already in use") {
		t.Errorf("got %v", err)
	}
}

// certificate makes one for this machine, and the pool that trusts it.
func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

func TestTLS_CoversBothForms(t *testing.T) {
	cert, pool := certificate(t)
	w := newWorld(t, func(c *Config) { c.TLS = &tls.Config{Certificates: []tls.Certificate{cert}} })

	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true}}
	defer client.CloseIdleConnections()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+w.server.HTTPAddr().String()+"/v1/warehouses", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK || resp.ProtoMajor != 2 {
		t.Errorf("REST: HTTP %d over %s", resp.StatusCode, resp.Proto)
	}
	conn, err := grpc.NewClient(w.server.GRPCAddr().String(), grpc.WithTransportCredentials(credentials.NewClientTLSFromCert(pool, "")))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := forestockv1.NewFleetServiceClient(conn).ListWarehouses(t.Context(), &forestockv1.ListWarehousesRequest{}); err != nil {
		t.Errorf("gRPC: %v", err)
	}
	// The negative control: a client that does not encrypt is not answered.
	if _, err := forestockv1.NewFleetServiceClient(w.dial()).ListWarehouses(t.Context(), &forestockv1.ListWarehousesRequest{}); status.Code(err) != codes.Unavailable {
		t.Errorf("gRPC in plain text: %v", err)
	}
}

func TestListeners_HoldSoManyConnections(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Limits.Connections = 2 })
	open := func() net.Conn {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", w.server.HTTPAddr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		return conn
	}
	asks := func(conn net.Conn) error {
		if _, err := conn.Write([]byte("GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")); err != nil {
			return err
		}
		_ = conn.SetReadDeadline(time.Now().Add(20 * time.Second))
		_, err := conn.Read(make([]byte, 1024))
		return err
	}
	first, second := open(), open()
	for _, conn := range []net.Conn{first, second} {
		if err := asks(conn); err != nil {
			t.Fatalf("within the limit: %v", err)
		}
	}
	if err := asks(open()); err == nil {
		t.Error("the third connection is answered")
	} else if ne := net.Error(nil); errors.As(err, &ne) && ne.Timeout() {
		t.Errorf("the third connection is held: %v", err)
	}
	_ = first.Close()
	w.eventually("room again", func() bool { return asks(open()) == nil })
}

func TestShutdown_LetsARunningCallFinish(t *testing.T) {
	s := new(stuck)
	w := newStuckWorld(t, s, func(c *Config) { c.Limits.Call = 300 * time.Millisecond })
	answered := make(chan int, 1)
	go func() { answered <- w.get(history).status }()
	<-s.entered
	w.stop()
	if got := <-answered; got != http.StatusGatewayTimeout {
		t.Errorf("the call that ran was answered HTTP %d, want its own end", got)
	}
}

// read reads the whole answer to a GET.
func read(url string) error {
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}

func TestShutdown_CutsOffWhatDoesNotEnd(t *testing.T) {
	s := new(stuck)
	w := newStuckWorld(t, s, func(c *Config) { c.Limits.Drain = 50 * time.Millisecond })
	cut := make(chan error, 2)
	go func() {
		_, err := w.availability().ListMovements(context.Background(), &forestockv1.ListMovementsRequest{Parent: "warehouses/wh-01/skus/milk-1l"})
		cut <- err
	}()
	go func() {
		cut <- read(w.url(history))
	}()
	<-s.entered
	<-s.entered
	w.stop() // it would wait for the calls' own ten seconds otherwise
	for range 2 {
		if err := <-cut; err == nil {
			t.Error("a call that does not end was answered")
		}
	}
}

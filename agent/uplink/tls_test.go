package uplink_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/forestock/forestock/agent/uplink"
	"github.com/forestock/forestock/hub/broker"
	"github.com/forestock/forestock/hub/ingest"
	"github.com/forestock/forestock/proto/mqtt"
)

// authority signs certificates of the test's own into a folder.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	dir  string
}

func (a *authority) sign(t *testing.T, name string, life time.Duration) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(life), IsCA: a.cert == nil, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	if a.cert == nil {
		a.cert, a.key = c, key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, a.cert, &key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for kind, body := range map[string][]byte{"CERTIFICATE": der, "EC PRIVATE KEY": raw} {
		file := a.path(name + map[string]string{"CERTIFICATE": ".crt", "EC PRIVATE KEY": ".key"}[kind])
		if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: body}), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func (a *authority) path(name string) string { return filepath.Join(a.dir, name) }

// An agent's certificate runs out while it is connected: the hub hangs up, the
// agent says what is wrong, and goes on with the renewed one by itself.
func TestLink_ARenewedCertificateCountsFromTheNextConnection(t *testing.T) {
	t.Parallel()
	a := &authority{dir: t.TempDir()}
	a.sign(t, "ca", time.Hour)
	a.sign(t, "hub", time.Hour)
	a.sign(t, "sh-1", 2*time.Second)

	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	cfg := broker.DefaultConfig()
	cfg.TLS = &broker.TLSFiles{Cert: a.path("hub.crt"), Key: a.path("hub.key"), ClientCA: a.path("ca.crt")}
	b, err := broker.NewEmbedded(listener, cfg, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	store := newBookStore()
	desk, err := ingest.New(ingest.DefaultConfig(), store, b, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	background(t, desk.Run)
	background(t, func(ctx context.Context) error { return b.Run(ctx, desk) })

	journal := newMemJournal(1)
	journal.receive(t, 10)
	link, err := uplink.New(uplink.Config{
		Warehouse: "sh-1", Brokers: []string{"tls://" + listener.Addr().String()},
		TLS: mqtt.TLSFiles{Cert: a.path("sh-1.crt"), Key: a.path("sh-1.key"), CA: a.path("ca.crt")},
	}, journal, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	background(t, link.Run)
	until(t, "the link is up", link, func(s uplink.Status) bool { return s.State == uplink.Synced })
	until(t, "the hub hangs up, and the agent says why it cannot come back", link, func(s uplink.Status) bool {
		return s.State == uplink.Offline && strings.Contains(s.Error, "certificate")
	})
	a.sign(t, "sh-1", time.Hour)
	journal.receive(t, 10)
	until(t, "the link is up again", link, func(s uplink.Status) bool { return s.State == uplink.Synced && s.Acked == 20 })
}

// until waits for a state of the link that comes in its own time.
func until(t *testing.T, what string, l *uplink.Link, ok func(uplink.Status) bool) {
	t.Helper()
	for end := time.Now().Add(90 * time.Second); !ok(l.Status()); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never: %s; %+v", what, l.Status())
		}
	}
}

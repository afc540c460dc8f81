package broker_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/forestock/forestock/hub/broker"
)

// authority signs certificates of the test's own.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	dir  string
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{dir: t.TempDir()}
	a.sign(t, "ca", time.Hour)
	return a
}

// sign makes name.crt and name.key; the first one signs itself and the others.
func (a *authority) sign(t *testing.T, name string, life time.Duration) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, DNSNames: []string{"localhost"},
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
	if c.IsCA {
		if a.cert, err = x509.ParseCertificate(der); err != nil {
			t.Fatal(err)
		}
	}
	raw, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	a.write(t, name+".crt", "CERTIFICATE", der)
	a.write(t, name+".key", "EC PRIVATE KEY", raw)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func (a *authority) write(t *testing.T, name, kind string, der []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(a.dir, name), pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (a *authority) config() broker.Config {
	cfg := broker.DefaultConfig()
	at := func(name string) string { return filepath.Join(a.dir, name) }
	cfg.TLS = &broker.TLSFiles{Cert: at("hub.crt"), Key: at("hub.key"), ClientCA: at("ca.crt")}
	return cfg
}

func (a *authority) dial(t *testing.T, b *broker.Embedded, certs ...tls.Certificate) (*raw, error) {
	t.Helper()
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	d := &tls.Dialer{Config: &tls.Config{RootCAs: pool, ServerName: "localhost", Certificates: certs}}
	c, err := d.DialContext(t.Context(), "tcp", b.Addr().String())
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { c.Close() })
	return &raw{c, t}, nil
}

func TestEmbedded_ACertificateSaysWhoAnAgentIs(t *testing.T) {
	a := newAuthority(t)
	a.sign(t, "hub", time.Hour)
	one, stranger := a.sign(t, "sh-1", time.Hour), newAuthority(t).sign(t, "sh-1", time.Hour)
	b, _ := started(t, a.config())
	greet := func(id string, certs ...tls.Certificate) bool {
		c, err := a.dial(t, b, certs...)
		if err != nil {
			return false
		}
		c.Write(hi(id).bytes())
		ack := c.hear()
		return len(ack) == 4 && ack[0] == 0x20 && ack[3] == 0
	}
	if !greet("sh-1", one) {
		t.Error("an agent with its own certificate is refused")
	}
	if greet("sh-2", one) {
		t.Error("an agent was let in under another's name")
	}
	if greet("sh-1") {
		t.Error("an agent without a certificate was let in")
	}
	if greet("sh-1", stranger) {
		t.Error("a certificate of another authority was accepted")
	}
	plain := dialRaw(t, b)
	plain.say(hi("sh-1").bytes())
	if ack := plain.hear(); ack != nil && ack[0] == 0x20 && ack[3] == 0 {
		t.Error("an agent without TLS was let in")
	}
}

func TestEmbedded_AConnectionEndsWithItsCertificate(t *testing.T) {
	a := newAuthority(t)
	a.sign(t, "hub", time.Hour)
	b, _ := started(t, a.config())
	c, err := a.dial(t, b, a.sign(t, "sh-1", 2*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	c.say(hi("sh-1").bytes())
	if ack := c.hear(); len(ack) != 4 || ack[3] != 0 {
		t.Fatalf("CONNACK % x", ack)
	}
	if !c.ends() {
		t.Error("the connection outlives its certificate")
	}
}

func TestNewEmbedded_SaysWhatIsWrongWithItsFiles(t *testing.T) {
	a := newAuthority(t)
	l := listen(t)
	defer l.Close()
	if _, err := broker.NewEmbedded(l, a.config(), nil, nil); err == nil {
		t.Error("a certificate that is not there was accepted")
	}
}

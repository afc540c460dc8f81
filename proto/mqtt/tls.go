package mqtt

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
)

// TLSFiles names the files of a client's identity. They are read anew for
// every connection, so a renewed certificate counts from the next one on.
type TLSFiles struct {
	// Cert and Key are the client's certificate and its key, PEM; empty where
	// the broker wants none. An agent's certificate has the warehouse id as its
	// common name.
	Cert, Key string
	// CA holds the certificates that may have signed the broker's, PEM. Empty
	// stands for those of the system.
	CA string
	// Old accepts TLS 1.2 beside 1.3, for brokers that are not ours to choose.
	Old bool
}

// secure makes a TLS connection of conn, or closes it.
func (f TLSFiles) secure(ctx context.Context, conn net.Conn, server string) (net.Conn, error) {
	cfg, err := f.config(server)
	if err == nil {
		secured := tls.Client(conn, cfg)
		if err = secured.HandshakeContext(ctx); err == nil {
			return secured, nil
		}
	}
	_ = conn.Close() // the reason is err
	return nil, fmt.Errorf("secure the connection: %w", err)
}

// config gives the settings for one connection. Key exchange is left to Go,
// which prefers the hybrid X25519MLKEM768.
func (f TLSFiles) config(server string) (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS13, ServerName: server}
	if f.Old {
		c.MinVersion = tls.VersionTLS12
	}
	if f.Cert != "" || f.Key != "" {
		pair, err := tls.LoadX509KeyPair(f.Cert, f.Key)
		if err != nil {
			return nil, fmt.Errorf("read the client's certificate: %w", err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	if f.CA == "" {
		return c, nil
	}
	pem, err := os.ReadFile(f.CA)
	if err != nil {
		return nil, fmt.Errorf("read the broker's authority: %w", err)
	}
	c.RootCAs = x509.NewCertPool()
	if !c.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("read the broker's authority %s: %w", f.CA, errors.New("holds no certificate"))
	}
	return c, nil
}

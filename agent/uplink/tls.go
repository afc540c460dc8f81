package uplink

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
)

// TLSFiles names the files of the agent's identity. They are read anew for
// every connection, so a renewed certificate counts from the next one on.
type TLSFiles struct {
	// Cert and Key are the agent's certificate and its key, PEM. The
	// certificate's common name is the warehouse id.
	Cert, Key string
	// CA holds the certificates that may have signed the broker's, PEM. Empty
	// stands for those of the system.
	CA string
}

// config gives the settings for one connection. Key exchange is left to Go,
// which prefers the hybrid X25519MLKEM768.
func (f TLSFiles) config(server string) (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS13, ServerName: server}
	if f.Cert != "" || f.Key != "" {
		pair, err := tls.LoadX509KeyPair(f.Cert, f.Key)
		if err != nil {
			return nil, fmt.Errorf("read the agent's certificate: %w", err)
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

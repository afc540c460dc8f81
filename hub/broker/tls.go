package broker

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"sync"
	"time"
)

// TLSFiles names the files of the broker's identity, and of the authority that
// signs the agents' certificates. They are read anew at most every tlsFresh, so
// that renewed ones count without a restart.
type TLSFiles struct {
	Cert, Key string // PEM
	ClientCA  string // PEM
}

const tlsFresh = 10 * time.Second

// tlsSource gives the settings of each handshake.
type tlsSource struct {
	files TLSFiles
	mu    sync.Mutex
	read  time.Time   // guarded by mu
	kept  *tls.Config // guarded by mu
}

// serve gives settings that are looked up at each handshake. TLS 1.3 only; the
// key exchange is left to Go, which prefers the hybrid X25519MLKEM768.
func (f TLSFiles) serve() (*tls.Config, error) {
	s := &tlsSource{files: f}
	if _, err := s.config(nil); err != nil {
		return nil, err
	}
	return &tls.Config{MinVersion: tls.VersionTLS13, GetConfigForClient: s.config}, nil
}

// config gives the settings of one handshake. Files that cannot be read leave
// the last good ones in force.
func (s *tlsSource) config(*tls.ClientHelloInfo) (*tls.Config, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kept != nil && time.Since(s.read) < tlsFresh {
		return s.kept, nil
	}
	fresh, err := s.files.load()
	if err != nil && s.kept == nil {
		return nil, err
	}
	if err == nil {
		s.kept = fresh
	}
	s.read = time.Now()
	return s.kept, nil
}

func (f TLSFiles) load() (*tls.Config, error) {
	pair, err := tls.LoadX509KeyPair(f.Cert, f.Key)
	if err != nil {
		return nil, fmt.Errorf("read the broker's certificate: %w", err)
	}
	pem, err := os.ReadFile(f.ClientCA)
	if err != nil {
		return nil, fmt.Errorf("read the agents' authority: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("read the agents' authority: %s holds no certificate", f.ClientCA)
	}
	return &tls.Config{
		MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{pair},
		ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert,
		// A resumed session would skip a look at the authority of today.
		SessionTicketsDisabled: true,
	}, nil
}

package lend

import (
	"bytes"
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"
)

// Key is what lender and borrower share. It is random and never typed by heart, so that it cannot be guessed.
type Key [32]byte

// NewKey returns a random key.
func NewKey() (Key, error) {
	var k Key
	_, err := rand.Read(k[:])
	return k, err
}

// ParseKey reads a key as String writes it, with blanks around.
func ParseKey(s string) (Key, error) {
	b, err := hex.DecodeString(strings.TrimSpace(s))
	if err != nil || len(b) != len(Key{}) {
		return Key{}, fmt.Errorf("shared key: want %d hex digits, as `firmware-bridge serve --new-key` makes them", 2*len(Key{}))
	}
	return Key(b), nil
}

// String writes the key as 64 hex digits.
func (k Key) String() string { return hex.EncodeToString(k[:]) }

// ErrKey says that the other side does not know the key.
var ErrKey = errors.New("the other side does not have the same shared key")

// The two sides have different certificates, so that neither can be answered with its own words.
const (
	lender   = "forestock lender 1"
	borrower = "forestock borrower 1"
)

// private derives the signing key of one side.
func (k Key) private(side string) (ed25519.PrivateKey, error) {
	seed, err := hkdf.Key(sha256.New, k[:], nil, side, ed25519.SeedSize)
	if err != nil {
		return nil, fmt.Errorf("derive key: %w", err)
	}
	return ed25519.NewKeyFromSeed(seed), nil
}

// LenderTLS returns the configuration of the lender's side.
func (k Key) LenderTLS() (*tls.Config, error) { return k.config(lender, borrower) }

// BorrowerTLS returns the configuration of the borrower's side.
func (k Key) BorrowerTLS() (*tls.Config, error) { return k.config(borrower, lender) }

// config returns a configuration that shows the certificate of one side and takes only that of the other. Names and dates
// in certificates mean nothing here: a box without a clock must work.
func (k Key) config(own, other string) (*tls.Config, error) {
	private, err := k.private(own)
	if err != nil {
		return nil, err
	}
	expected, err := k.private(other)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1<<33, 0)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		return nil, fmt.Errorf("make certificate: %w", err)
	}
	public, ok := expected.Public().(ed25519.PublicKey)
	if !ok {
		return nil, errors.New("derive key: not Ed25519")
	}
	return &tls.Config{
		MinVersion:             tls.VersionTLS13,
		Certificates:           []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: private}},
		ClientAuth:             tls.RequireAnyClientCert,
		InsecureSkipVerify:     true, // replaced by the stricter check below, on both sides
		SessionTicketsDisabled: true,
		VerifyConnection: func(s tls.ConnectionState) error {
			if len(s.PeerCertificates) != 1 {
				return ErrKey
			}
			shown, ok := s.PeerCertificates[0].PublicKey.(ed25519.PublicKey)
			if !ok || !bytes.Equal(shown, public) {
				return ErrKey
			}
			return nil
		},
	}, nil
}

package floor

import (
	"bytes"
	"compress/flate"
	"crypto/ed25519"
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/forestock/forestock/proto/stock"
)

// Manifest is what one warehouse sends to another. It travels as a code on the
// goods, signed, so that the other warehouse can receive it while both are
// offline.
type Manifest struct {
	ID    string          `json:"i"` // the command that booked the goods out
	From  stock.Warehouse `json:"f"`
	To    stock.Warehouse `json:"t"`
	Lines []Sent          `json:"l"`
}

// Sent is how much of a lot is on its way, with the lot's dates.
type Sent struct {
	SKU      stock.SKU  `json:"s"`
	Lot      stock.Lot  `json:"l,omitempty"`
	Expiry   stock.Date `json:"e,omitempty"`
	Produced stock.Date `json:"p,omitempty"`
	Quantity int64      `json:"q"` // base units
}

// Transfers is what a warehouse needs to send goods to others and to receive
// theirs. Without it nothing is sent or received.
type Transfers struct {
	Warehouse stock.Warehouse
	Key       ed25519.PrivateKey
	Peers     map[stock.Warehouse]ed25519.PublicKey
}

// manifestMark begins the code. It and what follows are capitals and digits,
// which a QR code holds at half the size and no input method changes.
const (
	manifestMark = "FSM1"
	// mostManifest bounds the code, so that a cheap scanner reads it at once.
	mostManifest = 2000
	// mostUnpacked bounds what a foreign code may unpack to.
	mostUnpacked = 64 << 10
	// signingContext keeps a signature from meaning anything else.
	signingContext = "forestock manifest 1\n"
)

var manifestText = base32.StdEncoding.WithPadding(base32.NoPadding)

// Why a manifest is not taken.
var (
	errManifest      = errors.New("it cannot be read")
	errManifestLarge = errors.New("too many lines for one code")
	errSender        = errors.New("its sender is not known here")
	errSignature     = errors.New("its signature is not the sender's")
)

// Encode signs a manifest and writes it as the text of a code.
func (t *Transfers) Encode(m *Manifest) (string, error) {
	body, err := json.Marshal(m)
	if err != nil {
		return "", fmt.Errorf("manifest %s: %w", m.ID, err)
	}
	var packed bytes.Buffer
	w, err := flate.NewWriter(&packed, flate.BestCompression)
	if err != nil {
		return "", fmt.Errorf("manifest %s: %w", m.ID, err)
	}
	if _, err := w.Write(body); err != nil {
		return "", fmt.Errorf("manifest %s: %w", m.ID, err)
	}
	if err := w.Close(); err != nil {
		return "", fmt.Errorf("manifest %s: %w", m.ID, err)
	}
	signature := ed25519.Sign(t.Key, append([]byte(signingContext), packed.Bytes()...))
	text := manifestMark + manifestText.EncodeToString(append(signature, packed.Bytes()...))
	if len(text) > mostManifest {
		return "", fmt.Errorf("manifest %s: %w", m.ID, errManifestLarge)
	}
	return text, nil
}

// Decode reads a manifest and checks that it comes from the warehouse that it
// names. Nothing of it is to be trusted without that.
func (t *Transfers) Decode(text string) (Manifest, error) {
	var m Manifest
	body, err := manifestText.DecodeString(strings.TrimPrefix(text, manifestMark))
	if err != nil || len(body) < ed25519.SignatureSize || len(text) > 2*mostManifest {
		return m, errManifest
	}
	signature, packed := body[:ed25519.SignatureSize], body[ed25519.SignatureSize:]
	plain, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(packed)), mostUnpacked))
	if err != nil || json.Unmarshal(plain, &m) != nil {
		return Manifest{}, errManifest
	}
	key, known := t.Peers[m.From]
	switch {
	case !known:
		return Manifest{}, errSender
	case !ed25519.Verify(key, append([]byte(signingContext), packed...), signature):
		return Manifest{}, errSignature
	}
	return m, m.validate()
}

func (m *Manifest) validate() error {
	if len(m.Lines) == 0 || m.ID == "" || len(m.ID) > stock.MaxCommand {
		return errManifest
	}
	for _, l := range m.Lines {
		like := stock.Movement{Kind: stock.TransferIn, SKU: l.SKU, Lot: l.Lot, Delta: l.Quantity, Expiry: l.Expiry, Produced: l.Produced}
		if l.Quantity < 1 || like.Validate() != nil {
			return errManifest
		}
	}
	return nil
}

// Validate reports what cannot work.
func (t *Transfers) Validate() error {
	if len(t.Key) != ed25519.PrivateKeySize || t.Warehouse == "" {
		return errors.New("transfers: want the warehouse and its key")
	}
	for peer, key := range t.Peers {
		if len(key) != ed25519.PublicKeySize {
			return fmt.Errorf("transfers: the key of %s has %d bytes, want %d", peer, len(key), ed25519.PublicKeySize)
		}
	}
	return nil
}

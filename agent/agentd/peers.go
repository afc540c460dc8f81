package agentd

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/forestock/forestock/agent/floor"
	"github.com/forestock/forestock/proto/stock"
)

// keyName is the file in the data folder with the seed of the key that signs
// what this warehouse sends to others.
const keyName = "transfer.key"

// TransferKey gives the key that signs this warehouse's manifests, and makes it
// when there is none. Peers are told its public half.
func TransferKey(data string) (ed25519.PrivateKey, error) {
	path := filepath.Join(data, keyName)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return newTransferKey(data, path)
	}
	if err != nil {
		return nil, fmt.Errorf("read the transfer key: %w", err)
	}
	seed, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(seed) != ed25519.SeedSize {
		return nil, fmt.Errorf("the transfer key %s is damaged: remove it to make another, and tell the peers", path)
	}
	return ed25519.NewKeyFromSeed(seed), nil
}

func newTransferKey(data, path string) (ed25519.PrivateKey, error) {
	if err := os.MkdirAll(data, 0o750); err != nil {
		return nil, fmt.Errorf("make the folder of the transfer key: %w", err)
	}
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make a transfer key: %w", err)
	}
	// O_EXCL, because two programs at once must not each believe in a key of
	// their own.
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("make the transfer key: %w", err)
	}
	_, err = f.WriteString(base64.StdEncoding.EncodeToString(key.Seed()) + "\n")
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return nil, fmt.Errorf("make the transfer key: %w", err)
	}
	return key, nil
}

// PublicText writes the public half of a key as the peers' configuration has it.
func PublicText(key ed25519.PrivateKey) string {
	public, _ := key.Public().(ed25519.PublicKey)
	return base64.StdEncoding.EncodeToString(public)
}

// peers reads the public keys of the other warehouses.
func (w *Work) peers() (map[stock.Warehouse]ed25519.PublicKey, error) {
	out := make(map[stock.Warehouse]ed25519.PublicKey, len(w.Peers))
	for name, text := range w.Peers {
		id, err := stock.ParseWarehouse(name)
		if err != nil {
			return nil, fmt.Errorf("work.peers: %w", err)
		}
		key, err := base64.StdEncoding.DecodeString(text)
		if err != nil || len(key) != ed25519.PublicKeySize {
			return nil, fmt.Errorf("work.peers: %s: want what `agent transfer-key` prints there", name)
		}
		out[id] = key
	}
	return out, nil
}

// transfers gives what the stations need to send goods to peers; nil without any.
func (c *Config) transfers() (*floor.Transfers, error) {
	peers, err := c.Work.peers()
	if err != nil || len(peers) == 0 {
		return nil, err
	}
	key, err := TransferKey(c.Data)
	if err != nil {
		return nil, err
	}
	return &floor.Transfers{Warehouse: stock.Warehouse(c.Warehouse), Key: key, Peers: peers}, nil
}

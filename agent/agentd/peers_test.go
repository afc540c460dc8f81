package agentd

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTransferKey_IsMadeOnceAndKept(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	first, err := TransferKey(dir)
	if err != nil {
		t.Fatal(err)
	}
	again, err := TransferKey(dir)
	if err != nil || !first.Equal(again) {
		t.Errorf("the key changed: %v", err)
	}
	info, err := os.Stat(filepath.Join(dir, keyName))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("key file %v, %v: want mode 0600", info, err)
	}
	if err := os.WriteFile(filepath.Join(dir, keyName), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := TransferKey(dir); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("a damaged key gives %v", err)
	}
}

func TestConfig_ReadsPeers(t *testing.T) {
	c := DefaultConfig()
	c.Warehouse, c.Data = "dark-01", t.TempDir()
	if got, err := c.transfers(); got != nil || err != nil {
		t.Errorf("without peers: %v, %v", got, err)
	}
	other, err := TransferKey(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	c.Work.Peers = map[string]string{"dark-02": PublicText(other)}
	got, err := c.transfers()
	if err != nil || len(got.Peers) != 1 || got.Warehouse != "dark-01" || got.Validate() != nil {
		t.Errorf("with a peer: %+v, %v", got, err)
	}
	for name, key := range map[string]string{"dark-03": "short", "Dark 3": PublicText(other)} {
		c.Work.Peers = map[string]string{name: key}
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), "work.peers") {
			t.Errorf("peer %s: %v", name, err)
		}
	}
}

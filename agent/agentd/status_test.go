package agentd

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
)

// A new agent whose backup disk is there says so; the page and whoever watches
// the box read these names.
func TestStatus_SaysHowTheLedgerIsKept(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Warehouse, cfg.Data, cfg.Station.Listen = "dark-01", filepath.Join(t.TempDir(), "data"), "127.0.0.1:0"
	cfg.Ledger.MaxSize, cfg.Backup.Dir = 64<<20, t.TempDir()
	a, err := New(cfg, "test", quiet())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.close(); err != nil {
			t.Error(err)
		}
	})
	if _, err := a.present().upkeep.backup.take(t.Context(), today); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(a.Status())
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"damaged":[]`, `"scrubbed":null`, `"days_left":`, `"low":false`, `"last":"2026-06-01T12:00:00Z"`, `"alarm":""`,
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the status has no %s: %s", want, text)
		}
	}
	if _, err := a.present().registry.Gather(); err != nil {
		t.Error(err)
	}
}

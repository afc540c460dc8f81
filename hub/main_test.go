package main

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/forestock/forestock/hub/hubd"
)

func command(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	err := run(t.Context(), args, &out, &bytes.Buffer{})
	return out.String(), err
}

// running gives a hub on free ports, which ends with the test.
func running(t *testing.T, data string, tokens ...hubd.Token) *hubd.Hub {
	t.Helper()
	cfg := hubd.DefaultConfig()
	cfg.Data, cfg.BackupDir, cfg.HTTP, cfg.GRPC, cfg.MQTT.Listen = data, t.TempDir(), "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0"
	cfg.Tokens = tokens
	h, err := hubd.New(cfg, "test", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() { ran <- h.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ran; err != nil {
			t.Error(err)
		}
	})
	return h
}

func TestCatalogue_IsImportedIntoARunningHub(t *testing.T) {
	h := running(t, t.TempDir())
	file := filepath.Join(t.TempDir(), "items.csv")
	if err := os.WriteFile(file, []byte("sku,name,unit,gtins\nM1,牛奶,pc,6901234567892\nV1,白菜,g,\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"2 items read, 2 new or changed", "2 items read, 0 new or changed"} {
		out, err := command(t, "catalogue", "import", file, "--grpc", h.Addrs().GRPC)
		if err != nil || !strings.Contains(out, want) {
			t.Errorf("import = %q, %v, want %q", out, err, want)
		}
	}
}

func TestCommands_SayWhatIsWrong(t *testing.T) {
	broken := filepath.Join(t.TempDir(), "hub.yaml")
	if err := os.WriteFile(broken, []byte("data: x\nmqtt:\n  lisen: y\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ args, want string }{
		{"config check --config " + broken, "hub.yaml:3:3"},
		{"config check --http nowhere", "http"},
		{"run --http 0.0.0.0:8080 --grpc 127.0.0.1:0 --mqtt-listen 127.0.0.1:0 --data " + t.TempDir(), "token"},
		{"catalogue import nothing.csv", "no such file"},
		{"restore nothing", "required flag"},
		{"restore nothing --data " + filepath.Join(t.TempDir(), "new"), "no complete backup"},
		{"fly", "unknown command"},
	} {
		if _, err := command(t, strings.Fields(tt.args)...); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("hub %s = %v, want an error with %q", tt.args, err, tt.want)
		}
	}
	if out, err := command(t, "config", "check"); err != nil || !strings.Contains(out, "right") {
		t.Errorf("hub config check = %q, %v", out, err)
	}
}

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/forestock/forestock/hub/hubd"
)

const (
	reader = "a-token-that-may-only-read"
	writer = "a-token-that-may-write-too"
)

func TestBackup_OfARunningHubIsRestoredAndRuns(t *testing.T) {
	h := running(t, t.TempDir(), hubd.Token{Name: "shop", Token: reader, Role: "read"},
		hubd.Token{Name: "admin", Token: writer, Role: "write"})
	at := []string{"--grpc", h.Addrs().GRPC, "--token", writer}
	file := filepath.Join(t.TempDir(), "items.csv")
	if err := os.WriteFile(file, []byte("sku,name,unit,gtins\nM1,牛奶,pc,6901234567892\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := command(t, append([]string{"catalogue", "import", file}, at...)...); err != nil {
		t.Fatal(err)
	}
	out, err := command(t, append([]string{"backup", "one"}, at...)...)
	path := strings.TrimSpace(out)
	if err != nil || !filepath.IsAbs(path) || filepath.Base(path) != "one" {
		t.Fatalf("backup = %q, %v", out, err)
	}
	if out, err := command(t, append([]string{"backup"}, at...)...); err != nil || !strings.HasPrefix(out, filepath.Dir(path)) {
		t.Errorf("backup without a name = %q, %v", out, err)
	}
	for _, tt := range []struct {
		name string
		args []string
		want string
	}{
		{"a name that is taken", append([]string{"backup", "one"}, at...), "AlreadyExists"},
		{"a way out of the folder", append([]string{"backup", "../two"}, at...), "InvalidArgument"},
		{"a caller who may only read", []string{"backup", "--grpc", h.Addrs().GRPC, "--token", reader}, "PermissionDenied"},
		{"a caller without a token", []string{"backup", "--grpc", h.Addrs().GRPC, "--token", ""}, "Unauthenticated"},
		{"over the backups", []string{"restore", path, "--data", filepath.Dir(path)}, "not empty"},
	} {
		if _, err := command(t, tt.args...); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %s", tt.name, err, tt.want)
		}
	}
	data := filepath.Join(t.TempDir(), "data")
	if out, err := command(t, "restore", path, "--data", data); err != nil || !strings.Contains(out, data) {
		t.Fatalf("restore = %q, %v", out, err)
	}
	again := running(t, data)
	if out, err := command(t, "catalogue", "import", file, "--grpc", again.Addrs().GRPC); err != nil || !strings.Contains(out, "1 items read, 0 new") {
		t.Errorf("the restored hub's catalogue: %q, %v", out, err)
	}
}

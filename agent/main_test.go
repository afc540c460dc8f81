package main

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/forestock/forestock/agent/agentd"
	"github.com/forestock/forestock/agent/ledger"
	"github.com/forestock/forestock/proto/stock"
)

func command(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	err := run(t.Context(), args, &out, &bytes.Buffer{})
	return out.String(), err
}

// filled makes a ledger with three entries and gives its folder.
func filled(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	l, err := ledger.Open(agentd.LedgerPath(dir), ledger.Options{Warehouse: "dark-01", MaxSize: 16 << 20})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() { ran <- l.Run(ctx) }()
	for _, id := range []string{"a", "b", "c"} {
		m := stock.Movement{Kind: stock.Receive, SKU: "M1", Lot: "L1", Delta: 2, Operator: "小王"}
		if _, err := l.Append(t.Context(), stock.Command{ID: id, Movements: []stock.Movement{m}}); err != nil {
			t.Fatal(err)
		}
	}
	cancel()
	if err := <-ran; err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestLedger_CanBeShownVerifiedAndExported(t *testing.T) {
	dir := filled(t)
	for _, tt := range []struct {
		args string
		want []string
	}{
		{"ledger show --tail 1", []string{"receive", "M1", "小王"}},
		{"ledger verify", []string{"entries    1 to 3 kept", "the ledger is whole"}},
		{"ledger export", []string{`"sku":"M1"`, `"seq":3`}},
		{"ledger export --format csv --bom", []string{"\ufeff", "M1"}},
	} {
		out, err := command(t, append(strings.Fields(tt.args), "--data", dir)...)
		if err != nil {
			t.Errorf("agent %s: %v", tt.args, err)
		}
		for _, want := range tt.want {
			if !strings.Contains(out, want) {
				t.Errorf("agent %s does not say %q:\n%s", tt.args, want, out)
			}
		}
	}
}

func TestCommands_SayWhatIsWrong(t *testing.T) {
	for _, tt := range []struct{ args, want string }{
		{"run", "warehouse: name the warehouse"},
		{"config check --warehouse Dark", "warehouse"},
		{"ledger verify --data " + filepath.Join(t.TempDir(), "none"), "no such file"},
		{"ledger show --sku", "flag needs an argument"},
		{"fly", "unknown command"},
	} {
		if _, err := command(t, strings.Fields(tt.args)...); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("agent %s = %v, want an error with %q", tt.args, err, tt.want)
		}
	}
}

func TestVersion_IsSaid(t *testing.T) {
	if out, err := command(t, "--version"); err != nil || !strings.Contains(out, "go1.") {
		t.Errorf("agent --version = %q, %v", out, err)
	}
}

func TestPIN_IsReadAndNeverShown(t *testing.T) {
	var out bytes.Buffer
	cmd := pinCommand(&out)
	cmd.SetIn(strings.NewReader("4711\n"))
	cmd.SetArgs([]string{})
	if err := cmd.Execute(); err != nil || !strings.HasPrefix(out.String(), "pbkdf2-sha256$") || strings.Contains(out.String(), "4711") {
		t.Errorf("pin printed %q, %v", out.String(), err)
	}
	cmd = pinCommand(&out)
	cmd.SetIn(strings.NewReader("12\n"))
	cmd.SetArgs([]string{})
	cmd.SilenceUsage, cmd.SilenceErrors = true, true
	if err := cmd.Execute(); err == nil {
		t.Error("a PIN of two digits is taken")
	}
}

func TestTransferKey_StaysTheSame(t *testing.T) {
	dir := t.TempDir()
	first, err := command(t, "transfer-key", "--data", dir)
	if err != nil || len(strings.TrimSpace(first)) != 44 {
		t.Fatalf("transfer-key printed %q, %v", first, err)
	}
	if again, err := command(t, "transfer-key", "--data", dir); err != nil || again != first {
		t.Errorf("and then %q, %v", again, err)
	}
}

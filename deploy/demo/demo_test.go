package main

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/forestock/forestock/deploy/fleet"
)

func TestMain(m *testing.M) {
	fleet.Child()
	os.Exit(m.Run())
}

// play runs the demo and reads its summary.
func play(t *testing.T, args ...string) summary {
	t.Helper()
	var out, errs bytes.Buffer
	args = append(args, "--json", "--any-port", "--weighed", "1", "--dir", t.TempDir())
	if err := run(t.Context(), args, &out, &errs); err != nil {
		t.Fatalf("demo: %v\n%s", err, errs.String())
	}
	var s summary
	if err := json.Unmarshal(out.Bytes(), &s); err != nil {
		t.Fatalf("summary %q: %v", out.String(), err)
	}
	return s
}

func TestDemo_HubAndAgentsAgreeAtTheEnd(t *testing.T) {
	s := play(t, "--for", "3s", "--warehouses", "2")
	if !s.Agree || len(s.Warehouses) != 2 || s.Saved < 250 || s.Unseen > 0 {
		t.Errorf("summary = %+v", s)
	}
	for _, w := range s.Warehouses {
		if !w.Agree || w.AgentSeq == 0 || w.AgentSeq != w.HubSeq || w.SKUs < 100 {
			t.Errorf("%+v", w)
		}
	}
}

func TestDemo_TheyAgreeAfterChaosToo(t *testing.T) {
	s := play(t, "--for", "6s", "--chaos", "--warehouses", "2", "--seed", "7")
	if !s.Agree || s.Cuts+s.AgentKills+s.HubKills == 0 {
		t.Errorf("summary = %+v", s)
	}
}

func TestDemo_SaysWhatIsWrongWithItsFlags(t *testing.T) {
	var out bytes.Buffer
	for _, tt := range []struct{ args, want string }{
		{"--warehouses 0", "--warehouses 0: 1 to 50"},
		{"--seed many", "seed"},
		{"now", "unknown command"},
		{"--log-level loud --any-port", "log.level"},
	} {
		if err := run(t.Context(), strings.Fields(tt.args), &out, &out); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("demo %s = %v, want an error with %q", tt.args, err, tt.want)
		}
	}
}

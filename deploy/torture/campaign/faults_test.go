package campaign

import (
	"os"
	"testing"

	"github.com/forestock/forestock/deploy/torture/inject"
	"github.com/forestock/forestock/deploy/torture/work"
)

func TestMain(m *testing.M) {
	work.Child()
	os.Exit(m.Run())
}

// points of each campaign in a short test; `make torture` runs them in full.
const points = 60

func TestFaults_NothingSavedIsLost(t *testing.T) {
	if err := inject.Available(); err != nil {
		t.Skip(err)
	}
	calls := []string{"pwrite64", "fdatasync", "fsync", "ftruncate", "linkat", "unlinkat"}
	for _, tt := range []struct{ name, action string }{
		{"killed", "signal=KILL"},
		{"input/output error", "error=EIO"},
		{"no space left", "error=ENOSPC"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tally, err := Faults{Program: os.Args[0], Dir: t.TempDir(), Syscalls: calls, Action: tt.action, Points: points}.Run(t.Context())
			t.Log(tally)
			if err != nil {
				t.Fatal(err)
			}
		})
	}
}

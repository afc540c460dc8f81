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

func TestFaults_NothingSavedIsLost(t *testing.T) {
	if err := inject.Available(); err != nil {
		t.Skip(err)
	}
	for _, tt := range []struct {
		name   string
		work   work.Work
		calls  []string
		action string
		points int
		fresh  int
	}{
		{"ledger killed", work.Ledger{}, []string{"pwrite64", "fdatasync"}, "signal=KILL", 40, 0},
		{"ledger killed while it is made", work.Ledger{}, []string{"fsync", "ftruncate", "linkat", "unlinkat", "fallocate"}, "signal=KILL", 10, 1},
		{"ledger on a failing disk", work.Ledger{}, []string{"pwrite64", "fdatasync"}, "error=EIO", 30, 0},
		{"ledger on a full disk", work.Ledger{}, []string{"pwrite64", "fdatasync", "ftruncate"}, "error=ENOSPC", 30, 0},
		{"hub killed", work.Hub{}, []string{"write", "fdatasync", "fsync", "renameat"}, "signal=KILL", 30, 0},
		{"hub on a failing disk", work.Hub{}, []string{"fdatasync", "fsync"}, "error=EIO", 20, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tally, err := Faults{Work: tt.work, Program: os.Args[0], Dir: t.TempDir(), Syscalls: tt.calls, Action: tt.action, Points: tt.points, Fresh: tt.fresh}.Run(t.Context())
			t.Log(tally)
			if err != nil {
				t.Fatal(err)
			}
		})
	}
}

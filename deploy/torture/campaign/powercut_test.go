package campaign

import (
	"os"
	"testing"

	"github.com/forestock/forestock/deploy/torture/inject"
	"github.com/forestock/forestock/deploy/torture/work"
)

func needDisks(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("mounting disks needs root: run this test as root")
	}
	if _, err := os.Stat("/dev/fuse"); err != nil {
		t.Skip("no /dev/fuse here: load the fuse module to run this test")
	}
}

var works = map[string]work.Work{"ledger": work.Ledger{}, "hub": work.Hub{}}

func TestPowerCuts_NothingSavedIsLost(t *testing.T) {
	needDisks(t)
	for name, w := range works {
		t.Run(name, func(t *testing.T) {
			tally, err := PowerCuts{Work: w, Program: os.Args[0], Dir: t.TempDir(), Cuts: 10, Seed: 1}.Run(t.Context())
			t.Log(tally)
			if err != nil {
				t.Fatal(err)
			}
			if tally.Lost+tally.Corrupt > 0 {
				t.Error(tally.First)
			}
			if tally.InFlight == 0 || tally.Saved == 0 {
				t.Error("no cut hit writes in flight: the campaign showed nothing")
			}
		})
	}
}

// TestPowerCuts_WithoutSyncTheyLose is the negative control.
func TestPowerCuts_WithoutSyncTheyLose(t *testing.T) {
	needDisks(t)
	if err := inject.Available(); err != nil {
		t.Skip(err)
	}
	for name, w := range works {
		t.Run(name, func(t *testing.T) {
			tally, err := PowerCuts{Work: w, Program: os.Args[0], Dir: t.TempDir(), Cuts: 3, Seed: 2, NoSync: true}.Run(t.Context())
			t.Log(tally)
			if err != nil {
				t.Fatal(err)
			}
			if tally.Lost+tally.Corrupt == 0 {
				t.Error("a program whose syncs are swallowed lost nothing")
			}
		})
	}
}

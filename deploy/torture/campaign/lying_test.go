package campaign

import (
	"os"
	"testing"

	"github.com/forestock/forestock/deploy/torture/work"
)

func TestLyingDisks_NothingIsSilentlyWrong(t *testing.T) {
	needDisks(t)
	for _, tt := range []struct {
		name string
		work work.Liar
	}{{"ledger", work.Ledger{}}, {"hub", work.Hub{}}} {
		t.Run(tt.name, func(t *testing.T) {
			tally, err := LyingDisks{Work: tt.work, Program: os.Args[0], Dir: t.TempDir(), Cuts: 3, Seed: 1}.Run(t.Context())
			t.Log(tally)
			if err != nil {
				t.Fatal(err)
			}
			if tally.Silent > 0 {
				t.Error(tally.First)
			}
			if tally.Older+tally.Damaged+tally.Gone == 0 {
				t.Error("the lies cost nothing: the campaign showed nothing")
			}
		})
	}
}

// TestLyingDisks_AProgramThatChecksNothingIsCaught is the negative control. The
// first cut of this seed keeps some of the writes and loses others.
func TestLyingDisks_AProgramThatChecksNothingIsCaught(t *testing.T) {
	needDisks(t)
	tally, err := LyingDisks{Work: work.Notebook{}, Program: os.Args[0], Dir: t.TempDir(), Cuts: 1, Seed: 9}.Run(t.Context())
	t.Log(tally)
	if err != nil {
		t.Fatal(err)
	}
	if tally.Silent == 0 {
		t.Error("a program that checks nothing was not caught")
	}
}

// Whatever is left of a ledger, an agent that starts on it works again within a
// minute, and hub and agent come to have exactly what was acknowledged.
func TestLyingDisks_AgentsComeBack(t *testing.T) {
	needDisks(t)
	w := work.Ledger{Snapshots: t.TempDir()}
	tally, err := LyingDisks{Work: w, Program: os.Args[0], Dir: t.TempDir(), Cuts: 2, Seed: 4, Mend: w.Mend}.Run(t.Context())
	t.Log(tally)
	if err != nil {
		t.Fatal(err)
	}
	if tally.Mended != tally.Cuts || tally.Silent > 0 {
		t.Errorf("%d of %d agents came back: %v", tally.Mended, tally.Cuts, tally.First)
	}
}

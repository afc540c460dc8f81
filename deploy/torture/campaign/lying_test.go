package campaign

import (
	"os"
	"testing"

	"github.com/forestock/forestock/deploy/torture/work"
)

func TestLyingDisks_NoHubIsSilentlyWrong(t *testing.T) {
	needDisks(t)
	tally, err := LyingDisks{Work: work.Hub{}, Program: os.Args[0], Dir: t.TempDir(), Cuts: 2, Seed: 1}.Run(t.Context())
	t.Log(tally)
	if err != nil {
		t.Fatal(err)
	}
	lied(t, &tally)
}

// lied holds a campaign to its promise.
func lied(t *testing.T, tally *LieTally) {
	t.Helper()
	if tally.Silent > 0 {
		t.Error(tally.First)
	}
	if tally.Older+tally.Damaged+tally.Gone == 0 {
		t.Error("the lies cost nothing: the campaign showed nothing")
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

// No ledger is silently wrong, and whatever is left of it, an agent that starts
// on it works again within a minute, and hub and agent come to have exactly what
// was acknowledged.
func TestLyingDisks_AgentsComeBack(t *testing.T) {
	needDisks(t)
	w := work.Ledger{Snapshots: t.TempDir()}
	tally, err := LyingDisks{Work: w, Program: os.Args[0], Dir: t.TempDir(), Cuts: 3, Seed: 4, Mend: w.Mend}.Run(t.Context())
	t.Log(tally)
	if err != nil {
		t.Fatal(err)
	}
	lied(t, &tally)
	if tally.Mended != tally.Cuts {
		t.Errorf("%d of %d agents came back", tally.Mended, tally.Cuts)
	}
}

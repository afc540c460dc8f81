package campaign

import (
	"context"
	"testing"

	"github.com/forestock/forestock/deploy/torture/work"
)

func TestBitRot_EveryChangeOfLiveDataIsNoticed(t *testing.T) {
	tally, err := BitRot{Dir: t.TempDir(), Flips: 300, Pages: 60, Seed: 1}.Run(t.Context())
	t.Log(tally)
	if tally.Silent > 0 {
		t.Error(tally.First)
	}
	if err != nil {
		t.Fatal(err)
	}
	if tally.Noticed == 0 {
		t.Error("no damage hit live data: the campaign showed nothing")
	}
}

// TestBitRot_AReaderThatChecksNothingIsCaught is the negative control: content
// that differs without an error must be counted as silent.
func TestBitRot_AReaderThatChecksNothingIsCaught(t *testing.T) {
	careless := func(ctx context.Context, path string) (work.Content, error) {
		c, _ := work.Look(ctx, path) // it shrugs
		return c, nil
	}
	tally, err := BitRot{Dir: t.TempDir(), Flips: 100, Pages: 20, Seed: 1, Look: careless}.Run(t.Context())
	t.Log(tally)
	if err != nil {
		t.Fatal(err)
	}
	if tally.Silent == 0 {
		t.Error("a reader that checks nothing was not caught")
	}
}

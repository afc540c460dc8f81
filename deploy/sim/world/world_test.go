package world_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/forestock/forestock/deploy/sim/world"
)

// run lets a seed happen in a bubble of its own.
func run(t *testing.T, seed uint64, o world.Options) (r world.Result) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var err error
		if r, err = world.Run(seed, o); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	})
	return r
}

// short is a world that costs a fraction of a full one.
func short() world.Options { return world.Options{Rounds: 1, Round: 2 * time.Minute} }

func TestRun_KeepsEveryPromise(t *testing.T) {
	var all world.Tally
	for seed := range uint64(seeds) {
		r := run(t, seed+1, world.Options{})
		for _, broken := range r.Broken {
			t.Errorf("seed %d: %s", seed+1, broken)
		}
		all.Add(&r.Tally)
	}
	t.Logf("%s\n%s", &all, all.Troubles())
	if all.Entries < 300*seeds || all.Lost == 0 || all.Repeated == 0 || all.Late == 0 || all.Damaged == 0 {
		t.Errorf("hardly anything happened: %s", &all)
	}
}

// TestRun_ASeedAlwaysTellsTheSameStory compares fingerprints, which cover every
// packet on every line and the moment of its arrival.
func TestRun_ASeedAlwaysTellsTheSameStory(t *testing.T) {
	traces := make(map[string]uint64)
	for seed := range uint64(4) {
		first, second := run(t, seed, short()), run(t, seed, short())
		if first.Trace != second.Trace {
			t.Errorf("seed %d: trace %s, and the next time %s", seed, first.Trace, second.Trace)
		}
		if other, seen := traces[first.Trace]; seen {
			t.Errorf("seeds %d and %d are the same story", other, seed)
		}
		traces[first.Trace] = seed
	}
}

// takes says which faults bring out the defects that some faults never do.
var takes = map[world.Defect]string{
	world.AgentCarriesTooMuch: "agent", // a disk that goes back, and not to its beginning
	world.AgentTellsNoOrders:  "hub",
	world.HubTellsWholeOrders: "lost",
}

// TestRun_FindsDefects is the negative control: each bug is found by one of the
// first fifty seeds.
func TestRun_FindsDefects(t *testing.T) {
	for d := world.NoDefect + 1; int(d) <= world.Defects; d++ {
		t.Run(d.String(), func(t *testing.T) {
			for seed := uint64(1); seed <= 50; seed++ {
				o := short()
				o.Defect = d
				if only, seldom := takes[d]; seldom {
					o.Rounds, o.Only = 2, only
				}
				if r := run(t, seed, o); len(r.Broken) > 0 {
					t.Logf("seed %d: %s", seed, r.Broken[0])
					return
				}
			}
			t.Error("not found by fifty seeds")
		})
	}
}

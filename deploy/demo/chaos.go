package main

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/forestock/forestock/deploy/fleet"
)

// wreak cuts lines and kills programs until ctx ends, one trouble after the
// other, so that some of them overlap.
func (d *day) wreak(ctx context.Context) {
	rng := rand.New(rand.NewPCG(d.Seed, 0x6368616f73))
	for {
		if !fleet.Pause(ctx, time.Duration(300+rng.IntN(1500))*time.Millisecond) {
			return
		}
		site := d.fleet.Sites[rng.IntN(len(d.fleet.Sites))]
		switch rng.IntN(5) {
		case 0:
			d.cuts++
			site.Line.Cut()
		case 1:
			d.cuts++
			site.Line.Stall()
		case 2, 3:
			site.Line.Mend()
			site.Agent.Kill()
		case 4:
			d.fleet.Hub.Kill()
		}
		for _, s := range d.fleet.Sites {
			if rng.IntN(3) == 0 {
				s.Line.Mend()
			}
		}
	}
}

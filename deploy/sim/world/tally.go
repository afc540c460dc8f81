package world

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Tally is what happened in a world, in numbers.
type Tally struct {
	Commands, Entries, Refused, Items int // work
	Reserved, Picked, Recalled        int // orders: answers to the shop, picks for them, back from a floor
	Lost, Repeated, Late, Damaged     int // frames

	Faults map[string]int // by name
}

// Add adds another tally.
func (t *Tally) Add(o *Tally) {
	t.Commands += o.Commands
	t.Entries += o.Entries
	t.Refused += o.Refused
	t.Items += o.Items
	t.Reserved += o.Reserved
	t.Picked += o.Picked
	t.Recalled += o.Recalled
	t.Lost += o.Lost
	t.Repeated += o.Repeated
	t.Late += o.Late
	t.Damaged += o.Damaged
	for name, n := range o.Faults {
		t.fault(name, n)
	}
}

func (t *Tally) fault(name string, n int) {
	if t.Faults == nil {
		t.Faults = make(map[string]int)
	}
	t.Faults[name] += n
}

// String tells the work and the frames.
func (t *Tally) String() string {
	return fmt.Sprintf("%d commands in %d entries (%d refused), %d items, %d answers to the shop, %d picks for it, %d orders back from a floor; frames: %d lost, %d repeated, %d late, %d damaged",
		t.Commands, t.Entries, t.Refused, t.Items, t.Reserved, t.Picked, t.Recalled, t.Lost, t.Repeated, t.Late, t.Damaged)
}

// Troubles tells the faults, one a line.
func (t *Tally) Troubles() string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(t.Faults)) {
		fmt.Fprintf(&b, "%7d × %s\n", t.Faults[name], name)
	}
	return b.String()
}

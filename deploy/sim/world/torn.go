package world

import (
	"bytes"
	"math/rand/v2"
)

const (
	page   = 4096 // of bbolt
	sector = 512  // what a disk writes whole
	metas  = 2    // pages at the beginning that say which tree counts
)

// torn gives what the file may be when the power fails during one commit. bbolt
// writes its data pages, syncs, writes one meta page, and syncs again; until
// each sync any of the sectors may have been written. When it was not one commit
// exactly the file is as it was before or after.
func torn(before, after []byte, one bool, dice *rand.Rand) []byte {
	switch stage := dice.IntN(4); {
	case stage == 0 || (!one && stage == 1):
		return before
	case stage == 3 || !one:
		return after
	case stage == 1: // before the first sync
		return mix(before, after, metas*page, len(after), dice)
	}
	data := bytes.Clone(after) // before the second
	copy(data[:metas*page], before)
	return mix(data, after, 0, metas*page, dice)
}

// mix gives before with some of the sectors of after in a part of the file.
func mix(before, after []byte, from, to int, dice *rand.Rand) []byte {
	out := bytes.Clone(before)
	if grow := len(after) - len(out); grow > 0 && dice.IntN(2) == 0 {
		out = append(out, make([]byte, grow)...)
	}
	for at := from; at < min(to, len(out)); at += sector {
		if dice.IntN(2) == 0 {
			copy(out[at:at+sector], after[at:])
		}
	}
	return out
}

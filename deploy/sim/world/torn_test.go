package world

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// A torn file is never one that bbolt could not have left: the meta pages of
// the new state come only with all of its data.
func TestTorn_TheMetaPageComesLast(t *testing.T) {
	before, after := bytes.Repeat([]byte{1}, 4*page), bytes.Repeat([]byte{2}, 6*page)
	seen := make(map[string]bool)
	for seed := range uint64(400) {
		got := torn(before, after, true, rand.New(rand.NewPCG(seed, 0)))
		metas, data := got[:metas*page], got[metas*page:]
		switch {
		case bytes.Equal(got, before):
			seen["before"] = true
		case bytes.Equal(got, after):
			seen["after"] = true
		case !bytes.Contains(metas, []byte{2}):
			seen["in the data"] = true
		case bytes.Equal(data, after[2*page:]):
			seen["in the meta pages"] = true
		default:
			t.Fatalf("seed %d: meta pages changed before the data was whole", seed)
		}
	}
	if len(seen) != 4 {
		t.Errorf("saw only %v", seen)
	}
}

// What was more than one commit is not torn, because the pages of the first
// would not be those that the second left.
func TestTorn_TwoCommitsAreLeftWhole(t *testing.T) {
	before, after := make([]byte, 4*page), bytes.Repeat([]byte{2}, 6*page)
	for seed := range uint64(100) {
		got := torn(before, after, false, rand.New(rand.NewPCG(seed, 0)))
		if !bytes.Equal(got, before) && !bytes.Equal(got, after) {
			t.Fatalf("seed %d: torn", seed)
		}
	}
}

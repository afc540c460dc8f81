package flood

import (
	"context"
	"errors"
	"testing"
)

func TestFlood_TheHubIsWhatTheModelIs(t *testing.T) {
	hub, err := OpenHub(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() { ran <- hub.Run(ctx) }()
	tally, err := Flood{Frames: 10_000, Warehouses: 1, Seed: 1}.Run(ctx, hub)
	t.Log(tally)
	cancel()
	if err := errors.Join(err, <-ran, hub.Close()); err != nil {
		t.Fatal(err)
	}
	if tally.Late.Load() == 0 || tally.Replayed.Load() == 0 || tally.Gaps.Load() == 0 || tally.Fenced.Load() == 0 {
		t.Error("nothing was overtaken, replayed, missing or fenced: the flood showed nothing")
	}
}

// TestFlood_AReceiverWithoutACursorDiffers is the negative control.
func TestFlood_AReceiverWithoutACursorDiffers(t *testing.T) {
	r, err := NewTrusting()
	if err != nil {
		t.Fatal(err)
	}
	tally, err := Flood{Frames: 2000, Warehouses: 2, Seed: 1}.Run(t.Context(), r)
	t.Log(tally)
	if !errors.Is(err, ErrDiffers) {
		t.Errorf("a receiver that counts everything twice gives %v, want it to differ", err)
	}
}

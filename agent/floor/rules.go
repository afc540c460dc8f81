package floor

import (
	"fmt"
	"time"
)

// Rules are the settings of a station.
type Rules struct {
	// NeedBadge refuses every booking until somebody has scanned a badge.
	NeedBadge bool
	// JoinWithin is how far apart the codes of one product may be scanned.
	JoinWithin time.Duration
	// IdleAfter is when an unused station falls back to look-up.
	IdleAfter time.Duration
	// WeightAge is how old a weight may be when it is booked.
	WeightAge time.Duration
	// SettleFor is how long a weight must stay before it is booked by itself:
	// long enough to put the last handful on, or to tare an empty crate.
	SettleFor time.Duration
	// PanEmpty is the weight in grams below which the pan counts as empty. It
	// is also the least weight that is booked, and the least change that counts.
	PanEmpty int64
	// UndoFor is how long an action can be undone.
	UndoFor time.Duration
}

// DefaultRules gives the settings that a station starts with.
func DefaultRules() Rules {
	return Rules{
		JoinWithin: 20 * time.Second,
		IdleAfter:  3 * time.Minute,
		WeightAge:  2 * time.Second,
		SettleFor:  1500 * time.Millisecond,
		PanEmpty:   5,
		UndoFor:    30 * time.Minute,
	}
}

// Validate reports the first setting that cannot work.
func (r Rules) Validate() error {
	switch {
	case r.JoinWithin <= 0:
		return fmt.Errorf("join within %v: want more than 0", r.JoinWithin)
	case r.IdleAfter <= 0:
		return fmt.Errorf("idle after %v: want more than 0", r.IdleAfter)
	case r.WeightAge <= 0:
		return fmt.Errorf("weight age %v: want more than 0", r.WeightAge)
	case r.SettleFor < 0:
		return fmt.Errorf("settle for %v: want 0 or more", r.SettleFor)
	case r.PanEmpty < 1:
		return fmt.Errorf("pan empty below %d g: want 1 or more", r.PanEmpty)
	case r.UndoFor <= 0:
		return fmt.Errorf("undo for %v: want more than 0", r.UndoFor)
	}
	return nil
}

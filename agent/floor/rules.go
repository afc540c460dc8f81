package floor

import (
	"fmt"
	"time"

	"github.com/forestock/forestock/proto/stock"
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
	// Repeat is how soon after a code the same code counts as a double read, and
	// RepeatIn the same in some modes: 0 counts every read. A window that is too
	// long loses goods that were scanned one by one.
	Repeat   time.Duration
	RepeatIn map[Mode]time.Duration
	// People are those who work here; with nobody named every badge is somebody,
	// and any second badge approves.
	People []Person
	// LifeLeft is the least part of its life, in percent, that a lot must have
	// left when it is received, and SaleLeft when it is picked; 0 asks only that
	// it is not expired. Less than LifeLeft is for a supervisor to accept.
	LifeLeft, SaleLeft int
	// WasteLimit is the value in fen above which a second person approves what
	// is thrown away, and what a count changes; 0 for none.
	WasteLimit int64
	// CountAgain is the difference in percent of what the book has beyond which
	// a bin is counted once more; 0 books every count at once.
	CountAgain int
	// Zones are the temperature zones of bins by the first part of their name,
	// such as B; a bin of none is taken for that of the items at home in it.
	Zones map[string]stock.Zone
	// Transfers is what goods that go to other warehouses need; nil for none.
	Transfers *Transfers
	// Notices looks up what was announced of an inbound document, nil for
	// nothing; nil where nothing ever is.
	Notices func(document string) (*Notice, error)
	// ShopLabels says that the scanners of the shop read labels of the layout
	// 2.IIIIIWWWWWC, so that weighed goods without a trade item number get one.
	ShopLabels bool
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
		Repeat:     300 * time.Millisecond,
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
	case r.Repeat < 0:
		return fmt.Errorf("repeat %v: want 0 or more", r.Repeat)
	case r.UndoFor <= 0:
		return fmt.Errorf("undo for %v: want more than 0", r.UndoFor)
	}
	if r.LifeLeft < 0 || r.LifeLeft > 100 || r.SaleLeft < 0 || r.SaleLeft > 100 || r.CountAgain < 0 || r.WasteLimit < 0 {
		return fmt.Errorf("life left %d %%, sale left %d %%, count again %d %%, waste limit %d: want 0 or more, and percentages to 100", r.LifeLeft, r.SaleLeft, r.CountAgain, r.WasteLimit)
	}
	for name, z := range r.Zones {
		if z != stock.Ambient && z != stock.Chilled && z != stock.Frozen {
			return fmt.Errorf("zone of bins %q is %q: one of ambient, chilled, frozen", name, z)
		}
	}
	if r.Transfers != nil {
		if err := r.Transfers.Validate(); err != nil {
			return err
		}
	}
	if err := validatePeople(r.People); err != nil {
		return err
	}
	for mode, d := range r.RepeatIn {
		if _, known := modeTexts[mode]; !known || d < 0 {
			return fmt.Errorf("repeat in %q %v: want a mode such as receive or pick, and 0 or more", mode, d)
		}
	}
	return nil
}

// repeatIn gives the window of double reads in a mode.
func (r Rules) repeatIn(m Mode) time.Duration {
	if d, ok := r.RepeatIn[m]; ok {
		return d
	}
	return r.Repeat
}

// LongestRepeat gives the longest window of any mode: a scanner need not tell
// repeats that come later.
func (r Rules) LongestRepeat() time.Duration {
	longest := r.Repeat
	for _, d := range r.RepeatIn {
		longest = max(longest, d)
	}
	return longest
}

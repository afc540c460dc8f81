package scale

import "time"

// Settle is the rule by which a weight counts as stable when the scale does not say it: so many readings in a row, for so
// long, that differ by at most one in the last place.
type Settle struct {
	Readings int
	For      time.Duration
}

// DefaultSettle returns four readings over half a second.
func DefaultSettle() Settle { return Settle{Readings: 4, For: 500 * time.Millisecond} }

// settling watches readings.
type settling struct {
	rule  Settle
	first Reading // the first of the run
	count int
}

func (s *settling) reset() { s.count = 0 }

// infer replaces Unknown by what the run of readings shows.
func (s *settling) infer(r Reading) Reading {
	if r.Fault != NoFault || r.Stability != Unknown {
		s.reset()
		return r
	}
	apart := r.Value.Digits - s.first.Value.Digits
	same := r.Kind == s.first.Kind && r.Unit == s.first.Unit && r.Mode == s.first.Mode && r.Value.Places == s.first.Value.Places
	if s.count == 0 || !same || apart > 1 || apart < -1 {
		s.first, s.count = r, 0
	}
	s.count++
	r.Inferred, r.Stability = true, Unstable
	if s.count >= s.rule.Readings && r.At.Sub(s.first.At) >= s.rule.For {
		r.Stability = Stable
	}
	return r
}

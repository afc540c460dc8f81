package stock

import (
	"fmt"
	"slices"
)

// Statement is every level of a warehouse as of one entry of one ledger. It is
// how a side that lacks the entries themselves gets what they add up to.
type Statement struct {
	Epoch  Epoch
	Seq    Seq
	Head   Hash // the chain's hash after Seq
	Levels []StatedLevel
	Digest uint64 // root of the digest of all levels
	// Booked are some of the newest entries that are in the levels, so that a
	// command that is repeated is known; none where nobody needs them.
	Booked []Booked
}

// StatedLevel is a level with all that is known of its lot. OnHand is zero for
// a lot of which only the dates are known, and for a SKU of which only the name is.
type StatedLevel struct {
	Level
	Produced Date
}

// Takeover says which levels a ledger took over from an earlier one.
type Takeover struct {
	Epoch Epoch // the ledger that had them
	Seq   Seq   // the entry of that ledger that they are as of
	Last  Seq   // the entry of the new ledger with which it had taken them over
}

// IsZero reports whether the ledger took over nothing.
func (t Takeover) IsZero() bool { return t == Takeover{} }

// State gives all levels, by SKU, lot and bin, and the root of their digest.
func (s *Sheet) State() ([]StatedLevel, uint64) {
	var out []StatedLevel
	for _, sku := range slices.Sorted(s.SKUs()) {
		out = append(out, s.stateOf(sku)...)
	}
	digest := s.Digest()
	return out, digest.Root()
}

// stateOf gives all that the sheet knows of a SKU: a lot's first dates are
// remembered for ever, so they are stated without a level too.
func (s *Sheet) stateOf(sku SKU) []StatedLevel {
	var out []StatedLevel
	seen := make(map[Lot]bool)
	for _, l := range s.Levels(sku) {
		seen[l.Lot] = true
		out = append(out, StatedLevel{l, s.Lot(sku, l.Lot).Produced})
	}
	for _, lot := range s.Lots(sku) {
		if !seen[lot.Lot] {
			out = append(out, StatedLevel{Level{Cell: Cell{SKU: sku, Lot: lot.Lot}, Expiry: lot.Expiry}, lot.Produced})
		}
	}
	if len(out) == 0 {
		out = append(out, StatedLevel{Level: Level{Cell: Cell{SKU: sku}}})
	}
	return out
}

// Sheet adds the statement up. Its error says that the levels do not fit the
// digest.
func (st *Statement) Sheet() (Sheet, error) {
	var s Sheet
	for i := range st.Levels {
		s.Set(st.Levels[i].Level, st.Levels[i].Produced)
	}
	digest := s.Digest()
	if got := digest.Root(); got != st.Digest {
		return Sheet{}, fmt.Errorf("%w statement as of entry %d: its levels add up to digest %016x, it says %016x", ErrInvalid, st.Seq, got, st.Digest)
	}
	return s, nil
}

// Restate makes what the sheet knows of a SKU just what is stated, dates
// included, whatever entries said before. All levels are of this SKU.
func (s *Sheet) Restate(sku SKU, levels []StatedLevel) {
	sh := s.shelf(sku)
	for _, c := range sh.cells {
		s.digest.Add(Cell{sku, c.lot, c.bin}, -c.qty)
	}
	s.cells -= len(sh.cells)
	*sh = shelf{}
	for i := range levels {
		s.Set(levels[i].Level, levels[i].Produced)
	}
}

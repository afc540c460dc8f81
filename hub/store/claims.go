package store

import (
	"cmp"
	"slices"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/proto/stock"
)

// face is what readers see of a shelf somebody claimed something of: one value,
// so that nobody sees goods leave the shelf before they leave the order.
type face struct {
	row       *string
	held      int64
	committed int64
	channels  []inventory.ChannelClaim
	revision  inventory.Revision
}

// shown gives what readers see of the shelf.
func (sh *shelf) shown() face {
	if f := sh.face.Load(); f != nil {
		return *f
	}
	row := sh.row.Load()
	return face{row: row, revision: revisionOf(*row)}
}

// publishClaims shows what is claimed, and the rows that changed beneath it. It
// adds to the marks of the levels, one for each shelf that changed.
func (v *view) publishClaims(c *inventory.Changes, marks []mark) []mark {
	if len(c.Claims) == 0 {
		return marks
	}
	levels := len(marks)
	marks = slices.Grow(marks, len(c.Claims))
	for i := range c.Claims {
		claim := &c.Claims[i]
		s, sh := v.shelfOf(claim)
		if sh == nil {
			continue // cannot be: a SKU is claimed only where it has a level
		}
		sh.face.Store(&face{sh.row.Load(), claim.Held, claim.Committed, claim.Channels, claim.Revision})
		marks = append(marks, mark{claim.Revision, s, sh})
	}
	if levels == 0 {
		return marks
	}
	slices.SortFunc(marks, func(a, b mark) int { return cmp.Compare(a.revision, b.revision) })
	return slices.CompactFunc(marks, func(a, b mark) bool { return a.revision == b.revision })
}

// refaceLevels shows new rows of shelves of which the claims did not change.
func (v *view) refaceLevels(levels []inventory.Level) {
	if len(v.claimed) == 0 {
		return
	}
	for i := range levels {
		l := &levels[i]
		sh := v.shop(l.Warehouse).shelf(l.SKU)
		if f := sh.face.Load(); f != nil && f.row != sh.row.Load() {
			sh.face.Store(&face{sh.row.Load(), f.held, f.committed, f.channels, l.Revision})
		}
	}
}

// place is a shelf that was claimed, with its shop.
type place struct {
	shop  *shop
	shelf *shelf
}

// shelfOf finds the shelf of a claim, by its number once it was found by name.
func (v *view) shelfOf(c *inventory.Claim) (*shop, *shelf) {
	for int(c.Number) >= len(v.claimed) {
		v.claimed = append(v.claimed, place{})
	}
	at := &v.claimed[c.Number]
	if at.shelf == nil {
		s := v.shop(c.Warehouse)
		if s == nil {
			return nil, nil
		}
		*at = place{s, s.shelf(c.SKU)}
	}
	return at.shop, at.shelf
}

// publishPolicies shows the policies that are in force.
func (v *view) publishPolicies(rows []inventory.PolicyRow) {
	for i := range rows {
		s := v.open(rows[i].Warehouse)
		var kept []inventory.PolicyRow
		if old := s.policies.Load(); old != nil {
			kept = slices.Clone(*old)
		}
		at, found := slices.BinarySearchFunc(kept, rows[i].SKU, bySKUOfPolicy)
		if found {
			kept = slices.Delete(kept, at, at+1)
		}
		if rows[i].Policy != nil {
			kept = slices.Insert(kept, at, rows[i])
		}
		s.policies.Store(&kept)
	}
}

// policyOf gives the policy that holds for a SKU; nil where nobody set one.
func (s *shop) policyOf(sku stock.SKU) *inventory.Policy {
	rows := s.policies.Load()
	if rows == nil || len(*rows) == 0 {
		return nil
	}
	if at, own := slices.BinarySearchFunc(*rows, sku, bySKUOfPolicy); own {
		return (*rows)[at].Policy
	}
	if first := &(*rows)[0]; first.SKU == "" {
		return first.Policy
	}
	return nil
}

func bySKUOfPolicy(r inventory.PolicyRow, sku stock.SKU) int { return cmp.Compare(r.SKU, sku) }

// publishEvents lets feeds see what happened.
func (v *view) publishEvents(c *inventory.Changes) {
	if c.Retired > 0 {
		v.retired.Store(uint64(c.Retired))
	}
	if n := len(c.Events); n > 0 {
		v.told.Store(uint64(c.Events[n-1].Reservation.Revision))
		v.happened.ring()
	}
}

package inventory

import "github.com/forestock/forestock/proto/stock"

// Revision orders the changes of levels: every change of a SKU in a warehouse
// gives it a greater one than any that was given before.
type Revision uint64

// Term numbers the epochs of a warehouse in the order they opened, from 1.
type Term uint32

// Place is an entry's place in all that a warehouse ever sent.
type Place struct {
	Term Term
	Seq  stock.Seq
}

// IsZero reports whether p is no place at all.
func (p Place) IsZero() bool { return p == Place{} }

// Before reports whether p came before q.
func (p Place) Before(q Place) bool {
	return p.Term < q.Term || (p.Term == q.Term && p.Seq < q.Seq)
}

// Level is one SKU in one warehouse. Quantities are whole base units.
type Level struct {
	Warehouse stock.Warehouse
	SKU       stock.SKU
	OnHand    int64 // over all lots and bins; negative when more left than was booked in
	Held      int64 // claimed by reservations that are not confirmed
	Committed int64 // claimed by confirmed orders that are not picked
	Safety    int64 // kept back from sale, by the policy
	// Policy is how it may be sold; nil where nobody set anything.
	Policy *Policy
	// Channels are the claims of each, where the policy has quotas.
	Channels []ChannelClaim
	Lots     []LotLevel
	// Newest is the last entry that changed this SKU; zero where none did.
	Newest   Place
	Revision Revision
	// Applied is the newest entry of the warehouse that is part of the number.
	// It moves on without a change of the level.
	Applied stock.Seq
	// Reported is set while the box's statement is shown instead of the sum of
	// the entries: until the hub has stored this one. Like Applied it changes
	// without a change of the level.
	Reported stock.Seq
	// Removed is set for an item that is no longer sold.
	Removed bool
}

// LotLevel is what is on hand of one lot. Lots that have nothing in any bin
// are not listed; the order is first expiring first, a lot without a date last.
type LotLevel struct {
	Lot      stock.Lot
	Expiry   stock.Date // last day of sale; zero where it does not expire
	Produced stock.Date
	OnHand   int64
	Bins     []BinLevel // by name
}

// BinLevel is what is on hand of one lot in one bin.
type BinLevel struct {
	Bin    stock.Bin
	OnHand int64
}

// Expired reports whether the lot may no longer be sold on this day. The
// expiry date itself is still a day of sale: it is the limit of consumption or
// use (GS1 General Specifications, AI (17)).
func (l *LotLevel) Expired(today stock.Date) bool { return l.Expiry != 0 && l.Expiry < today }

// Unavailable gives the part of OnHand that may not be sold on this day,
// because it is expired. A lot that is below zero never makes it smaller.
func (l *Level) Unavailable(today stock.Date) int64 {
	var n int64
	for i := range l.Lots {
		if lot := &l.Lots[i]; lot.Expired(today) && lot.OnHand > 0 {
			n += lot.OnHand
		}
	}
	return n
}

// Offer gives what may be promised of it.
func (l *Level) Offer(on Terms) Offer {
	if l.Removed {
		return Offer{}
	}
	return l.Policy.offer(l.OnHand-l.Unavailable(on.Today), l.Held+l.Committed, l.Channels, on)
}

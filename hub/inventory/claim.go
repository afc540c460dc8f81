package inventory

import (
	"cmp"
	"slices"

	"github.com/forestock/forestock/proto/stock"
)

// Claim is what is claimed of one SKU in one warehouse. No row has it: it is
// derived from the open reservations.
type Claim struct {
	// Number stands for the warehouse and the SKU, from 1 and without gaps, for
	// as long as the Book is in memory: stores use it to find their own.
	Number    uint32
	Warehouse stock.Warehouse
	SKU       stock.SKU
	Held      int64
	Committed int64
	Channels  []ChannelClaim // where channels have quotas
	Revision  Revision
}

// ChannelClaim is what one channel has claimed.
type ChannelClaim struct {
	Channel string
	Open    int64 // held and committed
}

func (p *promise) claim() Claim {
	return Claim{
		Number: p.number, Warehouse: p.ware.state.Warehouse, SKU: p.sku,
		Held: p.held, Committed: p.committed, Channels: p.metered(), Revision: p.line.revision,
	}
}

// metered gives what channels have claimed, where a quota makes it matter: the
// others are spared a copy with every order.
func (p *promise) metered() []ChannelClaim {
	if len(p.policy.Quotas) == 0 {
		return nil
	}
	var out []ChannelClaim
	for _, c := range p.channels {
		if c.Open != 0 {
			out = append(out, c)
		}
	}
	slices.SortFunc(out, func(a, b ChannelClaim) int { return cmp.Compare(a.Channel, b.Channel) })
	return out
}

// claims gives what changed, by revision.
func (s *step) claims() []Claim {
	if len(s.promises) == 0 {
		return nil
	}
	out := make([]Claim, 0, len(s.promises)-s.repeated)
	for _, p := range s.promises {
		if p != nil {
			p.changed = false
			out = append(out, p.claim())
		}
	}
	clear(s.promises) // the slice is used again
	sortClaims(out)
	return out
}

// sortClaims puts claims in the order of their revisions, in which they mostly
// are already.
func sortClaims(c []Claim) {
	for i := range c {
		if i > 0 && c[i].Revision < c[i-1].Revision {
			slices.SortFunc(c, func(a, b Claim) int { return cmp.Compare(a.Revision, b.Revision) })
			return
		}
	}
}

// claimed fills in what is claimed of a level and kept back.
func (w *warehouse) claimed(p *promise, sku stock.SKU, l *Level) {
	if p != nil {
		l.Held, l.Committed, l.Channels = p.held, p.committed, p.metered()
	}
	policy := w.policyOf(sku)
	l.Safety = policy.Safety + policy.LocalReserve
	if policy != noPolicy {
		l.Policy = policy
	}
}

// Shown gives what readers have to see beside the rows of a store, after all
// of them were loaded: what is claimed, and the orders of each down stream.
func (b *Book) Shown() Changes {
	b.tidy()
	var out Changes
	for _, id := range sortedKeys(b.warehouses) {
		w := b.warehouses[id]
		out.Downs = append(out.Downs, b.downRow(w))
		for _, p := range w.promises {
			out.Claims = append(out.Claims, p.claim())
		}
	}
	sortClaims(out.Claims)
	return out
}

// downRow gives the down stream of w with the orders on it.
func (b *Book) downRow(w *warehouse) DownRow {
	row := DownRow{Warehouse: w.state.Warehouse, DownState: w.down}
	for i, k := range w.down.Pending {
		if k.Order == "" {
			continue
		}
		if row.Orders == nil {
			row.Orders = make([]*Reservation, len(w.down.Pending))
		}
		if slot, ok := b.desk.known[SumOf(k.Order)].slot(); ok && slot != 0 && b.desk.records[slot].ware == w {
			row.Orders[i] = b.desk.records[slot].r
		} else {
			row.Orders[i] = b.over(k.Order)
		}
	}
	return row
}

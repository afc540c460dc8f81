package inventory

import (
	"slices"

	"github.com/forestock/forestock/proto/stock"
)

// promise is what is claimed of one SKU in one warehouse, and of which lots.
// It is derived: from the levels that are served, and from open reservations.
type promise struct {
	line   *line
	sku    stock.SKU // as in line
	ware   *warehouse
	policy *Policy
	number uint32 // dense, for a store's tables
	at     uint32 // in step.promises, where it changed

	stale   bool // the served levels changed since lots were read
	removed bool // the catalogue says that it is no longer sold
	weighed bool
	changed bool // by the Apply under way
	loose   bool // waits for settle

	held      int64
	committed int64
	lots      []lotClaim     // first expiring first; those without a date last
	channels  []ChannelClaim // few: most platforms have less than five

	// The room for one of each, which is what most have: every piece of memory
	// more that an order goes through is a miss of the processor's cache.
	lot1     [1]lotClaim
	channel1 [1]ChannelClaim
}

// lotClaim is a lot and what is claimed of it.
type lotClaim struct {
	lot     stock.Lot
	expiry  stock.Date
	onHand  int64
	claimed int64
}

// free gives what may still be claimed of the lot on a day, for a line that
// needs it to be good for longer.
func (l *lotClaim) free(today, minExpiry stock.Date) int64 {
	if l.expiry != 0 && (l.expiry < today || l.expiry < minExpiry) {
		return 0
	}
	return max(0, l.onHand-l.claimed)
}

// noPolicy is what holds where nobody set anything.
var noPolicy = new(Policy)

// promise finds what is promised of a SKU, or begins it; nil for a SKU that no
// entry of this warehouse ever named.
func (w *warehouse) promise(b *Book, sku stock.SKU) *promise {
	l := w.lines.find(sku)
	if l == nil {
		return nil
	}
	p := l.promise
	if p == nil {
		b.desk.promises++
		p = &promise{ware: w, sku: l.sku, line: l, number: b.desk.promises, policy: w.policyOf(sku), stale: true}
		p.channels = p.channel1[:0]
		l.promise, w.promises = p, append(w.promises, p)
	}
	if p.stale {
		p.refresh(b)
	}
	return p
}

// refresh reads the served levels again, and keeps the claims.
func (p *promise) refresh(b *Book) {
	p.stale = false
	item := b.catalogue.items[p.sku]
	p.removed, p.weighed = item.Removed, item.Unit == stock.Gram || item.Unit == stock.Millilitre
	claimed := slices.Clone(p.lots)
	p.lots = p.lot1[:0]
	for _, c := range p.ware.served(p.sku).Levels(p.sku) { // cells of a lot are neighbours
		if n := len(p.lots); n > 0 && p.lots[n-1].lot == c.Lot {
			p.lots[n-1].onHand += c.OnHand
			continue
		}
		p.lots = append(p.lots, lotClaim{lot: c.Lot, expiry: c.Expiry, onHand: c.OnHand})
	}
	for i := range claimed {
		if old := &claimed[i]; old.claimed != 0 {
			p.lot(old.lot, old.expiry).claimed = old.claimed
		}
	}
}

// lot finds a lot, or adds it with nothing on hand.
func (p *promise) lot(lot stock.Lot, expiry stock.Date) *lotClaim {
	for i := range p.lots {
		if p.lots[i].lot == lot {
			return &p.lots[i]
		}
	}
	at, _ := slices.BinarySearchFunc(p.lots, expiry, func(l lotClaim, e stock.Date) int {
		if uint32(l.expiry)-1 <= uint32(e)-1 { // turns "no date" into the last date of all
			return -1
		}
		return 1
	})
	p.lots = slices.Insert(p.lots, at, lotClaim{lot: lot, expiry: expiry})
	return &p.lots[at]
}

// unexpired gives what is on hand and may be sold on a day. Lots that are
// below zero count: those goods left under another lot's name.
func (p *promise) unexpired(today stock.Date) int64 {
	var n int64
	for i := range p.lots {
		if l := &p.lots[i]; l.expiry == 0 || l.expiry >= today || l.onHand < 0 {
			n += l.onHand
		}
	}
	return n
}

// room gives what a line may claim beyond what is claimed already, lots aside.
func (p *promise) room(on Terms) int64 {
	if p.removed {
		return 0
	}
	return p.policy.offer(p.unexpired(on.Today), p.held+p.committed, p.channels, on).Quantity
}

// channel gives the counter of what a channel has claimed.
func (p *promise) channel(name string) *int64 {
	for i := range p.channels {
		if p.channels[i].Channel == name {
			return &p.channels[i].Open
		}
	}
	p.channels = append(p.channels, ChannelClaim{Channel: name})
	return &p.channels[len(p.channels)-1].Open
}

// take sets up to want aside, first expiring first, and appends what it took.
func (p *promise) take(into []Allocation, want int64, today, minExpiry stock.Date) []Allocation {
	for i := range p.lots {
		if want <= 0 {
			break
		}
		l := &p.lots[i]
		n := min(want, l.free(today, minExpiry))
		if n <= 0 {
			continue
		}
		l.claimed += n
		want -= n
		into = append(into, Allocation{Lot: l.lot, Expiry: l.expiry, Quantity: n})
	}
	return into
}

// putBack gives up what was set aside.
func (p *promise) putBack(lots []Allocation) {
	for i := range lots {
		p.lot(lots[i].Lot, lots[i].Expiry).claimed -= lots[i].Quantity
	}
}

// count adds to what is claimed in a state, by a channel.
func (p *promise) count(s ReservationState, channel string, n int64) {
	if s == Confirmed {
		p.committed += n
	} else {
		p.held += n
	}
	*p.channel(channel) += n
}

// overdrawn reports whether more is claimed than there is, or than is set aside.
func (p *promise) overdrawn(today stock.Date) bool {
	open := p.held + p.committed
	if open == 0 {
		return false
	}
	aside := int64(0)
	for i := range p.lots {
		l := &p.lots[i]
		aside += l.claimed
		if l.claimed > 0 && (l.claimed > l.onHand || l.expiry != 0 && l.expiry < today) {
			return true
		}
	}
	return aside < open || open > p.unexpired(today)
}

package inventory

import (
	"fmt"
	"strings"
	"time"

	"github.com/forestock/forestock/proto/stock"
)

// Terms are what a promise is made on: when, for whom, and from how good
// numbers.
type Terms struct {
	Today    stock.Date
	Channel  string // empty has no quota
	Degraded bool   // the numbers are not Live: the policy's buffer is kept back
	Closed   bool   // the warehouse takes no reservation: see ClosedTo
}

// Offer is what may be promised of a SKU beyond what is claimed already, and why
// it is not more.
type Offer struct {
	Quantity int64 // never below zero
	Buffer   int64 // kept back because the numbers are not Live
	// Limited is set where the channel has a quota, and Quota what it leaves.
	Limited bool
	Quota   int64
}

// offer is the one place that says how much may be sold, to whoever reads a level
// and to a Try alike. stocked is what is on hand and not expired, open what is
// held and committed.
func (p *Policy) offer(stocked, open int64, channels []ChannelClaim, on Terms) (out Offer) {
	if p == nil {
		p = noPolicy
	}
	stocked = max(0, stocked-p.Safety-p.LocalReserve)
	if on.Degraded {
		out.Buffer = (stocked*int64(p.DegradedBuffer) + 99) / 100
		stocked -= out.Buffer
	}
	out.Quantity = max(0, stocked-open)
	for _, q := range p.Quotas {
		if q.Channel == on.Channel {
			left := max(0, stocked*int64(q.Percent)/100-claimedBy(channels, q.Channel))
			out.Limited, out.Quota = true, left
			out.Quantity = min(out.Quantity, left)
		}
	}
	if on.Closed {
		out.Quantity = 0
	}
	return out
}

func claimedBy(channels []ChannelClaim, name string) int64 {
	for i := range channels {
		if channels[i].Channel == name {
			return channels[i].Open
		}
	}
	return 0
}

// ClosedTo reports whether the warehouse takes no reservation, because its
// numbers are too old by its own policy, or because its box is being replaced.
func (s *WarehouseState) ClosedTo(p *Policy, f Freshness, age time.Duration) bool {
	if s.Frozen != nil {
		return true
	}
	if p != nil && p.MaxAge > 0 {
		return age > p.MaxAge
	}
	return f == Stale
}

// CheckChannel refuses what is no name of a channel. The error wraps
// stock.ErrInvalid.
func CheckChannel(name string) error {
	if len(name) > maxChannel || strings.IndexFunc(name, notInChannel) >= 0 {
		return fmt.Errorf("%w channel %.40q: at most %d of a-z, 0-9 and -", stock.ErrInvalid, name, maxChannel)
	}
	return nil
}

func notInChannel(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' }

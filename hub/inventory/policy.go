package inventory

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/forestock/forestock/proto/stock"
)

// Policy is how the stock of a warehouse, or of one SKU there, may be sold. The
// policy of a SKU takes the place of the warehouse's, but for MaxAge and Area,
// which only a warehouse has.
type Policy struct {
	Safety       int64 // units kept back against errors
	LocalReserve int64 // units kept back for customers at the door
	// DegradedBuffer is how many percent of the stock are kept back while the
	// numbers are not Live.
	DegradedBuffer int
	// Tolerance is by how many percent weighed goods may differ from what was
	// ordered and still be whole; 0 means DefaultTolerance, below 0 none.
	Tolerance int
	Quotas    []Quota
	Deficit   DeficitRule
	// MaxAge refuses a Try where the numbers are older; 0 refuses where they
	// are Stale.
	MaxAge time.Duration
	Area   *Area // nil serves no location
}

// DefaultTolerance is the percentage by which weighed goods may differ.
const DefaultTolerance = 10

// Quota bounds what one channel may have claimed at once, as a share of the
// stock that may be sold.
type Quota struct {
	Channel string
	Percent int
}

// DeficitRule says what becomes of promises for which the stock was lost.
type DeficitRule uint8

// The rules. Their numbers are on disk.
const (
	MarkAtRisk DeficitRule = 0 // mark the newest that nobody has begun to pick
	CancelHeld DeficitRule = 1 // cancel those that are not confirmed, mark the others
)

// Area is a circle on the earth that a warehouse serves. Angles are millionths
// of a degree, WGS 84.
type Area struct {
	Latitude, Longitude int32
	Radius              int // metres
}

// Distance gives the metres from the middle of the area to a place, and whether
// the area covers it.
func (a *Area) Distance(latitude, longitude int32) (metres int, covered bool) {
	const earth = 6_371_000 // metres
	rad := func(millionths int32) float64 { return float64(millionths) / 1e6 * math.Pi / 180 }
	dLat, dLng := rad(latitude)-rad(a.Latitude), rad(longitude)-rad(a.Longitude)
	h := math.Pow(math.Sin(dLat/2), 2) + math.Cos(rad(latitude))*math.Cos(rad(a.Latitude))*math.Pow(math.Sin(dLng/2), 2)
	metres = int(2 * earth * math.Asin(math.Sqrt(min(1, h))))
	return metres, metres <= a.Radius
}

// SetPolicy sets the policy of a warehouse, or of one SKU there. A nil Policy
// takes it away. The result is a PolicyRow or a *Refusal.
type SetPolicy struct {
	Warehouse stock.Warehouse
	SKU       stock.SKU // empty for the whole warehouse
	Policy    *Policy
	By, Why   string // who decided it, and for what reason; 1 to 200 bytes each
}

// PolicyRow is a policy, and who set it.
type PolicyRow struct {
	Warehouse stock.Warehouse
	SKU       stock.SKU
	Policy    *Policy // nil where it was taken away
	By, Why   string
	Time      time.Time
	Revision  Revision
}

func (PolicyRow) result() {}

func (c SetPolicy) apply(s *step) Result {
	w := s.book.warehouses[c.Warehouse]
	if w == nil {
		return refuse(ReasonWarehouse, "warehouse %s is not enrolled at this hub", c.Warehouse)
	}
	if !named(c.By, c.Why) {
		return refuseNameless()
	}
	if err := c.check(); err != nil {
		return refuse(ReasonInvalid, "%v", err)
	}
	s.book.revision++
	row := PolicyRow{
		Warehouse: c.Warehouse, SKU: c.SKU, Policy: c.Policy.clone(), By: c.By, Why: c.Why, Time: s.now(), Revision: s.book.revision,
	}
	w.keepPolicy(row)
	s.changes.Policies = append(s.changes.Policies, row)
	for _, l := range w.lines.sorted() { // sorted: revisions must not depend on a restart
		if c.SKU == "" || c.SKU == l.sku {
			s.touchLine(w, l.sku, l)
			if l.promise != nil { // readers learn of its channels with the quotas
				s.touchPromise(l.promise, false)
			}
		}
	}
	return row
}

// keepPolicy puts a policy in force.
func (w *warehouse) keepPolicy(row PolicyRow) {
	if w.policies == nil {
		w.policies = make(map[stock.SKU]PolicyRow)
	}
	if old, ok := w.policies[row.SKU]; ok && old.Revision > row.Revision {
		return
	}
	w.policies[row.SKU] = row
	for _, p := range w.promises {
		p.policy = w.policyOf(p.sku)
	}
}

// check refuses a policy that makes no sense.
func (c *SetPolicy) check() error {
	if c.SKU != "" {
		if _, err := stock.ParseSKU(string(c.SKU)); err != nil {
			return err
		}
	}
	p := c.Policy
	if p == nil {
		return nil
	}
	for _, n := range [...]int64{p.Safety, p.LocalReserve} {
		if n < 0 || n > stock.MaxQty {
			return fmt.Errorf("%w quantity %d to keep back", stock.ErrInvalid, n)
		}
	}
	if p.DegradedBuffer < 0 || p.DegradedBuffer > 100 || p.Tolerance > 100 || p.MaxAge < 0 || p.Deficit > CancelHeld {
		return fmt.Errorf("%w buffer of %d %%, tolerance of %d %%, age of %v or rule %d", stock.ErrInvalid, p.DegradedBuffer, p.Tolerance, p.MaxAge, p.Deficit)
	}
	for _, q := range p.Quotas {
		if q.Channel == "" || len(q.Channel) > maxChannel || q.Percent < 0 || q.Percent > 100 {
			return fmt.Errorf("%w quota of %d %% for channel %.40q", stock.ErrInvalid, q.Percent, q.Channel)
		}
	}
	if c.SKU != "" && (p.MaxAge != 0 || p.Area != nil) {
		return fmt.Errorf("%w: only a warehouse has a greatest age and an area", stock.ErrInvalid)
	}
	if a := p.Area; a != nil && (a.Latitude < -90e6 || a.Latitude > 90e6 || a.Longitude < -180e6 || a.Longitude > 180e6 || a.Radius <= 0) {
		return fmt.Errorf("%w area", stock.ErrInvalid)
	}
	return nil
}

// clone gives a copy that nobody else can change.
func (p *Policy) clone() *Policy {
	if p == nil {
		return nil
	}
	c := *p
	c.Quotas = slices.Clone(p.Quotas)
	if p.Area != nil {
		area := *p.Area
		c.Area = &area
	}
	return &c
}

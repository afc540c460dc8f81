package api

import (
	"math"
	"strconv"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/forestock/forestock/hub/inventory"
	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
	"github.com/forestock/forestock/proto/stock"
)

// view turns what the hub holds into what the API shows, as of one moment.
type view struct {
	stock Stock
	pulse *pulse
	audit *audit // nil raises none of its alarms
}

// warehouse gives the state of a warehouse that exists.
func (v *view) warehouse(field string, w stock.Warehouse) (inventory.WarehouseState, error) {
	s, ok := v.stock.Warehouse(w)
	if !ok {
		return s, unknown(UnknownWarehouse, field, "the warehouse %q has never reported to this hub; GET /v1/warehouses lists those that have", w)
	}
	return s, nil
}

// named gives the state of the warehouse that a request names.
func (v *view) named(field, name string) (s inventory.WarehouseState, _ error) {
	w, err := parseWarehouseName(field, name)
	if err != nil {
		return s, err
	}
	return v.warehouse(field, w)
}

func refuseSKU(field string, sku stock.SKU) error {
	return unknown(UnknownSKU, field, "no entry of this warehouse and no catalogue item knows the SKU %q; check the spelling, or add it with POST /v1/items:batchUpdate", sku)
}

// moment is how one warehouse stands at one time. It is taken before the levels
// that it goes with are read: so a number may be newer than its as-of time
// says, and never older.
type moment struct {
	stock Stock
	state inventory.WarehouseState
	sign  sign
	terms inventory.Terms

	// What many numbers of one answer share.
	asOf    *timestamppb.Timestamp
	age     *durationpb.Duration
	applied string
}

// moment takes it, for a channel's questions or for those of none.
func (v *view) moment(s inventory.WarehouseState, channel string, now time.Time) *moment {
	sign := v.pulse.of(&s, now)
	m := &moment{
		stock: v.stock, state: s, sign: sign, terms: v.pulse.terms(&s, &sign, now),
		asOf: timestamp(sign.AsOf), age: sign.age(), applied: sequence(s.Applied),
	}
	m.terms.Channel = channel
	return m
}

// parseChannel reads the channel that numbers are asked for.
func parseChannel(name string) (string, error) {
	if err := inventory.CheckChannel(name); err != nil {
		return "", invalid(InvalidName, "channel", "%v", err)
	}
	return name, nil
}

// level gives the level of a SKU; one that only the catalogue knows has nothing
// everywhere.
func (m *moment) level(sku stock.SKU) (inventory.Level, bool) {
	if l, ok := m.stock.Level(m.state.Warehouse, sku); ok {
		return l, true
	}
	_, known := m.stock.Item(sku)
	return inventory.Level{Warehouse: m.state.Warehouse, SKU: sku, Applied: m.state.Applied}, known
}

// availability gives one level as the platform sees it, as much as it asked for.
func (m *moment) availability(l *inventory.Level, view forestockv1.View) *forestockv1.Availability {
	if view == forestockv1.View_BASIC {
		a := new(forestockv1.Availability)
		m.count(a, l)
		return a
	}
	p := new(numberParts)
	a := &p.message
	m.count(a, l)
	item, _ := m.stock.Item(l.SKU)
	a.Unit, a.Title, a.TitleEn = string(item.Unit), item.Name, item.NameEn
	a.Age, a.AppliedSeq, a.ReportedSeq = m.age, m.applied, reportedSequence(l.Reported)
	if l.Applied != m.state.Applied {
		a.AppliedSeq = sequence(l.Applied)
	}
	a.Lots = p.lots(l.Lots, m.terms.Today)
	return a
}

// count writes what every view of a number has.
func (m *moment) count(a *forestockv1.Availability, l *inventory.Level) {
	offer := l.Offer(m.terms)
	a.Name = skuName(l.Warehouse, l.SKU)
	a.Sellable, a.OnHand, a.Held = quantity(offer.Quantity), quantity(l.OnHand), quantity(l.Held)
	a.Committed, a.Safety, a.Unavailable = quantity(l.Committed), quantity(l.Safety), quantity(l.Unavailable(m.terms.Today))
	a.Buffer, a.Closed = quantity(offer.Buffer), m.terms.Closed
	a.AsOfTime, a.Freshness = m.asOf, m.sign.Freshness
	a.Revision = strconv.FormatUint(uint64(l.Revision), 10)
	if offer.Limited {
		left := quantity(offer.Quota)
		a.QuotaLeft = &left
	}
	// What is no longer sold is blocked, however much of it is there.
	if l.Removed {
		a.Sellable, a.Unavailable = 0, quantity(max(0, l.OnHand))
	}
}

// fewLots is how many lots, and bins of all of them, most SKUs have at most.
const fewLots = 2

// numberParts is a message about a number with what it mostly holds, in one piece
// of memory: an answer may have hundreds of them.
type numberParts struct {
	message forestockv1.Availability
	lot     [fewLots]forestockv1.LotLevel
	lotAt   [fewLots]*forestockv1.LotLevel
	bin     [fewLots]forestockv1.BinLevel
	binAt   [fewLots]*forestockv1.BinLevel
}

func (p *numberParts) lots(list []inventory.LotLevel, today stock.Date) []*forestockv1.LotLevel {
	bins := 0
	for i := range list {
		bins += len(list[i].Bins)
	}
	lot, out := p.lot[:], p.lotAt[:min(len(list), fewLots)]
	bin, binAt := p.bin[:], p.binAt[:]
	if len(list) > fewLots || bins > fewLots {
		lot, out = make([]forestockv1.LotLevel, len(list)), make([]*forestockv1.LotLevel, len(list))
		bin, binAt = make([]forestockv1.BinLevel, bins), make([]*forestockv1.BinLevel, bins)
	}
	for i := range list {
		l, m := &list[i], &lot[i]
		m.Lot, m.OnHand, m.ExpiryDate, m.ProducedDate = string(l.Lot), quantity(l.OnHand), l.Expiry.String(), l.Produced.String()
		m.Expired = l.Expired(today)
		n := len(l.Bins)
		for j := range l.Bins {
			b := &bin[j]
			b.Bin, b.OnHand = string(l.Bins[j].Bin), quantity(l.Bins[j].OnHand)
			binAt[j] = b
		}
		m.Bins, bin, binAt = binAt[:n:n], bin[n:], binAt[n:]
		out[i] = m
	}
	return out
}

// age gives how old the numbers are; nil where nobody knows.
func (s *sign) age() *durationpb.Duration {
	if s.AsOf.IsZero() {
		return nil
	}
	return durationpb.New(s.Age.Truncate(time.Millisecond))
}

// quantity fits a sum of base units into what the API carries. A level of more
// than two thousand tonnes is shown as that.
func quantity(n int64) int32 { return int32(min(max(n, math.MinInt32), math.MaxInt32)) }

func count[N int | uint64](n N) int32 { return int32(min(n, math.MaxInt32)) }

func sequence(s stock.Seq) string { return strconv.FormatUint(uint64(s), 10) }

// reportedSequence gives the entry of a statement that is served; empty while the
// sum of the entries is.
func reportedSequence(s stock.Seq) string {
	if s == 0 {
		return ""
	}
	return sequence(s)
}

func timestamp(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t.Truncate(time.Millisecond)) // nobody reads nanoseconds
}

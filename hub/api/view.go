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
}

// moment takes it, for a channel's questions or for those of none.
func (v *view) moment(s inventory.WarehouseState, channel string, now time.Time) *moment {
	sign := v.pulse.of(&s, now)
	m := &moment{stock: v.stock, state: s, sign: sign, terms: v.pulse.terms(&s, &sign, now)}
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

// availability gives one level as the platform sees it.
func (m *moment) availability(l *inventory.Level) *forestockv1.Availability {
	item, known := m.stock.Item(l.SKU)
	offer := l.Offer(m.terms)
	a := &forestockv1.Availability{
		Name: skuName(l.Warehouse, l.SKU), Unit: string(item.Unit), Title: item.Name, TitleEn: item.NameEn,
		Sellable: quantity(offer.Quantity), OnHand: quantity(l.OnHand), Held: quantity(l.Held),
		Committed: quantity(l.Committed), Safety: quantity(l.Safety), Unavailable: quantity(l.Unavailable(m.terms.Today)),
		Buffer: quantity(offer.Buffer), Closed: m.terms.Closed,
		AsOfTime: timestamp(m.sign.AsOf), Age: m.sign.age(), Freshness: m.sign.Freshness,
		AppliedSeq: sequence(l.Applied), ReportedSeq: reportedSequence(l.Reported), Revision: strconv.FormatUint(uint64(l.Revision), 10),
		Lots: make([]*forestockv1.LotLevel, len(l.Lots)),
	}
	if offer.Limited {
		left := quantity(offer.Quota)
		a.QuotaLeft = &left
	}
	// What is no longer sold is blocked, however much of it is there.
	if known && item.Removed {
		a.Sellable, a.Unavailable = 0, quantity(max(0, l.OnHand))
	}
	for i := range l.Lots {
		a.Lots[i] = m.lot(&l.Lots[i])
	}
	return a
}

func (m *moment) lot(l *inventory.LotLevel) *forestockv1.LotLevel {
	out := &forestockv1.LotLevel{
		Lot: string(l.Lot), OnHand: quantity(l.OnHand), ExpiryDate: l.Expiry.String(), ProducedDate: l.Produced.String(),
		Expired: l.Expired(m.terms.Today), Bins: make([]*forestockv1.BinLevel, len(l.Bins)),
	}
	for i, b := range l.Bins {
		out.Bins[i] = &forestockv1.BinLevel{Bin: string(b.Bin), OnHand: quantity(b.OnHand)}
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

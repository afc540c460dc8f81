package api

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/forestock/forestock/hub/inventory"
	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
	"github.com/forestock/forestock/proto/stock"
)

// market is a warehouse whose stock, policies, claims and freshness change at
// random.
type market struct {
	*world
	*rand.Rand
	box    *box
	shop   forestockv1.ReservationServiceClient
	reader forestockv1.AvailabilityServiceClient
	orders int
}

var (
	marketSKUs     = []stock.SKU{"milk-1l", "cream", "rice"}
	marketChannels = []string{"", "app", "web"}
)

func newMarket(t *testing.T) *market {
	t.Helper()
	w := newWorld(t, func(c *Config) { c.Limits.CallsPerSecond = 0 })
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	m := &market{world: w, Rand: rand.New(rand.NewPCG(seed, 0)), shop: w.reservations(), reader: w.availability()}
	w.catalogue(milk)
	m.box = w.box("wh-01")
	for _, sku := range marketSKUs {
		m.box.receive(sku, 20)
	}
	return m
}

// happen lets one thing happen.
func (m *market) happen() {
	m.t.Helper()
	sku := marketSKUs[m.IntN(len(marketSKUs))]
	switch m.IntN(8) {
	case 0, 1:
		expiry := []stock.Date{0, 20200101, 20991231}[m.IntN(3)]
		m.box.report(stock.Movement{Kind: stock.Receive, SKU: sku, Lot: stock.Lot(fmt.Sprint("L", expiry)), Expiry: expiry, Bin: "A-01", Delta: 1 + m.Int64N(9)})
	case 2:
		m.box.report(stock.Movement{Kind: stock.Waste, SKU: sku, Bin: "A-01", Delta: -1 - m.Int64N(6)})
	case 3:
		m.rule(sku)
	case 4:
		age := []time.Duration{0, time.Minute, 2 * time.Minute, 10 * time.Minute, time.Hour}[m.IntN(5)]
		m.line.set("wh-01", Contact{Heard: time.Now().Add(-age), Complete: time.Now().Add(-age)})
	case 5:
		_, _ = m.shop.CancelReservation(m.t.Context(), &forestockv1.CancelReservationRequest{Name: fmt.Sprintf("reservations/o-%d", 1+m.IntN(m.orders+1))})
	default:
		m.orders++
		_, err := m.try(fmt.Sprintf("o-%d", m.orders), sku, marketChannels[m.IntN(3)], 1+m.Int32N(6), false)
		if err == nil && m.IntN(2) == 0 {
			_, err = m.shop.ConfirmReservation(m.t.Context(), &forestockv1.ConfirmReservationRequest{Name: fmt.Sprintf("reservations/o-%d", m.orders)})
		}
		if c := status.Code(err); c != codes.OK && c != codes.FailedPrecondition && c != codes.Unavailable {
			m.t.Fatal(err)
		}
	}
}

// rule sets or takes away a policy.
func (m *market) rule(sku stock.SKU) {
	m.t.Helper()
	c := inventory.SetPolicy{Warehouse: "wh-01", By: "Li", Why: "test"}
	if m.IntN(2) == 0 {
		c.SKU = sku
	}
	if m.IntN(5) > 0 {
		c.Policy = &inventory.Policy{Safety: m.Int64N(4), LocalReserve: m.Int64N(3), DegradedBuffer: []int{0, 15, 50, 100}[m.IntN(4)]}
		for _, channel := range marketChannels[1:] {
			if m.IntN(2) == 0 {
				c.Policy.Quotas = append(c.Policy.Quotas, inventory.Quota{Channel: channel, Percent: 10 * m.IntN(11)})
			}
		}
		if c.SKU == "" {
			c.Policy.MaxAge = []time.Duration{0, 30 * time.Second, 90 * time.Second, 30 * time.Minute}[m.IntN(4)]
		}
	}
	if _, ok := m.apply(c).(inventory.PolicyRow); !ok {
		m.t.Fatal("the policy was refused")
	}
}

func (m *market) try(id string, sku stock.SKU, channel string, n int32, dry bool) (*forestockv1.Reservation, error) {
	return m.shop.CreateReservation(m.t.Context(), &forestockv1.CreateReservationRequest{
		ReservationId: id, ValidateOnly: dry,
		Reservation: &forestockv1.Reservation{Warehouse: "warehouses/wh-01", Channel: channel, Lines: []*forestockv1.ReservationLine{units(string(sku), n)}},
	})
}

// read asks for a number in all three ways, and wants one answer.
func (m *market) read(sku stock.SKU, channel string) *forestockv1.Availability {
	m.t.Helper()
	name := skuName("wh-01", sku)
	got, err := m.reader.GetAvailability(m.t.Context(), &forestockv1.GetAvailabilityRequest{Name: name, Channel: channel})
	if err != nil {
		m.t.Fatal(err)
	}
	batch, err := m.reader.BatchGetAvailability(m.t.Context(), &forestockv1.BatchGetAvailabilityRequest{Names: []string{name}, Channel: channel})
	if err != nil {
		m.t.Fatal(err)
	}
	list, err := m.reader.ListAvailability(m.t.Context(), &forestockv1.ListAvailabilityRequest{Parent: "warehouses/wh-01", Query: string(sku), Channel: channel})
	if err != nil {
		m.t.Fatal(err)
	}
	for _, other := range []*forestockv1.Availability{batch.GetAvailability()[0], list.GetAvailability()[0]} {
		if other.GetSellable() != got.GetSellable() || other.GetClosed() != got.GetClosed() {
			m.t.Errorf("%s for %q: a get says %v, another read %v", name, channel, got, other)
		}
	}
	return got
}

// What a read says is sellable is what a Try gets, whatever policy, channel and
// freshness: so much and not one more.
func TestAvailability_SaysWhatATryGets(t *testing.T) {
	m := newMarket(t)
	simple := 0 // numbers that the stock and what is claimed of it explain alone
	var checked, short, shut int
	for range 120 {
		m.happen()
		for _, sku := range marketSKUs {
			for _, channel := range marketChannels {
				a := m.read(sku, channel)
				sellable := a.GetSellable()
				checked++
				if sellable == max(0, a.GetOnHand()-a.GetUnavailable()-a.GetHeld()-a.GetCommitted()-a.GetSafety()) {
					simple++
				}
				if sellable > 0 {
					if _, err := m.try("dry", sku, channel, sellable, true); err != nil {
						t.Fatalf("%s for %q: sellable says %d, a Try of as many: %v\n%v", sku, channel, sellable, err, a)
					}
				}
				_, err := m.try("dry", sku, channel, sellable+1, true)
				r := refusalOfStatus(status.Convert(err))
				switch {
				case a.GetClosed() && r.reason == Reason(inventory.WarehouseFrozen):
					shut++
				case !a.GetClosed() && r.reason == Reason(inventory.InsufficientStock):
					short++
				default:
					t.Fatalf("%s for %q: sellable says %d, closed %v; a Try of one more: %v\n%v", sku, channel, sellable, a.GetClosed(), err, a)
				}
			}
		}
	}
	t.Logf("%d numbers, of which %d are on hand less claims and safety; %d refused for want of stock, %d because it was closed", checked, simple, short, shut)
	if simple == checked || short == 0 || shut == 0 {
		t.Error("the run says nothing about buffers, quotas or closing")
	}
}

// Whoever follows a watch has the numbers that a get gives, though nothing but
// the freshness or the policy changed, and though the watch is cut off.
func TestWatch_HasWhatAGetSays(t *testing.T) {
	m := newMarket(t)
	f := m.watcher(&forestockv1.WatchAvailabilityRequest{Channel: "app"})
	for round := range 40 {
		for range m.IntN(4) {
			m.happen()
		}
		m.server.pulse.look(time.Now())
		want := make(map[string]int32)
		for _, sku := range marketSKUs {
			want[skuName("wh-01", sku)] = m.read(sku, "app").GetSellable()
		}
		f.follow(-1, "")
		if !maps.Equal(f.sellable, want) {
			t.Fatalf("round %d: told %v, a get says %v", round, f.sellable, want)
		}
	}
	if f.messages >= 40*len(marketSKUs) {
		t.Errorf("%d messages: every number is told every time", f.messages)
	}
}

// A watch that runs tells the numbers again when a warehouse falls silent: a
// platform that kept the old ones would promise what nobody grants.
func TestWatch_TellsWhatAClosedWarehouseSells(t *testing.T) {
	w := newWorld(t)
	dairy(w)
	f := w.watcher(&forestockv1.WatchAvailabilityRequest{})
	f.open()
	f.until("a bookmark", bookmarked)
	told := f.messages
	w.line.set("wh-01", Contact{Heard: time.Now().Add(-time.Hour), Complete: time.Now().Add(-time.Hour)})
	for _, sku := range []string{"cream", "milk-1l"} {
		f.until("nothing of "+sku, func(r *forestockv1.WatchAvailabilityResponse) bool {
			return r.GetAvailability().GetName() == "warehouses/wh-01/skus/"+sku && r.GetAvailability().GetSellable() == 0 && r.GetAvailability().GetClosed()
		})
	}
	if !f.told[len(f.told)-1].GetClosed() || f.messages != told+2 {
		t.Errorf("told %d numbers of a warehouse of two, closed %v", f.messages-told, f.told[len(f.told)-1].GetClosed())
	}
	w.heard("wh-01")
	f.until("5 of cream again", func(r *forestockv1.WatchAvailabilityResponse) bool { return r.GetAvailability().GetSellable() == 5 })
}

func TestRoll_IsReadAsItWasWritten(t *testing.T) {
	r := roll{most: maxUnusual}
	r.set("wh-1", beat{terms: inventory.Terms{Today: 20261122}})
	r.set("wh-2", beat{terms: inventory.Terms{Today: 20261122, Degraded: true}})
	r.set("wh-3", beat{terms: inventory.Terms{Today: 20261122, Degraded: true, Closed: true}})
	got, ok := readRoll(r.text())
	if !ok {
		t.Fatalf("%q is not read", r.text())
	}
	for w, want := range r.beats {
		if b, known := got.of(w); b != want || !known {
			t.Errorf("%s: %+v, want %+v", w, b, want)
		}
	}
	for i := range maxUnusual {
		r.set(stock.Warehouse(fmt.Sprint("wh-x", i)), beat{terms: inventory.Terms{Today: 20261122, Closed: true}})
	}
	if _, ok := readRoll(r.text()); ok {
		t.Errorf("%q says how every warehouse stood", r.text())
	}
	for _, text := range []string{"", "x", "20261399"} {
		if _, ok := readRoll(text); ok {
			t.Errorf("%q is read", text)
		}
	}
}

package api

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
	"github.com/forestock/forestock/proto/stock"
)

// availability answers how much of what is sellable where.
type availability struct {
	forestockv1.UnsafeAvailabilityServiceServer
	view *view
	pace
	sent prometheus.Counter
}

// GetAvailability gives one SKU in one warehouse.
func (a *availability) GetAvailability(_ context.Context, req *forestockv1.GetAvailabilityRequest) (*forestockv1.Availability, error) {
	w, sku, err := parseSKUName("name", req.GetName())
	if err != nil {
		return nil, err
	}
	channel, err := parseChannel(req.GetChannel())
	if err != nil {
		return nil, err
	}
	s, err := a.view.warehouse("name", w)
	if err != nil {
		return nil, err
	}
	m := a.view.moment(s, channel, time.Now())
	l, ok := m.level(sku)
	if !ok {
		return nil, refuseSKU("name", sku)
	}
	return m.availability(&l, req.GetView()), nil
}

// BatchGetAvailability gives the names in the order they were asked in.
func (a *availability) BatchGetAvailability(_ context.Context, req *forestockv1.BatchGetAvailabilityRequest) (*forestockv1.BatchGetAvailabilityResponse, error) {
	if err := checkBatch("names", len(req.GetNames())); err != nil {
		return nil, err
	}
	channel, err := parseChannel(req.GetChannel())
	if err != nil {
		return nil, err
	}
	out := &forestockv1.BatchGetAvailabilityResponse{Availability: make([]*forestockv1.Availability, 0, len(req.GetNames()))}
	moments := newMoments(a.view, channel)
	for i, name := range req.GetNames() {
		w, sku, err := parseSKUName("names", name)
		if err != nil {
			_, _, err = parseSKUName(fmt.Sprintf("names[%d]", i), name) // only now it matters which
			return nil, err
		}
		if m := moments.of(w); m != nil {
			if l, ok := m.level(sku); ok {
				out.Availability = append(out.Availability, m.availability(&l, req.GetView()))
				continue
			}
		}
		out.Missing = append(out.Missing, name)
	}
	return out, nil
}

func checkBatch(field string, n int) error {
	switch {
	case n == 0:
		return invalid(NothingAsked, field, "%s is empty; name at least one", field)
	case n > maxBatch:
		return invalid(TooMany, field, "%d %s are more than %d; split them over several calls", n, field, maxBatch)
	}
	return nil
}

// moments keeps one view of each warehouse that an answer speaks of, so that
// all its numbers are of the same time.
type moments struct {
	view    *view
	channel string
	now     time.Time
	seen    map[stock.Warehouse]*moment
}

func newMoments(v *view, channel string) *moments {
	return &moments{view: v, channel: channel, now: time.Now(), seen: make(map[stock.Warehouse]*moment, 1)}
}

// of gives the moment of a warehouse; nil when there is no such warehouse.
func (ms *moments) of(w stock.Warehouse) *moment {
	m, ok := ms.seen[w]
	if ok {
		return m
	}
	if s, known := ms.view.stock.Warehouse(w); known {
		m = ms.view.moment(s, ms.channel, ms.now)
	}
	ms.seen[w] = m
	return m
}

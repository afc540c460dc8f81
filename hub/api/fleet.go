package api

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/forestock/forestock/hub/inventory"
	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
)

// fleet tells how the warehouses are.
type fleet struct {
	forestockv1.UnsafeFleetServiceServer
	view *view
}

// GetWarehouse gives one warehouse.
func (f *fleet) GetWarehouse(_ context.Context, req *forestockv1.GetWarehouseRequest) (*forestockv1.Warehouse, error) {
	s, err := f.view.named("name", req.GetName())
	if err != nil {
		return nil, err
	}
	return f.view.warehouseMessage(&s, time.Now()), nil
}

// ListWarehouses gives the warehouses by id.
func (f *fleet) ListWarehouses(_ context.Context, req *forestockv1.ListWarehousesRequest) (*forestockv1.ListWarehousesResponse, error) {
	size, err := pageSize(req.GetPageSize(), 100)
	if err != nil {
		return nil, err
	}
	after, err := pagePlace(warehousePage, "", req.GetPageToken())
	if err != nil {
		return nil, err
	}
	var found []inventory.WarehouseState
	for _, s := range f.view.stock.Warehouses() {
		if string(s.Warehouse) > after {
			found = append(found, s)
		}
	}
	found, next := page(found, size, func(last inventory.WarehouseState) string {
		return placeToken(warehousePage, "", string(last.Warehouse))
	})
	out := &forestockv1.ListWarehousesResponse{NextPageToken: next}
	now := time.Now()
	for i := range found {
		out.Warehouses = append(out.Warehouses, f.view.warehouseMessage(&found[i], now))
	}
	return out, nil
}

func (v *view) warehouseMessage(s *inventory.WarehouseState, now time.Time) *forestockv1.Warehouse {
	sign := v.pulse.of(s, now)
	terms := v.pulse.terms(s, &sign, now)
	m := &forestockv1.Warehouse{
		Name: warehouseName(s.Warehouse), Online: sign.online(now), Freshness: sign.Freshness, Closed: terms.Closed,
		LastHeardTime: timestamp(sign.Heard), AsOfTime: timestamp(sign.AsOf), Age: sign.age(),
		AppliedSeq: sequence(s.Applied), Unsent: count(s.Unsent()), Epoch: s.Box.Epoch.String(),
		Skus: count(s.SKUs), Software: s.Box.Software, Digest: fmt.Sprintf("%016x", s.Digest),
		Quarantined: count(s.Quarantined), Diverged: s.Divergence != nil,
		DownPending: count(s.Down.Outstanding()), Alarms: append(alarms(s), v.audit.alarms(s.Warehouse)...), LastSeq: sequence(max(s.Last, s.Applied)),
	}
	if s.Reported != nil {
		m.ReportedSeq = sequence(s.Reported.Until)
	}
	if a := s.Adopted; a != nil {
		m.AdoptedSeq, m.AdoptedTime = sequence(a.Seq), timestamp(a.Time)
	}
	if !sign.Heard.IsZero() {
		m.ClockOffset = durationpb.New(sign.Offset.Truncate(time.Millisecond))
	}
	return m
}

// alarms gives what an operator should look into, the gravest first.
func alarms(s *inventory.WarehouseState) []*forestockv1.Alarm {
	var out []*forestockv1.Alarm
	raise := func(reason string, since time.Time, format string, args ...any) {
		out = append(out, &forestockv1.Alarm{Reason: reason, Message: fmt.Sprintf(format, args...), SinceTime: timestamp(since)})
	}
	if d := s.Divergence; d != nil {
		raise("DIVERGED", d.Since, "hub and warehouse disagree about the levels at entry %d (%016x here, %016x there); read the cells with \"hub divergence list\", compare them with what \"agent ledger verify\" says at the warehouse, and take the warehouse's levels over with \"hub divergence repair\"", d.Seq, d.Hub, d.Agent)
	}
	if s.Clones > 0 {
		raise("CLONED", s.Cloned, "two boxes use the identity of this warehouse (%s); switch one off and enrol it under a name of its own", plural(s.Clones, "hello"))
	}
	switch c := s.Candidate; {
	case s.Frozen != nil:
		raise("REPLACED", s.Frozen.Since, "a box with a new ledger takes this warehouse over; the box before it (epoch %s) is refused, and closed for ever once the new one begins to count; \"hub box list\" shows both", s.Box.Epoch)
	case c != nil:
		raise("NEW_LEDGER", c.Since, "a box with a new ledger (epoch %s) has said hello; its first entry closes the ledger before it for ever", c.Epoch)
	}
	if s.Quarantined > 0 {
		raise("QUARANTINED", time.Time{}, "%s could not be applied and set aside, so the levels lack what they say; read them with \"hub quarantine list\", then apply them after all with \"hub quarantine retry\", or book again what happened and say so with \"hub quarantine discard\"", plural(s.Quarantined, "entry"))
	}
	return out
}

func plural(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	many := map[string]string{"hello": "hellos", "entry": "entries"}
	return strconv.Itoa(n) + " " + many[one]
}

// silentAfter is how long a line that is up may be quiet.
const silentAfter = time.Minute

// online reports whether the line was up a moment ago.
func (s *sign) online(now time.Time) bool {
	return !s.Heard.IsZero() && now.Sub(s.Heard) < silentAfter
}

package api

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
	"github.com/forestock/forestock/proto/stock"
)

// without gives a message that lacks some of its fields.
func without[M proto.Message](m M, fields ...string) M {
	out := proto.CloneOf(m)
	r := out.ProtoReflect()
	for i := range r.Descriptor().Fields().Len() {
		for _, name := range fields {
			if fd := r.Descriptor().Fields().Get(i); string(fd.Name()) == name {
				r.Clear(fd)
			}
		}
	}
	return out
}

func TestView_OfANumberLeavesOutWhatItIsMadeOf(t *testing.T) {
	w := newWorld(t)
	dairy(w).receive("cream", 1)
	c := w.availability()
	ask := &forestockv1.GetAvailabilityRequest{Name: "warehouses/wh-01/skus/milk-1l"}
	full, err := c.GetAvailability(t.Context(), ask)
	if err != nil {
		t.Fatal(err)
	}
	if len(full.GetLots()) != 3 || full.GetLots()[0].GetBins()[0].GetOnHand() != 7 || full.GetUnavailable() != 7 {
		t.Fatalf("in full: %v", full)
	}
	want := without(full, "lots", "title", "title_en", "unit", "age", "applied_seq")
	ask.View = forestockv1.View_BASIC
	one, err := c.GetAvailability(t.Context(), ask)
	if err != nil {
		t.Fatal(err)
	}
	some, err := c.BatchGetAvailability(t.Context(), &forestockv1.BatchGetAvailabilityRequest{Names: []string{ask.GetName()}, View: ask.GetView()})
	if err != nil {
		t.Fatal(err)
	}
	all, err := c.ListAvailability(t.Context(), &forestockv1.ListAvailabilityRequest{Parent: "warehouses/wh-01", Query: "milk", View: ask.GetView()})
	if err != nil {
		t.Fatal(err)
	}
	for form, got := range map[string]*forestockv1.Availability{"get": one, "batch": some.GetAvailability()[0], "list": all.GetAvailability()[0]} {
		if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", form, diff)
		}
	}
	watch, err := c.WatchAvailability(t.Context(), &forestockv1.WatchAvailabilityRequest{Skus: []string{"milk-1l"}, View: ask.GetView()})
	if err != nil {
		t.Fatal(err)
	}
	for {
		r, err := watch.Recv()
		if err != nil {
			t.Fatal(err)
		}
		if got := r.GetAvailability(); got != nil {
			if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
				t.Errorf("watch (-want +got):\n%s", diff)
			}
			return
		}
	}
}

func TestView_OfManyLotsHasEachBinOnce(t *testing.T) {
	w := newWorld(t)
	b := w.box("wh-01")
	var moves []stock.Movement
	for _, lot := range []stock.Lot{"L1", "L2", "L3"} {
		for _, bin := range []stock.Bin{"A-01", "A-02"} {
			moves = append(moves, stock.Movement{Kind: stock.Receive, SKU: "milk-1l", Lot: lot, Bin: bin, Delta: int64(len(moves) + 1)})
		}
	}
	b.report(moves...)
	a, err := w.availability().GetAvailability(t.Context(), &forestockv1.GetAvailabilityRequest{Name: "warehouses/wh-01/skus/milk-1l"})
	if err != nil {
		t.Fatal(err)
	}
	n := int32(0)
	for _, lot := range a.GetLots() {
		for _, bin := range lot.GetBins() {
			if n++; bin.GetOnHand() != n {
				t.Errorf("%s has %v, want %d", lot.GetLot(), bin, n)
			}
		}
	}
	if n != 6 {
		t.Errorf("%d bins, want 6: %v", n, a)
	}
}

func TestView_OfAReservationLeavesOutWhatTheCallerKnows(t *testing.T) {
	w := newWorld(t)
	dairy(w)
	c := w.reservations()
	known := []string{"lines", "order_ref", "channel", "ttl", "create_time", "update_time"}
	full := w.create(c, want("o-1", units("milk-1l", 1)))
	again := want("o-1", units("milk-1l", 1))
	again.View = forestockv1.View_BASIC // is no part of the payload
	if diff := cmp.Diff(without(full, known...), w.create(c, again), protocmp.Transform()); diff != "" {
		t.Errorf("call (-want +got):\n%s", diff)
	}
	batch, err := c.BatchCreateReservations(t.Context(), &forestockv1.BatchCreateReservationsRequest{Requests: []*forestockv1.CreateReservationRequest{again}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(without(full, known...), batch.GetResults()[0].GetReservation(), protocmp.Transform()); diff != "" {
		t.Errorf("batch (-want +got):\n%s", diff)
	}
	stream, err := c.StreamReservations(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	name := full.GetName()
	for i, req := range []*forestockv1.StreamReservationsRequest{
		creation(1, again),
		{Command: &forestockv1.StreamReservationsRequest_Extend{Extend: &forestockv1.ExtendReservationRequest{Name: name, View: forestockv1.View_BASIC}}},
		{Command: &forestockv1.StreamReservationsRequest_Confirm{Confirm: &forestockv1.ConfirmReservationRequest{Name: name, View: forestockv1.View_BASIC}}},
		{Command: &forestockv1.StreamReservationsRequest_Cancel{Cancel: &forestockv1.CancelReservationRequest{Name: name, View: forestockv1.View_BASIC}}},
	} {
		if err := stream.Send(req); err != nil {
			t.Fatal(err)
		}
		a, err := stream.Recv()
		if err != nil {
			t.Fatal(err)
		}
		if r := a.GetResult().GetReservation(); r.GetName() != name || r.GetState() == 0 || r.GetRevision() == "" || len(r.GetLines()) != 0 || r.GetOrderRef() != "" {
			t.Errorf("stream, command %d: %v", i, a)
		}
	}
}

func TestView_OfAPartOfAnOrderTellsWhatIsShort(t *testing.T) {
	w := newWorld(t)
	dairy(w)
	ask := want("o-1", units("milk-1l", 1), units("cream", 9))
	ask.AllowPartial, ask.View = true, forestockv1.View_BASIC
	r := w.create(w.reservations(), ask)
	if l := r.GetLines(); len(l) != 1 || l[0].GetSku() != "cream" || l[0].GetReserved() != 5 || l[0].GetShort() != 4 {
		t.Errorf("lines %v, want 5 of 9 of cream", l)
	}
}

package api

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/forestock/forestock/hub/inventory"
	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
	"github.com/forestock/forestock/proto/stock"
)

func (w *world) reservations() forestockv1.ReservationServiceClient {
	w.t.Helper()
	return forestockv1.NewReservationServiceClient(w.dial())
}

// units asks for some of a SKU.
func units(sku string, n int32) *forestockv1.ReservationLine {
	return &forestockv1.ReservationLine{Sku: sku, Quantity: n}
}

// want asks wh-01 to hold lines.
func want(id string, lines ...*forestockv1.ReservationLine) *forestockv1.CreateReservationRequest {
	return &forestockv1.CreateReservationRequest{
		ReservationId: id, Reservation: &forestockv1.Reservation{Warehouse: "warehouses/wh-01", OrderRef: "ref-" + id, Channel: "app", Lines: lines},
	}
}

func (w *world) create(c forestockv1.ReservationServiceClient, req *forestockv1.CreateReservationRequest) *forestockv1.Reservation {
	w.t.Helper()
	r, err := c.CreateReservation(w.t.Context(), req)
	if err != nil {
		w.t.Fatalf("create %s: %v", req.GetReservationId(), err)
	}
	return r
}

// dairy is a warehouse with twelve of milk, in two lots, and five of cream.
func dairy(w *world) *box {
	w.catalogue(milk, stock.Item{SKU: "cream", Name: "稀奶油", Unit: stock.Piece, Pack: 1}, stock.Item{SKU: "never-seen", Name: "没来过", Unit: stock.Piece, Pack: 1})
	b := w.box("wh-01")
	b.report(
		stock.Movement{Kind: stock.Receive, SKU: "milk-1l", Lot: "L2", Bin: "C-01", Delta: 8, Expiry: 20991231},
		stock.Movement{Kind: stock.Receive, SKU: "milk-1l", Lot: "L1", Bin: "C-01", Delta: 4, Expiry: 20991130},
		stock.Movement{Kind: stock.Receive, SKU: "milk-1l", Lot: "L0", Bin: "C-01", Delta: 7, Expiry: 20200101},
		stock.Movement{Kind: stock.Receive, SKU: "cream", Bin: "C-02", Delta: 5},
	)
	return b
}

func TestReservation_IsHeldConfirmedAndCancelled(t *testing.T) {
	w := newWorld(t)
	dairy(w)
	c := w.reservations()
	r := w.create(c, want("o-1", units("milk-1l", 6)))
	if lots := r.GetLines()[0].GetAllocations(); r.GetState() != forestockv1.ReservationState_TRIED || len(lots) != 2 || lots[0].GetLot() != "L1" || lots[0].GetQuantity() != 4 || lots[1].GetQuantity() != 2 {
		t.Fatalf("held %v, want 4 of L1, which expires first, and 2 of L2", r)
	}
	level := func() *forestockv1.Availability {
		a, err := w.availability().GetAvailability(t.Context(), &forestockv1.GetAvailabilityRequest{Name: "warehouses/wh-01/skus/milk-1l"})
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	if a := level(); a.GetHeld() != 6 || a.GetCommitted() != 0 || a.GetSellable() != 6 {
		t.Errorf("while held: %v", a)
	}
	r, err := c.ConfirmReservation(t.Context(), &forestockv1.ConfirmReservationRequest{Name: r.GetName()})
	if err != nil || r.GetState() != forestockv1.ReservationState_CONFIRMED {
		t.Fatalf("confirm: %v %v", r, err)
	}
	if a := level(); a.GetHeld() != 0 || a.GetCommitted() != 6 || a.GetSellable() != 6 {
		t.Errorf("once confirmed: %v", a)
	}
	r, err = c.CancelReservation(t.Context(), &forestockv1.CancelReservationRequest{Name: r.GetName(), Reason: "changed their mind"})
	if err != nil || r.GetState() != forestockv1.ReservationState_CANCELLED || r.GetCancelReason() != "changed their mind" {
		t.Fatalf("cancel: %v %v", r, err)
	}
	if r, err := c.GetReservation(t.Context(), &forestockv1.GetReservationRequest{Name: "reservations/o-1"}); err != nil || r.GetLines()[0].GetShort() != 0 {
		t.Errorf("cancelled, it lacks something: %v, %v", r, err)
	}
	if a := level(); a.GetHeld() != 0 || a.GetCommitted() != 0 || a.GetSellable() != 12 {
		t.Errorf("once cancelled: %v", a)
	}
}

func TestReservation_IsGivenAgainToWhoeverRepeatsIt(t *testing.T) {
	w := newWorld(t)
	dairy(w)
	c := w.reservations()
	first := w.create(c, want("o-1", units("milk-1l", 12)))
	if again := w.create(c, want("o-1", units("milk-1l", 12))); again.GetRevision() != first.GetRevision() {
		t.Errorf("repeated: revision %s, want that of the first, %s", again.GetRevision(), first.GetRevision())
	}
	named := want("o-1", units("milk-1l", 12))
	named.Reservation.Warehouse, named.Warehouses = "", []string{"wh-01"}
	if again := w.create(c, named); again.GetRevision() != first.GetRevision() {
		t.Errorf("the same warehouse as a list of one: %v", again)
	}
}

func TestReservation_DryRunHoldsNothing(t *testing.T) {
	w := newWorld(t)
	dairy(w)
	c := w.reservations()
	ask := want("o-1", units("cream", 5))
	ask.ValidateOnly = true
	if r := w.create(c, ask); r.GetLines()[0].GetReserved() != 5 {
		t.Errorf("answers %v", r)
	}
	if _, err := c.GetReservation(t.Context(), &forestockv1.GetReservationRequest{Name: "reservations/o-1"}); status.Code(err) != codes.NotFound {
		t.Errorf("it is there: %v", err)
	}
}

// whyNot reads the reason and the shortages of an error.
func whyNot(err error) (reason Reason, shortages []*forestockv1.Shortage, retry time.Duration) {
	for _, d := range status.Convert(err).Details() {
		switch d := d.(type) {
		case *errdetails.ErrorInfo:
			reason = Reason(d.GetReason())
		case *forestockv1.Shortages:
			shortages = d.GetShortages()
		case *errdetails.RetryInfo:
			retry = d.GetRetryDelay().AsDuration()
		}
	}
	return reason, shortages, retry
}

func TestReservation_RefusesWithCodeAndReason(t *testing.T) {
	w := newWorld(t)
	b := dairy(w)
	w.box("wh-02")
	w.line.set("wh-02", Contact{}) // never heard from: nobody knows how old its numbers are
	c := w.reservations()
	w.create(c, want("held", units("cream", 1)))
	w.create(c, want("gone", units("cream", 1)))
	w.create(c, want("picked", units("cream", 1)))
	for _, step := range []func() error{
		func() error {
			_, err := c.CancelReservation(t.Context(), &forestockv1.CancelReservationRequest{Name: "reservations/gone"})
			return err
		},
		func() error {
			_, err := c.ConfirmReservation(t.Context(), &forestockv1.ConfirmReservationRequest{Name: "reservations/picked"})
			return err
		},
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	b.report(stock.Movement{Kind: stock.Pick, SKU: "cream", Bin: "C-02", Delta: -1, Document: "picked", Line: "1"})

	try := func(change func(*forestockv1.CreateReservationRequest)) func() error {
		return func() error {
			req := want("new", units("cream", 1))
			change(req)
			_, err := c.CreateReservation(t.Context(), req)
			return err
		}
	}
	lineIs := func(l *forestockv1.ReservationLine) func() error {
		return try(func(r *forestockv1.CreateReservationRequest) { r.Reservation.Lines = []*forestockv1.ReservationLine{l} })
	}
	for _, tt := range []struct {
		name   string
		do     func() error
		code   codes.Code
		reason Reason
		http   int
	}{
		{"more than there is", lineIs(units("milk-1l", 13)), codes.FailedPrecondition, InsufficientStock, 409},
		{"a catalogue item that was never received", lineIs(units("never-seen", 1)), codes.FailedPrecondition, InsufficientStock, 409},
		{"good for longer than anything there", lineIs(&forestockv1.ReservationLine{Sku: "milk-1l", Quantity: 13, MinShelfLifeDays: 3650}), codes.FailedPrecondition, InsufficientStock, 409},
		{"other contents under a known id", try(func(r *forestockv1.CreateReservationRequest) { r.ReservationId = "held"; r.Reservation.Channel = "web" }), codes.AlreadyExists, IdempotencyMismatch, 409},
		{"unknown SKU", lineIs(units("nope", 1)), codes.NotFound, UnknownSKU, 404},
		{"unknown warehouse", try(func(r *forestockv1.CreateReservationRequest) { r.Reservation.Warehouse = "warehouses/wh-99" }), codes.NotFound, UnknownWarehouse, 404},
		{"a warehouse that is not heard from", try(func(r *forestockv1.CreateReservationRequest) { r.Reservation.Warehouse = "warehouses/wh-02" }), codes.Unavailable, WarehouseFrozen, 503},
		{"a place that nobody serves", try(func(r *forestockv1.CreateReservationRequest) {
			r.Reservation.Warehouse, r.Location = "", &forestockv1.Location{Latitude: 31.2, Longitude: 121.5}
		}), codes.FailedPrecondition, LocationNotServed, 409},
		{"a place that is none", try(func(r *forestockv1.CreateReservationRequest) {
			r.Reservation.Warehouse, r.Location = "", &forestockv1.Location{Latitude: 131.2}
		}), codes.InvalidArgument, InvalidReservation, 400},
		{"a warehouse and a list", try(func(r *forestockv1.CreateReservationRequest) { r.Warehouses = []string{"wh-02"} }), codes.InvalidArgument, InvalidReservation, 400},
		{"no warehouse at all", try(func(r *forestockv1.CreateReservationRequest) { r.Reservation.Warehouse = "" }), codes.InvalidArgument, InvalidReservation, 400},
		{"seventeen warehouses", try(func(r *forestockv1.CreateReservationRequest) {
			r.Reservation.Warehouse, r.Warehouses = "", make([]string, 17)
		}), codes.InvalidArgument, TooMany, 400},
		{"no lines", try(func(r *forestockv1.CreateReservationRequest) { r.Reservation.Lines = nil }), codes.InvalidArgument, InvalidReservation, 400},
		{"a line of nothing", lineIs(units("cream", 0)), codes.InvalidArgument, InvalidReservation, 400},
		{"a line of less than nothing", lineIs(units("cream", -3)), codes.InvalidArgument, InvalidReservation, 400},
		{"an id that is none", try(func(r *forestockv1.CreateReservationRequest) { r.ReservationId = "a b" }), codes.InvalidArgument, InvalidReservation, 400},
		{"a channel that is none", try(func(r *forestockv1.CreateReservationRequest) { r.Reservation.Channel = "App!" }), codes.InvalidArgument, InvalidReservation, 400},
		{"a hold of two days", try(func(r *forestockv1.CreateReservationRequest) { r.Reservation.Ttl = durationpb.New(48 * time.Hour) }), codes.InvalidArgument, InvalidReservation, 400},
		{"a hold of no time", try(func(r *forestockv1.CreateReservationRequest) { r.Reservation.Ttl = durationpb.New(0) }), codes.InvalidArgument, InvalidReservation, 400},
		{"confirming what was cancelled", func() error {
			_, err := c.ConfirmReservation(t.Context(), &forestockv1.ConfirmReservationRequest{Name: "reservations/gone"})
			return err
		}, codes.FailedPrecondition, ReservationCancelled, 409},
		{"confirming what nobody made", func() error {
			_, err := c.ConfirmReservation(t.Context(), &forestockv1.ConfirmReservationRequest{Name: "reservations/nobody"})
			return err
		}, codes.NotFound, UnknownReservation, 404},
		{"cancelling what was picked", func() error {
			_, err := c.CancelReservation(t.Context(), &forestockv1.CancelReservationRequest{Name: "reservations/picked"})
			return err
		}, codes.FailedPrecondition, AlreadyPicked, 409},
		{"extending what was cancelled", func() error {
			_, err := c.ExtendReservation(t.Context(), &forestockv1.ExtendReservationRequest{Name: "reservations/gone"})
			return err
		}, codes.FailedPrecondition, ReservationCancelled, 409},
		{"a name that is none", func() error {
			_, err := c.GetReservation(t.Context(), &forestockv1.GetReservationRequest{Name: "orders/1"})
			return err
		}, codes.InvalidArgument, InvalidName, 400},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.do()
			reason, shortages, retry := whyNot(err)
			if status.Code(err) != tt.code || reason != tt.reason {
				t.Fatalf("got %v with %s, want %s with %s", err, reason, tt.code, tt.reason)
			}
			if _, httpStatus := errorBody(refusalOf(err)); httpStatus != tt.http {
				t.Errorf("HTTP %d, want %d", httpStatus, tt.http)
			}
			if (len(shortages) > 0) != (tt.reason == InsufficientStock) {
				t.Errorf("shortages %v", shortages)
			}
			if tt.code == codes.Unavailable && retry <= 0 {
				t.Error("does not say when to try again")
			}
		})
	}
}

func TestReservation_SaysWhatIsShortAndAsOfWhen(t *testing.T) {
	w := newWorld(t)
	dairy(w)
	complete := time.Now().Add(-3 * time.Second).Truncate(time.Millisecond)
	w.line.set("wh-01", Contact{Heard: time.Now(), Complete: complete})
	_, err := w.reservations().CreateReservation(t.Context(), want("o-1", units("cream", 3), units("milk-1l", 20), units("cream", 4)))
	_, shortages, _ := whyNot(err)
	if len(shortages) != 2 {
		t.Fatalf("shortages %v, want those of lines 1 and 2", shortages)
	}
	for i, want := range []struct{ line, requested, available int32 }{{1, 20, 12}, {2, 4, 2}} {
		s := shortages[i]
		if s.GetLine() != want.line || s.GetRequested() != want.requested || s.GetAvailable() != want.available || s.GetWarehouse() != "warehouses/wh-01" {
			t.Errorf("shortage %d: %v, want %+v", i, s, want)
		}
		if got := s.GetAsOfTime().AsTime(); got.Sub(complete).Abs() > 2*time.Millisecond {
			t.Errorf("as of %v, want %v", got, complete)
		}
	}
}

func TestReservation_TheFirstWarehouseThatHasAllOfItTakesIt(t *testing.T) {
	w := newWorld(t)
	dairy(w)
	w.box("wh-02").receive("cream", 50)
	w.box("wh-03").receive("cream", 50)
	c := w.reservations()
	ask := want("o-1", units("cream", 20))
	ask.Reservation.Warehouse, ask.Warehouses = "", []string{"wh-01", "warehouses/wh-03", "wh-02"}
	if r := w.create(c, ask); r.GetWarehouse() != "warehouses/wh-03" {
		t.Errorf("taken by %s, want wh-03", r.GetWarehouse())
	}
}

func TestReservation_TheNearestWarehouseThatServesAPlaceTakesIt(t *testing.T) {
	w := newWorld(t)
	for i, at := range []inventory.Area{
		{Latitude: 31_230_000, Longitude: 121_470_000, Radius: 3000},
		{Latitude: 31_240_000, Longitude: 121_470_000, Radius: 3000},
		{Latitude: 31_235_000, Longitude: 121_470_000, Radius: 100}, // nearest, and does not go there
	} {
		id := stock.Warehouse(fmt.Sprintf("wh-%02d", i+1))
		w.box(id).receive("cream", 5)
		if _, ok := w.apply(inventory.SetPolicy{Warehouse: id, Policy: &inventory.Policy{Area: &at}, By: "Li", Why: "opened"}).(inventory.PolicyRow); !ok {
			t.Fatal("the policy was refused")
		}
	}
	c := w.reservations()
	near := func(id string, n int32) *forestockv1.CreateReservationRequest {
		ask := want(id, units("cream", n))
		ask.Reservation.Warehouse, ask.Location = "", &forestockv1.Location{Latitude: 31.2372, Longitude: 121.47}
		return ask
	}
	if r := w.create(c, near("o-1", 3)); r.GetWarehouse() != "warehouses/wh-02" {
		t.Errorf("taken by %s, want wh-02, the nearer one", r.GetWarehouse())
	}
	if r := w.create(c, near("o-2", 3)); r.GetWarehouse() != "warehouses/wh-01" {
		t.Errorf("taken by %s, want wh-01: wh-02 has not got it any more", r.GetWarehouse())
	}
	// The area goes; whoever repeats an order gets it all the same.
	w.apply(inventory.SetPolicy{Warehouse: "wh-01", By: "Li", Why: "closed"})
	w.apply(inventory.SetPolicy{Warehouse: "wh-02", By: "Li", Why: "closed"})
	if r := w.create(c, near("o-1", 3)); r.GetWarehouse() != "warehouses/wh-02" {
		t.Errorf("repeated after the area went: %v", r)
	}
	_, err := c.CreateReservation(t.Context(), near("o-3", 1))
	if reason, _, _ := whyNot(err); reason != LocationNotServed {
		t.Errorf("a new one: %v", err)
	}
}

func TestReservation_ConfirmedLateHoldsAgainByHowFreshTheNumbersAre(t *testing.T) {
	w := newWorld(t)
	dairy(w)
	c := w.reservations()
	confirm := func(id string, complete time.Time) error {
		ask := want(id, units("cream", 1))
		ask.Reservation.Ttl = durationpb.New(time.Millisecond)
		w.create(c, ask)
		name := "reservations/" + id
		w.eventually("the end of the hold", func() bool {
			r, err := c.GetReservation(t.Context(), &forestockv1.GetReservationRequest{Name: name})
			return err == nil && r.GetState() == forestockv1.ReservationState_EXPIRED
		})
		w.line.set("wh-01", Contact{Heard: time.Now(), Complete: complete})
		_, err := c.ConfirmReservation(t.Context(), &forestockv1.ConfirmReservationRequest{Name: name})
		return err
	}
	if err := confirm("fresh", time.Now()); err != nil {
		t.Errorf("from fresh numbers: %v", err)
	}
	err := confirm("stale", time.Now().Add(-time.Hour))
	if reason, _, _ := whyNot(err); reason != WarehouseFrozen {
		t.Errorf("from numbers of an hour ago: %v", err)
	}
}

func TestReservation_BatchTakesEachOnItsOwn(t *testing.T) {
	w := newWorld(t)
	dairy(w)
	bad := want("bad", units("cream", 1))
	bad.Reservation.Lines = nil
	out, err := w.reservations().BatchCreateReservations(t.Context(), &forestockv1.BatchCreateReservationsRequest{Requests: []*forestockv1.CreateReservationRequest{
		want("o-1", units("cream", 3)), bad, want("o-2", units("cream", 3)), want("o-3", units("cream", 2)), want("o-1", units("cream", 3)),
	}})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range out.GetResults() {
		got = append(got, r.GetReservation().GetName()+r.GetError().GetReason())
	}
	if fmt.Sprint(got) != "[reservations/o-1 INVALID_RESERVATION INSUFFICIENT_STOCK reservations/o-3 reservations/o-1]" {
		t.Errorf("results %v", got)
	}
	if s := out.GetResults()[2].GetError().GetShortages(); len(s) != 1 || s[0].GetAvailable() != 2 {
		t.Errorf("shortages %v, want 2 of the cream", s)
	}
}

func TestReservation_BatchTakesTwoHundredAndNoMore(t *testing.T) {
	w := newWorld(t)
	w.box("wh-01").receive("cream", 200)
	for _, tt := range []struct {
		n      int
		reason Reason
	}{{0, NothingAsked}, {200, ""}, {201, TooMany}} {
		req := new(forestockv1.BatchCreateReservationsRequest)
		for i := range tt.n {
			req.Requests = append(req.Requests, want(fmt.Sprintf("o-%d", i), units("cream", 1)))
		}
		_, err := w.reservations().BatchCreateReservations(t.Context(), req)
		if reason, _, _ := whyNot(err); reason != tt.reason {
			t.Errorf("%d requests: %v, want %q", tt.n, err, tt.reason)
		}
	}
}

func TestReservation_ListsByWhatIsAsked(t *testing.T) {
	w := newWorld(t)
	dairy(w)
	c := w.reservations()
	for i := range 5 {
		w.create(c, want(fmt.Sprintf("o-%d", i), units("cream", 1)))
	}
	if _, err := c.CancelReservation(t.Context(), &forestockv1.CancelReservationRequest{Name: "reservations/o-1"}); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		ask  *forestockv1.ListReservationsRequest
		want string
	}{
		{"all", &forestockv1.ListReservationsRequest{}, "[o-1 o-4 o-3 o-2 o-0]"},
		{"pages of two", &forestockv1.ListReservationsRequest{PageSize: 2}, "[o-1 o-4 o-3 o-2 o-0]"},
		{"of a warehouse", &forestockv1.ListReservationsRequest{Warehouse: "warehouses/wh-01", PageSize: 1}, "[o-1 o-4 o-3 o-2 o-0]"},
		{"cancelled ones", &forestockv1.ListReservationsRequest{States: []forestockv1.ReservationState{forestockv1.ReservationState_CANCELLED}}, "[o-1]"},
		{"of an order", &forestockv1.ListReservationsRequest{OrderRef: "ref-o-3"}, "[o-3]"},
		{"at risk", &forestockv1.ListReservationsRequest{AtRisk: true}, "[]"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := []string{}
			for {
				page, err := c.ListReservations(t.Context(), tt.ask)
				if err != nil {
					t.Fatal(err)
				}
				for _, r := range page.GetReservations() {
					got = append(got, r.GetName()[len("reservations/"):])
				}
				if tt.ask.PageToken = page.GetNextPageToken(); page.GetNextPageToken() == "" {
					break
				}
			}
			if fmt.Sprint(got) != tt.want {
				t.Errorf("lists %v, want %s", got, tt.want)
			}
		})
	}
}

func TestReservation_NeedsATokenThatMayWrite(t *testing.T) {
	w := newWorld(t, withTokens)
	dairy(w)
	for _, path := range []string{"/v1/reservations", "/v1/reservations/o-1:confirm", "/v1/reservations/o-1:cancel", "/v1/reservations/o-1:extend", "/v1/reservations:batchCreate", "/v1/warehouses/wh-01/policy", "/v1/warehouses/wh-01:repairReservations"} {
		if a := w.do("POST", path, "{}"); a.status != http.StatusUnauthorized {
			t.Errorf("%s without a token: HTTP %d", path, a.status)
		}
		if a := w.do("POST", path, "{}", "Authorization: Bearer "+reader); a.status != http.StatusForbidden {
			t.Errorf("%s with a token to read: HTTP %d", path, a.status)
		}
	}
}

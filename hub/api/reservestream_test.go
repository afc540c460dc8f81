package api

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/forestock/forestock/hub/inventory"
	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
	"github.com/forestock/forestock/proto/stock"
)

func creation(id uint64, req *forestockv1.CreateReservationRequest) *forestockv1.StreamReservationsRequest {
	return &forestockv1.StreamReservationsRequest{RequestId: id, Command: &forestockv1.StreamReservationsRequest_Create{Create: req}}
}

func TestReservationStream_AnswersTenThousandCommandsOnceEach(t *testing.T) {
	const commands, inStock = 10_000, 4_000
	w := newWorld(t)
	w.box("wh-01").receive("cream", inStock)
	stream, err := w.reservations().StreamReservations(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	sent := make(chan error, 1)
	go func() {
		for i := range commands {
			if err := stream.Send(creation(uint64(i), want(fmt.Sprintf("o-%d", i), units("cream", 1)))); err != nil {
				sent <- err
				return
			}
		}
		sent <- stream.CloseSend()
	}()
	answered := make(map[uint64]bool)
	outcomes := make(map[string]int)
	for {
		a, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if answered[a.GetRequestId()] {
			t.Fatalf("request %d was answered twice", a.GetRequestId())
		}
		answered[a.GetRequestId()] = true
		outcomes[a.GetResult().GetReservation().GetState().String()+a.GetResult().GetError().GetReason()]++
	}
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
	if len(answered) != commands || outcomes["TRIED"] != inStock || outcomes["RESERVATION_STATE_UNSPECIFIEDINSUFFICIENT_STOCK"] != commands-inStock {
		t.Errorf("%d answers: %v, want %d held and the others short", len(answered), outcomes, inStock)
	}
}

func TestReservationStream_AppliesTheCommandsOfOneStreamInTheirOrder(t *testing.T) {
	w := newWorld(t)
	w.box("wh-01").receive("cream", 1)
	stream, err := w.reservations().StreamReservations(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// With one unit every Try but the first needs the Cancel before it.
	const rounds = 200
	go func() {
		for i := range uint64(rounds) {
			id := fmt.Sprintf("o-%d", i)
			_ = stream.Send(creation(2*i, want(id, units("cream", 1))))
			_ = stream.Send(&forestockv1.StreamReservationsRequest{RequestId: 2*i + 1, Command: &forestockv1.StreamReservationsRequest_Cancel{Cancel: &forestockv1.CancelReservationRequest{Name: "reservations/" + id}}})
		}
		_ = stream.CloseSend()
	}()
	for n := 0; ; n++ {
		a, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			if n != 2*rounds {
				t.Errorf("%d answers, want %d", n, 2*rounds)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if e := a.GetResult().GetError(); e != nil {
			t.Fatalf("request %d: %v", a.GetRequestId(), e)
		}
	}
}

func TestReservationStream_AWrongCommandIsAnsweredAndEndsNothing(t *testing.T) {
	w := newWorld(t)
	w.box("wh-01").receive("cream", 1)
	stream, err := w.reservations().StreamReservations(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, req := range []*forestockv1.StreamReservationsRequest{
		{RequestId: 1},
		creation(2, want("a b", units("cream", 1))), creation(3, want("o-1", units("cream", 1))),
		{RequestId: 4, Command: &forestockv1.StreamReservationsRequest_Confirm{Confirm: &forestockv1.ConfirmReservationRequest{Name: "reservations/o-1"}}},
		{RequestId: 5, Command: &forestockv1.StreamReservationsRequest_Extend{Extend: &forestockv1.ExtendReservationRequest{Name: "o-1"}}},
	} {
		if err := stream.Send(req); err != nil {
			t.Fatal(err)
		}
	}
	got := make(map[uint64]string)
	for range 5 {
		a, err := stream.Recv()
		if err != nil {
			t.Fatal(err)
		}
		got[a.GetRequestId()] = a.GetResult().GetReservation().GetState().String() + " " + a.GetResult().GetError().GetReason()
	}
	if s := fmt.Sprint(got); !strings.Contains(s, "1:RESERVATION_STATE_UNSPECIFIED NOTHING_ASKED 2:RESERVATION_STATE_UNSPECIFIED INVALID_RESERVATION 3:TRIED  4:CONFIRMED  5:RESERVATION_STATE_UNSPECIFIED INVALID_NAME") {
		t.Errorf("answers %s", s)
	}
}

func TestReservationStream_EndsWithTheServer(t *testing.T) {
	w := newWorld(t)
	stream, err := w.reservations().StreamReservations(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.Send(&forestockv1.StreamReservationsRequest{RequestId: 1}); err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Recv(); err != nil {
		t.Fatal(err)
	}
	w.stop()
	_, err = stream.Recv()
	if reasonOf(err) != ShuttingDown {
		t.Errorf("ends with %v", err)
	}
}

// slow is a store that applies nothing before it is told to.
type slow struct {
	Stock
	entered chan struct{}
	open    chan struct{}
}

func (s *slow) Apply(ctx context.Context, commands ...inventory.Command) ([]inventory.Result, error) {
	if _, ok := commands[0].(*inventory.Try); ok {
		s.entered <- struct{}{}
		<-s.open
	}
	return s.Stock.Apply(ctx, commands...)
}

func TestQueue_RefusesWithADelayWhatItHasNoRoomFor(t *testing.T) {
	s := &slow{entered: make(chan struct{}, 100), open: make(chan struct{})}
	const room = 256
	w := newWorldOver(t, func(real Stock) Stock { s.Stock = real; return s }, func(c *Config) { c.Limits.Commands = room })
	w.box("wh-01").receive("cream", 1000)
	c := w.reservations()
	batch := new(forestockv1.BatchCreateReservationsRequest)
	for i := range maxTries {
		batch.Requests = append(batch.Requests, want(fmt.Sprintf("b-%d", i), units("cream", 1)))
	}
	admitted := make(chan error, room)
	go func() { _, err := c.BatchCreateReservations(t.Context(), batch); admitted <- err }()
	<-s.entered
	for i := range room - maxTries {
		go func() {
			_, err := c.CreateReservation(t.Context(), want(fmt.Sprintf("o-%d", i), units("cream", 1)))
			admitted <- err
		}()
	}
	for range room - maxTries {
		<-s.entered
	}
	_, err := c.CreateReservation(t.Context(), want("late", units("cream", 1)))
	if reason, _, retry := whyNot(err); status.Code(err) != codes.ResourceExhausted || reason != Overloaded || retry <= 0 {
		t.Errorf("beyond the room: %v, after %v", err, retry)
	}
	close(s.open)
	for range 1 + room - maxTries {
		if err := <-admitted; err != nil {
			t.Errorf("one that was let in: %v", err)
		}
	}
	if _, err := c.CreateReservation(t.Context(), want("late", units("cream", 1))); err != nil {
		t.Errorf("once there is room: %v", err)
	}
}

func TestQueue_CountsTheReservationsOfABatchAgainstTheCaller(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Limits.CallsPerSecond, c.Limits.Burst = 0.001, 10 })
	w.box("wh-01").receive("cream", 100)
	batch := func(from, n int) error {
		req := new(forestockv1.BatchCreateReservationsRequest)
		for i := range n {
			req.Requests = append(req.Requests, want(fmt.Sprintf("b-%d", from+i), units("cream", 1)))
		}
		_, err := w.reservations().BatchCreateReservations(t.Context(), req)
		return err
	}
	if err := batch(0, 8); err != nil {
		t.Fatal(err)
	}
	if reason := reasonOf(batch(8, 8)); reason != RateLimited {
		t.Errorf("the second eight of ten: %q", reason)
	}
}

func TestReservationWatch_TellsEveryChangeOnceAndGoesOnWhereItStopped(t *testing.T) {
	w := newWorld(t)
	dairy(w)
	c := w.reservations()
	watch := func(token string) (forestockv1.ReservationService_WatchReservationsClient, context.CancelFunc) {
		ctx, cancel := context.WithCancel(t.Context())
		stream, err := c.WatchReservations(ctx, &forestockv1.WatchReservationsRequest{Warehouses: []string{"wh-01"}, ResumeToken: token})
		if err != nil {
			t.Fatal(err)
		}
		return stream, cancel
	}
	var token string
	next := func(s forestockv1.ReservationService_WatchReservationsClient) string {
		for {
			m, err := s.Recv()
			if err != nil {
				t.Fatal(err)
			}
			token = m.GetResumeToken()
			if !m.GetBookmark() {
				return m.GetEvent().GetType() + " " + m.GetEvent().GetReservation().GetName()
			}
		}
	}
	first, end := watch("")
	if m, err := first.Recv(); err != nil || !m.GetBookmark() {
		t.Fatalf("begins with %v %v, want a bookmark", m, err)
	}
	w.create(c, want("o-1", units("cream", 1)))
	if got := next(first); got != "reservation.tried reservations/o-1" {
		t.Errorf("tells %s", got)
	}
	end()
	if _, err := c.ConfirmReservation(t.Context(), &forestockv1.ConfirmReservationRequest{Name: "reservations/o-1"}); err != nil {
		t.Fatal(err)
	}
	w.create(c, want("o-2", units("cream", 1)))
	second, end := watch(token)
	defer end()
	for _, want := range []string{"reservation.confirmed reservations/o-1", "reservation.tried reservations/o-2"} {
		if got := next(second); got != want {
			t.Errorf("goes on with %s, want %s", got, want)
		}
	}
	other, err := c.WatchReservations(t.Context(), &forestockv1.WatchReservationsRequest{ResumeToken: token})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Recv(); reasonOf(err) != InvalidResumeToken {
		t.Errorf("a token of other warehouses: %v", err)
	}
}

func TestReservationWatch_IsServedAsEventsToBrowsers(t *testing.T) {
	w := newWorld(t)
	dairy(w)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, w.url("/v1/reservations:watch?warehouses=wh-01"), nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", "text/event-stream")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	event := func() string {
		var out strings.Builder
		for lines.Scan() && lines.Text() != "" {
			out.WriteString(lines.Text() + "\n")
		}
		return out.String()
	}
	if got := event(); !strings.HasPrefix(got, "event: bookmark") {
		t.Fatalf("begins with %q", got)
	}
	w.create(w.reservations(), want("o-1", units("cream", 1)))
	if got := event(); !strings.HasPrefix(got, "event: reservation.tried\nid: ") || !strings.Contains(got, `"name":"reservations/o-1"`) {
		t.Errorf("tells %q", got)
	}
}

func TestPolicy_IsSetReadAndRecorded(t *testing.T) {
	w := newWorld(t)
	dairy(w)
	const warehouse, sku = "/v1/warehouses/wh-01/policy", "/v1/warehouses/wh-01/skus/cream/policy"
	set := func(path, policy string) answer {
		return w.do("POST", path, `{"policy": `+policy+`, "by": "Li", "reason": "summer"}`)
	}
	if a := set(warehouse, `{"safety": 2, "service_area": {"latitude": 31.23, "longitude": 121.47, "radius_metres": 3000}}`); a.status != 200 {
		t.Fatal(a.body)
	}
	golden(t, "policy", w.get(warehouse).body)
	golden(t, "policy_inherited", w.get(sku).body)
	if a := set(sku, `{"local_reserve": 4, "channel_quotas": [{"channel": "app", "percent": 50}]}`); a.status != 200 {
		t.Fatal(a.body)
	}
	golden(t, "policies", w.get("/v1/warehouses/wh-01/policies").body)
	golden(t, "policies_history", w.get("/v1/warehouses/wh-01/policies?show_history=true").body)
	a, err := w.availability().GetAvailability(t.Context(), &forestockv1.GetAvailabilityRequest{Name: "warehouses/wh-01/skus/cream"})
	if err != nil || a.GetSafety() != 4 || a.GetSellable() != 1 {
		t.Errorf("sells %v %v, want 1 of 5", a, err)
	}
	for name, policy := range map[string]string{
		"a negative safety": `{"safety": -1}`, "120 percent": `{"degraded_buffer_percent": 120}`, "nowhere": `{"service_area": {"latitude": 91, "radius_metres": 5}}`, "no age": `{"max_age": "0s"}`,
	} {
		if got := set(warehouse, policy).refused(t).Reason; got != string(InvalidPolicy) {
			t.Errorf("%s: %s", name, got)
		}
	}
	if got := w.do("POST", warehouse, `{"policy": {}}`).refused(t).Reason; got != string(InvalidDecision) {
		t.Errorf("nobody's policy: %s", got)
	}
	if got := set("/v1/warehouses/wh-01/skus/craem/policy", "{}").refused(t).Reason; got != string(UnknownSKU) {
		t.Errorf("a misspelt SKU: %s", got)
	}
}

func TestAudit_RaisesAnAlarmWhileStockThatWasPromisedIsLost(t *testing.T) {
	w := newWorld(t)
	b := dairy(w)
	w.create(w.reservations(), want("o-1", units("cream", 5)))
	alarms := func() string {
		if err := w.server.audit.look(t.Context(), "wh-01", time.Now()); err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, a := range w.server.audit.alarms("wh-01") {
			out = append(out, a.GetReason())
		}
		return fmt.Sprint(out)
	}
	if got := alarms(); got != "[]" {
		t.Errorf("before: %s", got)
	}
	b.report(stock.Movement{Kind: stock.Waste, SKU: "cream", Bin: "C-02", Delta: -2, Reason: "dropped"})
	if got := alarms(); got != "[AT_RISK]" {
		t.Errorf("after two were dropped: %s", got)
	}
	if text := w.get("/metrics").body; !strings.Contains(text, `forestock_warehouse_reservations_at_risk{warehouse="wh-01"} 1`) {
		t.Error("the metrics do not tell")
	}
	b.receive("cream", 2)
	if got := alarms(); got != "[]" {
		t.Errorf("once two came in: %s", got)
	}
}

func TestReservationJSON_IsWhatCallersRelyOn(t *testing.T) {
	w := newWorld(t)
	dairy(w)
	w.do("POST", "/v1/reservations", `{"reservation_id": "o-1", "reservation": {"warehouse": "warehouses/wh-01", "order_ref": "T-1", "channel": "app", "lines": [{"sku": "milk-1l", "quantity": 5, "substitutes": ["cream"]}], "ttl": "60s"}}`)
	golden(t, "reservation", w.get("/v1/reservations/o-1").body)
	golden(t, "reservations", w.get("/v1/reservations?states=TRIED&page_size=1").body)
	golden(t, "error_insufficient_stock", w.do("POST", "/v1/reservations", `{"reservation_id": "o-2", "reservation": {"warehouse": "warehouses/wh-01", "lines": [{"sku": "milk-1l", "quantity": 8}]}}`, "X-Request-Id: call-1").body)
	golden(t, "reservation_check", w.get("/v1/warehouses/wh-01:checkReservations").body)
	golden(t, "reservation_unknown_cancelled", w.do("POST", "/v1/reservations/early:cancel", `{"reason": "gone"}`).body)
}

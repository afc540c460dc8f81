package client

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
	"github.com/forestock/forestock/proto/stock"
)

func try(id string, n int32) *forestockv1.CreateReservationRequest {
	return &forestockv1.CreateReservationRequest{
		ReservationId: id,
		Reservation:   &forestockv1.Reservation{Warehouse: "warehouses/wh-1", Lines: []*forestockv1.ReservationLine{{Sku: "milk", Quantity: n}}},
	}
}

func TestClient_TakesAReservationThroughItsLife(t *testing.T) {
	_, c := open(t, 10)
	for _, step := range []struct {
		what string
		do   func(context.Context) (*forestockv1.Reservation, error)
		want forestockv1.ReservationState
	}{
		{"try", func(ctx context.Context) (*forestockv1.Reservation, error) { return c.Try(ctx, try("o-1", 3)) }, forestockv1.ReservationState_TRIED},
		{"try again", func(ctx context.Context) (*forestockv1.Reservation, error) { return c.Try(ctx, try("o-1", 3)) }, forestockv1.ReservationState_TRIED},
		{"extend", func(ctx context.Context) (*forestockv1.Reservation, error) { return c.Extend(ctx, "o-1", time.Hour) }, forestockv1.ReservationState_TRIED},
		{"confirm", func(ctx context.Context) (*forestockv1.Reservation, error) { return c.Confirm(ctx, "o-1") }, forestockv1.ReservationState_CONFIRMED},
		{"get", func(ctx context.Context) (*forestockv1.Reservation, error) { return c.Get(ctx, "o-1") }, forestockv1.ReservationState_CONFIRMED},
		{"cancel", func(ctx context.Context) (*forestockv1.Reservation, error) { return c.Cancel(ctx, "o-1", "shopper") }, forestockv1.ReservationState_CANCELLED},
	} {
		r, err := step.do(t.Context())
		if err != nil || r.GetState() != step.want {
			t.Fatalf("%s: %v, %v", step.what, r, err)
		}
	}
}

func TestClient_SaysWhatWentWrong(t *testing.T) {
	_, c := open(t, 10)
	_, err := c.Try(t.Context(), try("o-1", 11))
	short, ok := errors.AsType[*ShortError](err)
	if !ok || len(short.Shortages) != 1 || short.Shortages[0].GetAvailable() != 10 || short.Shortages[0].GetRequested() != 11 {
		t.Fatalf("a lack of stock is %v", err)
	}
	if e, ok := errors.AsType[*Error](err); !ok || e.Reason != "INSUFFICIENT_STOCK" || again(err) {
		t.Errorf("as a refusal it is %+v", e)
	}
	if _, err := c.Try(t.Context(), try("o-2", 1)); err != nil {
		t.Fatal(err)
	}
	_, err = c.Try(t.Context(), try("o-2", 2))
	if e, ok := errors.AsType[*Error](err); !ok || e.Reason != "IDEMPOTENCY_MISMATCH" || e.Code != codes.AlreadyExists {
		t.Errorf("another payload under the same id: %v", err)
	}
	results, err := c.Batch(t.Context(), []*forestockv1.CreateReservationRequest{try("o-3", 1), try("o-4", 99)})
	if err != nil || len(results) != 2 || results[0].Reservation == nil {
		t.Fatalf("batch: %+v, %v", results, err)
	}
	if _, ok := errors.AsType[*ShortError](results[1].Err); !ok {
		t.Errorf("in a batch: %v", results[1].Err)
	}
}

func TestClient_StopsWhenThereIsNoTimeLeft(t *testing.T) {
	c, err := New("127.0.0.1:1", "", Options{FirstDelay: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := c.Get(ctx, "o-1"); err == nil || !strings.Contains(err.Error(), "get o-1") {
		t.Errorf("without a hub: %v", err)
	}
}

// commands are what Client and Stream have in common.
type commands interface {
	Try(context.Context, *forestockv1.CreateReservationRequest) (*forestockv1.Reservation, error)
	Confirm(context.Context, string) (*forestockv1.Reservation, error)
}

// sell lets many shoppers reserve and confirm one unit each.
func sell(t *testing.T, c commands, prefix string, shoppers, each int) {
	t.Helper()
	var all sync.WaitGroup
	for s := range shoppers {
		all.Go(func() {
			for i := range each {
				id := fmt.Sprintf("%s-%d-%d", prefix, s, i)
				if _, err := c.Try(t.Context(), try(id, 1)); err != nil {
					t.Errorf("%v", err)
					return
				}
				if r, err := c.Confirm(t.Context(), id); err != nil || r.GetState() != forestockv1.ReservationState_CONFIRMED {
					t.Errorf("%v, %v", r, err)
					return
				}
			}
		})
	}
	all.Wait()
}

// wantCommitted checks that every order counts once, whatever was repeated.
func wantCommitted(t *testing.T, h *hub, n int64) {
	t.Helper()
	if l, _ := h.store.Level("wh-1", "milk"); l.Committed != n || l.Held != 0 {
		t.Errorf("committed %d, held %d; want %d and 0", l.Committed, l.Held, n)
	}
}

// TestClient_CountsOnceOverLinesThatAreCut: answers get lost again and again,
// and every order is there once.
func TestClient_CountsOnceOverLinesThatAreCut(t *testing.T) {
	h, c := open(t, 10_000)
	enough := h.trouble()
	sell(t, c, "o", 8, 20)
	enough()
	wantCommitted(t, h, 160)
}

// TestClient_ARepetitionUnderAnotherIDCountsTwice is the negative control: it is
// the id that makes repeating safe, and the count sees it.
func TestClient_ARepetitionUnderAnotherIDCountsTwice(t *testing.T) {
	h, c := open(t, 10)
	for _, id := range []string{"o-1", "o-1", "o-1b"} {
		if _, err := c.Try(t.Context(), try(id, 1)); err != nil {
			t.Fatal(err)
		}
	}
	if l, _ := h.store.Level("wh-1", "milk"); l.Held != 2 {
		t.Errorf("held %d, want 2", l.Held)
	}
}

// TestStream_CountsOnceOverLinesThatAreCut is the same with one stream, and a
// hub that is started again in the middle.
func TestStream_CountsOnceOverLinesThatAreCut(t *testing.T) {
	h, c := open(t, 10_000)
	s := c.Stream()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	enough := h.trouble()
	sell(t, s, "a", 32, 10)
	var selling sync.WaitGroup
	selling.Go(func() { sell(t, s, "b", 32, 10) })
	h.restart()
	selling.Wait()
	enough()
	wantCommitted(t, h, 640)
	_, err := s.Try(t.Context(), try("big", 1<<30))
	if _, ok := errors.AsType[*ShortError](err); !ok {
		t.Errorf("a lack of stock is %v", err)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("the stream ended with %v", err)
	}
	if _, err := s.Confirm(t.Context(), "a-0-0"); !errors.Is(err, errClosed) {
		t.Errorf("a stream that ended: %v", err)
	}
}

func TestStream_EndsWhereTheTokenIsWrong(t *testing.T) {
	h, _ := open(t, 1)
	c, err := New(h.line.Addr().String(), "not the token", Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if e, ok := errors.AsType[*Error](c.Stream().Run(t.Context())); !ok || e.Code != codes.Unauthenticated {
		t.Errorf("ended with %v", e)
	}
}

// TestEvents_HaveNoGap: the line is cut and the hub started again, and every
// event comes once.
func TestEvents_HaveNoGap(t *testing.T) {
	h, c := open(t, 10_000)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	begun, told := make(chan struct{}), make(map[string]int)
	var watching sync.WaitGroup
	watching.Go(func() {
		first := sync.OnceFunc(func() { close(begun) })
		for r, err := range c.Events(ctx, "") {
			if err != nil {
				t.Error(err)
				return
			}
			first()
			if e := r.GetEvent(); e != nil {
				told[e.GetReservation().GetName()+" "+e.GetType()]++
			}
			if told["reservations/last reservation.confirmed"] > 0 {
				return
			}
		}
	})
	<-begun
	enough := h.trouble()
	sell(t, c, "a", 8, 10)
	h.restart()
	sell(t, c, "b", 8, 10)
	enough()
	if _, err := c.Try(t.Context(), try("last", 1)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Confirm(t.Context(), "last"); err != nil {
		t.Fatal(err)
	}
	watching.Wait()
	if len(told) != 2*161 {
		t.Errorf("%d events, want %d", len(told), 2*161)
	}
	for what, n := range told {
		if n != 1 {
			t.Errorf("%s was told %d times", what, n)
		}
	}
}

func TestEvents_SaysThatATokenIsLost(t *testing.T) {
	h, c := open(t, 10)
	var token string
	for r, err := range c.Events(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		token = r.GetResumeToken()
		break
	}
	h.stop()
	h.dir = t.TempDir() // another life of the store
	h.start()
	for _, err := range c.Events(t.Context(), token) {
		if !errors.Is(err, ErrTokenLost) {
			t.Errorf("a token of another life: %v", err)
		}
	}
}

func TestAvailability_GoesOnOverLinesThatAreCut(t *testing.T) {
	h, c := open(t, 10)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var moving sync.WaitGroup
	defer moving.Wait()
	moving.Go(func() {
		for i := range 50 {
			if i%10 == 0 {
				h.cutOne(ctx)
			}
			h.box.Move(t, stock.Movement{Kind: stock.Receive, SKU: "milk", Delta: 1})
			h.box.Hear(h.apply(h.box.Rest(1)))
		}
	})
	last := int32(0)
	for r, err := range c.Availability(ctx, "", []string{"wh-1"}, nil) {
		if err != nil {
			t.Fatal(err)
		}
		if a := r.GetAvailability(); a != nil {
			if a.GetOnHand() < last {
				t.Fatalf("%d on hand after %d", a.GetOnHand(), last)
			}
			last = a.GetOnHand()
		}
		if last == 60 {
			return
		}
	}
	t.Errorf("the watch ended at %d", last)
}

package client

import (
	"context"
	"errors"
	"slices"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
)

// Error is a refusal of the hub, or of the way to it.
type Error struct {
	Code    codes.Code
	Reason  string // stable for programs, such as RESERVATION_EXPIRED; empty where the hub did not speak
	Message string // for people
	// RetryAfter is when the hub says that the same call may succeed; 0 where it
	// says nothing.
	RetryAfter time.Duration
}

// Error gives reason and message.
func (e *Error) Error() string {
	if e.Reason == "" {
		return e.Code.String() + ": " + e.Message
	}
	return e.Reason + ": " + e.Message
}

// ShortError says that there is not enough stock: errors.AsType[*ShortError].
type ShortError struct {
	Refusal   *Error
	Shortages []*forestockv1.Shortage
}

// Error gives the refusal's text.
func (e *ShortError) Error() string { return e.Refusal.Error() }

// Unwrap gives the refusal.
func (e *ShortError) Unwrap() error { return e.Refusal }

const insufficient = "INSUFFICIENT_STOCK"

// errorOf reads the error of a call.
func errorOf(err error) error {
	st, ok := status.FromError(err)
	if !ok {
		return err
	}
	e := &Error{Code: st.Code(), Message: st.Message()}
	var short []*forestockv1.Shortage
	for _, detail := range st.Details() {
		switch d := detail.(type) {
		case *errdetails.ErrorInfo:
			e.Reason = d.GetReason()
		case *errdetails.RetryInfo:
			e.RetryAfter = d.GetRetryDelay().AsDuration()
		case *forestockv1.Shortages:
			short = d.GetShortages()
		}
	}
	return typed(e, short)
}

// errorOfMessage reads the error of one result among others.
func errorOfMessage(m *forestockv1.ReservationError) error {
	return typed(&Error{
		Code: codes.Code(m.GetCode()), Reason: m.GetReason(), Message: m.GetMessage(), RetryAfter: m.GetRetryDelay().AsDuration(),
	}, m.GetShortages())
}

func typed(e *Error, short []*forestockv1.Shortage) error {
	if e.Reason == insufficient {
		return &ShortError{Refusal: e, Shortages: short}
	}
	return e
}

// again reports whether the same call may succeed later: what the hub has
// decided stays decided.
func again(err error) bool {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return false
	}
	if e.Reason == "WAREHOUSE_FROZEN" {
		return false // for longer than a shopper waits: the platform decides
	}
	// INTERNAL may be a storage error: the hub restarts, and the id decides.
	return slices.Contains([]codes.Code{
		codes.Unavailable, codes.ResourceExhausted, codes.DeadlineExceeded, codes.Aborted, codes.Unknown, codes.Canceled, codes.Internal,
	}, e.Code)
}

// over reports whether the caller's own context has ended.
func over(ctx context.Context) bool { return ctx.Err() != nil }

func duration(d time.Duration) *durationpb.Duration {
	if d == 0 {
		return nil
	}
	return durationpb.New(d)
}

package api

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"

	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
)

// Domain is the domain of every ErrorInfo that the API sends.
const Domain = "forestock"

// Reason tells programs what went wrong. A reason never changes its meaning.
type Reason string

// The reasons of the API.
const (
	InvalidName          Reason = "INVALID_NAME"
	InvalidQuery         Reason = "INVALID_QUERY"
	InvalidPageSize      Reason = "INVALID_PAGE_SIZE"
	InvalidPageToken     Reason = "INVALID_PAGE_TOKEN"
	InvalidResumeToken   Reason = "INVALID_RESUME_TOKEN"
	InvalidItem          Reason = "INVALID_ITEM"
	TooMany              Reason = "TOO_MANY"
	NothingAsked         Reason = "NOTHING_ASKED"
	MalformedRequest     Reason = "MALFORMED_REQUEST"
	UnknownParameter     Reason = "UNKNOWN_PARAMETER"
	UnknownWarehouse     Reason = "UNKNOWN_WAREHOUSE"
	UnknownSKU           Reason = "UNKNOWN_SKU"
	UnknownItem          Reason = "UNKNOWN_ITEM"
	UnknownRoute         Reason = "UNKNOWN_ROUTE"
	UnknownEntry         Reason = "UNKNOWN_ENTRY"
	InvalidDiscard       Reason = "INVALID_DISCARD"
	InvalidDecision      Reason = "INVALID_DECISION"
	CannotApply          Reason = "CANNOT_APPLY"
	CannotRepair         Reason = "CANNOT_REPAIR"
	AgentSilent          Reason = "AGENT_SILENT"
	RepairUnderWay       Reason = "REPAIR_UNDER_WAY"
	NoBackups            Reason = "NO_BACKUPS"
	BackupExists         Reason = "BACKUP_EXISTS"
	MethodNotAllowed     Reason = "METHOD_NOT_ALLOWED"
	BodyTooLarge         Reason = "BODY_TOO_LARGE"
	CrossOrigin          Reason = "CROSS_ORIGIN"
	ForeignHost          Reason = "FOREIGN_HOST"
	TokenMissing         Reason = "TOKEN_MISSING"
	TokenUnknown         Reason = "TOKEN_UNKNOWN"
	RoleMissing          Reason = "ROLE_MISSING"
	RateLimited          Reason = "RATE_LIMITED"
	Overloaded           Reason = "OVERLOADED"
	TooManyWatches       Reason = "TOO_MANY_WATCHES"
	ResumeTokenUnknown   Reason = "RESUME_TOKEN_UNKNOWN"
	DeadlineExceeded     Reason = "DEADLINE_EXCEEDED"
	Cancelled            Reason = "CANCELLED"
	ShuttingDown         Reason = "SHUTTING_DOWN"
	NotReady             Reason = "NOT_READY"
	Internal             Reason = "INTERNAL"
	MethodNotImplemented Reason = "METHOD_NOT_IMPLEMENTED"
)

// refusal is every answer that is not a success: a code, a reason for
// programs, and a message that tells people what to do.
type refusal struct {
	code    codes.Code
	reason  Reason
	message string
	// retry is how long to wait before the same call can succeed; 0 is never.
	retry time.Duration
	// fields name the parts of the request that were wrong.
	fields []*errdetails.BadRequest_FieldViolation
	// shortages are the lines that could not be held.
	shortages []*forestockv1.Shortage
	// call is the id of the request, for the hub's log.
	call string
}

// refuse gives a refusal. The message says what is wrong, then what to do.
func refuse(code codes.Code, reason Reason, format string, args ...any) *refusal {
	return &refusal{code: code, reason: reason, message: fmt.Sprintf(format, args...)}
}

// invalid refuses one field of the request.
func invalid(reason Reason, field, format string, args ...any) *refusal {
	return refuse(codes.InvalidArgument, reason, format, args...).in(field)
}

// unknown refuses a name that nothing has.
func unknown(reason Reason, field, format string, args ...any) *refusal {
	return refuse(codes.NotFound, reason, format, args...).in(field)
}

// in says which field of the request was wrong.
func (r *refusal) in(field string) *refusal {
	r.fields = append(r.fields, &errdetails.BadRequest_FieldViolation{Field: field, Description: r.message, Reason: string(r.reason)})
	return r
}

// after says when the same call can succeed.
func (r *refusal) after(d time.Duration) *refusal {
	r.retry = d
	return r
}

// Error gives the message.
func (r *refusal) Error() string { return string(r.reason) + ": " + r.message }

// GRPCStatus gives the refusal as gRPC sends it.
func (r *refusal) GRPCStatus() *status.Status {
	details := []protoadapt.MessageV1{&errdetails.ErrorInfo{Reason: string(r.reason), Domain: Domain}}
	if r.retry > 0 {
		details = append(details, &errdetails.RetryInfo{RetryDelay: durationpb.New(r.retry)})
	}
	if len(r.shortages) > 0 {
		details = append(details, protoadapt.MessageV1Of(&forestockv1.Shortages{Shortages: r.shortages}))
	}
	if len(r.fields) > 0 {
		details = append(details, &errdetails.BadRequest{FieldViolations: r.fields})
	}
	if r.call != "" {
		details = append(details, &errdetails.RequestInfo{RequestId: r.call})
	}
	st := status.New(r.code, r.message)
	full, err := st.WithDetails(details...)
	if err != nil {
		return st // only an OK status takes no details, and no refusal is one
	}
	return full
}

// reasons are those of errors that the API did not refuse itself.
var reasons = map[codes.Code]Reason{
	codes.Canceled:         Cancelled,
	codes.InvalidArgument:  MalformedRequest,
	codes.DeadlineExceeded: DeadlineExceeded,
	codes.NotFound:         UnknownRoute,
	codes.Unimplemented:    MethodNotImplemented,
	codes.Unavailable:      NotReady,
}

// refusalOf turns any error into a refusal. An error that nobody meant for the
// caller becomes INTERNAL and keeps its words for the log.
func refusalOf(err error) *refusal {
	if r, ok := errors.AsType[*refusal](err); ok {
		return r
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return refuse(codes.DeadlineExceeded, DeadlineExceeded, "the call took longer than it may; ask for less at once, or try again").after(time.Second)
	case errors.Is(err, context.Canceled):
		return refuse(codes.Canceled, Cancelled, "the caller gave up")
	}
	if st, ok := status.FromError(err); ok {
		return refusalOfStatus(st)
	}
	return refuse(codes.Internal, Internal, "the hub failed; its log says why under this request id")
}

// refusalOfStatus reads a status that already went through gRPC.
func refusalOfStatus(st *status.Status) *refusal {
	r := refuse(st.Code(), cmp.Or(reasons[st.Code()], Internal), "%s", st.Message())
	for _, detail := range st.Details() {
		switch d := detail.(type) {
		case *errdetails.ErrorInfo:
			r.reason = Reason(d.GetReason())
		case *errdetails.RetryInfo:
			r.retry = d.GetRetryDelay().AsDuration()
		case *errdetails.BadRequest:
			r.fields = d.GetFieldViolations()
		case *forestockv1.Shortages:
			r.shortages = d.GetShortages()
		case *errdetails.RequestInfo:
			r.call = d.GetRequestId()
		}
	}
	return r
}

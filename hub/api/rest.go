package api

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/genproto/googleapis/rpc/code"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
)

// rest answers HTTP under /v1/. Every call goes through the in-process channel
// and with it through the gate.
type rest struct {
	routes  routes
	gateway *runtime.ServeMux
	json    *marshaler
	watch   forestockv1.AvailabilityServiceClient
	limit   int64 // bytes of a body

	reservations forestockv1.ReservationServiceClient
	metrics      *metrics
}

// marshaler writes JSON the one way that clients can rely on: field names as in
// the .proto files, fields without a value written too, nothing unknown read.
type marshaler struct{ runtime.JSONPb }

func newMarshaler() *marshaler {
	return &marshaler{runtime.JSONPb{MarshalOptions: protojson.MarshalOptions{UseProtoNames: true, EmitUnpopulated: true}}}
}

// Marshal writes v. The gateway ends a stream that failed with the bare status;
// it is given the body that every other error has.
func (m *marshaler) Marshal(v any) ([]byte, error) {
	if chunk, ok := v.(map[string]proto.Message); ok {
		if st, ok := chunk["error"].(*spb.Status); ok {
			body, _ := errorBody(refusalOfStatus(status.FromProto(st)))
			v = body
		}
	}
	return m.JSONPb.Marshal(v)
}

func newREST(direct *inprocgrpc.Channel, rs routes, limit int, m *metrics) (*rest, error) {
	channel := inProcess{direct}
	r := &rest{
		routes: rs, json: newMarshaler(), limit: int64(limit), metrics: m,
		watch: forestockv1.NewAvailabilityServiceClient(channel), reservations: forestockv1.NewReservationServiceClient(channel),
	}
	r.gateway = runtime.NewServeMux(
		runtime.WithMarshalerOption(runtime.MIMEWildcard, r.json),
		runtime.WithErrorHandler(func(_ context.Context, _ *runtime.ServeMux, _ runtime.Marshaler, w http.ResponseWriter, req *http.Request, err error) {
			r.failed(w, req, err)
		}),
		runtime.WithRoutingErrorHandler(func(_ context.Context, _ *runtime.ServeMux, _ runtime.Marshaler, w http.ResponseWriter, req *http.Request, _ int) {
			r.unknown(w, req)
		}),
		runtime.WithIncomingHeaderMatcher(incomingHeader),
		runtime.WithOutgoingHeaderMatcher(outgoingHeader),
		runtime.WithDisablePathLengthFallback(),
		runtime.WithDisableHTTPMethodOverride(),
		runtime.WithWriteContentLength(),
	)
	ctx := context.Background() // the channel is never dialled, so there is nothing to close
	err := errors.Join(
		forestockv1.RegisterFleetServiceHandlerClient(ctx, r.gateway, forestockv1.NewFleetServiceClient(channel)),
		forestockv1.RegisterAvailabilityServiceHandlerClient(ctx, r.gateway, r.watch),
		forestockv1.RegisterCatalogueServiceHandlerClient(ctx, r.gateway, forestockv1.NewCatalogueServiceClient(channel)),
		forestockv1.RegisterWebhookServiceHandlerClient(ctx, r.gateway, forestockv1.NewWebhookServiceClient(channel)),
		forestockv1.RegisterReservationServiceHandlerClient(ctx, r.gateway, r.reservations),
		forestockv1.RegisterAdminServiceHandlerClient(ctx, r.gateway, forestockv1.NewAdminServiceClient(channel)),
	)
	return r, err
}

// incomingHeader lets through what the gate reads; the gateway passes
// Authorization by itself.
func incomingHeader(name string) (string, bool) {
	return requestIDHeader, strings.EqualFold(name, requestIDHeader)
}

func outgoingHeader(name string) (string, bool) {
	return name, strings.EqualFold(name, requestIDHeader)
}

// restCallerKey finds the caller in the context of an HTTP request.
type restCallerKey struct{}

func restCaller(ctx context.Context) string {
	caller, _ := ctx.Value(restCallerKey{}).(string)
	return caller
}

// ServeHTTP routes the request and answers it.
func (r *rest) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	found, allowed := r.routes.find(req.Method, req.URL.Path)
	switch {
	case len(allowed) == 0:
		r.unknown(w, req)
		return
	case found == nil:
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		r.refuse(w, req, refuse(codes.Unimplemented, MethodNotAllowed, "%s answers to %s only", req.URL.Path, strings.Join(allowed, ", ")))
		return
	}
	if err := checkQuery(req.URL.RawQuery, found.Query); err != nil {
		r.failed(w, req, err)
		return
	}
	if err := r.readBody(w, req); err != nil {
		r.failed(w, req, err)
		return
	}
	req = req.WithContext(context.WithValue(req.Context(), restCallerKey{}, addressKey(req.RemoteAddr)))
	if found.Stream {
		r.serveStream(w, req, found.Path)
		return
	}
	r.gateway.ServeHTTP(w, req)
}

// checkQuery refuses parameters that the route does not have: a misspelt
// page_size that is ignored in silence is found much later.
func checkQuery(raw string, known []string) error {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return refuse(codes.InvalidArgument, MalformedRequest, "the query string cannot be read: %v", err)
	}
	for name := range values {
		if !slices.Contains(known, name) {
			return invalid(UnknownParameter, name, "there is no parameter %q here; there are: %s", name, cmp.Or(strings.Join(known, ", "), "none"))
		}
	}
	return nil
}

// readBody reads the whole body up to the limit, before anything else runs.
func (r *rest) readBody(w http.ResponseWriter, req *http.Request) error {
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, r.limit))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return refuse(codes.ResourceExhausted, BodyTooLarge, "the body is over %d bytes; ask for less with one call", r.limit)
	}
	if err != nil {
		return refuse(codes.InvalidArgument, MalformedRequest, "the body ended early: %v", err)
	}
	req.Body = io.NopCloser(bytes.NewReader(body))
	return nil
}

// failed answers a call that failed, or that the gateway could not read.
func (r *rest) failed(w http.ResponseWriter, req *http.Request, err error) {
	answer := refusalOf(err)
	_, ours := errors.AsType[*refusal](err)
	if answer.reason == MalformedRequest && !ours && answer.call == "" {
		answer.message = readable(answer.message)
	}
	r.refuse(w, req, answer)
}

// readable takes the marks of the JSON decoder off its message: the name of its
// library and the spaces that it varies on purpose.
func readable(message string) string {
	message = strings.ReplaceAll(message, "\u00a0", " ")
	return "the request cannot be read: " + strings.TrimPrefix(message, "proto: ")
}

// unknown answers an address that is not there.
func (r *rest) unknown(w http.ResponseWriter, req *http.Request) {
	r.refuse(w, req, refuse(codes.NotFound, UnknownRoute, "there is nothing at %s; /docs lists what there is", req.URL.Path))
}

// crossOrigin answers a page of another site that tried to write.
func (r *rest) crossOrigin(w http.ResponseWriter, req *http.Request) {
	r.refuse(w, req, refuse(codes.PermissionDenied, CrossOrigin, "a browser's page from %q may not write here; call the API from a program", req.Header.Get("Origin")))
}

// refuse writes a refusal as the body that every error of the API has. One that
// never reached the gate is named and counted here.
func (r *rest) refuse(w http.ResponseWriter, req *http.Request, answer *refusal) {
	if answer.call == "" {
		answer.call = callID(req.Header.Values(requestIDHeader))
		r.metrics.refused.WithLabelValues(string(answer.reason)).Inc()
	}
	body, httpStatus := errorBody(answer)
	h := w.Header()
	h.Del("Trailer")
	h.Del("Transfer-Encoding")
	if answer.retry > 0 {
		h.Set("Retry-After", strconv.Itoa(int((answer.retry+time.Second-1)/time.Second)))
	}
	if httpStatus == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="forestock"`)
	}
	h.Set(requestIDHeader, answer.call)
	b, err := r.json.Marshal(body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(b)))
	w.WriteHeader(httpStatus)
	_, _ = w.Write(b) // whoever asked has gone; there is nobody left to tell
}

// statusOf gives the HTTP status of reasons that their gRPC code says too
// little about.
var statusOf = map[Reason]int{
	MethodNotAllowed: http.StatusMethodNotAllowed,
	BodyTooLarge:     http.StatusRequestEntityTooLarge,
	// The request is right and the stock says no: whoever reads only the status
	// must not take it for a mistake of the program.
	InsufficientStock:    http.StatusConflict,
	ReservationExpired:   http.StatusConflict,
	ReservationCancelled: http.StatusConflict,
	AlreadyPicked:        http.StatusConflict,
	LocationNotServed:    http.StatusConflict,
}

func errorBody(r *refusal) (body *forestockv1.ErrorResponse, httpStatus int) {
	httpStatus = cmp.Or(statusOf[r.reason], runtime.HTTPStatusFromCode(r.code))
	return &forestockv1.ErrorResponse{Error: &forestockv1.Error{
		Code: int32(httpStatus), Status: code.Code(r.code).String(), Reason: string(r.reason), Message: r.message,
		Details: r.GRPCStatus().Proto().GetDetails(),
	}}, httpStatus
}

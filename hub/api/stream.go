package api

import (
	"context"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"github.com/grpc-ecosystem/grpc-gateway/v2/utilities"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
)

// patience is how long a stream's reader may take to take in one message,
// before the connection is cut.
const patience = 20 * time.Second

// serveStream answers a watch: as server-sent events to whoever asks for them,
// as one JSON object a line otherwise.
func (r *rest) serveStream(w http.ResponseWriter, req *http.Request, path string) {
	w.Header().Set("Cache-Control", "no-store")
	// Proxies such as nginx hold small answers back unless told otherwise.
	w.Header().Set("X-Accel-Buffering", "no")
	w = &patient{ResponseWriter: w}
	if strings.Contains(req.Header.Get("Accept"), "text/event-stream") {
		ctx, cancel := context.WithCancel(req.Context())
		defer cancel()
		watch := r.watchAvailability
		if path == "/v1/reservations:watch" {
			watch = r.watchReservations
		}
		if err := watch(ctx, w, req); err != nil {
			r.failed(w, req, err)
		}
		return
	}
	r.gateway.ServeHTTP(w, req)
}

// patient moves the connection's write deadline with every write, so that a
// stream may last for days while a reader that stopped is still cut off.
type patient struct{ http.ResponseWriter }

// Write writes b within the reader's patience.
func (p *patient) Write(b []byte) (int, error) {
	if err := http.NewResponseController(p.ResponseWriter).SetWriteDeadline(time.Now().Add(patience)); err != nil {
		return 0, err
	}
	return p.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (p *patient) Unwrap() http.ResponseWriter { return p.ResponseWriter }

// told is one response of a watch.
type told interface {
	proto.Message
	GetResumeToken() string
}

// eventSource is a watch as the channel gives it.
type eventSource[T told] interface {
	Recv() (T, error)
	Header() (metadata.MD, error)
}

// serveEvents answers a watch as server-sent events (HTML Living Standard, 9.2):
// the event is what the response holds, its id the resume token, which a
// browser sends back as Last-Event-ID when it reconnects.
func serveEvents[T told](r *rest, w http.ResponseWriter, stream eventSource[T], name func(T) string) error {
	first, err := stream.Recv()
	if err != nil {
		return err
	}
	header, _ := stream.Header() // a stream that gave a message has one
	for _, id := range header.Get(requestIDHeader) {
		w.Header().Set(requestIDHeader, id)
	}
	w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
	writeEvents(r, w, first, stream, name)
	return nil
}

func (r *rest) watchAvailability(ctx context.Context, w http.ResponseWriter, req *http.Request) error {
	ask := new(forestockv1.WatchAvailabilityRequest)
	ctx, err := r.readWatch(ctx, req, ask, forestockv1.AvailabilityService_WatchAvailability_FullMethodName)
	if err != nil {
		return err
	}
	stream, err := r.watch.WatchAvailability(ctx, ask)
	if err != nil {
		return err
	}
	return serveEvents(r, w, stream, eventName)
}

func (r *rest) watchReservations(ctx context.Context, w http.ResponseWriter, req *http.Request) error {
	ask := new(forestockv1.WatchReservationsRequest)
	ctx, err := r.readWatch(ctx, req, ask, forestockv1.ReservationService_WatchReservations_FullMethodName)
	if err != nil {
		return err
	}
	stream, err := r.reservations.WatchReservations(ctx, ask)
	if err != nil {
		return err
	}
	return serveEvents(r, w, stream, func(m *forestockv1.WatchReservationsResponse) string {
		if m.GetBookmark() {
			return "bookmark"
		}
		return m.GetEvent().GetType()
	})
}

// readWatch reads what a watch is about, and gives the context of its call.
func (r *rest) readWatch(ctx context.Context, req *http.Request, ask proto.Message, method string) (context.Context, error) {
	values := req.URL.Query()
	if last := req.Header.Get("Last-Event-ID"); last != "" {
		values.Set("resume_token", last)
	}
	if err := runtime.PopulateQueryParameters(ask, values, utilities.NewDoubleArray(nil)); err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	return runtime.AnnotateContext(ctx, r.gateway, req, method)
}

// writeEvents writes the first response and all that follow, until one side
// ends it. An error becomes an event of its own, not named
// "error": browsers give that name to a lost connection.
func writeEvents[T told](r *rest, w http.ResponseWriter, next T, stream eventSource[T], name func(T) string) {
	flush := http.NewResponseController(w)
	var err error
	for ; err == nil; next, err = stream.Recv() {
		if r.writeEvent(w, name(next), next.GetResumeToken(), next) != nil || flush.Flush() != nil {
			return // the reader has gone
		}
	}
	body, _ := errorBody(refusalOf(err))
	_ = r.writeEvent(w, "end", "", body)
	_ = flush.Flush()
}

func eventName(r *forestockv1.WatchAvailabilityResponse) string {
	switch {
	case r.GetAvailability() != nil:
		return "availability"
	case r.GetWarehouse() != nil:
		return "warehouse"
	}
	return "bookmark"
}

func (r *rest) writeEvent(w io.Writer, name, id string, data proto.Message) error {
	b, err := r.json.Marshal(data)
	if err != nil {
		return err
	}
	var e strings.Builder
	e.WriteString("event: " + name + "\n")
	if id != "" {
		e.WriteString("id: " + id + "\n")
	}
	e.WriteString("data: ")
	e.Write(b) // JSON of one message has no line breaks
	e.WriteString("\n\n")
	_, err = io.WriteString(w, e.String())
	return err
}

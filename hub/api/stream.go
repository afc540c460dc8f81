package api

import (
	"context"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"github.com/grpc-ecosystem/grpc-gateway/v2/utilities"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
)

// patience is how long a stream's reader may take to take in one message,
// before the connection is cut.
const patience = 20 * time.Second

// serveStream answers a watch: as server-sent events to whoever asks for them,
// as one JSON object a line otherwise.
func (r *rest) serveStream(w http.ResponseWriter, req *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	// Proxies such as nginx hold small answers back unless told otherwise.
	w.Header().Set("X-Accel-Buffering", "no")
	w = &patient{ResponseWriter: w}
	if strings.Contains(req.Header.Get("Accept"), "text/event-stream") {
		r.serveEvents(w, req)
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

// serveEvents answers a watch as server-sent events (HTML Living Standard, 9.2):
// the event is what the response holds, its id the resume token, which a
// browser sends back as Last-Event-ID when it reconnects.
func (r *rest) serveEvents(w http.ResponseWriter, req *http.Request) {
	ctx, cancel := context.WithCancel(req.Context())
	defer cancel()
	stream, err := r.openWatch(ctx, req)
	if err != nil {
		r.failed(w, req, err)
		return
	}
	first, err := stream.Recv()
	if err != nil {
		r.failed(w, req, err)
		return
	}
	header, _ := stream.Header() // a stream that gave a message has one
	for _, id := range header.Get(requestIDHeader) {
		w.Header().Set(requestIDHeader, id)
	}
	w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
	r.writeEvents(w, first, stream)
}

func (r *rest) openWatch(ctx context.Context, req *http.Request) (grpc.ServerStreamingClient[forestockv1.WatchAvailabilityResponse], error) {
	ask := new(forestockv1.WatchAvailabilityRequest)
	values := req.URL.Query()
	if last := req.Header.Get("Last-Event-ID"); last != "" {
		values.Set("resume_token", last)
	}
	if err := runtime.PopulateQueryParameters(ask, values, utilities.NewDoubleArray(nil)); err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	ctx, err := runtime.AnnotateContext(ctx, r.gateway, req, forestockv1.AvailabilityService_WatchAvailability_FullMethodName)
	if err != nil {
		return nil, err
	}
	return r.watch.WatchAvailability(ctx, ask)
}

// writeEvents writes the first response and all that follow, until one side
// ends it. An error becomes an event of its own, not named
// "error": browsers give that name to a lost connection.
func (r *rest) writeEvents(w http.ResponseWriter, next *forestockv1.WatchAvailabilityResponse, stream grpc.ServerStreamingClient[forestockv1.WatchAvailabilityResponse]) {
	flush := http.NewResponseController(w)
	var err error
	for ; err == nil; next, err = stream.Recv() {
		if r.writeEvent(w, eventName(next), next.GetResumeToken(), next) != nil || flush.Flush() != nil {
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

package api

import (
	"cmp"
	"context"
	"crypto/rand"
	"log/slog"
	mathrand "math/rand/v2"
	"runtime/debug"
	"strings"
	"time"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/protobuf/proto"

	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
)

// requestIDHeader carries the id of a call both ways, in gRPC and in REST.
const requestIDHeader = "x-request-id"

// gate stands before every call, of gRPC and of REST alike: it names the call,
// asks who calls and whether that caller may, keeps the limits, turns every
// error into a refusal, and counts. It is safe for concurrent use.
type gate struct {
	log     *slog.Logger
	tokens  tokens
	buckets *buckets
	calls   room
	streams room
	timeout time.Duration
	largest int                // bytes of a request; REST keeps to it while it reads
	methods map[string]*method // by full name; fixed before the first call
	metrics *metrics
}

func newGate(c *Config, log *slog.Logger, m *metrics) *gate {
	return &gate{
		log: log, tokens: newTokens(c.Tokens), buckets: newBuckets(c.Limits), timeout: c.Limits.Call, largest: c.Limits.MessageBytes,
		calls: room{limit: int64(c.Limits.InFlight)}, streams: room{limit: int64(c.Limits.Streams)},
		methods: make(map[string]*method), metrics: m,
	}
}

// method is what the gate knows of one method before it is called.
type method struct {
	name     string // without the package, as metrics and logs have it
	role     Role   // empty lets everybody in, unlimited: signs of life only
	counters [forms]*counters
}

// form is the way a call came in.
type form int

const (
	formGRPC form = iota
	formREST
	forms
)

// String gives the form as metrics and logs have it.
func (f form) String() string { return [forms]string{"grpc", "rest"}[f] }

// call is one call on its way through the gate.
type call struct {
	gate   *gate
	method *method
	form   form
	asked  []string // the ids that the caller gave it
	named  string   // once somebody wanted to know
	caller string
	holder string // whose token it shows; empty without one
	begun  time.Time
	room   *room // whose place it holds; nil while it has none
}

// unary is the gate of a call with one answer.
func (g *gate) unary(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (resp any, err error) {
	c := g.begin(ctx, info.FullMethod)
	defer func() { err = c.end(ctx, err, recover()) }()
	if c.tells() {
		if err := grpc.SetHeader(ctx, metadata.Pairs(requestIDHeader, c.id())); err != nil {
			return nil, cmp.Or(ctx.Err(), err) // a caller who has gone takes no header
		}
	}
	if err := c.admit(ctx, &g.calls); err != nil {
		return nil, err
	}
	if m, ok := req.(proto.Message); ok && c.form == formGRPC && proto.Size(m) > g.largest {
		return nil, refuse(codes.ResourceExhausted, BodyTooLarge, "the request is over %d bytes; ask for less with one call", g.largest)
	}
	if deadline, ok := ctx.Deadline(); !ok || deadline.Sub(c.begun) > g.timeout {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, g.timeout)
		defer cancel()
	}
	return handler(context.WithValue(ctx, callKey{}, c), req)
}

// callKey finds the call in the context of its handler.
type callKey struct{}

// callOf gives the call that a handler works for; nil for work of the hub's own.
func callOf(ctx context.Context) *call {
	c, _ := ctx.Value(callKey{}).(*call)
	return c
}

// pay takes n tokens of the caller's bucket, for a call that asks for n things
// at once, and tells how long to wait where there are not so many.
func (c *call) pay(n int) (wait time.Duration) {
	if c == nil {
		return 0
	}
	return c.gate.buckets.take(c.caller, n)
}

// named is a stream whose context knows its call.
type named struct {
	grpc.ServerStream
	ctx context.Context //nolint:containedctx // a stream has its context to give out
}

// Context gives the stream's context.
func (n *named) Context() context.Context { return n.ctx }

// stream is the gate of a call that streams.
func (g *gate) stream(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) (err error) {
	ctx := ss.Context()
	c := g.begin(ctx, info.FullMethod)
	defer func() { err = c.end(ctx, err, recover()) }()
	if c.tells() {
		if err := ss.SetHeader(metadata.Pairs(requestIDHeader, c.id())); err != nil {
			return cmp.Or(ctx.Err(), err)
		}
	}
	if err := c.admit(ctx, &g.streams); err != nil {
		return err
	}
	return handler(srv, &named{ss, context.WithValue(ctx, callKey{}, c)})
}

// begin names the call. REST comes in through the in-process channel, which
// keeps the context of the HTTP request.
func (g *gate) begin(ctx context.Context, fullMethod string) *call {
	c := &call{gate: g, method: g.methods[fullMethod], form: formGRPC, asked: metadata.ValueFromIncomingContext(ctx, requestIDHeader), begun: time.Now()}
	if client := inprocgrpc.ClientContext(ctx); client != nil {
		c.form = formREST
		c.caller = restCaller(client)
	} else if p, ok := peer.FromContext(ctx); ok {
		c.caller = callerAt(p.Addr)
	}
	return c
}

// id gives the id of the call. Most calls end without anybody asking for it, and
// making one costs more than what else the gate does.
func (c *call) id() string {
	if c.named == "" {
		c.named = callID(c.asked)
	}
	return c.named
}

// tells reports whether the call is given its id back in any case: to people with
// a browser, and to whoever gave it one. A refusal always names it.
func (c *call) tells() bool { return c.form == formREST || len(c.asked) > 0 }

// callID takes the caller's own id where it is a plain one, so that both sides'
// logs meet.
func callID(asked []string) string {
	if len(asked) == 1 && plainID(asked[0]) {
		return asked[0]
	}
	return rand.Text()
}

func plainID(s string) bool {
	if s == "" || len(s) > 64 {
		return false
	}
	for _, b := range []byte(s) {
		if b <= ' ' || b >= 0x7f || b == '"' || b == '\\' {
			return false
		}
	}
	return true
}

// admit decides whether the call may run, and takes it a place in r.
func (c *call) admit(ctx context.Context, r *room) error {
	if c.method.role != "" {
		if err := c.authorize(ctx); err != nil {
			return err
		}
		if wait := c.pay(1); wait > 0 {
			return c.limited(wait)
		}
	}
	if !r.enter() {
		if r == &c.gate.streams {
			return refuse(codes.ResourceExhausted, TooManyWatches, "the hub serves %d streams already; end one, or try again later", r.limit).after(spread(time.Second))
		}
		return refuse(codes.ResourceExhausted, Overloaded, "the hub runs %d calls already; try again in a moment", r.limit).after(spread(100 * time.Millisecond))
	}
	c.room = r
	return nil
}

func (c *call) limited(wait time.Duration) *refusal {
	return refuse(codes.ResourceExhausted, RateLimited,
		"%s asks more often than the hub allows one caller; wait, or ask for many names with one call", c.caller).after(wait)
}

// spread gives d to 2d, so that callers that were refused together do not come
// back together.
func spread(d time.Duration) time.Duration { return d + mathrand.N(d) }

func (c *call) authorize(ctx context.Context) error {
	if len(c.gate.tokens) == 0 {
		return nil
	}
	var header string
	if values := metadata.ValueFromIncomingContext(ctx, "authorization"); len(values) > 0 {
		header = values[0]
	}
	token, err := c.gate.tokens.find(header)
	if err != nil {
		return err
	}
	c.caller, c.holder = token.Name, token.Name
	if c.method.role == Write && token.Role != Write {
		return refuse(codes.PermissionDenied, RoleMissing,
			"the token of %s may read only; %s needs one with the role %s", token.Name, c.method.name, Write)
	}
	return nil
}

// end turns what happened into the answer, gives the place back and counts.
func (c *call) end(ctx context.Context, err error, panicked any) error {
	if c.room != nil {
		c.room.leave()
	}
	var r *refusal
	switch {
	case panicked != nil:
		c.gate.log.ErrorContext(ctx, "call panicked", "method", c.method.name, "request", c.id(), "panic", panicked, "stack", string(debug.Stack()))
		r = refuse(codes.Internal, Internal, "the hub failed; its log says why under this request id")
	case err != nil:
		r = refusalOf(err)
		if r.code == codes.Internal {
			c.gate.log.ErrorContext(ctx, "call failed", "method", c.method.name, "request", c.id(), "err", err)
		}
	}
	c.account(ctx, r)
	if r == nil {
		return nil
	}
	answer := *r
	answer.call = c.id()
	return answer.GRPCStatus().Err()
}

func (c *call) account(ctx context.Context, r *refusal) {
	took := time.Since(c.begun)
	code := codes.OK
	if r != nil {
		code = r.code
		c.gate.metrics.refused.WithLabelValues(string(r.reason)).Inc()
	}
	c.method.counters[c.form].add(code, took)
	if !c.gate.log.Enabled(ctx, slog.LevelDebug) {
		return
	}
	c.gate.log.DebugContext(ctx, "call", "method", c.method.name, "form", c.form, "code", code.String(),
		"caller", c.caller, "request", c.id(), "took", took)
}

// writers are the methods that need the role Write; the others need Read.
var writers = map[string]bool{
	forestockv1.CatalogueService_BatchUpdateItems_FullMethodName:          true,
	forestockv1.ReservationService_CreateReservation_FullMethodName:       true,
	forestockv1.ReservationService_ConfirmReservation_FullMethodName:      true,
	forestockv1.ReservationService_CancelReservation_FullMethodName:       true,
	forestockv1.ReservationService_ExtendReservation_FullMethodName:       true,
	forestockv1.ReservationService_BatchCreateReservations_FullMethodName: true,
	forestockv1.ReservationService_StreamReservations_FullMethodName:      true,
	forestockv1.WebhookService_CreateWebhook_FullMethodName:               true,
	forestockv1.WebhookService_DeleteWebhook_FullMethodName:               true,
	forestockv1.WebhookService_RotateWebhookSecret_FullMethodName:         true,
	forestockv1.WebhookService_ReplayWebhook_FullMethodName:               true,
	forestockv1.WebhookService_ListDeadLetters_FullMethodName:             true,
	forestockv1.WebhookService_RedeliverDeadLetters_FullMethodName:        true,
	forestockv1.AdminService_CreateBackup_FullMethodName:                  true,
	forestockv1.AdminService_DiscardQuarantinedEntry_FullMethodName:       true,
	forestockv1.AdminService_RetryQuarantinedEntry_FullMethodName:         true,
	forestockv1.AdminService_RepairDivergence_FullMethodName:              true,
	forestockv1.AdminService_SetPolicy_FullMethodName:                     true,
	forestockv1.AdminService_RepairReservations_FullMethodName:            true,
	forestockv1.AdminService_ReplaceBox_FullMethodName:                    true,
}

// learn takes in the methods that there are.
func (g *gate) learn(services map[string]grpc.ServiceInfo) {
	for service, info := range services {
		for _, m := range info.Methods {
			full := "/" + service + "/" + m.Name
			known := &method{name: service[strings.LastIndexByte(service, '.')+1:] + "." + m.Name, role: Read}
			switch {
			case writers[full]:
				known.role = Write
			case strings.HasPrefix(service, "grpc.health."):
				known.role = ""
			}
			for f := range forms {
				known.counters[f] = g.metrics.of(known.name, f.String())
			}
			g.methods[full] = known
		}
	}
}

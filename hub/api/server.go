package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/reflection"

	"github.com/forestock/forestock/hub/inventory"
	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
)

// Deps are what the API answers from.
type Deps struct {
	Stock Stock
	Link  Link
	Boxes Boxes
	// Ready tells why the hub cannot answer yet, and gives nil once it can. It
	// is asked once a second and more. Without it the hub is always ready.
	Ready func(context.Context) error
	// Backup copies the store into a new folder of a name; nil where backups
	// have no place. Errors wrap those of inventory about names.
	Backup func(ctx context.Context, name string) (inventory.Backup, error)
	// Webhooks says whom the hub tells what happens; nil leaves the service out.
	Webhooks forestockv1.WebhookServiceServer
	// Console is served under /console/ when it is there.
	Console http.Handler
	// Registry takes the API's metrics and is what /metrics shows.
	Registry *prometheus.Registry
	Log      *slog.Logger
	// Version of the hub's program, for people.
	Version string
}

// Server is the API on its two listeners.
type Server struct {
	config Config
	deps   Deps

	grpcListener net.Listener
	httpListener net.Listener
	grpc         *grpc.Server
	http         *http.Server
	health       *health.Server
	gate         *gate
	pulse        *pulse
	view         *view
	queue        *queue
	audit        *audit
	closing      chan struct{} // closed when the server shuts down: it ends the watches
}

// New makes the server and opens its listeners, so that an address that is
// taken shows at once. The caller runs it, or closes it.
func New(c Config, d Deps) (*Server, error) {
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("api: %w", err)
	}
	if d.Ready == nil {
		d.Ready = func(context.Context) error { return nil }
	}
	s := &Server{config: c, deps: d, health: health.NewServer(), closing: make(chan struct{})}
	if err := s.build(); err != nil {
		return nil, fmt.Errorf("api: %w", err)
	}
	if err := s.listen(); err != nil {
		return nil, fmt.Errorf("api: %w", errors.Join(err, s.Close()))
	}
	return s, nil
}

func (s *Server) build() error {
	m, err := newMetrics(s.deps.Registry)
	if err != nil {
		return err
	}
	s.gate = newGate(&s.config, s.deps.Log, m)
	if err := countRunning(s.deps.Registry, s.gate); err != nil {
		return err
	}
	s.pulse = newPulse(s.deps.Stock, s.deps.Link, s.config.Live, s.config.Degraded, s.config.Zone)
	s.queue, s.audit = newQueue(s.config.Limits.Commands), newAudit(s.deps.Stock, s.deps.Log)
	s.view = &view{stock: s.deps.Stock, pulse: s.pulse, audit: s.audit}
	if err := errors.Join(s.deps.Registry.Register(&fleetMetrics{pulse: s.pulse}), s.deps.Registry.Register(s.audit)); err != nil {
		return err
	}

	s.grpc = grpc.NewServer(s.grpcOptions()...)
	channel := new(inprocgrpc.Channel).
		WithServerUnaryInterceptor(s.gate.unary).WithServerStreamInterceptor(s.gate.stream).WithCloner(sharing{})
	for _, registrar := range []grpc.ServiceRegistrar{s.grpc, channel} {
		s.register(registrar, m)
	}
	healthv1.RegisterHealthServer(s.grpc, s.health)
	reflection.Register(s.grpc)
	s.gate.learn(s.grpc.GetServiceInfo())

	handler, err := s.handler(channel)
	if err != nil {
		return err
	}
	s.http = s.httpServer(handler)
	return nil
}

func (s *Server) register(to grpc.ServiceRegistrar, m *metrics) {
	forestockv1.RegisterFleetServiceServer(to, &fleet{view: s.view})
	forestockv1.RegisterAvailabilityServiceServer(to, &availability{
		view: s.view, pace: pace{s.config.Bookmark, s.closing}, sent: m.sent,
	})
	forestockv1.RegisterCatalogueServiceServer(to, &catalogue{view: s.view})
	forestockv1.RegisterReservationServiceServer(to, &reservations{
		view: s.view, areas: areas{s.deps.Stock}, queue: s.queue, pace: pace{s.config.Bookmark, s.closing}, sent: m.sent,
	})
	forestockv1.RegisterAdminServiceServer(to, &admin{view: s.view, link: s.deps.Link, boxes: s.deps.Boxes, log: s.deps.Log, backup: s.deps.Backup})
	if s.deps.Webhooks != nil {
		forestockv1.RegisterWebhookServiceServer(to, s.deps.Webhooks)
	}
}

func (s *Server) grpcOptions() []grpc.ServerOption {
	options := append(Transport(),
		grpc.UnaryInterceptor(s.gate.unary),
		grpc.StreamInterceptor(s.gate.stream),
		// gRPC refuses without a reason; what is a little too large comes as far as the
		// gate, which says what to do.
		grpc.MaxRecvMsgSize(2*s.config.Limits.MessageBytes),
		grpc.MaxHeaderListSize(16<<10),
		grpc.MaxConcurrentStreams(256), // of one connection
		grpc.ConnectionTimeout(10*time.Second),
		grpc.KeepaliveParams(keepalive.ServerParameters{MaxConnectionIdle: 15 * time.Minute, Time: time.Minute, Timeout: 20 * time.Second}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 10 * time.Second, PermitWithoutStream: true}),
	)
	if s.config.TLS != nil {
		options = append(options, grpc.Creds(credentials.NewTLS(s.config.TLS)))
	}
	return options
}

func (s *Server) httpServer(handler http.Handler) *http.Server {
	return &http.Server{
		Handler: handler, TLSConfig: s.config.TLS.Clone(),
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second,
		// A stream moves its own deadline with everything it writes.
		WriteTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 32 << 10,
		ErrorLog:       slog.NewLogLogger(s.deps.Log.Handler(), slog.LevelDebug),
	}
}

func (s *Server) listen() (err error) {
	var lc net.ListenConfig
	open := func(address string) (net.Listener, error) {
		l, err := lc.Listen(context.Background(), "tcp", address)
		if err != nil {
			return nil, err
		}
		return newCrowd(l, s.config.Limits.Connections), nil
	}
	if s.grpcListener, err = open(s.config.GRPC); err != nil {
		return err
	}
	s.httpListener, err = open(s.config.HTTP)
	return err
}

// GRPCAddr gives the address that gRPC is served on.
func (s *Server) GRPCAddr() net.Addr { return s.grpcListener.Addr() }

// HTTPAddr gives the address that REST and the console are served on.
func (s *Server) HTTPAddr() net.Addr { return s.httpListener.Addr() }

// Run serves until ctx ends. It then ends the watches with a status that says
// so, lets running calls finish, and returns nil.
func (s *Server) Run(ctx context.Context) error {
	g, run := errgroup.WithContext(ctx)
	g.Go(func() error { return s.pulse.Run(run) })
	g.Go(func() error { return s.audit.Run(run) })
	g.Go(func() error { return s.watchReadiness(run) })
	g.Go(func() error { return s.grpc.Serve(s.grpcListener) })
	g.Go(s.serveHTTP)
	g.Go(func() error {
		<-run.Done()
		s.drain(context.WithoutCancel(ctx))
		return nil
	})
	// A server that was told to stop before it began to serve says so.
	if err := g.Wait(); err != nil && !errors.Is(err, grpc.ErrServerStopped) {
		return fmt.Errorf("api: %w", err)
	}
	return nil
}

func (s *Server) serveHTTP() error {
	serve := s.http.Serve
	if s.config.TLS != nil {
		serve = func(l net.Listener) error { return s.http.ServeTLS(l, "", "") }
	}
	if err := serve(s.httpListener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// ready tells whether the hub can answer.
func (s *Server) ready(ctx context.Context) error {
	select {
	case <-s.closing:
		return refuse(codes.Unavailable, ShuttingDown, "the hub shuts down; call another one, or again in a moment").after(time.Second)
	default:
	}
	if err := s.deps.Ready(ctx); err != nil {
		return refuse(codes.Unavailable, NotReady, "%v", err).after(time.Second)
	}
	return nil
}

// watchReadiness keeps the health service true.
func (s *Server) watchReadiness(ctx context.Context) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		state := healthv1.HealthCheckResponse_SERVING
		if s.ready(ctx) != nil {
			state = healthv1.HealthCheckResponse_NOT_SERVING
		}
		for name := range s.grpc.GetServiceInfo() {
			if strings.HasPrefix(name, "forestock.") {
				s.health.SetServingStatus(name, state)
			}
		}
		s.health.SetServingStatus("", state)
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// drain ends what runs: watches at once, calls when they are done or when the
// time for it is up.
func (s *Server) drain(ctx context.Context) {
	s.health.Shutdown()
	close(s.closing)
	ctx, cancel := context.WithTimeout(ctx, s.config.Limits.Drain)
	defer cancel()
	stop := context.AfterFunc(ctx, s.grpc.Stop)
	defer stop()
	var both sync.WaitGroup
	both.Go(s.grpc.GracefulStop)
	both.Go(func() {
		if err := s.http.Shutdown(ctx); err != nil {
			s.deps.Log.WarnContext(ctx, "calls cut off at shutdown", "err", errors.Join(err, s.http.Close()))
		}
	})
	both.Wait()
}

// Close closes what a server holds that was never run.
func (s *Server) Close() error {
	s.grpc.Stop()
	var errs []error
	for _, l := range []net.Listener{s.grpcListener, s.httpListener} {
		if l != nil {
			errs = append(errs, l.Close())
		}
	}
	return errors.Join(errs...)
}

package station

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/forestock/forestock/proto/stock"
)

// Config says where the stations are served.
type Config struct {
	Listen string // host:port; port 0 is any free one
	Dev    string // folder to serve the page's files from instead of those built in
	// Hosts are the names by which the page is opened, beside the box's own and
	// every address.
	Hosts []string
	// Pairing says who has to be paired before they change something; PairLAN
	// when it is empty.
	Pairing Pairing
}

// Desk is one station at work.
type Desk interface {
	// Scan and Press take an input and give the answer as JSON, with the
	// reason if it was refused. The same id again gives the first answer.
	Scan(ctx context.Context, id, code string) (answer []byte, refused string, err error)
	Press(ctx context.Context, id, button string) (answer []byte, refused string, err error)
	// Watch sends what the station shows, whole, until ctx ends or send fails.
	Watch(ctx context.Context, send func(event string, data []byte) error) error
	// View gives what the station shows, as JSON.
	View() []byte
}

// Book is what can be looked up without a station. The agent's ledger is one.
type Book interface {
	Item(stock.SKU) (stock.Item, bool)
	Search(q string, limit int) []stock.Item
	Levels(stock.SKU) []stock.Level
	Lot(stock.SKU, stock.Lot) stock.LotInfo
	History(sku stock.SKU, limit int) ([]stock.Entry, error)
}

// Deps is what a server stands on.
type Deps struct {
	Desks    map[string]Desk // by station
	Stations []string        // their names, the first one is the page's default
	Book     Book
	Status   func() any // what /api/status says, made anew with each call
	Wall     func() any // what the wall board shows: {"board", "status"}
	Devices  func() any // what the devices say just now
	// Device zeroes or tares a scale: "zero", "tare" or "clear_tare".
	Device func(ctx context.Context, device, command string) error
	// Label draws the label of a view, as SVG; nil where the view has none. It may
	// be nil: then no label is drawn.
	Label    func(view []byte) ([]byte, error)
	Pairs    *Pairs // the browsers that may change something
	Registry *prometheus.Registry
	Log      *slog.Logger
}

// Server serves the stations.
type Server struct {
	deps     Deps
	listener net.Listener
	page     fs.FS
	names    []string // by which the page may be opened
	pairing  Pairing
}

// New opens the port.
func New(cfg Config, d Deps) (*Server, error) {
	s := &Server{deps: d, page: builtIn(), names: namesOf(cfg.Hosts), pairing: cmp.Or(cfg.Pairing, PairLAN)}
	if cfg.Dev != "" {
		s.page = os.DirFS(cfg.Dev)
		if _, err := fs.Stat(s.page, "index.html"); err != nil {
			return nil, fmt.Errorf("page folder %s: %w", cfg.Dev, err)
		}
	}
	var err error
	s.listener, err = (&net.ListenConfig{}).Listen(context.Background(), "tcp", cfg.Listen)
	if err != nil {
		return nil, fmt.Errorf("listen for stations: %w", err)
	}
	return s, nil
}

// Addr gives the address, with the port that the system chose.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// Close frees the port of a server that never ran.
func (s *Server) Close() error {
	if err := s.listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// drain is how long answers under way may take when the server stops.
const drain = 3 * time.Second

// Run serves until ctx ends.
func (s *Server) Run(ctx context.Context) error {
	server := &http.Server{
		Handler: s.handler(),
		// A page keeps one stream open; everything else is short.
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, IdleTimeout: time.Minute,
		MaxHeaderBytes: 16 << 10,
		ErrorLog:       slog.NewLogLogger(s.deps.Log.Handler(), slog.LevelDebug),
		// Streams end with ctx, so that stopping does not wait for them.
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	ended := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
		defer cancel()
		ended <- server.Shutdown(last)
	})
	err := server.Serve(s.listener)
	if stop() { // ctx is alive: the listener failed
		return fmt.Errorf("serve stations: %w", err)
	}
	if err := <-ended; err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("stop serving stations: %w", err)
	}
	return nil
}

func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.index)
	mux.HandleFunc("GET /wall", s.wallPage)
	mux.HandleFunc("GET /page/{file...}", s.file)
	mux.HandleFunc("GET /api/events", s.events)
	mux.HandleFunc("GET /api/view", s.view)
	mux.HandleFunc("GET /api/label", s.label)
	mux.HandleFunc("GET /api/stations", s.stations)
	mux.HandleFunc("GET /api/status", s.status)
	mux.HandleFunc("GET /api/wall", s.wall)
	mux.HandleFunc("GET /api/devices", s.devices)
	mux.HandleFunc("GET /api/items", s.items)
	mux.HandleFunc("GET /api/levels", s.levels)
	mux.HandleFunc("GET /api/movements", s.movements)
	mux.HandleFunc("GET /api/pair", s.pairs)
	mux.HandleFunc("POST /api/pair", s.pair)
	mux.HandleFunc("POST /api/pair/code", s.paired(s.invite))
	mux.HandleFunc("POST /api/scan", s.paired(s.scan))
	mux.HandleFunc("POST /api/key", s.paired(s.key))
	mux.HandleFunc("POST /api/device", s.paired(s.device))
	mux.HandleFunc("/api/", func(w http.ResponseWriter, r *http.Request) {
		refuse(w, http.StatusNotFound, problem{"UNKNOWN_ROUTE", r.Method + " " + r.URL.Path + " is not part of this API", "the README lists the routes"})
	})
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.Handle("GET /metrics", promhttp.HandlerFor(s.deps.Registry, promhttp.HandlerOpts{}))
	return s.guard(s.ownHost(mux))
}

// guard keeps other sites' pages from scanning in a worker's name, and tells
// browsers to trust nothing but us.
func (s *Server) guard(next http.Handler) http.Handler {
	origin := http.NewCrossOriginProtection()
	origin.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		refuse(w, http.StatusForbidden, problem{"CROSS_ORIGIN", "another site's page may not work at this station", "open the station's own page"})
	}))
	return origin.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'self'; img-src 'self' data:; style-src 'self'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		next.ServeHTTP(w, r)
	}))
}

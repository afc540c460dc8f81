package fleet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/forestock/forestock/agent/agentd"
	"github.com/forestock/forestock/firmware-bridge/sim"
	"github.com/forestock/forestock/hub/hubd"
)

// Options of a fleet. Dir is needed.
type Options struct {
	Dir        string // holds all data, and can be started again on it
	Warehouses int    // 1 when zero
	Catalogue  string // CSV for the hub
	// Spawn runs hub and agents as processes of their own, so that they can
	// be killed; the program must call Child.
	Spawn bool
	// Ports are where the hub and the first station listen; the stations of
	// further warehouses follow on. Zero ports are any free ones.
	Ports Ports
	// Settle is how long a simulated scale takes to stand still.
	Settle time.Duration
	// Repeat is within which the same code counts as a double read; 0 is the
	// agent's default, below zero is never.
	Repeat time.Duration
	// Hub changes the hub's configuration before it is used; nil leaves it.
	Hub func(*hubd.Config)
	// Agent changes an agent's configuration before it is used; nil leaves it.
	Agent func(*agentd.Config)
	// Started is told each process of a spawned fleet, before the fleet waits
	// for it. Nil tells nobody.
	Started func(node string, pid int)
	Log     *slog.Logger
	Output  io.Writer // of processes; os.Stderr when nil
}

// Ports are the ports of a fleet, all on 127.0.0.1.
type Ports struct{ HTTP, GRPC, MQTT, Station int }

// Fleet is a hub and its warehouses.
type Fleet struct {
	Hub   *Node
	Sites []*Site

	HTTP, GRPC, MQTT string // addresses of the hub
	options          Options
	cables           []*sim.Cable
}

// Site is one warehouse: its agent, the line to the hub, and the clerk at its
// station.
type Site struct {
	*Clerk
	Warehouse string
	Agent     *Node
	Line      *Line
	Station   string // address of the page
	Cables    map[string]*sim.Cable
}

// New prepares a fleet; Run starts it.
func New(o Options) (*Fleet, error) {
	o.Warehouses = max(o.Warehouses, 1)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Output == nil {
		o.Output = os.Stderr
	}
	f := &Fleet{options: o}
	var err error
	for _, a := range []struct {
		address *string
		port    int
	}{{&f.HTTP, o.Ports.HTTP}, {&f.GRPC, o.Ports.GRPC}, {&f.MQTT, o.Ports.MQTT}} {
		if *a.address, err = address(a.port); err != nil {
			return nil, err
		}
	}
	cfg := hubd.DefaultConfig()
	cfg.Data, cfg.BackupDir = filepath.Join(o.Dir, "hub"), filepath.Join(o.Dir, "hub-backup")
	cfg.HTTP, cfg.GRPC, cfg.MQTT.Listen, cfg.Catalogue = f.HTTP, f.GRPC, f.MQTT, o.Catalogue
	if o.Hub != nil {
		o.Hub(&cfg)
	}
	f.Hub = f.node("hub", program{Hub: &cfg})
	for i := range o.Warehouses {
		site, err := f.site(i)
		if err != nil {
			return nil, errors.Join(err, f.close())
		}
		f.Sites = append(f.Sites, site)
	}
	return f, nil
}

func (f *Fleet) node(name string, p program) *Node {
	return &Node{Name: name, program: p, spawn: f.options.Spawn, log: f.options.Log, output: f.options.Output, started: f.options.Started}
}

// address gives an address on loopback: with a port that is free now, if none
// is wanted. It stays the same over restarts.
func address(port int) (string, error) {
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return "", fmt.Errorf("port %d is not free: %w", port, err)
	}
	return l.Addr().String(), l.Close()
}

func (f *Fleet) site(i int) (*Site, error) {
	name := fmt.Sprintf("dark-%02d", i+1)
	port := 0
	if f.options.Ports.Station != 0 {
		port = f.options.Ports.Station + i
	}
	station, err := address(port)
	if err != nil {
		return nil, err
	}
	line, err := NewLine(f.MQTT)
	if err != nil {
		return nil, err
	}
	s := &Site{
		Clerk: newClerk("http://" + station + "/api/events?station=s1"), Warehouse: name,
		Line: line, Station: station, Cables: make(map[string]*sim.Cable),
	}
	for _, device := range []string{"scale-1", "scanner-1"} {
		cable, err := sim.NewCable(filepath.Join(f.options.Dir, name, "dev", device))
		if err != nil {
			return nil, err
		}
		f.cables = append(f.cables, cable)
		s.Cables[device] = cable
	}
	s.Scanner = sim.NewScanner(s.Cables["scanner-1"], sim.ScannerConfig{})
	protocol := []string{"enq-dc1", "comma"}[i%2]
	if s.Scale, err = sim.NewScale(s.Cables["scale-1"], sim.ScaleConfig{Protocol: protocol, Settle: f.options.Settle, Seed: uint64(i)}); err != nil {
		return nil, err
	}
	cfg := s.config(f.options.Dir, protocol, f.options.Repeat)
	if f.options.Agent != nil {
		f.options.Agent(cfg)
	}
	s.Agent = f.node(name, program{Agent: cfg})
	return s, nil
}

func (s *Site) config(dir, protocol string, repeat time.Duration) *agentd.Config {
	cfg := agentd.DefaultConfig()
	cfg.Warehouse = s.Warehouse
	cfg.Data = filepath.Join(dir, s.Warehouse)
	cfg.Hub.Brokers = []string{"tcp://" + s.Line.Addr()}
	cfg.Station.Listen = s.Station
	switch {
	case repeat > 0:
		cfg.Station.Repeat = repeat
	case repeat < 0:
		cfg.Station.Repeat = 0
	}
	cfg.Ledger.MaxSize = 64 << 20
	cfg.Devices = []agentd.Device{
		{Name: "scale-1", Kind: "scale", Port: s.Cables["scale-1"].Name(), Protocol: protocol, Unit: "kg"},
		{Name: "scanner-1", Kind: "scanner", Port: s.Cables["scanner-1"].Name()},
	}
	return &cfg
}

// Run runs everything until ctx ends, or until a node cannot start.
func (f *Fleet) Run(ctx context.Context) (err error) {
	defer func() { err = errors.Join(err, f.close()) }()
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return f.Hub.Run(ctx) })
	for _, s := range f.Sites {
		g.Go(func() error { return s.Line.Run(ctx) })
		g.Go(func() error { return s.Scale.Run(ctx) })
		g.Go(func() error { return s.Agent.Run(ctx) })
		g.Go(func() error { return s.Run(ctx) })
	}
	return g.Wait()
}

func (f *Fleet) close() error {
	var all []error
	for _, c := range f.cables {
		all = append(all, c.Close())
	}
	return errors.Join(all...)
}

// Ready waits until the hub and every agent answer.
func (f *Fleet) Ready(ctx context.Context) error {
	urls := []string{"http://" + f.HTTP + "/readyz"}
	for _, s := range f.Sites {
		urls = append(urls, "http://"+s.Station+"/livez")
	}
	for _, url := range urls {
		for !answers(ctx, url) {
			if !Pause(ctx, 50*time.Millisecond) {
				return fmt.Errorf("wait for %s: %w", url, context.Cause(ctx))
			}
		}
	}
	return nil
}

func answers(ctx context.Context, url string) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	defer response.Body.Close()
	return response.StatusCode == http.StatusOK
}

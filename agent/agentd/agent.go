package agentd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"golang.org/x/sync/errgroup"

	"github.com/forestock/forestock/agent/devices"
	"github.com/forestock/forestock/agent/floor"
	"github.com/forestock/forestock/agent/ledger"
	"github.com/forestock/forestock/agent/station"
	"github.com/forestock/forestock/agent/uplink"
	"github.com/forestock/forestock/firmware-bridge/scale"
	"github.com/forestock/forestock/proto/stock"
)

// Agent is a whole agent: New opens it, Run lets it work.
type Agent struct {
	cfg      Config
	version  string
	log      *slog.Logger
	registry *prometheus.Registry
	cleanups []func() error // what New opened, in that order

	devices  *devices.Devices
	stations []string
	desks    map[string]*floor.Desk // by station
	ledger   *ledger.Ledger
	station  *station.Server
	uplink   *uplink.Link
	upkeep   *upkeep
}

// New opens the ledger, the ports and the page, in the order that a scan
// travels backwards: whoever takes something is there before it comes.
func New(cfg Config, version string, log *slog.Logger) (*Agent, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	a := &Agent{
		cfg: cfg, version: version, log: log.With("warehouse", cfg.Warehouse),
		registry: prometheus.NewRegistry(), desks: make(map[string]*floor.Desk),
	}
	a.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	for _, open := range []func() error{a.openLedger, a.openUpkeep, a.openUplink, a.openFloor, a.openDevices, a.openStation} {
		if err := open(); err != nil {
			return nil, errors.Join(err, a.close())
		}
	}
	return a, nil
}

func (a *Agent) openLedger() (err error) {
	if err := os.MkdirAll(a.cfg.Data, 0o750); err != nil {
		return fmt.Errorf("make the ledger's folder: %w", err)
	}
	a.ledger, err = ledger.Open(LedgerPath(a.cfg.Data), ledger.Options{
		Warehouse: stock.Warehouse(a.cfg.Warehouse), MaxSize: int64(a.cfg.Ledger.MaxSize), Log: a.log,
	})
	if err != nil {
		return err
	}
	a.cleanups = append(a.cleanups, a.ledger.Close)
	return registerLedger(a.registry, a.ledger)
}

func (a *Agent) openUplink() (err error) {
	a.uplink, err = uplink.New(a.cfg.uplink(a.version), NewJournal(a.ledger, a.log, func(error) {}), a.registry, a.log)
	return err
}

func (a *Agent) openFloor() error {
	zone, err := time.LoadLocation(a.cfg.TimeZone)
	if err != nil {
		return fmt.Errorf("time_zone: %w", err)
	}
	configs, err := deviceConfigs(a.cfg.Devices, a.cfg.rules())
	if err != nil {
		return err
	}
	a.stations = stations(configs)
	for _, name := range a.stations {
		a.desks[name], err = floor.NewDesk(floor.Config{
			Station: name, Rules: a.cfg.rules(), Labels: a.cfg.labels(), Zone: zone, Explain: explain,
		}, a.ledger, a.ledger, a.registry, a.log)
		if err != nil {
			return err
		}
	}
	return nil
}

func (a *Agent) openDevices() error {
	configs, err := deviceConfigs(a.cfg.Devices, a.cfg.rules())
	if err != nil {
		return err
	}
	a.devices, err = devices.New(configs, a.route, a.registry, a.log)
	return err
}

func (a *Agent) openStation() (err error) {
	desks := make(map[string]station.Desk, len(a.desks))
	for name, desk := range a.desks {
		desks[name] = floor.Web{Desk: desk}
	}
	a.station, err = station.New(station.Config{Listen: a.cfg.Station.Listen, Dev: a.cfg.Station.Dev}, station.Deps{
		Desks: desks, Stations: a.stations, Book: a.ledger, Status: func() any { return a.Status() },
		Device: func(ctx context.Context, name, command string) error {
			return a.devices.Do(ctx, name, scale.Command(command))
		},
		Registry: a.registry, Log: a.log,
	})
	if err == nil {
		a.cleanups = append(a.cleanups, a.station.Close)
	}
	return err
}

// Station gives the address of the stations' page.
func (a *Agent) Station() string { return a.station.Addr().String() }

// Run works until ctx ends, or until the ledger cannot be trusted any more:
// then the process must stop and be started again. It runs once and closes
// everything that New opened.
func (a *Agent) Run(ctx context.Context) (err error) {
	defer func() { err = errors.Join(err, a.close()) }()
	a.log.InfoContext(ctx, "agent runs", "station", "http://"+a.Station()+"/", "data", a.cfg.Data, "brokers", a.cfg.Hub.Brokers)
	// The ledger outlives those who write into it, so that the last scan is
	// answered; when it fails, they end at once.
	fronts, failed := context.WithCancel(ctx)
	defer failed()
	back, stop := context.WithCancel(context.WithoutCancel(ctx))
	saved := make(chan error, 1)
	go func() {
		defer failed()
		saved <- a.ledger.Run(back)
	}()
	g, fronts := errgroup.WithContext(fronts)
	g.Go(func() error { return a.devices.Run(fronts) })
	for _, desk := range a.desks {
		g.Go(func() error { return desk.Run(fronts) })
	}
	g.Go(func() error { return a.station.Run(fronts) })
	g.Go(func() error { return a.uplink.Run(fronts) })
	g.Go(func() error { return a.upkeep.Run(fronts) })
	err = g.Wait()
	stop()
	return errors.Join(err, <-saved)
}

func (a *Agent) close() error {
	var all []error
	for _, clean := range slices.Backward(a.cleanups) {
		all = append(all, clean())
	}
	a.cleanups = nil
	return errors.Join(all...)
}

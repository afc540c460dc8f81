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
)

// shift is the agent at work on one ledger, from opening it to closing it.
type shift struct {
	cfg      Config
	version  string
	log      *slog.Logger
	registry *prometheus.Registry
	cleanups []func() error // what was opened, in that order
	rules    rules
	damaged  chan error // holds the first error that says that the ledger is damaged

	printing *printing
	devices  *devices.Devices
	stations []string
	desks    map[string]*floor.Desk // by station
	wall     *wall
	ledger   *ledger.Ledger
	station  *station.Server
	uplink   *uplink.Link
	upkeep   *upkeep
}

// rules are what a shift is told by those before it.
type rules struct {
	box        *uplink.Box // who this process is to the hub
	keepLedger bool        // a new ledger was made too often: show what the hub says instead
	endure     bool        // the ledger was restored too often: show the damage instead
}

// newShift opens the ledger, the ports and the page, in the order that a scan
// travels backwards: whoever takes something is there before it comes.
func newShift(cfg Config, version string, log *slog.Logger, r rules) (*shift, error) {
	s := &shift{
		cfg: cfg, version: version, log: log, rules: r, damaged: make(chan error, 1),
		registry: prometheus.NewRegistry(), desks: make(map[string]*floor.Desk),
	}
	s.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	for _, open := range []func() error{s.openLedger, s.openUpkeep, s.openUplink, s.openPrinting, s.openFloor, s.openDevices, s.openStation} {
		if err := open(); err != nil {
			return nil, errors.Join(err, s.close())
		}
	}
	return s, nil
}

// hurt ends the shift because the ledger is damaged, so that it is restored.
func (s *shift) hurt(err error) {
	if s.rules.endure {
		return
	}
	select {
	case s.damaged <- err:
	default: // it ends already
	}
}

func (s *shift) openLedger() (err error) {
	if err := os.MkdirAll(s.cfg.Data, 0o750); err != nil {
		return fmt.Errorf("make the ledger's folder: %w", err)
	}
	s.ledger, err = ledger.Open(LedgerPath(s.cfg.Data), s.cfg.ledger(s.log))
	if err != nil {
		return err
	}
	s.cleanups = append(s.cleanups, s.ledger.Close)
	return registerLedger(s.registry, s.ledger)
}

func (s *shift) openUplink() (err error) {
	cfg := s.cfg.uplink(s.version)
	cfg.Box, cfg.KeepLedger = s.rules.box, s.rules.keepLedger
	s.uplink, err = uplink.New(cfg, NewJournal(s.ledger, s.log, s.hurt), s.registry, s.log)
	return err
}

func (s *shift) openPrinting() (err error) {
	s.printing, err = newPrinting(&s.cfg, s.registry, s.log)
	return err
}

func (s *shift) openFloor() error {
	zone, err := time.LoadLocation(s.cfg.TimeZone)
	if err != nil {
		return fmt.Errorf("time_zone: %w", err)
	}
	configs, err := deviceConfigs(s.cfg.Devices, s.cfg.rules())
	if err != nil {
		return err
	}
	s.stations = stations(configs)
	hall, rules := floor.NewHall(), s.cfg.rules()
	if rules.Transfers, err = s.cfg.transfers(); err != nil {
		return err
	}
	rules.Notices, rules.ShopLabels = s.cfg.notices, s.cfg.shopLabels()
	s.wall = &wall{make: func() floor.Board { return hall.Board(s.ledger, rules, time.Now().In(zone)) }}
	for _, name := range s.stations {
		s.desks[name], err = floor.NewDesk(floor.Config{
			Station: name, Rules: rules, Labels: s.cfg.labels(), Zone: zone, Explain: explain, Hall: hall,
			Print: func(l floor.Label) { s.printing.print(name, &l) },
		}, s.ledger, s.ledger, s.registry, s.log)
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *shift) openDevices() error {
	configs, err := deviceConfigs(s.cfg.Devices, s.cfg.rules())
	if err != nil {
		return err
	}
	s.devices, err = devices.New(configs, s.route, s.registry, s.log)
	return err
}

func (s *shift) openStation() (err error) {
	desks := make(map[string]station.Desk, len(s.desks))
	for name, desk := range s.desks {
		desks[name] = floor.Web{Desk: desk}
	}
	s.station, err = station.New(station.Config{Listen: s.cfg.Station.Listen, Dev: s.cfg.Station.Dev, Hosts: s.cfg.Station.Hosts, Pairing: station.Pairing(s.cfg.Station.Pair)}, station.Deps{
		Desks: desks, Stations: s.stations, Book: s.ledger, Status: func() any { return s.status() },
		Devices: func() any { return s.heard() },
		Wall:    func() any { return Wall{s.wall.board(), s.status()} },
		Device: func(ctx context.Context, name, command string) error {
			return s.devices.Do(ctx, name, scale.Command(command))
		},
		Pairs: Pairs(s.cfg.Data), Label: s.printing.press.Shown, Registry: s.registry, Log: s.log,
	})
	if err == nil {
		s.cleanups = append(s.cleanups, s.station.Close)
	}
	return err
}

// run works until ctx ends, or until the shift is over: the ledger is damaged, the
// hub asks for another one, or it cannot be trusted any more. It closes
// everything that newShift opened.
func (s *shift) run(ctx context.Context) (err error) {
	defer func() { err = errors.Join(err, s.close()) }()
	s.log.InfoContext(ctx, "agent runs", "station", "http://"+s.station.Addr().String()+"/", "data", s.cfg.Data, "brokers", s.cfg.Hub.Brokers)
	// The ledger outlives those who write into it, so that the last scan is
	// answered; when it fails, they end at once.
	fronts, failed := context.WithCancel(ctx)
	defer failed()
	back, stop := context.WithCancel(context.WithoutCancel(ctx))
	saved := make(chan error, 1)
	go func() {
		defer failed()
		saved <- s.ledger.Run(back)
	}()
	g, fronts := errgroup.WithContext(fronts)
	g.Go(func() error { return s.devices.Run(fronts) })
	for _, p := range s.printing.printers {
		g.Go(func() error { return p.Run(fronts) })
	}
	for _, desk := range s.desks {
		g.Go(func() error { return desk.Run(fronts) })
	}
	g.Go(func() error { return s.station.Run(fronts) })
	g.Go(func() error { return s.uplink.Run(fronts) })
	g.Go(func() error { return s.upkeep.Run(fronts) })
	g.Go(func() error {
		select {
		case err := <-s.damaged:
			return err
		case <-fronts.Done():
			return nil
		}
	})
	err = g.Wait()
	stop()
	return errors.Join(err, <-saved)
}

func (s *shift) close() error {
	var all []error
	for _, clean := range slices.Backward(s.cleanups) {
		all = append(all, clean())
	}
	s.cleanups = nil
	return errors.Join(all...)
}

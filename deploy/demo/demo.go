package main

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/forestock/forestock/deploy/fleet"
	"github.com/forestock/forestock/deploy/settings"
	"github.com/forestock/forestock/hub/hubd"
	"github.com/forestock/forestock/proto/stock"
)

//go:embed catalogue.csv
var catalogue []byte

// errDiffer is returned when hub and agents do not agree at the end.
var errDiffer = errors.New("hub and agents do not agree")

// errEnded is why the activity ends: the time is over.
var errEnded = errors.New("the time is over")

func demo(ctx context.Context, o options, stdout, stderr io.Writer) (err error) {
	if o.Warehouses < 1 || o.Warehouses > 50 {
		return fmt.Errorf("--warehouses %d: 1 to 50", o.Warehouses)
	}
	if o.Dir == "" {
		if o.Dir, err = os.MkdirTemp("", "forestock-demo-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(o.Dir)) }()
	}
	items, err := hubd.ReadCatalogue(bytes.NewReader(catalogue))
	if err != nil {
		return err
	}
	f, err := prepare(o, stderr)
	if err != nil {
		return err
	}
	// The nodes outlive the activity: they are compared at the end, also
	// after Ctrl-C.
	nodes, stop := context.WithCancel(context.WithoutCancel(ctx))
	ran := make(chan error, 1)
	go func() { ran <- f.Run(nodes) }()
	defer func() {
		stop()
		err = errors.Join(err, <-ran)
	}()
	d := &day{options: o, fleet: f, items: items, out: stdout, screen: newScreen(stdout, o.JSON)}
	if err := d.open(ctx, ran); err != nil {
		return err
	}
	s, err := d.work(ctx)
	if err != nil {
		return err
	}
	if err := s.print(stdout, o.JSON); err != nil {
		return err
	}
	if !s.Agree {
		return errDiffer
	}
	return nil
}

func prepare(o options, stderr io.Writer) (*fleet.Fleet, error) {
	file := filepath.Join(o.Dir, "catalogue.csv")
	if err := os.MkdirAll(o.Dir, 0o750); err != nil {
		return nil, err
	}
	if err := os.WriteFile(file, catalogue, 0o640); err != nil {
		return nil, err
	}
	log := settings.DefaultLog()
	log.Level = o.LogLevel
	if err := log.Validate(); err != nil {
		return nil, err
	}
	options := fleet.Options{
		Dir: o.Dir, Warehouses: o.Warehouses, Catalogue: file, Spawn: o.Chaos,
		Settle: 150 * time.Millisecond, Log: log.New(stderr), Output: stderr,
	}
	if o.Chaos && o.LogLevel == "error" {
		options.Output = io.Discard // killed programs have little to say that helps
	}
	if !o.AnyPort {
		options.Ports = fleet.Ports{HTTP: 8080, GRPC: 9090, MQTT: 1883, Station: 8101}
	}
	f, err := fleet.New(options)
	if err != nil {
		return nil, fmt.Errorf("%w (another demo may be running; --any-port takes free ports)", err)
	}
	return f, nil
}

// day is one run of the demo.
type day struct {
	options
	fleet  *fleet.Fleet
	items  []stock.Item
	staff  []*staff
	out    io.Writer
	screen *screen
	cuts   int
}

// open starts everything, tells where it is, and receives the first goods.
func (d *day) open(ctx context.Context, ran chan error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, 2*time.Minute, errors.New("hub and agents were not ready with their opening stock in two minutes"))
	defer cancel()
	ready := make(chan error, 1)
	go func() { ready <- d.fleet.Ready(ctx) }()
	select {
	case err := <-ready:
		if err != nil {
			return err
		}
	case err := <-ran:
		ran <- nil
		return err
	}
	d.screen.addresses(d.fleet)
	zone := time.FixedZone("Asia/Shanghai", 8*60*60)
	today := stock.DateOf(time.Now().In(zone))
	for i, site := range d.fleet.Sites {
		d.staff = append(d.staff, newStaff(site, d.items, d.Seed+uint64(i), today))
	}
	return d.openStock(ctx)
}

// openStock fills the shelves, unless the data is of an earlier run.
func (d *day) openStock(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	for i, p := range d.staff {
		g.Go(func() error {
			status, err := agentStatus(ctx, p.site.Station)
			if err != nil || status.Last() > 0 {
				return err
			}
			// Items come down the line from the hub first.
			if err := waitForCatalogue(ctx, p.site.Station, len(d.items)); err != nil {
				return err
			}
			return p.openStock(ctx, d.Weighed, func(n, all int) { d.screen.opening(i, n, all) })
		})
	}
	return g.Wait()
}

// work lets the day go by and compares hub and agents at its end.
func (d *day) work(ctx context.Context) (*summary, error) {
	began := time.Now()
	activity, end := context.WithCancelCause(ctx)
	defer end(nil)
	if d.For > 0 {
		timer := time.AfterFunc(d.For, func() { end(errEnded) })
		defer timer.Stop()
	}
	g, activity := errgroup.WithContext(activity)
	if !d.Idle {
		for _, p := range d.staff {
			g.Go(func() error { return p.shift(activity) })
		}
	}
	if d.Chaos {
		g.Go(func() error { d.wreak(activity); return nil })
	}
	g.Go(func() error { d.screen.run(activity, d); return nil })
	g.Go(func() error { <-activity.Done(); return nil })
	if err := g.Wait(); err != nil {
		return nil, err
	}
	for _, site := range d.fleet.Sites {
		site.Line.Mend()
	}
	d.screen.say("comparing every agent with the hub …")
	s := &summary{Seconds: time.Since(began).Seconds(), Seed: d.Seed, Cuts: d.cuts, HubKills: d.fleet.Hub.Kills(), Agree: true}
	for _, p := range d.staff {
		s.Scans += p.scans.Load()
		s.Saved += p.saved.Load()
		s.Refused += p.refused.Load()
		s.Unseen += p.unseen.Load()
		s.AgentKills += p.site.Agent.Kills()
		v := d.compare(context.WithoutCancel(ctx), p.site)
		s.Agree = s.Agree && v.Agree
		s.Warehouses = append(s.Warehouses, v)
	}
	return s, nil
}

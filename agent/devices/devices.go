package devices

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"github.com/forestock/forestock/firmware-bridge/port"
	"github.com/forestock/forestock/firmware-bridge/scale"
)

// Devices are the devices of one warehouse. Its methods are safe for
// concurrent use.
type Devices struct {
	all  []*attached
	sink Sink
	log  *slog.Logger
}

// attached is one device while it is kept attached.
type attached struct {
	device
	port *port.Port
	sink Sink
	log  *slog.Logger

	orders chan order // to a scale

	heard time.Time // when a scanner sent something last; its goroutine's alone

	mu     sync.Mutex
	state  State         // guarded by mu
	latest scale.Reading // guarded by mu; void unless the state is ready
}

// New prepares the devices; Run attaches them. The registerer may be nil.
func New(all []Config, sink Sink, r prometheus.Registerer, log *slog.Logger) (*Devices, error) {
	prepared, err := prepare(all)
	if err != nil {
		return nil, err
	}
	d := &Devices{sink: sink, log: log}
	for _, dev := range prepared {
		p, err := port.New(dev.port)
		if err != nil {
			return nil, fmt.Errorf("device %s: %w", dev.Name, err)
		}
		d.all = append(d.all, &attached{
			device: dev, port: p, sink: sink, log: log.With("device", dev.Name), orders: make(chan order),
			state: State{
				Device: dev.Name, Kind: dev.Kind, Station: dev.Station, Address: dev.Address,
				Word: Word(port.Opening), Since: time.Now(), Message: p.Status().Message(),
			},
		})
	}
	if r != nil {
		if err := r.Register(&collector{d}); err != nil {
			return nil, fmt.Errorf("register device metrics: %w", err)
		}
	}
	return d, nil
}

// Run keeps every device attached until ctx ends.
func (d *Devices) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	for _, a := range d.all {
		g.Go(func() error { return a.port.Run(ctx) })
		g.Go(func() error { return a.run(ctx) })
	}
	return g.Wait()
}

// States gives the state of every device, in the order of the configuration.
func (d *Devices) States() []State {
	out := make([]State, len(d.all))
	for i, a := range d.all {
		out[i] = a.current()
	}
	return out
}

// Latest gives what a scale shows now; ok is false while it is not ready, or
// when there is no such scale.
func (d *Devices) Latest(name string) (reading scale.Reading, ok bool) {
	for _, a := range d.all {
		if a.Name == name && a.Kind == Scale {
			a.mu.Lock()
			defer a.mu.Unlock()
			return a.latest, a.state.Usable() && !a.latest.At.IsZero()
		}
	}
	return scale.Reading{}, false
}

func (a *attached) run(ctx context.Context) error {
	if a.Kind == Scale {
		return a.weigh(ctx)
	}
	return a.scan(ctx)
}

func (a *attached) current() State {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.state
}

// become notes a state and tells it when it is a new one.
func (a *attached) become(w Word, message string, s port.Status) {
	a.mu.Lock()
	changed := a.state.Word != w || a.state.Opened != s.Opened
	if changed {
		a.state.Since = time.Now()
		a.latest = scale.Reading{}
	}
	a.state.Word, a.state.Message, a.state.Node, a.state.Opened = w, message, s.Node, s.Opened
	state := a.state
	a.mu.Unlock()
	if !changed {
		return
	}
	level := slog.LevelWarn
	if w == Ready {
		level = slog.LevelInfo
	}
	a.log.Log(context.Background(), level, "device is "+string(w), "address", a.Address, "node", s.Node, "what", message)
	a.tell(Event{State: &state})
}

func (a *attached) tell(e Event) {
	e.Device, e.Station = a.Name, a.Station
	a.sink(e)
}

// count changes the counters of the state.
func (a *attached) count(f func(*State)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	f(&a.state)
}

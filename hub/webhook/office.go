package webhook

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
)

// Errors of the office.
var (
	errUnknown = errors.New("there is no such webhook")
	errTooMany = fmt.Errorf("there are %d webhooks already; remove one first", maxEndpoints)
	errStale   = errors.New("the endpoint was changed meanwhile")
)

// Office knows all endpoints and delivers to them: New opens it, Run lets it
// work. As a WebhookServiceServer it is safe for concurrent use.
type Office struct {
	forestockv1.UnimplementedWebhookServiceServer

	config  Config
	store   Store
	log     *slog.Logger
	metrics *metrics
	sender  *sender
	changed chan struct{} // holds one word that endpoints are not what they were

	mu        sync.Mutex // guards endpoints, and what is written of them
	endpoints map[string]*entry
}

// entry is one endpoint. Whoever changes it gives it a new generation, with
// which the courier of the former one may write nothing more.
type entry struct {
	Endpoint
	generation int
	courier    *courier // the present one; nil for none
	dead       int      // while there is no courier
	status     Status   // in copies only
}

// New reads the endpoints from the store.
func New(config Config, store Store, registry prometheus.Registerer, log *slog.Logger) (*Office, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	o := &Office{
		config: config, store: store, log: log, changed: make(chan struct{}, 1),
		endpoints: make(map[string]*entry),
	}
	o.sender = newSender(&o.config)
	_, all, err := list[Endpoint](store, endpointRows, "", maxEndpoints)
	if err != nil {
		return nil, fmt.Errorf("webhooks: %w", err)
	}
	for i := range all {
		dead, err := count(store, deadRows+all[i].ID+"/")
		if err != nil {
			return nil, fmt.Errorf("webhooks: %w", err)
		}
		o.endpoints[all[i].ID] = &entry{Endpoint: all[i], dead: dead}
	}
	if o.metrics, err = newMetrics(registry); err != nil {
		return nil, err
	}
	return o, registry.Register(o)
}

// ended tells that a courier ended by itself.
type ended struct {
	id         string
	generation int
	err        error
}

// run is one courier at work.
type run struct {
	generation int
	stop       context.CancelFunc
	done       chan struct{}
}

// Run delivers until the context ends, or the store fails.
func (o *Office) Run(ctx context.Context, teller Teller) error {
	running, over := make(map[string]*run), make(chan ended)
	all, stop := context.WithCancel(ctx)
	defer func() {
		stop()
		for _, r := range running {
			<-r.done
		}
		o.sender.client.CloseIdleConnections()
	}()
	for {
		o.match(all, running, over, teller)
		select {
		case <-ctx.Done():
			return nil
		case <-o.changed:
		case e := <-over:
			if r := running[e.id]; r != nil && r.generation == e.generation {
				<-r.done
				delete(running, e.id)
			}
			switch {
			case errors.Is(e.err, errSwitchedOff):
				if err := o.switchOff(ctx, e); err != nil {
					return fmt.Errorf("webhooks: %w", err)
				}
			case e.err != nil && !errors.Is(e.err, errStale) && ctx.Err() == nil:
				return fmt.Errorf("webhook %s: %w", e.id, e.err)
			}
		}
	}
}

// match ends couriers whose endpoints were changed, and lets new ones begin.
func (o *Office) match(ctx context.Context, running map[string]*run, over chan<- ended, teller Teller) {
	for id, r := range running {
		if e, ok := o.find(id); !ok || e.generation != r.generation {
			r.stop()
			<-r.done
			delete(running, id)
		}
	}
	for _, e := range o.list() {
		if e.Off != "" || running[e.ID] != nil {
			continue
		}
		c, ok := o.courier(e, teller)
		if !ok {
			continue
		}
		own, stop := context.WithCancel(ctx)
		r := &run{generation: e.generation, stop: stop, done: make(chan struct{})}
		running[e.ID] = r
		go func() {
			err := c.run(own)
			close(r.done)
			select {
			case over <- ended{e.ID, e.generation, err}:
			case <-own.Done():
			}
			stop()
		}()
	}
}

// courier makes the courier of an endpoint, unless that was changed meanwhile.
func (o *Office) courier(of entry, teller Teller) (*courier, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	e := o.endpoints[of.ID]
	if e == nil || e.generation != of.generation {
		return nil, false
	}
	k, err := keysOf(&e.Endpoint)
	if err != nil {
		return nil, false // it was checked when the endpoint was added
	}
	generation := e.generation
	e.courier = &courier{
		endpoint: e.Endpoint, keys: k, config: &o.config, store: o.store, teller: teller, sender: o.sender,
		log: o.log, metrics: o.metrics, results: make(chan result),
		save: func(ctx context.Context, rows map[string][]byte) error {
			o.mu.Lock()
			defer o.mu.Unlock()
			if now := o.endpoints[of.ID]; now == nil || now.generation != generation {
				return errStale
			}
			return o.store.Keep(ctx, rows)
		},
	}
	return e.courier, true
}

// switchOff notes why an endpoint is sent nothing more.
func (o *Office) switchOff(ctx context.Context, e ended) error {
	err := o.change(ctx, e.id, func(en *entry, rows map[string][]byte) error {
		if en.generation != e.generation {
			return errStale
		}
		en.Off = time.Now().UTC().Format(time.RFC3339) + ": " + e.err.Error()
		o.log.ErrorContext(ctx, "webhook switched off", "webhook", e.id, "why", en.Off)
		return nil
	})
	if errors.Is(err, errStale) || errors.Is(err, errUnknown) {
		return nil
	}
	return err
}

// change lets f change an endpoint and add rows to what is written of it. Its
// courier begins anew.
func (o *Office) change(ctx context.Context, id string, f func(*entry, map[string][]byte) error) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	e := o.endpoints[id]
	if e == nil {
		return errUnknown
	}
	next, rows := *e, make(map[string][]byte)
	if err := f(&next, rows); err != nil {
		return err
	}
	if err := put(rows, endpointRows+id, next.Endpoint); err != nil {
		return err
	}
	if err := o.store.Keep(ctx, rows); err != nil {
		return err
	}
	next.courier = nil
	next.generation++
	var err error
	next.dead, err = count(o.store, deadRows+id+"/")
	*e = next
	o.wake()
	return err
}

// add takes a new endpoint in. It is told what happens from now on.
func (o *Office) add(ctx context.Context, e Endpoint) error {
	now, err := o.now(ctx)
	if err != nil {
		return err
	}
	rows := make(map[string][]byte)
	err = errors.Join(put(rows, endpointRows+e.ID, e), put(rows, progressRows+e.ID, progress{Events: now, Levels: now}))
	if err != nil {
		return err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.endpoints) >= maxEndpoints {
		return errTooMany
	}
	if err := o.store.Keep(ctx, rows); err != nil {
		return err
	}
	o.endpoints[e.ID] = &entry{Endpoint: e}
	o.wake()
	return nil
}

// remove forgets an endpoint and its letters.
func (o *Office) remove(ctx context.Context, id string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.endpoints[id] == nil {
		return errUnknown
	}
	rows := map[string][]byte{endpointRows + id: nil, progressRows + id: nil}
	for _, prefix := range [...]string{parkedRows, deadRows} {
		if err := o.store.Kept(prefix+id+"/", "", func(key string, _ []byte) bool { rows[key] = nil; return true }); err != nil {
			return err
		}
	}
	if err := o.store.Keep(ctx, rows); err != nil {
		return err
	}
	delete(o.endpoints, id)
	o.metrics.forget(id)
	o.wake()
	return nil
}

func (o *Office) wake() {
	select {
	case o.changed <- struct{}{}:
	default:
	}
}

func (o *Office) find(id string) (entry, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	e := o.endpoints[id]
	if e == nil {
		return entry{}, false
	}
	out := *e
	out.status.Dead = out.dead
	if out.courier != nil {
		out.status = out.courier.status()
	}
	return out, true
}

// list gives every endpoint with its status, the oldest first.
func (o *Office) list() []entry {
	o.mu.Lock()
	ids := make([]string, 0, len(o.endpoints))
	for id := range o.endpoints {
		ids = append(ids, id)
	}
	o.mu.Unlock()
	var out []entry
	for _, id := range ids {
		if e, ok := o.find(id); ok {
			out = append(out, e)
		}
	}
	slices.SortFunc(out, func(a, b entry) int { return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.ID, b.ID)) })
	return out
}

// status gives how the endpoint of a courier is doing.
func (c *courier) status() Status {
	if s := c.shown.Load(); s != nil {
		return *s
	}
	return Status{}
}

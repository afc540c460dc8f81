package uplink_test

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"github.com/forestock/forestock/agent/uplink"
	"github.com/forestock/forestock/hub/broker"
	"github.com/forestock/forestock/hub/ingest"
	"github.com/forestock/forestock/proto/stock"
)

// world is a hub and its agents in one synctest bubble: the real MQTT broker,
// the real MQTT client, the real uplink and the real ingest, over net.Pipe.
type world struct {
	t      *testing.T
	net    *network
	store  *bookStore
	random *rand.Rand
	hub    *running
	desk   *ingest.Desk
	log    *slog.Logger
	mess   mess
}

func newWorld(t *testing.T) *world {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	if os.Getenv("LINK_LOG") != "" { // to see what a scenario does
		log = slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	return &world{
		t: t, net: newNetwork(), store: newBookStore(), random: rand.New(rand.NewPCG(1, 2)),
		log: log, mess: mess{random: rand.New(rand.NewPCG(3, 4))},
	}
}

// running is something with a Run that the test can end.
type running struct {
	cancel context.CancelFunc
	group  *errgroup.Group
}

func run(t *testing.T, parts ...func(context.Context) error) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	g, ctx := errgroup.WithContext(ctx)
	for _, p := range parts {
		g.Go(func() error { return p(ctx) })
	}
	return &running{cancel, g}
}

func (r *running) stop(t *testing.T) {
	t.Helper()
	r.cancel()
	if err := r.group.Wait(); err != nil {
		t.Errorf("ended with %v", err)
	}
}

// asked ends it and checks that the hub had asked for a new ledger.
func (r *running) asked(t *testing.T) {
	t.Helper()
	r.cancel()
	if err := r.group.Wait(); !errors.Is(err, uplink.ErrRebirth) {
		t.Errorf("ended with %v, want %v", err, uplink.ErrRebirth)
	}
}

// startHub starts a hub on what is stored.
func (w *world) startHub() {
	w.t.Helper()
	b, err := broker.NewEmbedded(w.net.listen(), broker.DefaultConfig(), nil, w.log)
	if err != nil {
		w.t.Fatal(err)
	}
	w.desk, err = ingest.New(ingest.DefaultConfig(), w.store, messyCarrier{b, w}, nil, w.log)
	if err != nil {
		w.t.Fatal(err)
	}
	desk := w.desk
	w.hub = run(w.t, func(ctx context.Context) error { return b.Run(ctx, messyReceiver{desk, w}) }, desk.Run)
}

func (w *world) stopHub() { w.hub.stop(w.t) }

// agent is one warehouse's agent: a journal that outlives it, and a link.
type agent struct {
	w       *world
	id      stock.Warehouse
	journal *memJournal
	link    *uplink.Link
	process *running
}

func (w *world) newAgent(id stock.Warehouse) *agent {
	return &agent{w: w, id: id, journal: newMemJournal(byte(len(id) + int(id[len(id)-1])))}
}

func (a *agent) start() {
	a.w.t.Helper()
	a.startWith(uplink.Config{Brokers: []string{"tcp://hub:1883"}}, nil)
}

func (a *agent) startWith(cfg uplink.Config, r prometheus.Registerer) {
	a.w.t.Helper()
	cfg.Warehouse, cfg.Software, cfg.Dial = a.id, "test", a.w.net.dial
	link, err := uplink.New(cfg, a.journal, r, a.w.log)
	if err != nil {
		a.w.t.Fatal(err)
	}
	a.link = link
	a.process = run(a.w.t, link.Run)
}

func (a *agent) stop() { a.process.stop(a.w.t) }

// settled waits, at most d of virtual time, until the hub has all of the
// agents' entries, and checks that both sides agree about every cell.
func (w *world) settled(d time.Duration, agents ...*agent) {
	w.t.Helper()
	for end := time.Now().Add(d); ; time.Sleep(500 * time.Millisecond) {
		done := true
		for _, a := range agents {
			st, _ := w.store.Warehouse(a.id)
			done = done && st.Applied == a.journal.Position().Last && a.link.Status().State == uplink.Synced
		}
		if done {
			break
		}
		if time.Now().After(end) {
			for _, a := range agents {
				st, _ := w.store.Warehouse(a.id)
				w.t.Errorf("%s after %s: the hub has %d of %d entries; link %+v", a.id, d, st.Applied, a.journal.Position().Last, a.link.Status())
			}
			w.t.FailNow()
		}
	}
	for _, a := range agents {
		w.agree(a)
	}
}

// agree checks that hub and agent have the same history and the same levels.
func (w *world) agree(a *agent) {
	w.t.Helper()
	st, ok := w.store.Warehouse(a.id)
	if !ok {
		w.t.Fatalf("the hub does not know %s", a.id)
	}
	digest, last := a.journal.Digest()
	if st.Applied != last || st.Head != a.journal.Position().Head || st.Digest != digest.Root() {
		w.t.Errorf("%s: the hub is at %d with digest %x, the agent at %d with %x; heads equal: %t", a.id, st.Applied, st.Digest, last, digest.Root(), st.Head == a.journal.Position().Head)
	}
	if st.Divergence != nil || st.Quarantined != 0 {
		w.t.Errorf("%s: divergence %+v, %d set aside", a.id, st.Divergence, st.Quarantined)
	}
	if stored := a.journal.storedUpto(); stored > st.Applied {
		w.t.Errorf("%s: the agent believes %d stored, the hub has %d", a.id, stored, st.Applied)
	}
}

// bubble runs a scenario in virtual time.
func bubble(t *testing.T, scenario func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		scenario(newWorld(t))
		time.Sleep(time.Minute) // what the MQTT libraries left behind ends
	})
}

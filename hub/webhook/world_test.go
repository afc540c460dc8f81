package webhook

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/forestock/forestock/hub/api"
	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/hub/store"
	"github.com/forestock/forestock/hub/store/storetest"
	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
	"github.com/forestock/forestock/proto/stock"
)

// world is an office over a real store, with the real API's messages.
type world struct {
	t      *testing.T
	dir    string
	config Config
	store  *store.Pebble
	box    *storetest.Box
	office *Office
	stop   func()
	line   line
	server *api.Server
}

// impatient waits for nothing longer than a test should take.
func impatient() Config {
	c := DefaultConfig()
	c.AllowPrivate, c.Timeout = true, 2*time.Second
	c.FirstDelay, c.MaxDelay, c.Coalesce = time.Millisecond, 20*time.Millisecond, time.Millisecond
	return c
}

func newWorld(t *testing.T, c Config) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir(), config: c, box: storetest.NewBox("wh-1", 1)}
	w.open()
	t.Cleanup(func() { w.stop() })
	w.box.Hear(w.apply(w.box.Hello()))
	w.receive(1_000_000)
	return w
}

// teller is the real API.
type teller struct{ *api.Server }

func (t teller) Levels(terms string, of inventory.Scope) Levels { return t.Turns(terms, of) }

// line is what is known of the line to the warehouse.
type line struct{ silent atomic.Bool }

func (l *line) Contact(stock.Warehouse) api.Contact {
	at := time.Now()
	if l.silent.Load() {
		at = at.Add(-time.Hour)
	}
	return api.Contact{Heard: at, Complete: at}
}

func (w *world) open() {
	w.t.Helper()
	log := slog.New(slog.NewTextHandler(w.t.Output(), nil))
	s, err := store.Open(w.dir, store.Options{Log: slog.New(slog.DiscardHandler), Book: inventory.Config{AutoEnrol: true}})
	if err != nil {
		w.t.Fatal(err)
	}
	o, err := New(w.config, s, prometheus.NewRegistry(), log)
	if err != nil {
		w.t.Fatal(err)
	}
	c := api.DefaultConfig()
	c.GRPC, c.HTTP = "127.0.0.1:0", "127.0.0.1:0"
	server, err := api.New(c, api.Deps{Stock: s, Link: &w.line, Webhooks: o, Registry: prometheus.NewRegistry(), Log: log})
	if err != nil {
		w.t.Fatal(err)
	}
	w.store, w.office, w.server = s, o, server
	w.stop = storetest.Serve(w.t, s, server.Run, func(ctx context.Context) error { return o.Run(ctx, teller{server}) })
}

// restart ends everything and begins again with what is on disk.
func (w *world) restart() {
	w.t.Helper()
	w.stop()
	w.open()
	w.box.Hear(w.apply(w.box.HelloAgain()))
}

func (w *world) apply(c inventory.Command) inventory.Result {
	w.t.Helper()
	results, err := w.store.Apply(w.t.Context(), c)
	if err != nil {
		w.t.Fatal(err)
	}
	return results[0]
}

func (w *world) receive(n int64) {
	w.t.Helper()
	w.box.Move(w.t, stock.Movement{Kind: stock.Receive, SKU: "milk", Delta: n})
	w.box.Hear(w.apply(w.box.Rest(1)))
}

// order tries and confirms a reservation: two events.
func (w *world) order(id string) {
	w.t.Helper()
	ask := inventory.Ask{Lines: []inventory.AskLine{{SKU: "milk", Quantity: 1}}}
	try, err := inventory.NewTry(stock.OrderID(id), ask, []inventory.Candidate{{Warehouse: w.box.Warehouse}})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, c := range []inventory.Command{try, inventory.Confirm{ID: stock.OrderID(id)}} {
		if _, ok := w.apply(c).(inventory.Reserved); !ok {
			w.t.Fatalf("%s was not reserved", id)
		}
	}
}

func (w *world) cancel(id string) { w.apply(inventory.Cancel{ID: stock.OrderID(id)}) }

func (w *world) add(url string, types ...string) *forestockv1.Webhook {
	w.t.Helper()
	hook, err := w.office.CreateWebhook(w.t.Context(), &forestockv1.CreateWebhookRequest{
		Webhook: &forestockv1.Webhook{Url: url, Types: types}, By: "Li",
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return hook
}

func (w *world) hook(name string) *forestockv1.Webhook {
	w.t.Helper()
	all, err := w.office.ListWebhooks(w.t.Context(), nil)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, h := range all.GetWebhooks() {
		if h.GetName() == name {
			return h
		}
	}
	w.t.Fatalf("%s is not listed", name)
	return nil
}

func (w *world) dead(name string) []*forestockv1.DeadLetter {
	w.t.Helper()
	out, err := w.office.ListDeadLetters(w.t.Context(), &forestockv1.ListDeadLettersRequest{Parent: name})
	if err != nil {
		w.t.Fatal(err)
	}
	return out.GetLetters()
}

// shop is a platform's endpoint.
type shop struct {
	*httptest.Server
	mu    sync.Mutex
	word  chan struct{} // closed with the next event
	took  []delivery
	tries int
	judge func(delivery) int // the status to answer; nil takes everything
}

// delivery is one request.
type delivery struct {
	header http.Header
	body   []byte
	event  cloudEvent
}

func newShop(t *testing.T) *shop {
	t.Helper()
	s := &shop{word: make(chan struct{})}
	s.Server = httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(s.Close)
	return s
}

func (s *shop) serve(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	d := delivery{header: r.Header, body: body}
	if err := json.Unmarshal(body, &d.event); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	judge := s.judge
	s.mu.Unlock()
	status := http.StatusNoContent
	if judge != nil {
		status = judge(d)
	}
	s.mu.Lock()
	s.tries++
	if status/100 == 2 {
		s.took = append(s.took, d)
	}
	close(s.word)
	s.word = make(chan struct{})
	s.mu.Unlock()
	w.WriteHeader(status)
}

func (s *shop) setJudge(f func(delivery) int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.judge = f
}

// heard gives what was taken, in short: "o-1 tried".
func (s *shop) heard() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, d := range s.took {
		out = append(out, short(d))
	}
	return out
}

func short(d delivery) string {
	return strings.TrimPrefix(d.event.Subject, "reservations/") + " " + strings.TrimPrefix(d.event.Type, "reservation.")
}

// until waits for something to become true of what the shop took or tried.
func (s *shop) until(t *testing.T, what string, f func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !f() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("never: %s; heard %v", what, s.heard())
		}
	}
}

// wants waits until the shop took at least these.
func (s *shop) wants(t *testing.T, want ...string) {
	t.Helper()
	s.until(t, fmt.Sprint("took ", want), func() bool {
		heard := s.heard()
		return !slices.ContainsFunc(want, func(x string) bool { return !slices.Contains(heard, x) })
	})
}

// disorder says which events overtook others of their key; what comes again is
// as it was.
func disorder(took []delivery) error {
	last := make(map[string]string)
	seen := make(map[string]bool)
	for _, d := range took {
		if seen[d.event.ID] {
			continue
		}
		seen[d.event.ID] = true
		if key := d.event.Subject; d.event.Sequence < last[key] {
			return fmt.Errorf("%s came behind sequence %s", short(d), last[key])
		}
		last[d.event.Subject] = d.event.Sequence
	}
	return nil
}

func (s *shop) inOrder(t *testing.T) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := disorder(s.took); err != nil {
		t.Error(err)
	}
}

package api

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/hub/store"
	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

// world is a hub's API over a real store, with warehouses that report to it.
type world struct {
	t      testing.TB
	stock  *store.Pebble
	line   *line
	yard   *yard
	server *Server
	stop   context.CancelFunc // ends the server
}

// newWorld serves the API on free ports of this machine; each change may bend
// the configuration.
func newWorld(tb testing.TB, changes ...func(*Config)) *world {
	tb.Helper()
	return newWorldOver(tb, func(s Stock) Stock { return s }, changes...)
}

// newWorldOver serves the API over something that is put before the store.
func newWorldOver(tb testing.TB, over func(Stock) Stock, changes ...func(*Config)) *world {
	tb.Helper()
	w := newQuietWorld(tb, over, changes...)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- w.server.Run(ctx) }()
	w.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			tb.Errorf("the server ended with %v", err)
		}
	})
	tb.Cleanup(w.stop)
	return w
}

// newQuietWorld has everything that newWorld has, but nobody serves the ports.
func newQuietWorld(tb testing.TB, over func(Stock) Stock, changes ...func(*Config)) *world {
	tb.Helper()
	w := &world{t: tb, stock: openStore(tb), line: &line{contacts: make(map[stock.Warehouse]Contact)}}
	w.yard = &yard{stock: w.stock, boxes: make(map[stock.Warehouse]*box), words: make(map[stock.Warehouse]Replacement)}
	c := DefaultConfig()
	c.GRPC, c.HTTP = "127.0.0.1:0", "127.0.0.1:0"
	for _, change := range changes {
		change(&c)
	}
	level := slog.LevelDebug
	if _, measures := tb.(*testing.B); measures {
		level = slog.LevelInfo // as in production
	}
	server, err := New(c, Deps{
		Stock: over(w.stock), Link: w.line, Boxes: w.yard, Ready: func(context.Context) error { return w.line.ready() },
		Registry: prometheus.NewRegistry(), Log: slog.New(slog.NewTextHandler(tb.Output(), &slog.HandlerOptions{Level: level})),
		Version: "v0-test",
	})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = server.Close() })
	w.server = server
	return w
}

func openStore(tb testing.TB) *store.Pebble {
	tb.Helper()
	s, err := store.Open(tb.TempDir(), store.Options{Log: slog.New(slog.DiscardHandler), Book: inventory.Config{AutoEnrol: true}})
	if err != nil {
		tb.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	tb.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			tb.Errorf("the store ended with %v", err)
		}
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

// line is what is known of the line to each warehouse. The real one lives in
// hub/ingest; what it tells is all that the API asks.
type line struct {
	mu       sync.Mutex
	contacts map[stock.Warehouse]Contact
	notReady error
}

func (l *line) Contact(w stock.Warehouse) Contact {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.contacts[w]
}

func (l *line) set(w stock.Warehouse, c Contact) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.contacts[w] = c
}

func (l *line) ready() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.notReady
}

func (l *line) setReady(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.notReady = err
}

// box is a warehouse's agent as the hub meets it: a ledger that grows.
type box struct {
	world   *world
	id      stock.Warehouse
	epoch   stock.Epoch
	session inventory.Session
	last    stock.Seq
	head    stock.Hash
	sheet   stock.Sheet
}

// box says hello for a new warehouse.
func (w *world) box(id stock.Warehouse) *box {
	w.t.Helper()
	b := &box{world: w, id: id, epoch: stock.Epoch(random16())}
	b.head = stock.Genesis(b.epoch)
	r := w.apply(inventory.Hello{
		Warehouse: id, Boot: inventory.Boot(random16()), Nonce: 1, Position: stock.Position{Epoch: b.epoch, First: 1, Head: b.head},
		NewDownEpoch: stock.Epoch(random16()), Software: "v0-test",
	})
	welcome, ok := r.(inventory.Welcome)
	if !ok {
		w.t.Fatalf("hello of %s: %v", id, r)
	}
	b.session = welcome.Session
	w.heard(id)
	w.yard.mu.Lock()
	defer w.yard.mu.Unlock()
	w.yard.boxes[id] = b
	return b
}

func random16() (b [16]byte) {
	_, _ = rand.Read(b[:])
	return b
}

// heard notes that the warehouse said just now that the hub has everything.
func (w *world) heard(id stock.Warehouse) {
	w.line.set(id, Contact{Heard: time.Now(), Complete: time.Now(), Offset: 120 * time.Millisecond})
}

func (w *world) apply(c inventory.Command) inventory.Result {
	w.t.Helper()
	r, err := w.stock.Apply(context.Background(), c)
	if err != nil {
		w.t.Fatal(err)
	}
	return r[0]
}

// report books movements in the warehouse and sends them to the hub.
func (b *box) report(movements ...stock.Movement) {
	b.world.t.Helper()
	batch := stock.Batch{From: b.last + 1, Prev: b.head}
	for i := range movements {
		b.last++
		raw, err := wire.EncodeEntry(&stock.Entry{Seq: b.last, Command: "scan-" + sequence(b.last), Movement: movements[i]})
		if err != nil {
			b.world.t.Fatal(err)
		}
		batch.Entries = append(batch.Entries, raw)
		b.head = b.head.Next(raw)
		b.sheet.Apply(&movements[i])
	}
	r := b.world.apply(inventory.NewIngest(b.id, b.epoch, b.session, batch, nil, b.last))
	if in, ok := r.(inventory.Ingested); !ok || in.Applied != b.last {
		b.world.t.Fatalf("report of %s: %+v", b.id, r)
	}
	b.world.heard(b.id)
}

// receive books goods in.
func (b *box) receive(sku stock.SKU, n int64) {
	b.world.t.Helper()
	b.report(stock.Movement{Kind: stock.Receive, SKU: sku, Bin: "A-01", Delta: n, Time: time.Now()})
}

// catalogue writes items.
func (w *world) catalogue(items ...stock.Item) {
	w.t.Helper()
	if _, ok := w.apply(inventory.UpdateItems{Items: items}).(inventory.ItemsUpdated); !ok {
		w.t.Fatal("the catalogue was refused")
	}
}

var milk = stock.Item{SKU: "milk-1l", Name: "纯牛奶 1L", NameEn: "Whole milk 1 L", Unit: stock.Piece, GTINs: []stock.GTIN{"06901234567892"}, Pack: 1, Bin: "C-01", Zone: stock.Chilled, ShelfLife: 15, Price: 1290}

// dial gives a connection to the API's gRPC.
func (w *world) dial() *grpc.ClientConn {
	w.t.Helper()
	c, err := grpc.NewClient(w.server.GRPCAddr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = c.Close() })
	return c
}

func (w *world) availability() forestockv1.AvailabilityServiceClient {
	w.t.Helper()
	return forestockv1.NewAvailabilityServiceClient(w.dial())
}

// url gives the address of a path of the REST API.
func (w *world) url(path string) string { return "http://" + w.server.HTTPAddr().String() + path }

// answer is what HTTP answered.
type answer struct {
	status int
	header http.Header
	body   string
}

// do sends a request; each header is "Name: value".
func (w *world) do(method, path, body string, headers ...string) answer {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), method, w.url(path), strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	resp, err := noRedirects.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, string(b)}
}

var noRedirects = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

func (w *world) get(path string, headers ...string) answer {
	w.t.Helper()
	return w.do(http.MethodGet, path, "", headers...)
}

// json reads the answer as JSON.
func (a answer) json(tb testing.TB) map[string]any {
	tb.Helper()
	var v map[string]any
	if err := json.Unmarshal([]byte(a.body), &v); err != nil {
		tb.Fatalf("%v in %q", err, a.body)
	}
	return v
}

// refused reads the answer as the body of an error.
func (a answer) refused(tb testing.TB) restError {
	tb.Helper()
	var v struct{ Error restError }
	if err := json.Unmarshal([]byte(a.body), &v); err != nil {
		tb.Fatalf("%v in %q", err, a.body)
	}
	return v.Error
}

type restError struct {
	Code    int
	Status  string
	Reason  string
	Message string
	Details []map[string]any
}

// eventually waits until something is true.
func (w *world) eventually(what string, true func() bool) {
	w.t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !true() {
		if time.Now().After(deadline) {
			w.t.Fatalf("waited in vain for %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

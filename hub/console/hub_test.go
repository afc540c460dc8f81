package console

import (
	"context"
	"crypto/rand"
	"log/slog"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/forestock/forestock/hub/api"
	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/hub/store"
	"github.com/forestock/forestock/hub/webhook"
	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

// hub is a real store and a real API with the console on it.
type hub struct {
	t     testing.TB
	stock *store.Pebble
	hooks *webhook.Office
	over  func(api.Stock) api.Stock // put before the store; nil for nothing
	url   string
	stop  func()

	mu       sync.Mutex // guards what follows
	contacts map[stock.Warehouse]api.Contact
	words    map[stock.Warehouse]api.Replacement
}

func newHub(tb testing.TB, changes ...func(*api.Config)) *hub {
	tb.Helper()
	h := &hub{t: tb, contacts: make(map[stock.Warehouse]api.Contact)}
	var err error
	h.stock, err = store.Open(tb.TempDir(), store.Options{Log: slog.New(slog.DiscardHandler), Book: inventory.Config{AutoEnrol: true}})
	if err != nil {
		tb.Fatal(err)
	}
	stop := run(tb, h.stock.Run)
	tb.Cleanup(func() {
		stop()
		if err := h.stock.Close(); err != nil {
			tb.Error(err)
		}
	})
	c := api.DefaultConfig()
	c.GRPC, c.HTTP = "127.0.0.1:0", "127.0.0.1:0"
	for _, change := range changes {
		change(&c)
	}
	w := webhook.DefaultConfig()
	w.AllowPrivate, w.FirstDelay, w.MaxDelay, w.GiveUp = true, time.Millisecond, 10*time.Millisecond, 100*time.Millisecond
	if h.hooks, err = webhook.New(w, h.stock, prometheus.NewRegistry(), slog.New(slog.DiscardHandler)); err != nil {
		tb.Fatal(err)
	}
	h.serve(c)
	return h
}

// teller is the API as webhooks know it.
type teller struct{ *api.Server }

func (t teller) Levels(terms string, of inventory.Scope) webhook.Levels { return t.Turns(terms, of) }

// serve begins to answer; stop ends it.
func (h *hub) serve(c api.Config) {
	h.t.Helper()
	pages, err := Handler("v1.2.3-test")
	if err != nil {
		h.t.Fatal(err)
	}
	var s api.Stock = h.stock
	if h.over != nil {
		s = h.over(s)
	}
	server, err := api.New(c, api.Deps{
		Stock: s, Link: h, Boxes: h, Webhooks: h.hooks, Console: pages, Ready: func(context.Context) error { return nil },
		Registry: prometheus.NewRegistry(), Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		h.t.Fatal(err)
	}
	h.url = "http://" + server.HTTPAddr().String()
	answer, tell := run(h.t, server.Run), run(h.t, func(ctx context.Context) error { return h.hooks.Run(ctx, teller{server}) })
	h.stop = func() { tell(); answer() }
	h.t.Cleanup(func() { h.stop() })
}

// run runs something until it is stopped, or the test ends.
func run(tb testing.TB, f func(context.Context) error) (stop func()) {
	tb.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- f(ctx) }()
	return sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			tb.Error(err)
		}
	})
}

// Contact is part of api.Link.
func (h *hub) Contact(w stock.Warehouse) api.Contact {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.contacts[w]
}

// Heard is part of api.Boxes.
func (h *hub) Heard(w stock.Warehouse, _ inventory.Boot) time.Time { return h.Contact(w).Heard }

// Replace is part of api.Boxes.
func (h *hub) Replace(w stock.Warehouse, by, why string) api.Replacement {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.words == nil {
		h.words = make(map[stock.Warehouse]api.Replacement)
	}
	h.words[w] = api.Replacement{By: by, Why: why, Until: time.Now().Add(time.Minute)}
	return h.words[w]
}

// Replacement is part of api.Boxes.
func (h *hub) Replacement(w stock.Warehouse) (api.Replacement, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	r, ok := h.words[w]
	return r, ok
}

// Repair is part of api.Boxes.
func (h *hub) Repair(context.Context, stock.Warehouse, string, string) (inventory.Repairing, *inventory.Refusal, error) {
	return inventory.Repairing{}, nil, api.ErrSilent
}

func (h *hub) heard(w stock.Warehouse, at time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.contacts[w] = api.Contact{Heard: at, Complete: at}
}

func (h *hub) apply(c inventory.Command) inventory.Result {
	h.t.Helper()
	r, err := h.stock.Apply(context.Background(), c)
	if err != nil {
		h.t.Fatal(err)
	}
	return r[0]
}

func random16() (b [16]byte) {
	_, _ = rand.Read(b[:])
	return b
}

// box is a warehouse's agent as the hub meets it.
type box struct {
	hub     *hub
	id      stock.Warehouse
	epoch   stock.Epoch
	session inventory.Session
	last    stock.Seq
	head    stock.Hash
}

func (h *hub) box(id stock.Warehouse) *box {
	h.t.Helper()
	b := &box{hub: h, id: id, epoch: stock.Epoch(random16())}
	b.head = stock.Genesis(b.epoch)
	r := h.apply(inventory.Hello{
		Warehouse: id, Boot: inventory.Boot(random16()), Nonce: 1, Position: stock.Position{Epoch: b.epoch, First: 1, Head: b.head},
		NewDownEpoch: stock.Epoch(random16()), Software: "v1.2.3-agent",
	})
	welcome, ok := r.(inventory.Welcome)
	if !ok {
		h.t.Fatalf("hello of %s: %v", id, r)
	}
	b.session = welcome.Session
	h.heard(id, time.Now())
	return b
}

func (b *box) report(m stock.Movement) {
	b.hub.t.Helper()
	m.Time = time.Now()
	raw, err := wire.EncodeEntry(&stock.Entry{Seq: b.last + 1, Command: "scan-" + strconv.Itoa(int(b.last)+1), Movement: m})
	if err != nil {
		b.hub.t.Fatal(err)
	}
	b.send(raw)
}

// send sends what need not be an entry.
func (b *box) send(raw []byte) {
	b.hub.t.Helper()
	batch := stock.Batch{From: b.last + 1, Prev: b.head, Entries: [][]byte{raw}}
	b.last++
	b.head = b.head.Next(raw)
	r := b.hub.apply(inventory.NewIngest(b.id, b.epoch, b.session, batch, nil, b.last))
	if in, ok := r.(inventory.Ingested); !ok || in.Applied != b.last {
		b.hub.t.Fatalf("report of %s: %+v", b.id, r)
	}
	b.hub.heard(b.id, time.Now())
}

// shop is a catalogue and two warehouses with stock.
func (h *hub) shop() (first, second *box) {
	h.t.Helper()
	h.apply(inventory.UpdateItems{Items: []stock.Item{
		{SKU: "milk-1l", Name: "纯牛奶 1L", NameEn: "Whole milk 1 L", Unit: stock.Piece, GTINs: []stock.GTIN{"06901234567892"}, Pack: 1, Zone: stock.Chilled, ShelfLife: 15},
		{SKU: "apple-fuji", Name: "红富士苹果", NameEn: "Fuji apple", Unit: stock.Gram, PLU: "20123", Pack: 1},
	}})
	first, second = h.box("wh-01"), h.box("wh-02")
	first.report(stock.Movement{
		Kind: stock.Receive, SKU: "milk-1l", Lot: "L20", Bin: "C-01", Delta: 24, Expiry: 20991231, Operator: "王芳", Station: "station-1",
		Device: "scanner-1", Document: "PO-7", Line: "3", Scan: []byte("]C1010690123456789210L20\x1d17991231\r"),
	})
	first.report(stock.Movement{Kind: stock.Receive, SKU: "milk-1l", Lot: "L10", Bin: "C-02", Delta: 6, Expiry: 20200131})
	first.report(stock.Movement{Kind: stock.Receive, SKU: "apple-fuji", Bin: "F-02", Delta: 12350, Operator: "李强", Frame: []byte("ST,GS,+12.350kg\r\n")})
	second.report(stock.Movement{Kind: stock.Receive, SKU: "milk-1l", Lot: "L20", Bin: "C-01", Delta: 8, Expiry: 20991231})
	return first, second
}

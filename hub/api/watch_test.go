package api

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/forestock/forestock/hub/inventory"
	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
	"github.com/forestock/forestock/proto/stock"
)

// watcher follows a watch over gRPC and keeps what it was told.
type watcher struct {
	t        testing.TB
	client   forestockv1.AvailabilityServiceClient
	ask      *forestockv1.WatchAvailabilityRequest
	stream   watchClient
	cancel   context.CancelFunc
	onHand   map[string]int32
	sellable map[string]int32
	revision map[string]uint64
	told     []*forestockv1.Warehouse
	messages int
}

type watchClient interface {
	Recv() (*forestockv1.WatchAvailabilityResponse, error)
}

func (w *world) watcher(ask *forestockv1.WatchAvailabilityRequest) *watcher {
	w.t.Helper()
	return &watcher{t: w.t, client: w.availability(), ask: ask, onHand: make(map[string]int32), sellable: make(map[string]int32), revision: make(map[string]uint64)}
}

// open begins the watch, or goes on with it.
func (w *watcher) open() {
	w.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	w.t.Cleanup(cancel)
	stream, err := w.client.WatchAvailability(ctx, w.ask)
	if err != nil {
		w.t.Fatal(err)
	}
	w.stream, w.cancel = stream, cancel
}

// next takes one message in. The token is kept with the number that it came
// with, as a client that stores both at once does.
func (w *watcher) next() (*forestockv1.WatchAvailabilityResponse, error) {
	r, err := w.stream.Recv()
	if err != nil {
		return nil, err
	}
	if token := r.GetResumeToken(); token != "" {
		w.ask.ResumeToken = token
	}
	if warehouse := r.GetWarehouse(); warehouse != nil {
		w.told = append(w.told, warehouse)
	}
	if a := r.GetAvailability(); a != nil {
		w.messages++
		revision, err := strconv.ParseUint(a.GetRevision(), 10, 64)
		if err != nil || revision < w.revision[a.GetName()] {
			w.t.Errorf("%s went back from revision %d to %s", a.GetName(), w.revision[a.GetName()], a.GetRevision())
		}
		w.revision[a.GetName()] = revision
		w.onHand[a.GetName()], w.sellable[a.GetName()] = a.GetOnHand(), a.GetSellable()
	}
	return r, nil
}

// until reads on until something is true of what was told.
func (w *watcher) until(what string, true func(*forestockv1.WatchAvailabilityResponse) bool) {
	w.t.Helper()
	for {
		r, err := w.next()
		if err != nil {
			w.t.Fatalf("waiting for %s: %v", what, err)
		}
		if true(r) {
			return
		}
	}
}

func bookmarked(r *forestockv1.WatchAvailabilityResponse) bool { return r.GetBookmark() }

func TestWatch_BeginsWithWhatIsThenTellsEveryChange(t *testing.T) {
	w := newWorld(t)
	b := shop(w)
	f := w.watcher(&forestockv1.WatchAvailabilityRequest{})
	f.open()
	f.until("a bookmark", bookmarked)
	want := map[string]int32{
		"warehouses/wh-01/skus/milk-1l": 17, "warehouses/wh-01/skus/apple-fuji": 11000,
		"warehouses/wh-01/skus/stray": -2, "warehouses/wh-01/skus/tea-old": 9,
	}
	if !maps.Equal(f.onHand, want) {
		t.Errorf("at the bookmark %v, want %v", f.onHand, want)
	}
	if len(f.told) != 1 || f.told[0].GetFreshness() != forestockv1.Freshness_LIVE {
		t.Errorf("told of the warehouses %v, want wh-01 live", f.told)
	}
	b.receive("milk-1l", 3)
	f.until("the change", func(r *forestockv1.WatchAvailabilityResponse) bool { return r.GetAvailability().GetOnHand() == 20 })
}

func TestWatch_KeepsToItsScope(t *testing.T) {
	w := newWorld(t)
	shop(w)
	w.box("wh-02").receive("milk-1l", 4)
	for _, tt := range []struct {
		name string
		ask  *forestockv1.WatchAvailabilityRequest
		want []string
	}{
		{"a warehouse", &forestockv1.WatchAvailabilityRequest{Warehouses: []string{"wh-02"}}, []string{"warehouses/wh-02/skus/milk-1l"}},
		{"a SKU", &forestockv1.WatchAvailabilityRequest{Skus: []string{"milk-1l"}}, []string{"warehouses/wh-01/skus/milk-1l", "warehouses/wh-02/skus/milk-1l"}},
		{"both", &forestockv1.WatchAvailabilityRequest{Warehouses: []string{"warehouses/wh-01"}, Skus: []string{"stray", "nothing"}}, []string{"warehouses/wh-01/skus/stray"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := w.watcher(tt.ask)
			f.open()
			f.until("a bookmark", bookmarked)
			if len(f.onHand) != len(tt.want) {
				t.Errorf("told of %v, want %v", f.onHand, tt.want)
			}
			for _, name := range tt.want {
				if _, ok := f.onHand[name]; !ok {
					t.Errorf("not told of %s", name)
				}
			}
			for _, warehouse := range f.told {
				if len(tt.ask.GetWarehouses()) > 0 && !strings.HasSuffix(tt.ask.GetWarehouses()[0], strings.TrimPrefix(warehouse.GetName(), "warehouses/")) {
					t.Errorf("told of %s", warehouse.GetName())
				}
			}
		})
	}
}

// A watch that is cut off again and again, while two warehouses change all the
// time, and that goes on with its token, ends up with the numbers of the store.
func TestWatch_GoesOnWithoutAGap(t *testing.T) {
	for _, tt := range []struct {
		name   string
		forget string // a SKU whose numbers the watcher loses although it keeps their token
		gap    bool
	}{
		{"every number is kept", "", false},
		// The negative control: a client that stores the token before the number.
		{"the numbers of one SKU are lost", "/skus/sku-17", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			var busy sync.WaitGroup
			for i := range 2 {
				b := w.box(stock.Warehouse(fmt.Sprintf("wh-%d", i)))
				busy.Go(func() {
					for n := range 300 {
						b.report(stock.Movement{Kind: stock.Receive, SKU: stock.SKU(fmt.Sprintf("sku-%d", n*7%30)), Delta: int64(n + 1)})
					}
				})
			}
			done := make(chan struct{})
			go func() { busy.Wait(); close(done) }()
			f := w.watcher(&forestockv1.WatchAvailabilityRequest{})
			cuts := 0
			for ; !closed(done); cuts++ {
				f.follow(3+cuts%40, tt.forget)
			}
			f.follow(-1, tt.forget)
			want := w.onHand()
			if gap := !maps.Equal(f.onHand, want); gap != tt.gap || len(want) != 60 {
				t.Errorf("told %d numbers, the store has %d; a gap: %v, want %v", len(f.onHand), len(want), gap, tt.gap)
			}
			t.Logf("%d messages in %d streams", f.messages, cuts+1)
		})
	}
}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// follow reads n messages of a new stream, or up to its bookmark.
func (w *watcher) follow(n int, forget string) {
	w.open()
	defer w.cancel()
	for ; n != 0; n-- {
		r, err := w.next()
		if err != nil {
			w.t.Fatal(err)
		}
		if name := r.GetAvailability().GetName(); forget != "" && strings.HasSuffix(name, forget) {
			delete(w.onHand, name)
		}
		if r.GetBookmark() {
			return
		}
	}
}

// onHand gives what the store has.
func (w *world) onHand() map[string]int32 {
	out := make(map[string]int32)
	for _, s := range w.stock.Warehouses() {
		for _, l := range w.stock.Levels(s.Warehouse, "", 1000) {
			out[skuName(l.Warehouse, l.SKU)] = int32(l.OnHand)
		}
	}
	return out
}

func TestWatch_ASlowReaderGetsTheNewestNumber(t *testing.T) {
	w := newWorld(t)
	b := w.box("wh-01")
	slow := w.watcher(&forestockv1.WatchAvailabilityRequest{})
	slow.open()
	const changes = 4000
	for range changes {
		b.receive("milk-1l", 1)
	}
	slow.until("the newest number", func(r *forestockv1.WatchAvailabilityResponse) bool { return r.GetAvailability().GetOnHand() == changes })
	if slow.messages >= changes {
		t.Errorf("%d messages for %d changes: somebody queues them all", slow.messages, changes)
	}
	t.Logf("%d changes came as %d messages", changes, slow.messages)
}

func TestWatch_SaysThatItIsThereWhileNothingHappens(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Bookmark = 5 * time.Millisecond })
	w.box("wh-01")
	f := w.watcher(&forestockv1.WatchAvailabilityRequest{})
	f.open()
	for range 5 {
		f.until("a bookmark", bookmarked)
	}
	if f.ask.GetResumeToken() == "" {
		t.Error("a bookmark without a token")
	}
}

func TestWatch_TellsThatAWarehouseFellSilent(t *testing.T) {
	w := newWorld(t)
	shop(w)
	f := w.watcher(&forestockv1.WatchAvailabilityRequest{})
	f.open()
	f.until("a bookmark", bookmarked)
	w.line.set("wh-01", Contact{Heard: time.Now().Add(-time.Minute), Complete: time.Now().Add(-time.Minute)})
	f.until("word of it", func(r *forestockv1.WatchAvailabilityResponse) bool {
		return r.GetWarehouse().GetFreshness() == forestockv1.Freshness_DEGRADED
	})
	w.heard("wh-01")
	f.until("word that it is back", func(r *forestockv1.WatchAvailabilityResponse) bool {
		return r.GetWarehouse().GetFreshness() == forestockv1.Freshness_LIVE
	})
}

func TestWatch_RefusesATokenThatWouldSkipNumbers(t *testing.T) {
	w := newWorld(t)
	shop(w)
	w.box("wh-02").receive("milk-1l", 4)
	f := w.watcher(&forestockv1.WatchAvailabilityRequest{Warehouses: []string{"wh-01"}})
	f.open()
	f.until("a bookmark", bookmarked)
	token := f.ask.GetResumeToken()

	refused := func(w *world, ask *forestockv1.WatchAvailabilityRequest) *refusal {
		f := w.watcher(ask)
		f.open()
		_, err := f.next()
		return refusalOfStatus(status.Convert(err))
	}
	if r := refused(w, &forestockv1.WatchAvailabilityRequest{Warehouses: []string{"wh-01", "wh-02"}, ResumeToken: token}); r.reason != InvalidResumeToken {
		t.Errorf("with one more warehouse: %v", r)
	}
	if r := refused(w, &forestockv1.WatchAvailabilityRequest{Warehouses: []string{"wh-01"}, Skus: []string{"stray"}, ResumeToken: token}); r.reason != InvalidResumeToken {
		t.Errorf("with a SKU: %v", r)
	}
	other := newWorld(t)
	shop(other)
	if r := refused(other, &forestockv1.WatchAvailabilityRequest{Warehouses: []string{"wh-01"}, ResumeToken: token}); r.code != codes.FailedPrecondition || r.reason != ResumeTokenUnknown {
		t.Errorf("at a store with another life: %v", r)
	}
}

func TestWatch_HasRoomForSoMany(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Limits.Streams = 1 })
	shop(w)
	f := w.watcher(&forestockv1.WatchAvailabilityRequest{})
	f.open()
	f.until("a bookmark", bookmarked)
	if a := w.get("/v1/availability:watch"); a.status != http.StatusTooManyRequests || a.refused(t).Reason != string(TooManyWatches) {
		t.Errorf("a second watch: HTTP %d %s", a.status, a.body)
	}
	f.cancel()
	w.eventually("room again", func() bool {
		second := w.watcher(&forestockv1.WatchAvailabilityRequest{})
		second.open()
		defer second.cancel()
		_, err := second.next()
		return err == nil
	})
}

// torn is a store whose feed breaks.
type torn struct{ Stock }

func (torn) Watch(inventory.Token, inventory.Scope) (inventory.Feed, error) {
	return func(context.Context) (inventory.Update, error) { panic("a page that is not there") }, nil
}

func TestWatch_AFeedThatPanicsIsOneWatchsTrouble(t *testing.T) {
	w := newWorldOver(t, func(s Stock) Stock { return torn{s} })
	f := w.watcher(&forestockv1.WatchAvailabilityRequest{})
	f.open()
	if _, err := f.next(); status.Code(err) != codes.Internal || strings.Contains(err.Error(), "not there") {
		t.Errorf("the watch ends with %v", err)
	}
	if got := w.get("/v1/warehouses").status; got != http.StatusOK {
		t.Errorf("afterwards: HTTP %d", got)
	}
}

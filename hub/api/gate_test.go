package api

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/forestock/forestock/hub/inventory"
	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
	"github.com/forestock/forestock/proto/stock"
)

// reasonOf gives the reason of a refusal that came over gRPC.
func reasonOf(err error) Reason { return refusalOfStatus(status.Convert(err)).reason }

func TestGate_LimitsACallerOverBothForms(t *testing.T) {
	oneCall := func(c *Config) { c.Limits.CallsPerSecond, c.Limits.Burst = 0.001, 1 }

	t.Run("gRPC", func(t *testing.T) {
		w := newWorld(t, oneCall)
		fleet := forestockv1.NewFleetServiceClient(w.dial())
		if _, err := fleet.ListWarehouses(t.Context(), &forestockv1.ListWarehousesRequest{}); err != nil {
			t.Fatalf("the first call: %v", err)
		}
		_, err := fleet.ListWarehouses(t.Context(), &forestockv1.ListWarehousesRequest{})
		r := refusalOfStatus(status.Convert(err))
		if r.code != codes.ResourceExhausted || r.reason != RateLimited || r.retry <= 0 {
			t.Errorf("the second call: %v %v after %v", r.code, r.reason, r.retry)
		}
	})
	t.Run("REST", func(t *testing.T) {
		w := newWorld(t, oneCall)
		if got := w.get("/v1/warehouses").status; got != http.StatusOK {
			t.Fatalf("the first call: HTTP %d", got)
		}
		a := w.get("/v1/warehouses")
		if got := a.refused(t); a.status != http.StatusTooManyRequests || got.Reason != string(RateLimited) {
			t.Errorf("the second call: HTTP %d %s", a.status, got.Reason)
		}
		if a.header.Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
	})
	t.Run("both share one bucket", func(t *testing.T) {
		w := newWorld(t, oneCall)
		if got := w.get("/v1/warehouses").status; got != http.StatusOK {
			t.Fatalf("REST: HTTP %d", got)
		}
		_, err := forestockv1.NewFleetServiceClient(w.dial()).ListWarehouses(t.Context(), &forestockv1.ListWarehousesRequest{})
		if reasonOf(err) != RateLimited {
			t.Errorf("gRPC from the same address: %v", err)
		}
	})
	// The negative control: a gateway that calls the service directly, as the
	// generated RegisterXHandlerServer does, walks around the gate.
	t.Run("a gateway without the channel walks around it", func(t *testing.T) {
		w := newWorld(t, oneCall)
		mux := runtime.NewServeMux()
		direct := &fleet{view: &view{stock: w.stock, pulse: w.server.pulse}}
		if err := forestockv1.RegisterFleetServiceHandlerServer(t.Context(), mux, direct); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			rec := httptest.NewRecorder()
			mux.ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/v1/warehouses", nil))
			if rec.Code != http.StatusOK {
				t.Errorf("HTTP %d: this test does not notice what it is for", rec.Code)
			}
		}
	})
}

// stuck is a store whose history takes for ever, or breaks.
type stuck struct {
	Stock
	entered chan struct{}
	panics  bool
}

func (s *stuck) Movements(ctx context.Context, _ stock.Warehouse, _ stock.SKU, _ inventory.Cursor, _ int) ([]inventory.StoredEntry, inventory.Cursor, error) {
	if s.panics {
		panic("a page that is not there")
	}
	s.entered <- struct{}{}
	<-ctx.Done()
	return nil, "", ctx.Err()
}

// newStuckWorld has a hub whose history is stuck.
func newStuckWorld(t *testing.T, s *stuck, changes ...func(*Config)) *world {
	t.Helper()
	s.entered = make(chan struct{}, 10)
	w := newWorldOver(t, func(real Stock) Stock { s.Stock = real; return s }, changes...)
	shop(w)
	return w
}

const history = "/v1/warehouses/wh-01/skus/milk-1l/movements"

func TestGate_RefusesWhatItHasNoRoomFor(t *testing.T) {
	s := new(stuck)
	w := newStuckWorld(t, s, func(c *Config) { c.Limits.InFlight = 1 })
	ctx, cancel := context.WithCancel(t.Context())
	running := make(chan error, 1)
	go func() {
		_, err := w.availability().ListMovements(ctx, &forestockv1.ListMovementsRequest{Parent: "warehouses/wh-01/skus/milk-1l"})
		running <- err
	}()
	<-s.entered

	a := w.get("/v1/warehouses")
	if got := a.refused(t); a.status != http.StatusTooManyRequests || got.Reason != string(Overloaded) || a.header.Get("Retry-After") == "" {
		t.Errorf("REST beside it: HTTP %d %s", a.status, got.Reason)
	}
	_, err := w.availability().GetAvailability(t.Context(), &forestockv1.GetAvailabilityRequest{Name: "warehouses/wh-01/skus/milk-1l"})
	if reasonOf(err) != Overloaded {
		t.Errorf("gRPC beside it: %v", err)
	}
	if got := w.get("/readyz").status; got != http.StatusOK {
		t.Errorf("a busy hub is not ready: HTTP %d", got)
	}

	cancel()
	if err := <-running; status.Code(err) != codes.Canceled {
		t.Errorf("the call that ran: %v", err)
	}
	w.eventually("room again", func() bool { return w.get("/v1/warehouses").status == http.StatusOK })
}

func TestGate_EndsACallThatTakesTooLong(t *testing.T) {
	w := newStuckWorld(t, new(stuck), func(c *Config) { c.Limits.Call = 20 * time.Millisecond })
	a := w.get(history)
	if got := a.refused(t); a.status != http.StatusGatewayTimeout || got.Reason != string(DeadlineExceeded) {
		t.Errorf("HTTP %d %s %q", a.status, got.Reason, got.Message)
	}
}

func TestGate_APanicIsOneCallsTrouble(t *testing.T) {
	w := newStuckWorld(t, &stuck{panics: true})
	a := w.get(history, "X-Request-Id: trouble-7")
	got := a.refused(t)
	if a.status != http.StatusInternalServerError || got.Reason != string(Internal) {
		t.Errorf("REST: HTTP %d %s", a.status, got.Reason)
	}
	if strings.Contains(a.body, "not there") || a.header.Get("X-Request-Id") != "trouble-7" {
		t.Errorf("REST tells %q under %q; the words are for the log", a.body, a.header.Get("X-Request-Id"))
	}
	_, err := w.availability().ListMovements(t.Context(), &forestockv1.ListMovementsRequest{Parent: "warehouses/wh-01/skus/milk-1l"})
	if status.Code(err) != codes.Internal {
		t.Errorf("gRPC: %v", err)
	}
	if got := w.get("/v1/warehouses").status; got != http.StatusOK {
		t.Errorf("afterwards: HTTP %d", got)
	}
}

func TestGate_NamesEveryCall(t *testing.T) {
	w := newWorld(t)
	if got := w.get("/v1/warehouses", "X-Request-Id: order-42").header.Get("X-Request-Id"); got != "order-42" {
		t.Errorf("the caller's id came back as %q", got)
	}
	for _, bad := range []string{"", "a b", strings.Repeat("x", 65), `"`} {
		if got := w.get("/v1/warehouses", "X-Request-Id: "+bad).header.Get("X-Request-Id"); got == bad || len(got) < 16 {
			t.Errorf("the id %q became %q", bad, got)
		}
	}
	if got := w.get("/v1/nothing").header.Get("X-Request-Id"); got == "" {
		t.Error("an address that is not there has no id")
	}
	var header metadata.MD
	ctx := metadata.AppendToOutgoingContext(t.Context(), requestIDHeader, "order-43")
	if _, err := forestockv1.NewFleetServiceClient(w.dial()).ListWarehouses(ctx, &forestockv1.ListWarehousesRequest{}, grpc.Header(&header)); err != nil {
		t.Fatal(err)
	}
	if got := header.Get(requestIDHeader); len(got) != 1 || got[0] != "order-43" {
		t.Errorf("gRPC gives the id back as %q", got)
	}
	header = nil
	if _, err := forestockv1.NewFleetServiceClient(w.dial()).ListWarehouses(t.Context(), &forestockv1.ListWarehousesRequest{}, grpc.Header(&header)); err != nil {
		t.Fatal(err)
	}
	if got := header.Get(requestIDHeader); len(got) != 0 {
		t.Errorf("gRPC gives the id %q to a call that brought none and succeeded", got)
	}
	_, err := forestockv1.NewFleetServiceClient(w.dial()).GetWarehouse(t.Context(), &forestockv1.GetWarehouseRequest{Name: "warehouses/wh-9"})
	if got := refusalOf(err).call; len(got) < 16 {
		t.Errorf("a refusal over gRPC has the id %q", got)
	}
}

const (
	reader = "reader-secret-0123456789"
	writer = "writer-secret-0123456789"
)

func withTokens(c *Config) {
	c.Tokens = []Token{{Name: "shop", Secret: reader, Role: Read}, {Name: "erp", Secret: writer, Role: Write}}
}

func TestGate_LetsInWhoHasATokenForIt(t *testing.T) {
	w := newWorld(t, withTokens)
	const item = `{"items": [{"sku": "a", "name": "a", "unit": "pc"}]}`
	write := func(ctx context.Context) error {
		_, err := forestockv1.NewCatalogueServiceClient(w.dial()).BatchUpdateItems(ctx, &forestockv1.BatchUpdateItemsRequest{
			Items: []*forestockv1.Item{{Sku: "a", Name: "a", Unit: "pc"}},
		})
		return err
	}
	read := func(ctx context.Context) error {
		_, err := forestockv1.NewFleetServiceClient(w.dial()).ListWarehouses(ctx, &forestockv1.ListWarehousesRequest{})
		return err
	}
	for _, tt := range []struct {
		name, header       string
		toRead, toWrite    int
		readWhy, writeWhy  Reason
		readCode, writeCod codes.Code
	}{
		{"nothing", "", 401, 401, TokenMissing, TokenMissing, codes.Unauthenticated, codes.Unauthenticated},
		{"another scheme", "Basic YTpi", 401, 401, TokenMissing, TokenMissing, codes.Unauthenticated, codes.Unauthenticated},
		{"a wrong token", "Bearer " + reader + "x", 401, 401, TokenUnknown, TokenUnknown, codes.Unauthenticated, codes.Unauthenticated},
		{"a token to read", "Bearer " + reader, 200, 403, "", RoleMissing, codes.OK, codes.PermissionDenied},
		{"a token to write", "bearer " + writer, 200, 200, "", "", codes.OK, codes.OK},
	} {
		t.Run(tt.name, func(t *testing.T) {
			header := "Authorization: " + tt.header
			if a := w.get("/v1/warehouses", header); a.status != tt.toRead || (tt.readWhy != "" && a.refused(t).Reason != string(tt.readWhy)) {
				t.Errorf("REST to read: HTTP %d %s", a.status, a.body)
			}
			if a := w.do("POST", "/v1/items:batchUpdate", item, header); a.status != tt.toWrite || (tt.writeWhy != "" && a.refused(t).Reason != string(tt.writeWhy)) {
				t.Errorf("REST to write: HTTP %d %s", a.status, a.body)
			}
			if a := w.get("/v1/availability:watch?warehouses=none", header); (a.status == http.StatusUnauthorized) != (tt.toRead == 401) {
				t.Errorf("REST to watch: HTTP %d", a.status)
			}
			if a := w.get("/metrics", header); (a.status == http.StatusUnauthorized) != (tt.toRead == 401) {
				t.Errorf("metrics: HTTP %d", a.status)
			}
			ctx := metadata.AppendToOutgoingContext(t.Context(), "authorization", tt.header)
			if err := read(ctx); status.Code(err) != tt.readCode {
				t.Errorf("gRPC to read: %v", err)
			}
			if err := write(ctx); status.Code(err) != tt.writeCod {
				t.Errorf("gRPC to write: %v", err)
			}
		})
	}
	if got := w.get("/v1/warehouses").header.Get("WWW-Authenticate"); !strings.HasPrefix(got, "Bearer") {
		t.Errorf("WWW-Authenticate: %q", got)
	}
	w.box("secret-site").receive("secret-sku", 1)
	if strings.Contains(w.get("/docs").body, "secret-s") {
		t.Error("/docs tells what the hub has without a token")
	}
	for _, open := range []string{"/livez", "/readyz", "/docs", "/openapi.json"} {
		if got := w.get(open).status; got != http.StatusOK {
			t.Errorf("%s without a token: HTTP %d", open, got)
		}
	}
}

func TestGate_LimitsByTokenNotByAddress(t *testing.T) {
	w := newWorld(t, withTokens, func(c *Config) { c.Limits.CallsPerSecond, c.Limits.Burst = 0.001, 1 })
	for _, secret := range []string{reader, writer} {
		if got := w.get("/v1/warehouses", "Authorization: Bearer "+secret).status; got != http.StatusOK {
			t.Errorf("first call of one: HTTP %d", got)
		}
		if got := w.get("/v1/warehouses", "Authorization: Bearer "+secret).status; got != http.StatusTooManyRequests {
			t.Errorf("second call of one: HTTP %d", got)
		}
	}
}

func TestGate_AnsweredCallsAreCounted(t *testing.T) {
	w := newWorld(t)
	w.get("/v1/warehouses")
	w.get("/v1/warehouses/wh-99")
	w.get("/v1/nothing")
	if _, err := forestockv1.NewFleetServiceClient(w.dial()).ListWarehouses(t.Context(), &forestockv1.ListWarehousesRequest{}); err != nil {
		t.Fatal(err)
	}
	got := w.get("/metrics").body
	for _, want := range []string{
		`forestock_api_calls_total{code="OK",form="rest",method="FleetService.ListWarehouses"} 1`,
		`forestock_api_calls_total{code="OK",form="grpc",method="FleetService.ListWarehouses"} 1`,
		`forestock_api_calls_total{code="NotFound",form="rest",method="FleetService.GetWarehouse"} 1`,
		`forestock_api_refused_total{reason="UNKNOWN_WAREHOUSE"} 1`,
		`forestock_api_refused_total{reason="UNKNOWN_ROUTE"} 1`,
		`forestock_api_call_seconds_count{form="rest",method="FleetService.ListWarehouses"} 1`,
		`forestock_api_calls_running 0`,
	} {
		if !strings.Contains(got, want+"\n") {
			t.Errorf("/metrics lacks %s", want)
		}
	}
}

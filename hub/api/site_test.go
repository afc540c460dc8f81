package api

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	reflectionv1 "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"

	"github.com/forestock/forestock/proto"
)

func TestSite_ListsEveryRouteWithACommandThatWorks(t *testing.T) {
	w := newWorld(t)
	page := w.get("/docs")
	if !strings.HasPrefix(page.header.Get("Content-Type"), "text/html") || strings.Contains(page.body, "ZgotmplZ") {
		t.Errorf("/docs is %s", page.header.Get("Content-Type"))
	}
	var description struct {
		Swagger string
		Paths   map[string]any
	}
	if err := json.Unmarshal([]byte(w.get("/openapi.json").body), &description); err != nil || description.Swagger != "2.0" {
		t.Fatalf("/openapi.json: %v", err)
	}
	if len(description.Paths) < 10 {
		t.Errorf("/openapi.json has %d paths", len(description.Paths))
	}
	for path := range description.Paths {
		if !strings.Contains(page.body, "<code>"+path+"</code>") {
			t.Errorf("/docs does not list %s", path)
		}
	}
	w.catalogue(milk)
	b := w.box("shop-7")
	b.spoil("no entry")
	b.receive("milk-1l", 1)
	here := (&site{server: w.server}).example("")
	if shown := w.get("/docs").body; !strings.Contains(shown, "/v1/warehouses/shop-7/skus/milk-1l/availability") {
		t.Error("/docs does not show what this hub has")
	}
	for _, r := range mustRoutes(t) {
		if r.Stream || strings.HasPrefix(r.Path, "/v1/webhooks") {
			continue // the tests of watches and of hub/webhook call them
		}
		path, body, _ := strings.Cut(strings.TrimPrefix(r.Curl(here), "curl "), " -d '")
		a := w.do(r.Method, path, strings.TrimSuffix(body, "'"))
		if strings.HasSuffix(path, ":retry") { // nobody can ever read what is set aside here
			if a.refused(t).Reason != string(CannotApply) {
				t.Errorf("%s %s: HTTP %d %s", r.Method, path, a.status, a.body)
			}
			continue
		}
		if a.status != http.StatusOK {
			t.Errorf("%s %s: HTTP %d %s", r.Method, path, a.status, a.body)
		}
	}
}

func mustRoutes(t *testing.T) routes {
	t.Helper()
	rs, err := readRoutes(proto.OpenAPI)
	if err != nil {
		t.Fatal(err)
	}
	return rs
}

func TestSite_IsReadyOnceTheHubIs(t *testing.T) {
	w := newWorld(t)
	w.line.setReady(errors.New("the store is still being read: 40 % done"))
	a := w.get("/readyz")
	if got := a.refused(t); a.status != http.StatusServiceUnavailable || got.Reason != string(NotReady) || !strings.Contains(got.Message, "40 %") {
		t.Errorf("before: HTTP %d %s", a.status, a.body)
	}
	if got := w.get("/livez").status; got != http.StatusOK {
		t.Errorf("/livez: HTTP %d", got)
	}
	health := healthv1.NewHealthClient(w.dial())
	is := func(want healthv1.HealthCheckResponse_ServingStatus) func() bool {
		return func() bool {
			r, err := health.Check(t.Context(), &healthv1.HealthCheckRequest{Service: "forestock.v1.AvailabilityService"})
			return err == nil && r.GetStatus() == want
		}
	}
	w.eventually("NOT_SERVING", is(healthv1.HealthCheckResponse_NOT_SERVING))
	w.line.setReady(nil)
	if got := w.get("/readyz").status; got != http.StatusOK {
		t.Errorf("afterwards: HTTP %d", got)
	}
	w.eventually("SERVING", is(healthv1.HealthCheckResponse_SERVING))
}

func TestSite_APageOfAnotherSiteCannotWrite(t *testing.T) {
	w := newWorld(t)
	const item = `{"items": [{"sku": "a", "name": "a", "unit": "pc"}]}`
	for _, headers := range [][]string{
		{"Sec-Fetch-Site: cross-site", "Origin: https://evil.example"}, {"Origin: https://evil.example", "Content-Type: text/plain"},
	} {
		a := w.do("POST", "/v1/items:batchUpdate", item, headers...)
		if a.status != http.StatusForbidden || a.refused(t).Reason != string(CrossOrigin) {
			t.Errorf("with %v: HTTP %d %s", headers, a.status, a.body)
		}
	}
	if a := w.do("POST", "/v1/items:batchUpdate", item, "Sec-Fetch-Site: same-origin"); a.status != http.StatusOK {
		t.Errorf("from its own page: HTTP %d %s", a.status, a.body)
	}
	if a := w.do("POST", "/v1/items:batchUpdate", item); a.status != http.StatusOK {
		t.Errorf("from a program: HTTP %d %s", a.status, a.body)
	}
}

func TestSite_WithoutTokensAnswersToThisMachineOnly(t *testing.T) {
	ask := func(w *world, host string) answer {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.url("/v1/warehouses"), nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Host = host
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		return answer{status: resp.StatusCode}
	}
	w := newWorld(t)
	for host, want := range map[string]int{
		"localhost": 200, "localhost:8080": 200, "127.0.0.1:8080": 200, "[::1]:8080": 200, "[::1]": 200,
		"rebound.example": 403, "rebound.example:8080": 403, "localhost.rebound.example": 403,
	} {
		if got := ask(w, host).status; got != want {
			t.Errorf("as %s: HTTP %d, want %d", host, got, want)
		}
	}
	open := newWorld(t, func(c *Config) { c.Open = true })
	if got := ask(open, "hub.example").status; got != http.StatusOK {
		t.Errorf("an open hub by its name: HTTP %d", got)
	}
	guarded := newWorld(t, withTokens)
	if got := ask(guarded, "hub.example").status; got != http.StatusUnauthorized {
		t.Errorf("a hub with tokens by its name: HTTP %d, want the question for a token", got)
	}
}

func TestSite_SendsPeopleToThePage(t *testing.T) {
	w := newWorld(t)
	if a := w.get("/"); a.status != http.StatusFound || a.header.Get("Location") != "/docs" {
		t.Errorf("/: HTTP %d to %q", a.status, a.header.Get("Location"))
	}
	for _, name := range []string{"X-Content-Type-Options", "X-Frame-Options"} {
		if w.get("/docs").header.Get(name) == "" {
			t.Errorf("no %s", name)
		}
	}
}

func TestReflection_ListsTheServices(t *testing.T) {
	w := newWorld(t)
	stream, err := reflectionv1.NewServerReflectionClient(w.dial()).ServerReflectionInfo(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.Send(&reflectionv1.ServerReflectionRequest{MessageRequest: &reflectionv1.ServerReflectionRequest_ListServices{}}); err != nil {
		t.Fatal(err)
	}
	r, err := stream.Recv()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range r.GetListServicesResponse().GetService() {
		names = append(names, s.GetName())
	}
	if got := strings.Join(names, " "); !strings.Contains(got, "forestock.v1.AvailabilityService") {
		t.Errorf("lists %s", got)
	}
}

func TestReflection_NeedsATokenWhereThereAreAny(t *testing.T) {
	w := newWorld(t, withTokens)
	stream, err := reflectionv1.NewServerReflectionClient(w.dial()).ServerReflectionInfo(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Recv(); status.Code(err) != codes.Unauthenticated {
		t.Errorf("without a token: %v", err)
	}
	health, err := healthv1.NewHealthClient(w.dial()).Check(t.Context(), &healthv1.HealthCheckRequest{})
	if err != nil {
		t.Errorf("health without a token: %v %v", health, err)
	}
}

package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
)

// names gives a request body for n names.
func names(n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("warehouses/wh-01/skus/sku-%d", i)
	}
	b, _ := json.Marshal(map[string]any{"names": list})
	return string(b)
}

func TestREST_RefusesWithCodeReasonAndWhatToDo(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Limits.MessageBytes = 64 << 10 })
	shop(w)
	w.box("wh-02")
	foreign := w.get("/v1/warehouses?page_size=1").json(t)["next_page_token"]
	if foreign == "" {
		t.Fatal("two warehouses on pages of one have no second page")
	}

	for _, tt := range []struct {
		name, method, path, body string
		status                   int
		code                     string
		reason                   Reason
		says                     string
	}{
		{"bad warehouse id", "GET", "/v1/warehouses/WH_1/availability", "", 400, "INVALID_ARGUMENT", InvalidName, "1 to 32 of a-z"},
		{"bad SKU", "GET", "/v1/warehouses/wh-01/skus/a%20b/availability", "", 400, "INVALID_ARGUMENT", InvalidName, "1 to 40 of"},
		{"bad name in a batch", "POST", "/v1/availability:batchGet", `{"names": ["milk-1l"]}`, 400, "INVALID_ARGUMENT", InvalidName, "write warehouses/{warehouse}/skus/{sku}"},
		{"unknown warehouse", "GET", "/v1/warehouses/wh-99", "", 404, "NOT_FOUND", UnknownWarehouse, "GET /v1/warehouses lists"},
		{"levels of an unknown warehouse", "GET", "/v1/warehouses/wh-99/availability", "", 404, "NOT_FOUND", UnknownWarehouse, "never reported"},
		{"SKU of an unknown warehouse", "GET", "/v1/warehouses/wh-99/skus/milk-1l/availability", "", 404, "NOT_FOUND", UnknownWarehouse, "never reported"},
		{"unknown SKU", "GET", "/v1/warehouses/wh-01/skus/nope/availability", "", 404, "NOT_FOUND", UnknownSKU, "check the spelling"},
		{"movements of an unknown SKU", "GET", "/v1/warehouses/wh-01/skus/nope/movements", "", 404, "NOT_FOUND", UnknownSKU, "check the spelling"},
		{"unknown item", "GET", "/v1/items/nope", "", 404, "NOT_FOUND", UnknownItem, "batchUpdate"},
		{"no names", "POST", "/v1/availability:batchGet", `{}`, 400, "INVALID_ARGUMENT", NothingAsked, "at least one"},
		{"501 names", "POST", "/v1/availability:batchGet", names(501), 400, "INVALID_ARGUMENT", TooMany, "split them"},
		{"negative page size", "GET", "/v1/warehouses?page_size=-1", "", 400, "INVALID_ARGUMENT", InvalidPageSize, "1 to 1000"},
		{"page size that is no number", "GET", "/v1/warehouses?page_size=many", "", 400, "INVALID_ARGUMENT", MalformedRequest, "page_size"},
		{"made-up page token", "GET", "/v1/warehouses?page_token=xyz", "", 400, "INVALID_ARGUMENT", InvalidPageToken, "as it came"},
		{"page token of another listing", "GET", fmt.Sprintf("/v1/items?page_token=%v", foreign), "", 400, "INVALID_ARGUMENT", InvalidPageToken, "as it came"},
		{"search in all warehouses for nothing", "GET", "/v1/warehouses/-/availability", "", 400, "INVALID_ARGUMENT", InvalidQuery, "needs a query"},
		{"endless query", "GET", "/v1/items?query=" + strings.Repeat("x", 65), "", 400, "INVALID_ARGUMENT", InvalidQuery, "64 bytes"},
		{"misspelt parameter", "GET", "/v1/items?pagesize=3", "", 400, "INVALID_ARGUMENT", UnknownParameter, "page_size"},
		{"query string that cannot be read", "GET", "/v1/items?query=%zz", "", 400, "INVALID_ARGUMENT", MalformedRequest, "query string"},
		{"body that is no JSON", "POST", "/v1/availability:batchGet", `{"names"`, 400, "INVALID_ARGUMENT", MalformedRequest, "cannot be read"},
		{"misspelt field", "POST", "/v1/availability:batchGet", `{"nmaes": []}`, 400, "INVALID_ARGUMENT", MalformedRequest, `unknown field "nmaes"`},
		{"oversized body", "POST", "/v1/availability:batchGet", `{"names": ["` + strings.Repeat("x", 64<<10) + `"]}`, 413, "RESOURCE_EXHAUSTED", BodyTooLarge, "ask for less"},
		{"wrong method", "DELETE", "/v1/warehouses", "", 405, "UNIMPLEMENTED", MethodNotAllowed, "GET only"},
		{"no such address", "GET", "/v1/warehouse", "", 404, "NOT_FOUND", UnknownRoute, "/docs"},
		{"no such page", "GET", "/nothing", "", 404, "NOT_FOUND", UnknownRoute, "/docs"},
		{"item without a name", "POST", "/v1/items:batchUpdate", `{"items": [{"sku": "a", "name": "a", "unit": "pc"}, {"sku": "b", "unit": "pc"}]}`, 400, "INVALID_ARGUMENT", InvalidItem, "item 1"},
		{"watch of an unknown warehouse", "GET", "/v1/availability:watch?warehouses=wh-99", "", 404, "NOT_FOUND", UnknownWarehouse, "never reported"},
		{"made-up resume token", "GET", "/v1/availability:watch?resume_token=xyz", "", 400, "INVALID_ARGUMENT", InvalidResumeToken, "begin again"},
		{"501 SKUs to watch", "GET", "/v1/availability:watch?" + strings.Repeat("skus=a&", 501), "", 400, "INVALID_ARGUMENT", TooMany, "split them"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := w.do(tt.method, tt.path, tt.body)
			got := a.refused(t)
			if a.status != tt.status || got.Code != tt.status || got.Status != tt.code || got.Reason != string(tt.reason) {
				t.Errorf("HTTP %d with %d %s %s, want %d %s %s", a.status, got.Code, got.Status, got.Reason, tt.status, tt.code, tt.reason)
			}
			if !strings.Contains(got.Message, tt.says) {
				t.Errorf("says %q, want %q in it", got.Message, tt.says)
			}
			if len(got.Details) == 0 || got.Details[0]["domain"] != Domain || got.Details[0]["reason"] != string(tt.reason) {
				t.Errorf("details %v, want an ErrorInfo first", got.Details)
			}
		})
	}
}

func TestREST_AWrongMethodTellsTheRightOnes(t *testing.T) {
	w := newWorld(t)
	if got := w.do("PUT", "/v1/items:batchUpdate", "").header.Get("Allow"); got != "POST" {
		t.Errorf("Allow: %q, want POST", got)
	}
}

func TestGRPC_RefusesWithCodeReasonAndFields(t *testing.T) {
	w := newWorld(t)
	shop(w)
	c := w.availability()
	_, err := c.BatchGetAvailability(t.Context(), &forestockv1.BatchGetAvailabilityRequest{Names: []string{"warehouses/wh-01/skus/milk-1l", "warehouses/wh-01"}})
	st := status.Convert(err)
	if st.Code() != codes.InvalidArgument {
		t.Fatalf("got %v", err)
	}
	var info *errdetails.ErrorInfo
	var bad *errdetails.BadRequest
	var call *errdetails.RequestInfo
	for _, d := range st.Details() {
		switch d := d.(type) {
		case *errdetails.ErrorInfo:
			info = d
		case *errdetails.BadRequest:
			bad = d
		case *errdetails.RequestInfo:
			call = d
		}
	}
	if info.GetReason() != string(InvalidName) || info.GetDomain() != Domain {
		t.Errorf("ErrorInfo %v", info)
	}
	if v := bad.GetFieldViolations(); len(v) != 1 || v[0].GetField() != "names[1]" {
		t.Errorf("BadRequest %v, want names[1]", bad)
	}
	if call.GetRequestId() == "" {
		t.Error("the refusal does not name its request")
	}
}

func TestCatalogue_OneBadItemWritesNothing(t *testing.T) {
	w := newWorld(t)
	a := w.do("POST", "/v1/items:batchUpdate", `{"items": [{"sku": "a", "name": "a", "unit": "pc"}, {"sku": "b", "unit": "pc"}]}`)
	if a.status != http.StatusBadRequest {
		t.Fatalf("HTTP %d", a.status)
	}
	if got := w.get("/v1/items/a").status; got != http.StatusNotFound {
		t.Errorf("the good item was written: HTTP %d", got)
	}
}

func TestGRPC_RefusesAMessageThatIsTooLarge(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Limits.MessageBytes = 64 << 10 })
	ask := func(bytes int) *refusal {
		_, err := w.availability().BatchGetAvailability(t.Context(), &forestockv1.BatchGetAvailabilityRequest{Names: []string{strings.Repeat("x", bytes)}})
		return refusalOfStatus(status.Convert(err))
	}
	if r := ask(64 << 10); r.code != codes.ResourceExhausted || r.reason != BodyTooLarge || !strings.Contains(r.message, "ask for less") {
		t.Errorf("a little too large: %v", r)
	}
	if r := ask(63 << 10); r.reason != InvalidName {
		t.Errorf("just within: %v", r)
	}
	// Far too large is refused before it is read.
	if r := ask(1 << 20); r.code != codes.ResourceExhausted {
		t.Errorf("far too large: %v", r)
	}
}

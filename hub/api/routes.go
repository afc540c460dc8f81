package api

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/forestock/forestock/proto/stock"
)

// route is one method of the REST API as its OpenAPI description has it.
type route struct {
	Method  string
	Path    string // with {parts} in braces
	Summary string
	Query   []string // parameters, sorted
	Body    bool     // takes a body
	Stream  bool     // answers until the caller ends it
	parts   []string
}

// routes are the methods of the REST API, sorted by path.
type routes []route

// openAPI is as much of an OpenAPI 2.0 description as routes are made of.
type openAPI struct {
	Paths map[string]map[string]struct {
		Summary    string `json:"summary"`
		Parameters []struct {
			Name string `json:"name"`
			In   string `json:"in"`
		} `json:"parameters"`
		Responses map[string]struct {
			Description string `json:"description"`
		} `json:"responses"`
	} `json:"paths"`
}

func readRoutes(description []byte) (routes, error) {
	var doc openAPI
	if err := json.Unmarshal(description, &doc); err != nil {
		return nil, fmt.Errorf("read the OpenAPI description: %w", err)
	}
	var out routes
	for _, path := range slices.Sorted(maps.Keys(doc.Paths)) {
		for _, method := range slices.Sorted(maps.Keys(doc.Paths[path])) {
			op := doc.Paths[path][method]
			r := route{Method: strings.ToUpper(method), Path: path, Summary: op.Summary, parts: strings.Split(path, "/")}
			r.Stream = strings.Contains(op.Responses["200"].Description, "stream")
			for _, p := range op.Parameters {
				if p.In == "query" {
					r.Query = append(r.Query, p.Name)
				}
				r.Body = r.Body || p.In == "body"
			}
			slices.Sort(r.Query)
			out = append(out, r)
		}
	}
	return out, nil
}

// find gives the route of a request, and the methods that its path takes.
func (rs routes) find(method, path string) (found *route, allowed []string) {
	parts := strings.Split(path, "/")
	for i := range rs {
		if !rs[i].matches(parts) {
			continue
		}
		allowed = append(allowed, rs[i].Method)
		if rs[i].Method == method {
			found = &rs[i]
		}
	}
	return found, allowed
}

func (r *route) matches(parts []string) bool {
	return slices.EqualFunc(r.parts, parts, func(want, got string) bool {
		if _, verb, ok := strings.Cut(want, "}"); ok {
			return len(got) > len(verb) && strings.HasSuffix(got, verb)
		}
		return want == got
	})
}

// bodies are examples of what the calls with a body take.
var bodies = map[string]string{
	"/v1/availability:batchGet":                                  `{"names": ["warehouses/{warehouse}/skus/{sku}"]}`,
	"/v1/warehouses/{warehouse}/quarantine/{quarantine}:discard": `{"by": "example", "reason": "booked again"}`,
	"/v1/warehouses/{warehouse}/quarantine/{quarantine}:retry":   `{"by": "example", "reason": "the hub was updated"}`,
	"/v1/warehouses/{warehouse}/policy":                          `{"policy": {"safety": 2}, "by": "example", "reason": "miscounts"}`,
	"/v1/warehouses/{warehouse}/skus/{sku}/policy":               `{"policy": {"channel_quotas": [{"channel": "app", "percent": 80}]}, "by": "example", "reason": "keep some for the shop"}`,
	"/v1/warehouses/{warehouse}:repairReservations":              `{"by": "example", "reason": "hub reconcile list told of differences"}`,
	"/v1/warehouses/{warehouse}:repair":                          `{"by": "example", "reason": "counted the shelf"}`,
	"/v1/warehouses/{warehouse}:replaceBox":                      `{"by": "example", "reason": "the old box is scrap"}`,
	"/v1/reservations":                                           `{"reservation_id": "{reservation}", "reservation": {"warehouse": "warehouses/{warehouse}", "lines": [{"sku": "{sku}", "quantity": 1}]}}`,
	"/v1/reservations/{reservation}:cancel":                      `{"reason": "the customer changed their mind"}`,
	"/v1/reservations/{reservation}:confirm":                     `{}`,
	"/v1/reservations/{reservation}:extend":                      `{"ttl": "600s"}`,
	"/v1/reservations:batchCreate":                               `{"requests": [{"reservation_id": "{reservation}", "reservation": {"warehouse": "warehouses/{warehouse}", "lines": [{"sku": "{sku}", "quantity": 1}]}}]}`,
	"/v1/items:batchUpdate":                                      `{"items": [{"sku": "example-1", "name": "样品", "unit": "pc", "gtins": ["06901234567892"]}]}`,
}

// example is what the command lines of the docs are about.
type example struct {
	Base      string // address of the hub
	Warehouse stock.Warehouse
	SKU       stock.SKU
}

// Curl gives a command line that calls the route.
func (r *route) Curl(e example) string {
	reservation := "order-1001"
	if strings.HasSuffix(r.Path, ":cancel") {
		reservation = "order-1002" // another one, so that the commands work in the order they are shown in
	}
	fill := strings.NewReplacer("{reservation}", reservation, "{warehouse}", string(e.Warehouse), "{sku}", string(e.SKU), "{item}", string(e.SKU), "{quarantine}", "1.1").Replace
	url := e.Base + fill(r.Path)
	switch {
	case r.Stream:
		return "curl -N " + url + "\ncurl -N -H 'Accept: text/event-stream' '" + url + fill("?warehouses={warehouse}'")
	case r.Body:
		return "curl " + url + " -d '" + fill(bodies[r.Path]) + "'"
	}
	return "curl " + url
}

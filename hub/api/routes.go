package api

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
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
		if strings.HasPrefix(want, "{") {
			return got != ""
		}
		return want == got
	})
}

// bodies are examples of what the calls with a body take.
var bodies = map[string]string{
	"/v1/availability:batchGet": `{"names": ["warehouses/wh-01/skus/milk-1l", "warehouses/wh-02/skus/milk-1l"]}`,
	"/v1/items:batchUpdate":     `{"items": [{"sku": "milk-1l", "name": "纯牛奶 1L", "unit": "pc", "gtins": ["06901234567892"]}]}`,
}

// Curl gives a command line that calls the route of the hub at base.
func (r *route) Curl(base string) string {
	url := base + strings.NewReplacer("{warehouse}", "wh-01", "{sku}", "milk-1l", "{item}", "milk-1l").Replace(r.Path)
	switch {
	case r.Stream:
		return "curl -N " + url + "\ncurl -N -H 'Accept: text/event-stream' '" + url + "?warehouses=wh-01'"
	case r.Body:
		return "curl " + url + " -d '" + bodies[r.Path] + "'"
	}
	return "curl " + url
}

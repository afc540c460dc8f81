package api

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"html/template"
	"net"
	"net/http"
	"strings"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"google.golang.org/grpc/codes"

	"github.com/forestock/forestock/proto"
)

//go:embed docs.html
var docsHTML string

// site is everything that HTTP serves besides the calls of the API.
type site struct {
	server *Server
	rest   *rest
}

// handler puts together what HTTP serves.
func (s *Server) handler(channel *inprocgrpc.Channel) (http.Handler, error) {
	rs, err := readRoutes(proto.OpenAPI)
	if err != nil {
		return nil, err
	}
	r, err := newREST(channel, rs, s.config.Limits.MessageBytes, s.gate.metrics)
	if err != nil {
		return nil, err
	}
	t := &site{server: s, rest: r}
	docs, err := t.docs()
	if err != nil {
		return nil, err
	}

	mux := http.NewServeMux()
	mux.Handle("/v1/", r)
	mux.HandleFunc("GET /openapi.json", serveBytes("application/json", proto.OpenAPI))
	mux.HandleFunc("GET /docs", docs)
	mux.HandleFunc("GET /livez", serveBytes("text/plain; charset=utf-8", []byte("ok\n")))
	mux.HandleFunc("GET /readyz", t.ready)
	mux.Handle("GET /metrics", t.guard(promhttp.HandlerFor(s.deps.Registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4})))
	home := "/docs"
	if s.deps.Console != nil {
		home = "/console/"
		mux.Handle("GET /console/", s.deps.Console)
	}
	mux.Handle("GET /{$}", http.RedirectHandler(home, http.StatusFound))
	mux.HandleFunc("/", r.unknown)

	// A page of another site must not make an operator's browser write here.
	sameOrigin := http.NewCrossOriginProtection()
	sameOrigin.SetDenyHandler(http.HandlerFunc(r.crossOrigin))
	return secure(t.sameMachine(sameOrigin.Handler(mux))), nil
}

// sameMachine keeps a hub that is open to this machine's programs only, because
// it has no tokens, from pages on the internet: a name of theirs that resolves
// to 127.0.0.1 makes such a page look like the hub's own.
func (t *site) sameMachine(next http.Handler) http.Handler {
	if c := &t.server.config; c.Open || len(c.Tokens) > 0 {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if h, _, err := net.SplitHostPort(host); err == nil {
			host = h
		}
		if host != "localhost" && net.ParseIP(strings.Trim(host, "[]")) == nil {
			t.rest.refuse(w, r, refuse(codes.PermissionDenied, ForeignHost,
				"without tokens this hub answers to localhost and to addresses, not to the name %q; configure tokens, or say that it is open to everybody", host))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// secure sets what every answer tells a browser.
func secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Referrer-Policy", "same-origin")
		w.Header().Set("X-Frame-Options", "DENY")
		next.ServeHTTP(w, r)
	})
}

func serveBytes(contentType string, b []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		_, _ = w.Write(b) // whoever asked has gone; there is nobody left to tell
	}
}

// docs renders the page that lists the API. It is the same for everybody, but
// for the address that it was asked at.
func (t *site) docs() (http.HandlerFunc, error) {
	page, err := template.New("docs").Parse(docsHTML)
	if err != nil {
		return nil, err
	}
	example, _ := errorBody(refuse(codes.NotFound, UnknownSKU, "no entry and no catalogue item knows the SKU %q; check the spelling, or add it with POST /v1/items:batchUpdate", "milk-2l"))
	body, err := t.rest.json.Marshal(example)
	if err != nil {
		return nil, err
	}
	shown, err := indented(body)
	if err != nil {
		return nil, err
	}
	scheme := "http://"
	if t.server.config.TLS != nil {
		scheme = "https://"
	}
	return func(w http.ResponseWriter, r *http.Request) {
		var b bytes.Buffer
		err := page.Execute(&b, map[string]any{
			"Version": t.server.deps.Version, "GRPC": t.server.GRPCAddr().String(), "Example": t.example(scheme + r.Host),
			"Routes": t.rest.routes, "Error": shown, "Tokens": len(t.server.gate.tokens) > 0,
		})
		if err != nil {
			t.rest.refuse(w, r, refusalOf(err))
			return
		}
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
		serveBytes("text/html; charset=utf-8", b.Bytes())(w, r)
	}, nil
}

// example picks something that this hub has, so that the commands work as they
// are shown. The page is open to all, so a hub with tokens shows nothing of its
// own there.
func (t *site) example(base string) example {
	e := example{Base: base, Warehouse: "wh-01", SKU: "milk-1l"}
	if len(t.server.gate.tokens) > 0 {
		return e
	}
	for _, s := range t.server.deps.Stock.Warehouses() {
		if levels := t.server.deps.Stock.Levels(s.Warehouse, "", 1); len(levels) > 0 {
			e.Warehouse, e.SKU = s.Warehouse, levels[0].SKU
			break
		}
	}
	return e
}

// ready tells whether the hub can answer, and what is missing if it cannot.
func (t *site) ready(w http.ResponseWriter, r *http.Request) {
	if err := t.server.ready(r.Context()); err != nil {
		t.rest.refuse(w, r, refusalOf(err))
		return
	}
	serveBytes("text/plain; charset=utf-8", []byte("ok\n"))(w, r)
}

// guard lets only callers with a token through, where there are tokens.
func (t *site) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(t.server.gate.tokens) > 0 {
			if _, err := t.server.gate.tokens.find(r.Header.Get("Authorization")); err != nil {
				t.rest.refuse(w, r, refusalOf(err))
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// indented lays JSON out for people.
func indented(b []byte) (string, error) {
	var out bytes.Buffer
	if err := json.Indent(&out, b, "", "  "); err != nil {
		return "", err
	}
	return out.String(), nil
}

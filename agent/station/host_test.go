package station_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/forestock/forestock/agent/agentd"
)

// A page of the internet can make its own name point to this box, and is then
// of the same origin to a browser: only the name that it asks for tells.
func TestHost_ANameOfSomebodyElseIsRefused(t *testing.T) {
	s := open(t, func(c *agentd.Config) { c.Station.Hosts = []string{"Stock.shop.lan"} })
	for _, tt := range []struct {
		host, path string
		want       int
	}{
		{"", "/", http.StatusOK},
		{"localhost:8101", "/", http.StatusOK},
		{"192.168.1.20:8101", "/api/stations", http.StatusOK},
		{"[fe80::1]:8101", "/api/stations", http.StatusOK},
		{"stock.shop.lan", "/", http.StatusOK},
		{"STOCK.shop.lan.:8101", "/", http.StatusOK},
		{"evil.example", "/", http.StatusForbidden},
		{"127.0.0.1.evil.example:8101", "/api/status", http.StatusForbidden},
		{"evil.example", "/api/scan", http.StatusForbidden},
		{"box.example:8101", "/metrics", http.StatusOK},
		{"box.example:8101", "/livez", http.StatusOK},
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+tt.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = tt.host
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != tt.want {
			t.Errorf("%s asked of host %q: %d, want %d: %s", tt.path, tt.host, answer.StatusCode, tt.want, body)
		}
		if tt.want == http.StatusForbidden && !strings.Contains(string(body), "station.hosts") {
			t.Errorf("%s asked of host %q is refused without saying what to do: %s", tt.path, tt.host, body)
		}
	}
}

package station

import (
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
)

// ownHost keeps pages of the internet out: a name of theirs that resolves to this
// box makes such a page look like the station's own. Addresses are nobody's
// name; of names only those of this box count, and those that were configured.
func (s *Server) ownHost(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// What machines ask tells a page nothing that it could use.
		machine := r.URL.Path == "/livez" || r.URL.Path == "/metrics"
		if name := hostOf(r); !machine && !s.owns(name) {
			refuse(w, http.StatusForbidden, problem{
				"FOREIGN_HOST", "this station is not called " + name, "open the page by the box's address, or name the host in station.hosts of the agent's settings",
			})
			return
		}
		next.ServeHTTP(w, r)
	})
}

// hostOf gives the host that was asked for, without its port.
func hostOf(r *http.Request) string {
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	return strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
}

func (s *Server) owns(name string) bool {
	return net.ParseIP(name) != nil || slices.Contains(s.names, name)
}

// namesOf gives the names that a station may be opened by.
func namesOf(configured []string) []string {
	names := []string{"localhost"}
	if box, err := os.Hostname(); err == nil {
		names = append(names, strings.ToLower(box), strings.ToLower(box)+".local")
	}
	for _, n := range configured {
		names = append(names, strings.ToLower(n))
	}
	return names
}

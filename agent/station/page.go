package station

import (
	"embed"
	"io/fs"
	"net/http"
)

//go:embed page
var pageFiles embed.FS

func builtIn() fs.FS {
	sub, err := fs.Sub(pageFiles, "page")
	if err != nil {
		return pageFiles // cannot be: the folder is embedded above
	}
	return sub
}

func (s *Server) index(w http.ResponseWriter, r *http.Request) {
	s.prolong(w, r)
	s.serve(w, r, "index.html")
}

func (s *Server) wallPage(w http.ResponseWriter, r *http.Request) { s.serve(w, r, "wall.html") }

func (s *Server) file(w http.ResponseWriter, r *http.Request) { s.serve(w, r, r.PathValue("file")) }

// serve gives a file of the page. It is small and served on the LAN, and an
// agent that was updated must not meet yesterday's page: nothing is cached.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, name string) {
	if name == "" {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Cache-Control", "no-cache")
	http.ServeFileFS(w, r, s.page, name)
}

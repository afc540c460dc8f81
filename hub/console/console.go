// Package console is the operators' web page: how every warehouse is, what is
// where, and what a number is made of.
//
// It promises to be whole without any other server: no build step, no script or
// font from elsewhere. The page holds no data of its own; it reads the API of
// the hub that served it, with the token that the operator typed in where the
// hub wants one. It never writes.
package console

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"mime"
	"net/http"
	"path"
)

//go:embed page
var files embed.FS

// policy lets the page load and ask its own server only. What it shows comes
// from scanners and other people's catalogues, so no script may hide in it.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// asset is one file of the page, ready to be served.
type asset struct {
	body        []byte
	contentType string
	etag        string
}

// Handler serves the console under /console/. The version of the hub's program
// is shown to people.
func Handler(version string) (http.Handler, error) {
	assets, err := load(version)
	if err != nil {
		return nil, fmt.Errorf("console: %w", err)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a, ok := assets[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("Cache-Control", "no-cache") // ask every time; the answer is usually 304
		h.Set("ETag", a.etag)
		if r.Header.Get("If-None-Match") == a.etag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		h.Set("Content-Type", a.contentType)
		_, _ = w.Write(a.body) // whoever asked has gone; there is nobody left to tell
	}), nil
}

// load reads every file of the page; index.html is a template and the page
// itself.
func load(version string) (map[string]asset, error) {
	assets := make(map[string]asset)
	err := fs.WalkDir(files, "page", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := files.ReadFile(name)
		if err != nil {
			return err
		}
		at := "/console/" + path.Base(name)
		if path.Base(name) == "index.html" {
			at = "/console/"
			if body, err = render(body, version); err != nil {
				return err
			}
		}
		sum := sha256.Sum256(body)
		assets[at] = asset{body: body, contentType: contentType(name), etag: `"` + hex.EncodeToString(sum[:8]) + `"`}
		return nil
	})
	return assets, err
}

// contentType does not trust the system's table alone: some have no type for
// modules, and browsers refuse a module without one.
func contentType(name string) string {
	switch path.Ext(name) {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".html":
		return "text/html; charset=utf-8"
	}
	return mime.TypeByExtension(path.Ext(name))
}

func render(text []byte, version string) ([]byte, error) {
	t, err := template.New("index").Parse(string(text))
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = t.Execute(&b, struct{ Version string }{version})
	return b.Bytes(), err
}

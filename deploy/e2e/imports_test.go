package e2e

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/forestock/forestock/"

// arrows says which packages of ours each package may import, in the order a
// scan travels. A folder name that ends in /* stands for each package below.
var arrows = map[string][]string{
	"proto":              {},
	"proto/stock":        {},
	"proto/topic":        {"proto/stock"},
	"proto/mqtt":         {},
	"proto/forestock/v1": {"proto/stock"},
	"proto/wire":         {"proto/stock", "proto/forestock/v1"},

	// Devices know bytes and grams, not stock.
	"firmware-bridge":   {"firmware-bridge/*", "deploy/settings"},
	"firmware-bridge/*": {"firmware-bridge/*"},

	// Never a sibling, never the hub.
	"agent":         {"agent/agentd", "agent/ledger", "agent/cards", "agent/printer", "proto/stock", "deploy/settings"},
	"agent/*":       {"proto/*", "firmware-bridge/*"},
	"agent/agentd":  {"agent/*", "proto/*", "firmware-bridge/*", "deploy/settings"},
	"agent/station": {"proto/*", "firmware-bridge/*", "agent/floor"},

	// Siblings only downwards, never the agent or a device.
	"hub":                 {"hub/hubd", "proto/*", "deploy/settings"},
	"hub/broker":          {"proto/*"},
	"hub/ingest":          {"proto/*", "hub/inventory"},
	"hub/inventory":       {"proto/*"},
	"hub/store":           {"proto/*", "hub/inventory"},
	"hub/store/storetest": {"proto/*", "hub/inventory", "hub/store"},
	"hub/api":             {"proto", "proto/*", "hub/inventory"},
	"hub/webhook":         {"proto/*", "hub/inventory"},
	"hub/client":          {"proto/*"},
	"hub/console":         {"proto/*", "hub/inventory"},
	"hub/hubd":            {"hub/*", "proto/*", "deploy/settings"},

	"deploy/settings": {},
	"deploy/*":        {"agent/*", "hub/*", "proto/*", "firmware-bridge/*", "deploy/*"},
}

// technologies says which package alone may import a library, so that the
// library can be changed in one place.
var technologies = map[string][]string{
	"go.etcd.io/bbolt":                       {"agent/ledger"},
	"github.com/eclipse/paho.mqtt.golang":    {"proto/mqtt"},
	"github.com/mochi-mqtt/server":           {"hub/broker"},
	"github.com/cockroachdb/pebble":          {"hub/store"},
	"github.com/tarm/serial":                 {"firmware-bridge/port"},
	"github.com/creack/pty":                  {"firmware-bridge/sim"},
	"github.com/grpc-ecosystem/grpc-gateway": {"hub/api", "proto/forestock/v1"},
	"github.com/goccy/go-yaml":               {"deploy/settings"},
	"github.com/klauspost/compress":          {"proto/wire"},
	"github.com/boombuler/barcode":           {"agent/cards"},
	"codeberg.org/go-pdf/fpdf":               {"agent/cards"},
	"golang.org/x/image":                     {"agent/cards"},
}

// TestImports_FollowTheTable keeps the code to the map. It parses the files
// itself: the go tool would give a cached pass after a violation.
func TestImports_FollowTheTable(t *testing.T) {
	for _, broken := range violations(t, "../..") {
		t.Error(broken)
	}
}

// TestImports_AViolationIsSeen is the negative control.
func TestImports_AViolationIsSeen(t *testing.T) {
	for _, tt := range []struct{ from, path string }{
		{"agent/uplink", module + "agent/ledger"},
		{"agent/ledger", module + "hub/store"},
		{"hub/store", module + "hub/ingest"},
		{"proto/stock", "google.golang.org/protobuf/proto"},
		{"hub/ingest", "go.etcd.io/bbolt"},
		{"agent/internal", "fmt"},
	} {
		if judge(tt.from, tt.path) == "" {
			t.Errorf("%s may import %s", tt.from, tt.path)
		}
	}
	if got := judge("hub/ingest", module+"hub/inventory"); got != "" {
		t.Error(got)
	}
}

func violations(t *testing.T, root string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && entry.Name() != ".." && strings.HasPrefix(entry.Name(), ".") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, filepath.Dir(path))
		if err != nil {
			return err
		}
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			if broken := judge(filepath.ToSlash(rel), imported); broken != "" {
				out = append(out, path+": "+broken)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// judge says what is wrong with an import, or nothing.
func judge(from, imported string) string {
	for _, word := range []string{"util", "common", "helpers", "pkg", "internal"} {
		if slices.Contains(strings.Split(from, "/"), word) {
			return "a package called " + word + " could hold anything: name it by its noun"
		}
	}
	if ours, ok := strings.CutPrefix(imported, module); ok {
		if !matches(allowed(from), ours) {
			return from + " imports " + ours + ", which is not an arrow on the map"
		}
		return ""
	}
	if from == "proto/stock" && strings.Contains(imported, ".") {
		return "proto/stock imports the standard library only, not " + imported
	}
	for library, owners := range technologies {
		if strings.HasPrefix(imported, library) && !slices.Contains(owners, from) {
			return from + " imports " + library + ", which belongs to " + strings.Join(owners, " and ")
		}
	}
	return ""
}

func allowed(from string) []string {
	if list, ok := arrows[from]; ok {
		return list
	}
	top, _, _ := strings.Cut(from, "/")
	return arrows[top+"/*"]
}

func matches(list []string, path string) bool {
	return slices.ContainsFunc(list, func(allowed string) bool {
		prefix, all := strings.CutSuffix(allowed, "*")
		return path == allowed || (all && strings.HasPrefix(path, prefix))
	})
}

package api

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/forestock/forestock/hub/inventory"
	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

func (w *world) admin() forestockv1.AdminServiceClient {
	w.t.Helper()
	return forestockv1.NewAdminServiceClient(w.dial())
}

func TestBackup_WithoutAPlaceForItIsRefused(t *testing.T) {
	w := newWorld(t)
	_, err := w.admin().CreateBackup(t.Context(), &forestockv1.CreateBackupRequest{Name: "one"})
	if status.Code(err) != codes.FailedPrecondition {
		t.Errorf("CreateBackup = %v", err)
	}
}

// spoil sends an entry that nobody can read.
func (b *box) spoil(raw string) {
	b.world.t.Helper()
	b.last++
	batch := stock.Batch{From: b.last, Prev: b.head, Entries: [][]byte{[]byte(raw)}}
	b.head = b.head.Next([]byte(raw))
	r := b.world.apply(inventory.NewIngest(b.id, b.epoch, b.session, batch, nil, b.last))
	if in, ok := r.(inventory.Ingested); !ok || in.Quarantined != 1 {
		b.world.t.Fatalf("spoiled entry of %s: %+v", b.id, r)
	}
	b.world.heard(b.id)
}

func TestQuarantine_IsListedAndDealtWith(t *testing.T) {
	w := newWorld(t)
	one, two := w.box("wh-1"), w.box("wh-2")
	one.spoil("first")
	one.receive("milk-1l", 3)
	one.spoil("second")
	two.spoil("third")
	w.box("wh-3").receive("milk-1l", 1)

	golden(t, "quarantine", w.get("/v1/warehouses/wh-1/quarantine").body)
	if got := w.aside("/v1/warehouses/-/quarantine?page_size=1"); !slices.Equal(got, []string{"wh-1/quarantine/1.3", "wh-1/quarantine/1.1", "wh-2/quarantine/1.1"}) {
		t.Errorf("in pages of one: %v", got)
	}
	discard := "/v1/warehouses/wh-1/quarantine/1.3:discard"
	golden(t, "quarantine_discard", w.do("POST", discard, `{"by": "Li", "reason": "booked again"}`).body)
	again := w.do("POST", discard, `{"by": "Wang", "reason": "me too"}`)
	if again.status != http.StatusOK || !strings.Contains(again.body, `"Li"`) {
		t.Errorf("discarded again: HTTP %d %s", again.status, again.body)
	}
	if got := w.aside("/v1/warehouses/-/quarantine?page_size=1"); !slices.Equal(got, []string{"wh-1/quarantine/1.1", "wh-2/quarantine/1.1"}) {
		t.Errorf("what is left: %v", got)
	}
	if got := w.aside("/v1/warehouses/wh-1/quarantine?page_size=1&show_discarded=true"); len(got) != 2 {
		t.Errorf("with those that are dealt with: %v", got)
	}
	alarms := func() any { return w.get("/v1/warehouses/wh-1").json(t)["alarms"] }
	if list, _ := alarms().([]any); len(list) != 1 {
		t.Errorf("one entry is open, the alarms are %v", list)
	}
	w.do("POST", "/v1/warehouses/wh-1/quarantine/1.1:discard", `{"by": "Li", "reason": "booked again"}`)
	if list, _ := alarms().([]any); len(list) != 0 {
		t.Errorf("everything is dealt with, the alarms are %v", list)
	}
}

// aside gives the names of a whole listing, page by page.
func (w *world) aside(path string) []string {
	w.t.Helper()
	var out []string
	for token := ""; ; {
		page := w.get(path + token).json(w.t)
		entries, ok := page["entries"].([]any)
		if !ok {
			w.t.Fatalf("listing %s: %v", path, page)
		}
		for _, e := range entries {
			name, _ := e.(map[string]any)["name"].(string)
			out = append(out, strings.TrimPrefix(name, "warehouses/"))
		}
		next, _ := page["next_page_token"].(string)
		if next == "" {
			return out
		}
		token = "&page_token=" + next
	}
}

// A box that sends long rubbish must not make the listing too long to receive.
func TestQuarantine_LongEntriesComeOnSeveralPages(t *testing.T) {
	w := newWorld(t)
	b, other := w.box("wh-1"), w.box("wh-2")
	for i := range 12 {
		b.spoil(strings.Repeat(string(rune('a'+i)), 200<<10))
	}
	other.spoil("short")
	req := &forestockv1.ListQuarantinedEntriesRequest{Parent: "warehouses/-"}
	var names []string
	pages := 0
	for more := true; more; pages++ {
		page, err := w.admin().ListQuarantinedEntries(t.Context(), req) // the client takes 4 MiB
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range page.GetEntries() {
			names = append(names, e.GetName())
		}
		req.PageToken = page.GetNextPageToken()
		more = req.GetPageToken() != ""
	}
	if unique := slices.Compact(slices.Clone(names)); len(names) != 13 || len(unique) != 13 || names[12] != "warehouses/wh-2/quarantine/1.1" || pages != 3 {
		t.Errorf("%d pages list %v", pages, names)
	}
}

func TestQuarantine_RefusesWhatItCannotRecord(t *testing.T) {
	w := newWorld(t)
	w.box("wh-1").spoil("first")
	const right = `{"by": "Li", "reason": "booked again"}`
	for _, tt := range []struct {
		path, body string
		status     int
		reason     Reason
	}{
		{"wh-1/quarantine/1.2", right, http.StatusNotFound, UnknownEntry},
		{"wh-9/quarantine/1.1", right, http.StatusNotFound, UnknownEntry},
		{"wh-1/quarantine/one", right, http.StatusBadRequest, InvalidName},
		{"wh-1/quarantine/0.0", right, http.StatusBadRequest, InvalidName},
		{"wh-1/quarantine/1.1", `{"by": "Li"}`, http.StatusBadRequest, InvalidDiscard},
		{"wh-1/quarantine/1.1", `{"by": " ", "reason": "x"}`, http.StatusBadRequest, InvalidDiscard},
		{"wh-1/quarantine/1.1", `{"by": "Li", "reason": "` + strings.Repeat("x", 201) + `"}`, http.StatusBadRequest, InvalidDiscard},
	} {
		a := w.do("POST", "/v1/warehouses/"+tt.path+":discard", tt.body)
		if got := a.refused(t).Reason; a.status != tt.status || got != string(tt.reason) {
			t.Errorf("%s %.60s: HTTP %d %s, want %d %s", tt.path, tt.body, a.status, got, tt.status, tt.reason)
		}
	}
	if a := w.get("/v1/warehouses/wh-9/quarantine"); a.status != http.StatusNotFound {
		t.Errorf("quarantine of nobody: HTTP %d", a.status)
	}
	if got := w.aside("/v1/warehouses/wh-1/quarantine?page_size=9"); len(got) != 1 {
		t.Errorf("after refusals: %v", got)
	}
}

func TestQuarantine_NeedsAWriterAndRecordsWhichToken(t *testing.T) {
	w := newWorld(t, func(c *Config) {
		c.Tokens = []Token{{Name: "shop", Secret: strings.Repeat("r", 16), Role: Read}, {Name: "ops", Secret: strings.Repeat("w", 16), Role: Write}}
	})
	w.box("wh-1").spoil("first")
	const path, body = "/v1/warehouses/wh-1/quarantine/1.1:discard", `{"by": "Li", "reason": "booked again"}`
	if a := w.do("POST", path, body, "Authorization: Bearer "+strings.Repeat("r", 16)); a.status != http.StatusForbidden {
		t.Errorf("by a reader: HTTP %d %s", a.status, a.body)
	}
	if a := w.do("POST", path, body, "Authorization: Bearer "+strings.Repeat("w", 16)); !strings.Contains(a.body, `"Li (token of ops)"`) {
		t.Errorf("by a writer: HTTP %d %s", a.status, a.body)
	}
}

func TestDivergences_NameTheCells(t *testing.T) {
	w := newWorld(t)
	b := w.box("wh-1")
	w.box("wh-2").receive("milk-1l", 1)
	b.receive("milk-1l", 3)
	if list, ok := w.get("/v1/divergences").json(t)["divergences"].([]any); !ok || len(list) != 0 {
		t.Errorf("while all agree: %v", list)
	}
	b.differ(7)
	c := w.line.Contact("wh-1")
	c.Differ, c.DifferAt = []Difference{{stock.Cell{SKU: "milk-1l", Lot: "L1", Bin: "A-01"}, 3, 4}}, 2
	w.line.set("wh-1", c)
	golden(t, "divergences", w.get("/v1/divergences").body)
}

// differ reports an entry after which the agent has a digest of its own.
func (b *box) differ(digest uint64) {
	b.world.t.Helper()
	m := stock.Movement{Kind: stock.Receive, SKU: "milk-1l", Delta: 1, Time: time.Now()}
	b.sheet.Apply(&m)
	raw, err := wire.EncodeEntry(&stock.Entry{Seq: b.last + 1, Command: "scan", Movement: m})
	if err != nil {
		b.world.t.Fatal(err)
	}
	batch := stock.Batch{From: b.last + 1, Prev: b.head, Entries: [][]byte{raw}}
	b.last, b.head = b.last+1, b.head.Next(raw)
	r := b.world.apply(inventory.NewIngest(b.id, b.epoch, b.session, batch, &digest, b.last))
	if in, ok := r.(inventory.Ingested); !ok || !in.Diverged {
		b.world.t.Fatalf("divergence of %s: %+v", b.id, r)
	}
	b.world.heard(b.id)
}

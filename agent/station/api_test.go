package station_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/forestock/forestock/agent/floor"
	"github.com/forestock/forestock/proto/stock"
)

func TestAPI_AScanIsSavedOnceAndSaysWhere(t *testing.T) {
	t.Parallel()
	s := open(t)
	if status, a := s.post("/api/key", `{"key":"receive","id":"k1"}`); status != 200 || a.View.Mode != floor.Receive {
		t.Fatalf("receive: %d %s", status, a.text)
	}
	status, first := s.post("/api/scan", `{"code":"`+salt+`","id":"scan-1"}`)
	if status != 200 || first.Sound != floor.SoundSaved || first.Saved == nil || first.Saved.From != 1 {
		t.Fatalf("scan: %d %s", status, first.text)
	}
	status, again := s.post("/api/scan", `{"code":"`+salt+`","id":"scan-1"}`)
	if status != 200 || again.Saved == nil || *again.Saved != *first.Saved {
		t.Errorf("the same again: %d %s", status, again.text)
	}
	// The agent is started anew: the ledger still knows the id.
	s.stop()
	s.start()
	s.post("/api/key", `{"key":"receive","id":"k2"}`)
	status, late := s.post("/api/scan", `{"code":"`+salt+`","id":"scan-1"}`)
	if status != 200 || late.Saved == nil || !late.Saved.Replayed || late.Saved.From != 1 {
		t.Errorf("the same after a restart: %d %s", status, late.text)
	}
	status, levels := s.get("/api/levels?sku=A1003")
	if status != 200 || levels.OnHand != 1 || len(levels.Cells) != 1 {
		t.Errorf("levels: %d %s", status, levels.text)
	}
	status, moves := s.get("/api/movements?sku=A1003")
	if status != 200 || len(moves.Moves) != 1 || moves.Moves[0].Kind != "receive" || string(moves.Moves[0].Scan) != salt {
		t.Errorf("movements: %d %s", status, moves.text)
	}
	if status, found := s.get("/api/items?q=%E8%8B%B9%E6%9E%9C"); status != 200 || len(found.Items) != 1 {
		t.Errorf("items: %d %s", status, found.text)
	}
}

func TestAPI_SaysWhatIsWrongAndWhatToDo(t *testing.T) {
	t.Parallel()
	s := open(t)
	// Goods that nobody listed are received all the same, so they are refused elsewhere.
	if status, a := s.post("/api/scan", `{"code":"6900000000991","id":"x-0"}`); status != 422 || a.Error == nil || a.Error.Reason != floor.UnknownCode {
		t.Errorf("unknown code: %d %s", status, a.text)
	}
	s.post("/api/key", `{"key":"receive","id":"k1"}`)
	scan := func(code string) string {
		return `{"code":` + string(must(json.Marshal(code))) + `,"id":"x-` + fmt.Sprintf("%x", code[:min(len(code), 20)]) + `"}`
	}
	yesterday := stock.DateOf(time.Now().In(shanghai).AddDate(0, 0, -1))
	for _, tt := range []struct {
		name, path, body string
		status           int
		reason           string
	}{
		{"wrong check digit", "/api/scan", scan("6900000000015"), 422, "CHECK_DIGIT"},
		{"expired", "/api/scan", scan(label("OLD", yesterday)), 422, "EXPIRED"},
		{"malformed GS1", "/api/scan", scan("]C101069"), 422, "BAD_CODE"},
		{"unknown key", "/api/key", `{"key":"jump","id":"k9"}`, 422, "NOT_HERE"},
		{"no id", "/api/scan", `{"code":"1"}`, 400, "BAD_REQUEST"},
		{"no code", "/api/scan", `{"id":"1"}`, 400, "BAD_REQUEST"},
		{"long id", "/api/scan", `{"code":"1","id":"` + strings.Repeat("x", 65) + `"}`, 400, "BAD_REQUEST"},
		{"unknown field", "/api/scan", `{"code":"1","id":"1","colour":"red"}`, 400, "BAD_REQUEST"},
		{"two objects", "/api/scan", `{"code":"1","id":"1"}{}`, 400, "BAD_REQUEST"},
		{"no JSON", "/api/scan", `code=1`, 400, "BAD_REQUEST"},
		{"no such scale", "/api/device", `{"device":"scale-9","command":"zero"}`, 422, "DEVICE_REFUSED"},
		{"no such command", "/api/device", `{"device":"scale-1","command":"dance"}`, 422, "DEVICE_REFUSED"},
		{"too long", "/api/scan", `{"code":"` + strings.Repeat("1", 20_000) + `","id":"1"}`, 413, "TOO_LARGE"},
		{"unknown station", "/api/scan", `{"code":"1","id":"1","station":"s9"}`, 404, "UNKNOWN_STATION"},
		{"unknown route", "/api/scam", `{}`, 404, "UNKNOWN_ROUTE"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, a := s.post(tt.path, tt.body)
			if status != tt.status || a.Error == nil || string(a.Error.Reason) != tt.reason || a.Error.Message == "" || a.Error.Hint == "" {
				t.Errorf("%d %s\nwant %d %s with a message and a hint", status, a.text, tt.status, tt.reason)
			}
		})
	}
	for path, want := range map[string]int{"/api/levels": 400, "/api/levels?sku=NOPE": 404, "/api/movements?sku=a%20b": 400, "/api/events?station=s9": 404, "/nothing": 404} {
		if status, a := s.get(path); status != want {
			t.Errorf("GET %s: %d %s, want %d", path, status, a.text, want)
		}
	}
	if _, a := s.get("/api/status"); strings.Contains(a.text, `"last":0`) == false {
		t.Errorf("something was booked: %s", a.text)
	}
}

func must(b []byte, err error) []byte {
	if err != nil {
		return []byte(err.Error())
	}
	return b
}

func TestAPI_RefusesChangesFromOtherSites(t *testing.T) {
	t.Parallel()
	s := open(t)
	body := `{"key":"receive","id":"k1"}`
	for name, headers := range map[string][]string{
		"another origin":    {"Origin", "http://evil.example"},
		"another site":      {"Sec-Fetch-Site", "cross-site"},
		"no origin at all":  {"Origin", "null"},
		"the next terminal": {"Sec-Fetch-Site", "same-site"},
	} {
		if status, a := s.post("/api/key", body, headers...); status != http.StatusForbidden || a.Error == nil || a.Error.Reason != "CROSS_ORIGIN" {
			t.Errorf("%s: %d %s, want 403", name, status, a.text)
		}
	}
	for name, headers := range map[string][]string{
		"its own page": {"Origin", s.url, "Sec-Fetch-Site", "same-origin"},
		"no browser":   {},
	} {
		if status, a := s.post("/api/key", body, headers...); status != 200 {
			t.Errorf("%s: %d %s, want 200", name, status, a.text)
		}
	}
}

func TestAPI_ServesThePageSafelyAndSmall(t *testing.T) {
	t.Parallel()
	s := open(t)
	status, index := s.get("/")
	if status != 200 || !strings.Contains(index.text, `src="/page/main.js"`) {
		t.Fatalf("GET /: %d %s", status, index.text)
	}
	for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Content-Security-Policy": "default-src 'self'"} {
		if got := index.Get(name); !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q in it", name, got, want)
		}
	}
	total := len(index.text)
	files, err := filepath.Glob("page/*.*s*") // scripts, styles, drawings
	if err != nil || len(files) < 10 {
		t.Fatalf("files of the page: %v %v", files, err)
	}
	for _, file := range files {
		file = filepath.Base(file)
		status, a := s.get("/page/" + file)
		if status != 200 {
			t.Errorf("GET /page/%s: %d", file, status)
		}
		if strings.HasSuffix(file, ".opus") {
			continue // sounds count for themselves
		}
		total += len(a.text)
		for _, outside := range []string{"http://", "https://"} {
			if strings.Contains(strings.ReplaceAll(a.text, "http://www.w3.org/", ""), outside) {
				t.Errorf("%s names something outside the warehouse (%s)", file, outside)
			}
		}
	}
	if total > 200_000 {
		t.Errorf("the page weighs %d bytes, want at most 200,000", total)
	}
	t.Logf("the page weighs %d bytes", total)
	if status, _ := s.get("/page/"); status != http.StatusNotFound {
		t.Errorf("GET /page/: %d", status)
	}
	if status, a := s.get("/page/../server.go"); status == 200 {
		t.Errorf("GET of a source file: %s", a.text)
	}
	if status, a := s.get("/livez"); status != 200 || a.text != "ok\n" {
		t.Errorf("livez: %d %s", status, a.text)
	}
	if _, a := s.get("/metrics"); !strings.Contains(a.text, "forestock_station_scans_total") || !strings.Contains(a.text, "forestock_device_events_total") {
		t.Error("metrics of stations or devices are missing")
	}
}

// TestEvents_StayOpenAndTellEverything listens for longer than a request may
// take to be read.
func TestEvents_StayOpenAndTellEverything(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.ready()
	events := s.listen()
	wait(t, events, "the view", func(e event) bool { return e.name == "view" })
	for range 12 { // a status comes each second
		wait(t, events, "a status", func(e event) bool { return e.name == "status" })
	}
	s.scale.Put(300)
	wait(t, events, "a weight of 300 g", func(e event) bool { return e.name == "weight" && strings.Contains(string(e.data), "300 克") })
	s.card(floor.GoReceive)
	wait(t, events, "the mode", func(e event) bool { return e.name == "view" && strings.Contains(string(e.data), `"mode":"receive"`) })
	if err := s.cables["scale-1"].Unplug(); err != nil {
		t.Fatal(err)
	}
	wait(t, events, "the weight void", func(e event) bool {
		return e.name == "weight" && strings.Contains(string(e.data), `"text":{"zh":"","en":""}`)
	})
	wait(t, events, "the device's state", func(e event) bool { return e.name == "status" && strings.Contains(string(e.data), `"state":"absent"`) })
}

package api

import (
	"net/http"
	"strings"
	"testing"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/proto/stock"
)

// diverged is a warehouse of which the hub believes 4 of milk to be there, and
// the agent 8.
func (w *world) diverged() *box {
	w.t.Helper()
	b := w.box("wh-1")
	b.receive("milk-1l", 3)
	b.sheet.Apply(&stock.Movement{Kind: stock.Receive, SKU: "milk-1l", Bin: "A-01", Delta: 4})
	b.differ(7)
	return b
}

const decided = `{"by": "Li", "reason": "counted the shelf"}`

func TestRepair_PutsTheAgentsLevelsInTheHubsPlace(t *testing.T) {
	w := newWorld(t)
	w.diverged()
	if list, _ := w.get("/v1/divergences").json(t)["divergences"].([]any); len(list) != 1 {
		t.Fatalf("no divergence: %v", list)
	}
	golden(t, "repair", w.do("POST", "/v1/warehouses/wh-1:repair", decided).body)
	golden(t, "repairs", w.get("/v1/warehouses/wh-1/repairs?page_size=1").body)
	if list, _ := w.get("/v1/divergences").json(t)["divergences"].([]any); len(list) != 0 {
		t.Errorf("after the repair: %v", list)
	}
	if got := w.get("/v1/warehouses/wh-1/skus/milk-1l/availability").json(t)["on_hand"]; got != 8.0 {
		t.Errorf("on hand %v, want 8", got)
	}
}

func TestRepair_AheadOfTheHistoryIsPending(t *testing.T) {
	w := newWorld(t)
	b := w.diverged()
	b.sheet.Apply(&stock.Movement{Kind: stock.Receive, SKU: "milk-1l", Delta: 1})
	b.last++ // the hub has not seen this one
	golden(t, "repair_pending", w.do("POST", "/v1/warehouses/wh-1:repair", decided).body)
	if list, _ := w.get("/v1/warehouses/wh-1/repairs").json(t)["repairs"].([]any); len(list) != 1 {
		t.Errorf("listed %v", list)
	}
}

func TestDecisions_AreRefusedWithAReason(t *testing.T) {
	w := newWorld(t)
	w.diverged().spoil("no entry")
	for _, tt := range []struct {
		path, body string
		silent     bool
		busy       bool
		status     int
		reason     Reason
	}{
		{"wh-1:repair", `{"by": "Li"}`, false, false, http.StatusBadRequest, InvalidDecision},
		{"wh-1:repair", `{"by": " ", "reason": "x"}`, false, false, http.StatusBadRequest, InvalidDecision},
		{"wh-1:repair", `{"by": "Li", "reason": "` + strings.Repeat("x", 201) + `"}`, false, false, http.StatusBadRequest, InvalidDecision},
		{"wh-9:repair", decided, false, false, http.StatusNotFound, UnknownWarehouse},
		{"wh-1:repair", decided, true, false, http.StatusBadRequest, AgentSilent},
		{"wh-1:repair", decided, false, true, http.StatusConflict, RepairUnderWay},
		{"wh-1:replaceBox", `{"reason": "scrap"}`, false, false, http.StatusBadRequest, InvalidDecision},
		{"wh-9:replaceBox", decided, false, false, http.StatusNotFound, UnknownWarehouse},
		{"wh-1/quarantine/1.3:retry", decided, false, false, http.StatusBadRequest, CannotApply},
		{"wh-1/quarantine/1.3:retry", `{"by": "Li"}`, false, false, http.StatusBadRequest, InvalidDecision},
		{"wh-1/quarantine/1.2:retry", decided, false, false, http.StatusNotFound, UnknownEntry},
		{"wh-1:nothing", decided, false, false, http.StatusMethodNotAllowed, MethodNotAllowed},
	} {
		w.yard.set(tt.silent, tt.busy)
		a := w.do("POST", "/v1/warehouses/"+tt.path, tt.body)
		if got := a.refused(t).Reason; a.status != tt.status || got != string(tt.reason) {
			t.Errorf("%s %.60s: HTTP %d %s, want %d %s", tt.path, tt.body, a.status, got, tt.status, tt.reason)
		}
	}
	for _, path := range []string{"wh-9/boxes", "wh-9/repairs"} {
		if a := w.get("/v1/warehouses/" + path); a.status != http.StatusNotFound {
			t.Errorf("%s: HTTP %d", path, a.status)
		}
	}
}

func TestDecisions_NeedAWriterAndRecordWhichToken(t *testing.T) {
	w := newWorld(t, func(c *Config) {
		c.Tokens = []Token{{Name: "shop", Secret: strings.Repeat("r", 16), Role: Read}, {Name: "ops", Secret: strings.Repeat("w", 16), Role: Write}}
	})
	w.diverged().spoil("no entry")
	for _, path := range []string{"wh-1:repair", "wh-1:replaceBox", "wh-1/quarantine/1.3:retry"} {
		if a := w.do("POST", "/v1/warehouses/"+path, decided, "Authorization: Bearer "+strings.Repeat("r", 16)); a.status != http.StatusForbidden {
			t.Errorf("%s by a reader: HTTP %d %s", path, a.status, a.body)
		}
	}
	writer := "Authorization: Bearer " + strings.Repeat("w", 16)
	w.do("POST", "/v1/warehouses/wh-1:replaceBox", decided, writer)
	if a := w.get("/v1/warehouses/wh-1/boxes", writer); !strings.Contains(a.body, `"Li (token of ops)"`) {
		t.Errorf("boxes: %s", a.body)
	}
}

func TestBoxes_AreListedNewestFirst(t *testing.T) {
	w := newWorld(t)
	w.box("wh-1") // which booked nothing, so that it can be replaced freely
	w.box("wh-1").receive("milk-1l", 3)
	w.candidate("wh-1")
	w.do("POST", "/v1/warehouses/wh-1:replaceBox", `{"by": "Li", "reason": "the old one is scrap"}`)
	golden(t, "boxes", w.get("/v1/warehouses/wh-1/boxes").body)
	if a := w.get("/v1/warehouses/wh-1"); !strings.Contains(a.body, `"REPLACED"`) {
		t.Errorf("no alarm: %s", a.body)
	}
}

// candidate lets a new box begin to take a warehouse over.
func (w *world) candidate(id stock.Warehouse) {
	w.t.Helper()
	epoch := stock.Epoch(random16())
	r := w.apply(inventory.Hello{
		Warehouse: id, Boot: inventory.Boot(random16()), Nonce: 1, Position: stock.Position{Epoch: epoch, First: 1, Head: stock.Genesis(epoch)},
		NewDownEpoch: stock.Epoch(random16()), Software: "v0-test", MayTakeOver: true,
	})
	if welcome, ok := r.(inventory.Welcome); !ok || welcome.TakeOver.IsZero() {
		w.t.Fatalf("hello of a candidate: %+v", r)
	}
}

// Numbers that the warehouse stated before their history came say so, and are as
// fresh as that statement, also after the hub restarted.
func TestReported_NumbersAreMarkedUntilTheirHistoryCame(t *testing.T) {
	w := newWorld(t)
	b := w.box("wh-1")
	b.receive("milk-1l", 3)
	b.sheet.Apply(&stock.Movement{Kind: stock.Receive, SKU: "milk-1l", Delta: 2})
	b.last += 10
	r := w.apply(inventory.Report{Warehouse: "wh-1", Session: b.session, Statement: b.statement()})
	if stated, ok := r.(inventory.Stated); !ok || !stated.Serving {
		t.Fatalf("report: %+v", r)
	}
	w.line.set("wh-1", Contact{}) // a hub that restarted has heard of nobody
	a := w.get("/v1/warehouses/wh-1/skus/milk-1l/availability").json(t)
	if a["on_hand"] != 5.0 || a["reported_seq"] != "11" || a["applied_seq"] != "1" || a["freshness"] != "LIVE" {
		t.Errorf("availability %v", a)
	}
	house := w.get("/v1/warehouses/wh-1").json(t)
	if house["reported_seq"] != "11" || house["applied_seq"] != "1" {
		t.Errorf("warehouse %v", house)
	}
	if text := w.get("/metrics").body; !strings.Contains(text, `forestock_warehouse_reported{warehouse="wh-1"} 1`) {
		t.Error("the metrics do not say that the numbers were stated")
	}
}

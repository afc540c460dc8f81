package api

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/forestock/forestock/proto/stock"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// volatile is what differs from run to run, and what it is written as.
var volatile = []struct{ was, is string }{
	{`"[0-9]{4}-[0-9]{2}-[0-9]{2}T[^"]*Z"`, `"TIME"`},
	{`"(age|clock_offset|retry_delay)": "[0-9.]+s"`, `"$1": "SECONDS"`},
	{`proto:.cannot parse`, "proto: cannot parse"}, // protobuf varies the space on purpose
	{`"epoch": "[0-9a-f]{32}"`, `"epoch": "EPOCH"`},
	{`"((hub_)?digest)": "[0-9a-f]{16}"`, `"$1": "DIGEST"`},
	{`"(resume_token|next_page_token)": "[A-Za-z0-9_-]+"`, `"$1": "TOKEN"`},
}

// golden compares JSON with what it was when somebody last looked at it. The
// names, the order and the form of every field are a promise to the callers.
func golden(t *testing.T, name, got string) {
	t.Helper()
	var laidOut bytes.Buffer
	if err := json.Indent(&laidOut, []byte(got), "", "  "); err != nil {
		t.Fatalf("%v in %q", err, got)
	}
	text := laidOut.String() + "\n"
	for _, v := range volatile {
		text = regexp.MustCompile(v.was).ReplaceAllString(text, v.is)
	}
	path := filepath.Join("testdata", name+".json")
	if *update {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), text); diff != "" {
		t.Errorf("%s changed (-want +got); callers rely on it:\n%s", path, diff)
	}
}

// shop is a warehouse in which a bit of everything has happened. Its dates are
// far from today, on either side.
func shop(w *world) *box {
	w.catalogue(milk, stock.Item{SKU: "apple-fuji", Name: "红富士苹果", NameEn: "Fuji apple", Unit: stock.Gram, PLU: "20123", Pack: 1, Bin: "F-02", ShelfLife: 20},
		stock.Item{SKU: "tea-old", Name: "陈茶", Unit: stock.Piece, Pack: 1, Removed: true})
	b := w.box("wh-01")
	b.report(
		stock.Movement{Kind: stock.Receive, SKU: "milk-1l", Lot: "L1", Delta: 5, Expiry: 20200131, Produced: 20200116, Operator: "王芳", Station: "station-1", Device: "scanner-1", Document: "PO-7", Line: "3", Scan: []byte("]C1010690123456789210L1\x1d17200131")},
		stock.Movement{Kind: stock.Receive, SKU: "milk-1l", Lot: "L2", Delta: 12, Expiry: 20991231},
		stock.Movement{Kind: stock.Putaway, SKU: "milk-1l", Lot: "L2", To: "C-01", Delta: -8},
		stock.Movement{Kind: stock.Count, SKU: "apple-fuji", Bin: "F-02", Delta: 11000, Count: &stock.CountEvidence{Counted: 11000}, Reason: "日盘", Frame: []byte("ST,GS,+11.000kg\r\n")},
		stock.Movement{Kind: stock.Pick, SKU: "stray", Bin: "A-01", Delta: -3},
		stock.Movement{Kind: stock.Receive, SKU: "tea-old", Bin: "A-02", Delta: 9},
		stock.Movement{Kind: stock.Undo, SKU: "stray", Bin: "A-01", Delta: 3, Undoes: 5},
		stock.Movement{Kind: stock.Pick, SKU: "stray", Bin: "A-01", Delta: -2},
	)
	return b
}

func TestJSON_IsWhatCallersRelyOn(t *testing.T) {
	w := newWorld(t)
	shop(w)
	const base = "/v1/warehouses/wh-01"
	for name, path := range map[string]string{
		"warehouses":             "/v1/warehouses",
		"warehouse":              base,
		"availability":           base + "/skus/milk-1l/availability",
		"availability_grams":     base + "/skus/apple-fuji/availability",
		"availability_negative":  base + "/skus/stray/availability",
		"availability_removed":   base + "/skus/tea-old/availability",
		"availability_list":      base + "/availability?page_size=1",
		"movements":              base + "/skus/milk-1l/movements?page_size=2",
		"movements_undo":         base + "/skus/stray/movements",
		"movements_count":        base + "/skus/apple-fuji/movements",
		"items":                  "/v1/items?query=20123",
		"item":                   "/v1/items/milk-1l",
		"error_unknown_sku":      base + "/skus/nope/availability",
		"error_invalid_name":     "/v1/warehouses/WH_1",
		"error_unknown_route":    "/v1/nothing",
		"error_unknown_argument": "/v1/items?pagesize=3",
	} {
		t.Run(name, func(t *testing.T) {
			golden(t, name, w.get(path, "X-Request-Id: call-1").body)
		})
	}
	t.Run("batch", func(t *testing.T) {
		body := `{"names": ["warehouses/wh-01/skus/milk-1l", "warehouses/wh-01/skus/nope", "warehouses/nowhere/skus/milk-1l"]}`
		golden(t, "batch", w.do("POST", "/v1/availability:batchGet", body).body)
	})
	t.Run("batch update", func(t *testing.T) {
		golden(t, "batch_update", w.do("POST", "/v1/items:batchUpdate", `{"items": [{"sku": "new", "name": "新品", "unit": "pc"}]}`).body)
	})
}

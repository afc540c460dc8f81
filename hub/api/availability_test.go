package api

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
	"github.com/forestock/forestock/proto/stock"
)

func TestGet_GivesTheSameNumberOverBothForms(t *testing.T) {
	w := newWorld(t)
	w.catalogue(milk)
	w.box("wh-01").receive("milk-1l", 12)

	got, err := w.availability().GetAvailability(t.Context(), &forestockv1.GetAvailabilityRequest{Name: "warehouses/wh-01/skus/milk-1l"})
	if err != nil {
		t.Fatal(err)
	}
	if got.GetSellable() != 12 || got.GetFreshness() != forestockv1.Freshness_LIVE || got.GetAppliedSeq() != "1" {
		t.Errorf("gRPC gives %v", got)
	}
	rest := w.get("/v1/warehouses/wh-01/skus/milk-1l/availability").json(t)
	if rest["sellable"] != 12.0 || rest["freshness"] != "LIVE" || rest["revision"] != got.GetRevision() {
		t.Errorf("REST gives %v", rest)
	}
}

func TestGet_WhatOnlyTheCatalogueKnowsIsNotThere(t *testing.T) {
	w := newWorld(t)
	w.catalogue(milk)
	w.box("wh-01").receive("other", 1)
	got := w.get("/v1/warehouses/wh-01/skus/milk-1l/availability").json(t)
	if got["sellable"] != 0.0 || got["title"] != milk.Name || got["applied_seq"] != "1" {
		t.Errorf("got %v", got)
	}
}

func TestBatchGet_KeepsTheOrderAndNamesTheMissing(t *testing.T) {
	w := newWorld(t)
	shop(w)
	got, err := w.availability().BatchGetAvailability(t.Context(), &forestockv1.BatchGetAvailabilityRequest{Names: []string{
		"warehouses/wh-01/skus/stray", "warehouses/wh-01/skus/nope", "warehouses/wh-01/skus/milk-1l", "warehouses/wh-01/skus/stray",
	}})
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, a := range got.GetAvailability() {
		found = append(found, strings.TrimPrefix(a.GetName(), "warehouses/wh-01/skus/"))
	}
	if want := []string{"stray", "milk-1l", "stray"}; !slices.Equal(found, want) {
		t.Errorf("found %v, want %v", found, want)
	}
	if want := []string{"warehouses/wh-01/skus/nope"}; !slices.Equal(got.GetMissing(), want) {
		t.Errorf("missing %v, want %v", got.GetMissing(), want)
	}
}

// walk reads a listing page by page and gives the named field of every element.
func (w *world) walk(path, list, field string) (found []string, pages int) {
	w.t.Helper()
	token := ""
	for {
		next := path
		if token != "" {
			next += "&page_token=" + token
		}
		got := w.get(next).json(w.t)
		pages++
		for _, element := range got[list].([]any) {
			found = append(found, element.(map[string]any)[field].(string))
		}
		if token = got["next_page_token"].(string); token == "" {
			return found, pages
		}
	}
}

func TestLists_GiveEverythingOnceInOrder(t *testing.T) {
	w := newWorld(t)
	var items []stock.Item
	for i := range 25 {
		items = append(items, stock.Item{SKU: stock.SKU(fmt.Sprintf("sku-%02d", i)), Name: fmt.Sprintf("商品 %d", i), Unit: stock.Piece, Pack: 1})
	}
	w.catalogue(items...)
	for _, id := range []stock.Warehouse{"wh-03", "wh-01", "wh-02"} {
		b := w.box(id)
		for i := range items {
			b.receive(items[i].SKU, int64(i+1))
		}
		b.receive("not-in-the-catalogue", 1)
	}
	for _, tt := range []struct {
		path, list, field string
		want, pages       int
	}{
		{"/v1/warehouses?page_size=2", "warehouses", "name", 3, 2},
		{"/v1/items?page_size=10", "items", "sku", 25, 3},
		{"/v1/items?page_size=25", "items", "sku", 25, 1},
		{"/v1/items?query=%E5%95%86%E5%93%81%202&page_size=3", "items", "sku", 6, 2}, // 商品 2, 20 to 24
		{"/v1/warehouses/wh-02/availability?page_size=7", "availability", "name", 26, 4},
		{"/v1/warehouses/wh-02/availability?query=SKU-1&page_size=3", "availability", "name", 10, 4},
		{"/v1/warehouses/-/availability?query=sku-1&page_size=4", "availability", "name", 30, 8},
		{"/v1/warehouses/-/availability?query=not-in-the-catalogue&page_size=1", "availability", "name", 3, 3},
		{"/v1/warehouses/-/availability?query=nothing&page_size=1", "availability", "name", 0, 1},
		{"/v1/warehouses/wh-02/skus/sku-03/movements?page_size=1", "movements", "seq", 1, 1},
		{"/v1/warehouses?page_size=100000", "warehouses", "name", 3, 1},
	} {
		t.Run(tt.path, func(t *testing.T) {
			found, pages := w.walk(tt.path, tt.list, tt.field)
			if len(found) != tt.want || pages != tt.pages {
				t.Errorf("%d on %d pages, want %d on %d: %v", len(found), pages, tt.want, tt.pages, found)
			}
			inOrder := func(a, b string) int { return strings.Compare(bySKU(a), bySKU(b)) }
			if !slices.IsSortedFunc(found, inOrder) || len(slices.Compact(slices.Clone(found))) != len(found) {
				t.Errorf("not once each in order: %v", found)
			}
		})
	}
}

// bySKU gives a name as the listings sort it: by SKU, then by warehouse.
func bySKU(name string) string {
	if p := strings.Split(name, "/"); len(p) == 4 {
		return p[3] + "/" + p[1]
	}
	return name
}

func TestSearch_FindsByAnyNameOfAnItem(t *testing.T) {
	w := newWorld(t)
	shop(w)
	for query, want := range map[string][]string{
		"牛奶": {"milk-1l"}, "MILK": {"milk-1l"}, "whole": {"milk-1l"}, "6901234567892": {"milk-1l"},
		"20123": {"apple-fuji"}, "-": {"apple-fuji", "milk-1l", "tea-old"}, "stray": {"stray"}, "stra": nil, "STRAY": nil,
	} {
		found, _ := w.walk("/v1/warehouses/-/availability?query="+url.QueryEscape(query), "availability", "name")
		for i := range found {
			found[i] = strings.TrimPrefix(found[i], "warehouses/wh-01/skus/")
		}
		if !slices.Equal(found, want) {
			t.Errorf("%q finds %v, want %v", query, found, want)
		}
	}
}

func TestMovements_GoBackToTheBeginning(t *testing.T) {
	w := newWorld(t)
	b := w.box("wh-01")
	for range 120 {
		b.receive("milk-1l", 1)
		b.receive("other", 1)
	}
	found, pages := w.walk("/v1/warehouses/wh-01/skus/milk-1l/movements?page_size=50", "movements", "seq")
	if len(found) != 120 || pages != 3 || found[0] != "239" || found[119] != "1" {
		t.Errorf("%d entries on %d pages, %v to %v", len(found), pages, found[0], found[len(found)-1])
	}
}

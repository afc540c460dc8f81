package api

import (
	"testing"

	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
)

func TestGet_GivesTheSameNumberOverBothForms(t *testing.T) {
	w := newWorld(t)
	w.catalogue(milk)
	w.box("wh-01").receive("milk-1l", 12)

	got, err := w.availability().GetAvailability(t.Context(), &forestockv1.GetAvailabilityRequest{Name: "warehouses/wh-01/skus/milk-1l"})
	if err != nil {
		t.Fatal(err)
	}
	if got.GetSellable() != 12 || got.GetFreshness() != forestockv1.Freshness_LIVE {
		t.Errorf("gRPC gives %v", got)
	}
	rest := w.get("/v1/warehouses/wh-01/skus/milk-1l/availability").json(t)
	t.Log(rest)
	if rest["sellable"] != 12.0 || rest["freshness"] != "LIVE" {
		t.Errorf("REST gives %v", rest)
	}
}

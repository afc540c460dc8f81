package stock_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/forestock/forestock/proto/stock"
)

func drawSheet(t *rapid.T) stock.Sheet {
	var s stock.Sheet
	for _, v := range rapid.SliceOf(rapid.Custom(drawMovement)).Draw(t, "movements") {
		s.Apply(&v)
	}
	return s
}

// A sheet that is restated SKU by SKU from another is that other sheet: its
// levels, its dates, its digest; nothing of what it was before is left.
func TestSheet_RestatedIsWhatWasStated(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		before, want := drawSheet(t), drawSheet(t)
		got := before.Clone()
		levels, digest := want.State()
		for _, sku := range []stock.SKU{"milk", "egg"} {
			var of []stock.StatedLevel
			for _, l := range levels {
				if l.SKU == sku {
					of = append(of, l)
				}
			}
			got.Restate(sku, of)
			if want, got := want.Levels(sku), got.Levels(sku); !slices.Equal(want, got) {
				t.Fatalf("levels of %s: %v, stated was %v", sku, got, want)
			}
			for _, lot := range []stock.Lot{"", "L1", "L2", "L3"} {
				if want, got := want.Lot(sku, lot), got.Lot(sku, lot); want != got {
					t.Fatalf("lot %s of %s: %+v, stated was %+v", lot, sku, got, want)
				}
			}
		}
		kept := got.Digest()
		if recounted := got.Recount(); kept.Root() != digest || recounted.Root() != digest || got.Cells() != want.Cells() {
			t.Fatalf("%d cells with digest %016x (%016x recounted), stated were %d with %016x", got.Cells(), kept.Root(), recounted.Root(), want.Cells(), digest)
		}
	})
}

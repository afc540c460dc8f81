package inventory

import (
	"fmt"
	"testing"

	"github.com/forestock/forestock/proto/stock"
)

func TestRoll_FindsWhatWasAddedAndNothingElse(t *testing.T) {
	var r roll
	want := make(map[stock.SKU]*line)
	for i := range 5000 {
		sku := stock.SKU(fmt.Sprintf("sku-%d", i*7%5000))
		if l := r.find(sku); l != nil {
			t.Fatalf("%s is found before it was added", sku)
		}
		want[sku] = r.add(sku)
	}
	for sku, l := range want {
		if got := r.find(sku); got != l {
			t.Errorf("%s: found %p, want %p", sku, got, l)
		}
	}
	sorted := r.sorted()
	if len(sorted) != len(want) {
		t.Errorf("%d lines, want %d", len(sorted), len(want))
	}
	for i := range sorted {
		if i > 0 && sorted[i-1].sku >= sorted[i].sku {
			t.Errorf("%s is listed before %s", sorted[i-1].sku, sorted[i].sku)
		}
	}
}

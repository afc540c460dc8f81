package hubd

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/forestock/forestock/proto/stock"
)

func TestReadCatalogue_FillsDefaultsByUnit(t *testing.T) {
	got, err := ReadCatalogue(strings.NewReader("\ufeffsku,name,unit,gtins,shelf_life_days\nM1,牛奶,pc,6901234567892 40170725,10\nV1,白菜,g,,\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := []stock.Item{
		{SKU: "M1", Name: "牛奶", Unit: stock.Piece, GTINs: []stock.GTIN{"06901234567892", "00000040170725"}, Pack: 1, ShelfLife: 10},
		{SKU: "V1", Name: "白菜", Unit: stock.Gram},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("ReadCatalogue (-want +got):\n%s", diff)
	}
}

func TestReadCatalogue_NamesTheLineOfAnError(t *testing.T) {
	const head = "sku,name,unit,gtins\n"
	for _, tt := range []struct{ name, file, want string }{
		{"nothing", "", "header"},
		{"unknown column", "sku,name,unit,gtins,colour\n", `"colour" is unknown`},
		{"missing column", "sku,name,unit\n", `"gtins" is missing`},
		{"wrong check digit", head + "M1,牛奶,pc,6901234567893\n", "line 2: column gtins"},
		{"wrong unit", head + "M1,牛奶,box,\n", "line 2"},
		{"no name", head + "M1,,pc,\n", "line 2"},
		{"twice", head + "M1,牛奶,pc,\nM1,牛奶,pc,\n", "line 3: SKU M1 stands in line 2"},
		{"short row", head + "M1,牛奶\n", "wrong number of fields"},
		{"wrong number", "sku,name,unit,gtins,pack\nM1,牛奶,pc,,many\n", "line 2: column pack"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			items, err := ReadCatalogue(strings.NewReader(tt.file))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("ReadCatalogue = %d items, %v; want an error with %q", len(items), err, tt.want)
			}
		})
	}
}

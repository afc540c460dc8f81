package agentd

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/forestock/forestock/agent/floor"
)

func TestNotices_AreReadFromTheirFolder(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Data = t.TempDir()
	dir := filepath.Join(cfg.Data, "notices")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name, text string
		want       []floor.Expected
		bad        string
	}{
		{"two lines, as Excel writes them", "\ufeffsku,quantity\r\nmilk,24\r\nrice,5000\r\n", []floor.Expected{{SKU: "milk", Quantity: 24}, {SKU: "rice", Quantity: 5000}}, ""},
		{"other columns", "quantity,sku\n24,milk\n", nil, "columns"},
		{"nothing", "", nil, "columns"},
		{"a fraction", "sku,quantity\nmilk,1.5\n", nil, "line 2"},
		{"none", "sku,quantity\nmilk,5\nrice,0\n", nil, "line 3"},
		{"a column more", "sku,quantity\nmilk,5,7\n", nil, "123456.csv"},
		{"too many lines", "sku,quantity\n" + strings.Repeat("milk,1\n", mostNotice+1), nil, "more than"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if err := os.WriteFile(filepath.Join(dir, "123456.csv"), []byte(tc.text), 0o600); err != nil {
				t.Fatal(err)
			}
			got, err := cfg.notices("123456")
			if tc.bad != "" {
				if err == nil || !strings.Contains(err.Error(), tc.bad) {
					t.Errorf("error %v, want one about %q", err, tc.bad)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(&floor.Notice{Document: "123456", Lines: tc.want}, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	if n, err := cfg.notices("654321"); n != nil || err != nil {
		t.Errorf("no file: %+v, %v, want nothing", n, err)
	}
	if err := os.WriteFile(filepath.Join(cfg.Data, "secret.csv"), []byte("sku,quantity\nmilk,1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if n, err := cfg.notices("../secret"); n != nil || err != nil {
		t.Errorf("a number with a path left the folder: %+v, %v", n, err)
	}
}

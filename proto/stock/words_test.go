package stock_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/forestock/forestock/proto/stock"
)

func TestParseWarehouse(t *testing.T) {
	for s, ok := range map[string]bool{
		"wh-1": true, "a": true, strings.Repeat("x", 32): true,
		"": false, "Wh-1": false, "a+b": false, "a/b": false, "a#": false, "仓库": false, "a b": false, strings.Repeat("x", 33): false,
	} {
		if w, err := stock.ParseWarehouse(s); (err == nil) != ok || (ok && string(w) != s) || (!ok && !errors.Is(err, stock.ErrInvalid)) {
			t.Errorf("ParseWarehouse(%q) = %q, %v; valid: %v", s, w, err, ok)
		}
	}
}

func TestParseSKU(t *testing.T) {
	for s, ok := range map[string]bool{
		"6901234567892": true, "Milk_1.5-L": true, strings.Repeat("x", 40): true,
		"": false, "a b": false, "a\x00": false, "牛奶": false, strings.Repeat("x", 41): false,
	} {
		if sku, err := stock.ParseSKU(s); (err == nil) != ok || (ok && string(sku) != s) || (!ok && !errors.Is(err, stock.ErrInvalid)) {
			t.Errorf("ParseSKU(%q) = %q, %v; valid: %v", s, sku, err, ok)
		}
	}
}

func TestCheckText(t *testing.T) {
	for s, ok := range map[string]bool{
		"": true, "过期 damaged": true, strings.Repeat("x", 128): true,
		strings.Repeat("x", 129): false, "a\nb": false, "a\x1db": false, "a\x7f": false, "a\u0085b": false, "\xff": false,
	} {
		if err := stock.CheckText(s); (err == nil) != ok {
			t.Errorf("CheckText(%q) = %v; valid: %v", s, err, ok)
		}
	}
}

func TestParseDate(t *testing.T) {
	for s, want := range map[string]stock.Date{
		"2027-01-31": 20270131, "2028-02-29": 20280229, "0001-01-01": 10101, "9999-12-31": 99991231,
		"2027-02-29": 0, "2027-1-31": 0, "20270131": 0, "": 0, "0000-01-01": 0, "2027-01-31T00:00:00Z": 0,
	} {
		got, err := stock.ParseDate(s)
		if got != want || (err == nil) != (want != 0) {
			t.Errorf("ParseDate(%q) = %d, %v; want %d", s, got, err, want)
		}
		if want != 0 && (got.String() != s || !got.Valid()) {
			t.Errorf("%d is written %q, valid %v; want %q", got, got, got.Valid(), s)
		}
	}
}

func TestDate_Valid(t *testing.T) {
	for d, want := range map[stock.Date]bool{
		0: true, 20270131: true, 20270230: false, 20271301: false, 20270100: false, 1: false, -20270131: false, 100000101: false, 10101: true,
	} {
		if got := d.Valid(); got != want {
			t.Errorf("Date(%d).Valid() = %v", d, got)
		}
	}
}

func TestDate_CountsLikeTheCalendar(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		day := time.Date(2000, 1, 1, 12, 0, 0, 0, time.UTC).AddDate(0, 0, rapid.IntRange(0, 40000).Draw(t, "day"))
		n := rapid.IntRange(-4000, 4000).Draw(t, "days")
		d := stock.DateOf(day)
		if got, want := d.AddDays(n), stock.DateOf(day.AddDate(0, 0, n)); got != want || !got.Valid() {
			t.Fatalf("%v and %d days = %v, want %v", d, n, got, want)
		}
		if back, err := stock.ParseDate(d.String()); err != nil || back != d {
			t.Fatalf("%v read back = %v, %v", d, back, err)
		}
		if later := d.AddDays(max(n, -n) + 1); later <= d {
			t.Fatalf("%v is later than %v and sorts before it", later, d)
		}
	})
	if got := stock.Date(0).AddDays(5); got != 0 {
		t.Errorf("five days after no date = %v", got)
	}
}

func TestKind_NamesAreReadBack(t *testing.T) {
	for k := stock.Receive; k <= stock.Opening; k++ {
		if got, err := stock.ParseKind(k.String()); err != nil || got != k {
			t.Errorf("ParseKind(%q) = %v, %v", k, got, err)
		}
	}
	for _, s := range []string{"", "unknown", "Receive", "kind(13)"} {
		if k, err := stock.ParseKind(s); !errors.Is(err, stock.ErrInvalid) {
			t.Errorf("ParseKind(%q) = %v, %v; want ErrInvalid", s, k, err)
		}
	}
	if got := stock.Kind(99).String(); got != "kind(99)" {
		t.Errorf("an unknown kind is called %q", got)
	}
}

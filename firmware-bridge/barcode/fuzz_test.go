package barcode

import (
	"errors"
	"testing"
)

// FuzzParse proves for any symbol: no panic; an error is an *Error with a reason and a message; an article number has 14
// digits and a right check digit; weights, counts and amounts are not negative; elements that were read can be written and
// read again.
func FuzzParse(f *testing.F) {
	for _, s := range [][2]string{
		{"]E0", "6901234567892"},
		{"]C1", "0112345678901231\x1d10ABC\x1d3103000123"},
		{"", "(01)95012345678903(3103)000123"},
		{"]d2", "\x1d9101020584"},
		{"", "2200301012506"},
		{"", "260100101234024569"},
		{"]E3", "690123456789212"},
		{"]E0", "2112345678900|]e099COMPOSITE\x1d98XYZ"},
	} {
		f.Add(s[0], s[1])
	}
	r := rules(f, Config{Patterns: []Pattern{{Layout: "22IIIIIWWWWWC"}, {Layout: "26IIIIIWWWWWAAAAAC"}, {Layout: "24IIIIIVAAAAC"}}})
	f.Fuzz(func(t *testing.T, aim, data string) {
		if len(aim) != 3 {
			aim = ""
		}
		code, err := r.Parse(Symbol{AIM: aim, Data: data, At: today})
		if err != nil {
			e, ok := errors.AsType[*Error](err)
			if !ok || e.Reason == "" || e.Message() == "" || code.Kind != "" {
				t.Fatalf("%s%q: %v with code %+v", aim, data, err, code)
			}
			return
		}
		if code.Kind == "" || code.Milligrams < 0 || code.Count < 0 || code.Amount < 0 {
			t.Fatalf("%s%q: %+v", aim, data, code)
		}
		if code.GTIN != "" {
			if again, err := ParseGTIN(string(code.GTIN)); err != nil || again != code.GTIN {
				t.Fatalf("%s%q: article %q: %v", aim, data, code.GTIN, err)
			}
		}
		if len(code.Elements) > 0 {
			again, err := r.Parse(Symbol{AIM: "]C1", Data: ElementString(code.Elements), At: today})
			if err != nil || len(again.Elements) != len(code.Elements) {
				t.Fatalf("%s%q: %v written as %q: %v", aim, data, code.Elements, ElementString(code.Elements), err)
			}
		}
	})
}

package scale

import (
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

func TestReading_GramsAreExactAndRoundedHalfAwayFromZero(t *testing.T) {
	cases := []struct {
		value Decimal
		unit  Unit
		exact string
		whole int64
		ok    bool
	}{
		{Decimal{488, 3}, Kilogram, "488", 488, true},
		{Decimal{12345, 1}, Gram, "1234.5", 1235, true},
		{Decimal{-12345, 1}, Gram, "-1234.5", -1235, true},
		{Decimal{12907, 2}, Gram, "129.07", 129, true},
		{Decimal{1650, 0}, Kilogram, "1650000", 1650000, true},
		{Decimal{500, 3}, Pound, "226.796185", 227, true},
		{Decimal{5950, 4}, Ounce, "16.867966259375", 17, true},
		{Decimal{2, 0}, Jin, "1000", 1000, true},
		{Decimal{5, 0}, Milligram, "0.005", 0, true},
		{Decimal{1, 0}, Tael, "0", 0, false},
		{Decimal{1, 0}, NoUnit, "0", 0, false},
		{Decimal{999999999999, 0}, Tonne, "999999999999000000", 999999999999000000, true},
		{Decimal{999999999999, 11}, Ounce, "0", 0, false},
	}
	for _, c := range cases {
		r := Reading{Kind: Weight, Value: c.value, Unit: c.unit}
		exact, ok := r.ExactGrams()
		whole, _ := r.Grams()
		if exact.String() != c.exact || whole != c.whole || ok != c.ok {
			t.Errorf("%s %s = %s g, whole %d, %v; want %s, %d, %v", c.value, c.unit, exact, whole, ok, c.exact, c.whole, c.ok)
		}
	}
	if _, ok := (Reading{Kind: Count, Value: Decimal{3, 0}, Unit: Gram}).Grams(); ok {
		t.Error("pieces became grams")
	}
	if _, ok := (Reading{Kind: Weight, Unit: Gram, Fault: Overload}).Grams(); ok {
		t.Error("a fault became grams")
	}
}

func TestDecimal_StringAndParseAgreeWithBigRat(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := Decimal{rapid.Int64Range(-999_999_999_999, 999_999_999_999).Draw(t, "digits"), rapid.IntRange(0, 11).Draw(t, "places")}
		want, _ := new(big.Rat).SetString(d.String())
		have := new(big.Rat).Quo(new(big.Rat).SetInt64(d.Digits), new(big.Rat).SetInt64(pow10(d.Places)))
		if want == nil || want.Cmp(have) != 0 {
			t.Fatalf("%+v prints as %q", d, d)
		}
		if back, ok := parseSigned([]byte(d.String())); !ok || back != d {
			t.Fatalf("%q reads as %+v", d, back)
		}
		half := new(big.Rat).SetFrac64(1, 2)
		if d.Digits < 0 {
			half.Neg(half)
		}
		sum := new(big.Rat).Add(have, half)
		rounded := new(big.Int).Quo(sum.Num(), sum.Denom()) // towards zero
		if got := d.round(0).Digits; got != rounded.Int64() {
			t.Fatalf("%s rounds to %d, want %s", d, got, rounded)
		}
	})
}

func TestParseDecimal_RefusesWhatIsNoNumber(t *testing.T) {
	for _, s := range []string{"", ".", "1.", "1..2", "1.2.3", "-1", "+1", " 1", "1 ", "1e3", "1,5", "0x1", "1234567890123", "١"} {
		if d, ok := parseDecimal([]byte(s)); ok {
			t.Errorf("parseDecimal(%q) = %v", s, d)
		}
	}
}

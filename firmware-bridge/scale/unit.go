package scale

import "strings"

// Unit is a unit of mass as configuration and JSON spell it.
type Unit string

// The units scales send. NoUnit means that neither the wire nor the configuration says it.
const (
	NoUnit    Unit = ""
	Milligram Unit = "mg"
	Gram      Unit = "g"
	Kilogram  Unit = "kg"
	Tonne     Unit = "t"
	Carat     Unit = "ct" // metric carat, 0.2 g
	Pound     Unit = "lb" // international avoirdupois pound, 0.45359237 kg exactly
	Ounce     Unit = "oz" // a sixteenth of it
	Jin       Unit = "sj" // 市斤, 500 g
	TaiwanJin Unit = "tj" // 台斤; not converted, because it differs by region
	Tael      Unit = "tl" // 兩; not converted, because it differs by region
)

// grams is the exact mass of each unit that can be converted.
var grams = map[Unit]Decimal{
	Milligram: {1, 3}, Gram: {1, 0}, Kilogram: {1000, 0}, Tonne: {1_000_000, 0}, Carat: {2, 1},
	Pound: {45359237, 5}, Ounce: {28349523125, 9}, Jin: {500, 0},
}

// spellings maps what is on the wire, in lower case, to units.
var spellings = map[string]Unit{
	"mg": Milligram, "g": Gram, "kg": Kilogram, "t": Tonne, "ct": Carat, "lb": Pound, "lbs": Pound, "oz": Ounce,
	"sj": Jin, "tj": TaiwanJin, "tl": Tael,
}

// ParseUnit reads a unit as a scale or a person writes it: upper or lower case, blanks around.
func ParseUnit(s string) (Unit, bool) {
	u, ok := spellings[strings.ToLower(strings.TrimSpace(s))]
	return u, ok
}

// maxMass leaves room for rounding below the largest int64.
const maxMass = 4e18

// Grams returns the exact mass in grams of a value in this unit; ok is false for units that are not converted and for
// values that no scale shows (their product needs more than 18 digits).
func (u Unit) Grams(value Decimal) (mass Decimal, ok bool) {
	one, ok := grams[u]
	if !ok {
		return Decimal{}, false
	}
	value = value.shortest()
	if value.Digits > maxMass/one.Digits || value.Digits < -maxMass/one.Digits || value.Places+one.Places > 18 {
		return Decimal{}, false
	}
	return Decimal{value.Digits * one.Digits, value.Places + one.Places}.shortest(), true
}

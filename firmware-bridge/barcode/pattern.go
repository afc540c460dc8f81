package barcode

import (
	"fmt"
	"strconv"
	"strings"
)

// Pattern reads a label that a shop's scale prints: an EAN-13 with prefix 20 to 29 or 02, or the 18 digits in Code 128 that
// are usual in China. What stands where is a matter of the shop.
//
// A layout has one character per digit: a digit stands for itself; I is the shop's item number, W a weight, A an amount of
// money, N a number of pieces, V a check digit over the W, A or N beside it, C the check digit over all before it, T the
// time of packing (yymmddhhmmss) and a point any digit.
//
//	22IIIIIWWWWWC       item and weight in grams
//	20IIIIIAAAAAC       item and price in fen
//	21IIIIVAAAAAC       with a check digit over the price
//	26IIIIIWWWWWAAAAAC  18 digits: item, weight, price
//	26IIIIIAAAAAWWWWWC  18 digits: item, price, weight; nothing in the label tells it from the one above
type Pattern struct {
	Layout       string `json:"layout"        yaml:"layout"`
	WeightPlaces int    `json:"weight_places" yaml:"weight_places"` // decimals of a kilogram in W; 0 means 3, grams
	AmountPlaces int    `json:"amount_places" yaml:"amount_places"` // decimals in A; 0 means 2, fen
	// SkipCheck takes the label although its check digit is wrong, for scales that print it wrong.
	SkipCheck bool `json:"skip_check" yaml:"skip_check"`
}

// layout is a Pattern that was checked.
type layout struct {
	Pattern
}

func (p Pattern) compile() (layout, error) {
	if why := p.fault(); why != "" {
		return layout{}, fmt.Errorf("label pattern %q: %s", p.Layout, why)
	}
	if p.WeightPlaces == 0 {
		p.WeightPlaces = 3
	}
	if p.AmountPlaces == 0 {
		p.AmountPlaces = 2
	}
	return layout{p}, nil
}

// fault says what is wrong with a pattern.
func (p Pattern) fault() string {
	for _, c := range p.Layout {
		if !strings.ContainsRune("IWANVCT.0123456789", c) {
			return fmt.Sprintf("%q is neither a digit nor one of I W A N V C T and the point", c)
		}
	}
	for _, f := range "IWANVCT" {
		n := strings.Count(p.Layout, string(f))
		if n > 9 && f != 'T' {
			return fmt.Sprintf("more than 9 digits of %c", f)
		}
		if !strings.Contains(p.Layout, strings.Repeat(string(f), n)) {
			return fmt.Sprintf("%c stands in two places", f)
		}
	}
	verifiers := strings.Count(p.Layout, "V")
	switch {
	case len(p.Layout) < 8 || len(p.Layout) > 32:
		return "want 8 to 32 characters"
	case !strings.Contains(p.Layout, "I"):
		return "no item number (I)"
	case !strings.ContainsAny(p.Layout, "WAN"):
		return "nothing measured (W, A or N)"
	case verifiers > 1:
		return "more than one V"
	case verifiers == 1 && len(p.verified()) != 4 && len(p.verified()) != 5:
		return "V needs a value of 4 or 5 digits beside it"
	case strings.Count(p.Layout, "C") > 1:
		return "more than one C"
	case p.WeightPlaces < 0 || p.WeightPlaces > 6 || p.AmountPlaces < 0 || p.AmountPlaces > 6:
		return "want 0 to 6 decimals"
	}
	return ""
}

// verified returns the part of the layout that V checks: the value behind it, or else before it.
func (p Pattern) verified() string {
	before, behind, ok := strings.Cut(p.Layout, "V")
	switch {
	case !ok:
		return ""
	case behind != "" && strings.IndexByte("WAN", behind[0]) >= 0:
		return strings.Repeat(behind[:1], strings.Count(behind, behind[:1]))
	case before != "" && strings.IndexByte("WAN", before[len(before)-1]) >= 0:
		last := before[len(before)-1:]
		return strings.Repeat(last, strings.Count(before, last))
	}
	return ""
}

// measured reads a label by the first pattern that fits. Scanners send the 12 digits of a UPC-A with a zero in front, and
// some send an EAN-13 that begins with zero without it.
func (r Rules) measured(digits string) (Code, bool, *Error) {
	forms := []string{digits}
	switch {
	case len(digits) == 13 && digits[0] == '0':
		forms = append(forms, digits[1:])
	case len(digits) == 12:
		forms = append(forms, "0"+digits)
	}
	for _, l := range r.patterns {
		for _, f := range forms {
			if l.fits(f) {
				code, err := l.read(f)
				return code, true, err
			}
		}
	}
	return Code{}, false, nil
}

func (l layout) fits(digits string) bool {
	if len(digits) != len(l.Layout) || !numeric(digits) {
		return false
	}
	for i := range len(digits) {
		if c := l.Layout[i]; c >= '0' && c <= '9' && c != digits[i] {
			return false
		}
	}
	return true
}

func (l layout) read(digits string) (Code, *Error) {
	if i := strings.IndexByte(l.Layout, 'C'); i > 0 && !l.SkipCheck {
		if err := checkLast(digits[:i+1]); err != nil {
			return Code{}, &Error{Reason: BadCheckDigit, Code: digits, Want: err.Want}
		}
	}
	if i := strings.IndexByte(l.Layout, 'V'); i >= 0 {
		if want := verifierOf(l.field(digits, l.verified()[0])); want != digits[i] {
			return Code{}, &Error{Reason: BadVerifier, Code: digits, Want: string(want)}
		}
	}
	c := Code{Kind: Measured, ItemNumber: l.field(digits, 'I'), GTIN: l.base(digits)}
	if w := l.field(digits, 'W'); w != "" {
		c.Milligrams, c.HasWeight = whole(w, 6-l.WeightPlaces), true
	}
	if a := l.field(digits, 'A'); a != "" {
		c.Amount, c.Places, c.HasAmount = whole(a, 0), l.AmountPlaces, true
	}
	if n := l.field(digits, 'N'); n != "" {
		c.Count, c.HasCount = whole(n, 0), true
	}
	return c, nil
}

func (l layout) field(digits string, f byte) string {
	i := strings.IndexByte(l.Layout, f)
	if i < 0 {
		return ""
	}
	return digits[i : strings.LastIndexByte(l.Layout, f)+1]
}

// whole reads digits with zeros behind them; layouts are short enough for it never to fail.
func whole(digits string, zeros int) int64 {
	n, err := strconv.ParseInt(digits+strings.Repeat("0", zeros), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// AmountFits reports whether a label's amount is its weight times a price per kilogram, both in the same smallest unit of
// money, within one unit: labels are printed with rounding of their own. A code without both has nothing to compare.
func (c Code) AmountFits(pricePerKilogram int64) bool {
	if !c.HasWeight || !c.HasAmount {
		return true
	}
	const milligramsPerKilogram = 1_000_000
	due := (c.Milligrams*pricePerKilogram + milligramsPerKilogram/2) / milligramsPerKilogram
	return due-c.Amount <= 1 && c.Amount-due <= 1
}

// base returns the key under which the catalogue knows the article: the label's number with its variable digits set to
// zero and the check digit computed again. Labels longer than an EAN keep their first 12 digits.
func (l layout) base(digits string) GTIN {
	b := []byte(digits)
	for i, c := range []byte(l.Layout) {
		if strings.IndexByte("WANVT", c) >= 0 {
			b[i] = '0'
		}
	}
	n := min(len(b)-1, 12)
	short := string(b[:n])
	return GTIN(strings.Repeat("0", 13-len(short)) + short + string(CheckDigit(short)))
}

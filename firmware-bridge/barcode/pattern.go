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
// money, N a number of pieces, V a check digit over the W, A or N behind it, C the check digit of the whole, and a point
// any digit.
//
//	22IIIIIWWWWWC       item and weight in grams
//	20IIIIIAAAAAC       item and price in fen
//	21IIIIVAAAAAC       with a check digit over the price
//	26IIIIIWWWWWAAAAAC  18 digits: item, weight, price
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
		if !strings.ContainsRune("IWANVC.0123456789", c) {
			return fmt.Sprintf("%q is neither a digit nor one of I W A N V C and the point", c)
		}
	}
	for _, f := range "IWANVC" {
		n := strings.Count(p.Layout, string(f))
		if n > 9 {
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
		return "V needs a value of 4 or 5 digits behind it"
	case strings.Contains(strings.TrimSuffix(p.Layout, "C"), "C"):
		return "the check digit C is one and stands at the end"
	case p.WeightPlaces < 0 || p.WeightPlaces > 6 || p.AmountPlaces < 0 || p.AmountPlaces > 6:
		return "want 0 to 6 decimals"
	}
	return ""
}

// verified returns the part of the layout that V checks: the field behind it.
func (p Pattern) verified() string {
	_, behind, ok := strings.Cut(p.Layout, "V")
	if !ok || behind == "" {
		return ""
	}
	return behind[:len(behind)-len(strings.TrimLeft(behind, behind[:1]))]
}

// measured reads a label by the first pattern that fits.
func (r Rules) measured(digits string) (Code, bool, *Error) {
	for _, l := range r.patterns {
		if l.fits(digits) {
			code, err := l.read(digits)
			return code, true, err
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
	if strings.HasSuffix(l.Layout, "C") && !l.SkipCheck {
		if err := checkLast(digits); err != nil {
			return Code{}, err
		}
	}
	if i := strings.IndexByte(l.Layout, 'V'); i >= 0 {
		n := len(l.verified())
		if want := verifierOf(digits[i+1 : i+1+n]); want != digits[i] {
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

// base returns the key under which the catalogue knows the article: the label's number with its variable digits set to
// zero and the check digit computed again. Labels longer than an EAN keep their first 12 digits.
func (l layout) base(digits string) GTIN {
	b := []byte(digits)
	for i, c := range []byte(l.Layout) {
		if strings.IndexByte("WANV", c) >= 0 {
			b[i] = '0'
		}
	}
	n := min(len(b)-1, 12)
	short := string(b[:n])
	return GTIN(strings.Repeat("0", 13-len(short)) + short + string(CheckDigit(short)))
}

package barcode

import (
	"errors"
	"fmt"
	"strings"
)

// Rules is what codes mean in one warehouse. Make it with NewRules; it is safe for concurrent use.
type Rules struct {
	specs    aiSpecs
	patterns []layout
	eight    Eight
}

// Config is the part of the rules that differs from shop to shop.
type Config struct {
	// Eight says what eight digits are when the scanner sends no identifier.
	Eight Eight
	// Patterns read labels weighed or priced in the shop; the first that fits is used. Without one, such a label is an
	// article like any other.
	Patterns []Pattern
}

// Eight is how eight digits without a symbology identifier are read.
type Eight string

// EAN8 is the default.
const (
	EAN8 Eight = "ean8"
	UPCE Eight = "upce"
)

// NewRules returns the rules of a configuration. The zero Config is fine.
func NewRules(c Config) (Rules, error) {
	r := Rules{specs: specTable(), eight: c.Eight}
	switch r.eight {
	case "":
		r.eight = EAN8
	case EAN8, UPCE:
	default:
		return Rules{}, fmt.Errorf("eight digits %q: want %s or %s", c.Eight, EAN8, UPCE)
	}
	for _, p := range c.Patterns {
		l, err := p.compile()
		if err != nil {
			return Rules{}, err
		}
		r.patterns = append(r.patterns, l)
	}
	return r, nil
}

// Parse says what a symbol means. The error is always an *Error; with one, the code has only Text and Symbology.
func (r Rules) Parse(s Symbol) (Code, error) {
	code, err := r.route(s)
	if err != nil {
		return Code{Text: s.Data, Symbology: symbology(s)}, err
	}
	code.Text, code.Symbology = s.Data, symbology(s)
	return code, nil
}

func (r Rules) route(s Symbol) (Code, *Error) {
	switch {
	case s.AIM == "]C1", s.AIM == "]d2", s.AIM == "]Q3", s.AIM == "]J1", strings.HasPrefix(s.AIM, "]e"):
		return r.gs1(strings.TrimPrefix(s.Data, GS), s)
	case s.Data == "":
		return Code{}, refuse(Empty, s.Data, "")
	case strings.HasPrefix(s.AIM, "]E"):
		return r.ean(s)
	}
	return r.bare(s)
}

// ean reads the EAN and UPC symbols. Scanners send UPC-A and UPC-E as 13 digits under this identifier.
func (r Rules) ean(s Symbol) (Code, *Error) {
	digits, composite, _ := strings.Cut(s.Data, "|") // a composite symbol's second part
	addOn := ""
	want := 13
	switch s.AIM {
	case "]E1", "]E2": // only the add-on, without its article
		return Code{Kind: Text, AddOn: digits}, nil
	case "]E3":
		if len(digits) > 13 {
			digits, addOn = digits[:13], digits[13:]
		}
	case "]E4":
		want = 8
	}
	if !numeric(digits) {
		return Code{}, refuse(NotNumeric, s.Data, "")
	}
	if len(digits) != want {
		return Code{}, refuse(BadLength, s.Data, "")
	}
	code, err := r.article(digits)
	if err != nil || composite == "" {
		code.AddOn = addOn
		return code, err
	}
	more, err := r.parseElements(strings.TrimPrefix(composite, "]e0"), s.At)
	if err != nil {
		return Code{}, err
	}
	return code.with(more, s.At)
}

// bare reads data whose form alone must tell what it is.
func (r Rules) bare(s Symbol) (Code, *Error) {
	d := s.Data
	switch {
	case strings.HasPrefix(d, GS):
		return r.gs1(d[1:], s)
	case strings.HasPrefix(d, "("):
		if all, err := r.parseBracketed(d, s.At); err == nil || err.Reason != BadBracket {
			return elements(all, err, s)
		}
	case strings.HasPrefix(strings.ToLower(d), "http"):
		if all, err := r.parseLink(d, s.At); all != nil || err != nil {
			return elements(all, err, s)
		}
	case numeric(d):
		return r.digits(s)
	case r.elementLike(d):
		return r.gs1(d, s)
	}
	return Code{Kind: Text}, nil
}

// digits reads digits without a symbology that says what they are.
func (r Rules) digits(s Symbol) (Code, *Error) {
	d := s.Data
	if code, ok, err := r.measured(d); ok || err != nil {
		return code, err
	}
	switch n := len(d); {
	case n == 8 && r.eight == UPCE:
		long, err := ExpandUPCE(d)
		if err != nil {
			return Code{}, asError(err)
		}
		return r.article(long)
	case n == 8, n == 12, n == 13, n == 14:
		return r.article(d)
	case n >= 10:
		if card, ok, err := cardOf(Element{d[:2], d[2:]}); ok {
			return Code{Kind: CardCode, Card: card, Elements: []Element{{d[:2], d[2:]}}}, err
		}
		if n == 18 && checkLast(d) == nil {
			return Code{Kind: Logistic, SSCC: d}, nil
		}
		if r.elementLike(d) {
			return r.gs1(d, s)
		}
	}
	return Code{Kind: Text}, nil
}

// elementLike reports whether data looks like elements although no identifier and no FNC1 says so: it has a GS, or begins
// with an article or logistic number whose check digit is right.
func (r Rules) elementLike(d string) bool {
	if strings.Contains(d, GS) {
		return true
	}
	for _, ai := range []string{"00", "01", "02"} {
		n := predefined(ai)
		if strings.HasPrefix(d, ai) && len(d) >= 2+n && numeric(d[:2+n]) && checkLast(d[2:2+n]) == nil {
			return true
		}
	}
	return false
}

// article reads the digits of an EAN, UPC or GTIN-14, which may be a label of the shop's own scale.
func (r Rules) article(digits string) (Code, *Error) {
	if code, ok, err := r.measured(digits); ok || err != nil {
		return code, err
	}
	gtin, err := ParseGTIN(digits)
	if err != nil {
		return Code{}, asError(err)
	}
	return Code{Kind: Item, GTIN: gtin}, nil
}

func (r Rules) gs1(data string, s Symbol) (Code, *Error) {
	all, err := r.parseElements(data, s.At)
	return elements(all, err, s)
}

func elements(all []Element, err *Error, s Symbol) (Code, *Error) {
	if err != nil {
		return Code{}, err
	}
	return Code{Kind: Elements}.with(all, s.At)
}

// asError names an error of this package by its type.
func asError(err error) *Error {
	e, _ := errors.AsType[*Error](err)
	return e
}

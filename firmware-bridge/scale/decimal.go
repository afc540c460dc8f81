package scale

import (
	"strconv"
	"strings"
)

// Decimal is an exact number: Digits / 10^Places. 1.250 is {1250, 3}: the places are kept, they are the scale's resolution.
type Decimal struct {
	Digits int64
	Places int
}

// maxDigits keeps every value and its product with a unit inside what Decimal can hold.
const maxDigits = 12

// String writes the number with exactly its places, such as "-0.120".
func (d Decimal) String() string {
	s := strconv.FormatInt(d.Digits, 10)
	if d.Places == 0 {
		return s
	}
	sign := ""
	if d.Digits < 0 {
		sign, s = "-", s[1:]
	}
	if missing := d.Places + 1 - len(s); missing > 0 {
		s = strings.Repeat("0", missing) + s
	}
	return sign + s[:len(s)-d.Places] + "." + s[len(s)-d.Places:]
}

// shortest drops zeros behind the point.
func (d Decimal) shortest() Decimal {
	for d.Places > 0 && d.Digits%10 == 0 {
		d.Digits /= 10
		d.Places--
	}
	return d
}

// round returns the number with the given places, half away from zero.
func (d Decimal) round(places int) Decimal {
	if d.Places <= places {
		for d.Places < places {
			d.Digits *= 10
			d.Places++
		}
		return d
	}
	power := pow10(d.Places - places)
	half := power / 2
	if d.Digits < 0 {
		half = -half
	}
	return Decimal{(d.Digits + half) / power, places}
}

func (d Decimal) negated() Decimal { return Decimal{-d.Digits, d.Places} }

func pow10(n int) int64 {
	p := int64(1)
	for range n {
		p *= 10
	}
	return p
}

// parseDecimal reads digits with at most one point between or before them; anything else (a sign, a blank, an exponent, a
// lone point) is refused. "0." is refused, too: a digit was lost.
func parseDecimal(b []byte) (Decimal, bool) {
	var d Decimal
	point, digits := false, 0
	for _, c := range b {
		switch {
		case c >= '0' && c <= '9':
			d.Digits = d.Digits*10 + int64(c-'0')
			if digits++; digits > maxDigits {
				return Decimal{}, false
			}
			if point {
				d.Places++
			}
		case c == '.' && !point:
			point = true
		default:
			return Decimal{}, false
		}
	}
	return d, digits > 0 && (!point || d.Places > 0)
}

// parseSigned reads blanks, at most one sign, blanks, and a number: the field of most text protocols.
func parseSigned(b []byte) (Decimal, bool) {
	b = skipBlanks(b)
	negative := false
	if len(b) > 0 && (b[0] == '+' || b[0] == '-') {
		negative = b[0] == '-'
		b = skipBlanks(b[1:])
	}
	d, ok := parseDecimal(b)
	if negative {
		d = d.negated()
	}
	return d, ok
}

func skipBlanks(b []byte) []byte {
	for len(b) > 0 && b[0] == ' ' {
		b = b[1:]
	}
	return b
}

func trimBlanks(b []byte) []byte {
	b = skipBlanks(b)
	for len(b) > 0 && b[len(b)-1] == ' ' {
		b = b[:len(b)-1]
	}
	return b
}

package barcode

import (
	"strconv"
	"strings"
	"time"
)

// component is one part of the value of an application identifier.
type component struct {
	set      byte // N, X, Y or Z
	min, max int
	optional bool
	rule     string // check, date, day0, hhmm, hh, or nothing
}

// parseComponent reads one component of aiTable, such as "N14,check" or "[X..17]".
func parseComponent(s string) component {
	c := component{}
	if inner, ok := strings.CutPrefix(s, "["); ok {
		c.optional, s = true, strings.TrimSuffix(inner, "]")
	}
	s, c.rule, _ = strings.Cut(s, ",")
	c.set, s = s[0], s[1:]
	length, upTo := strings.CutPrefix(s, "..")
	c.max, _ = strconv.Atoi(length)
	if c.min = c.max; upTo {
		c.min = 1
	}
	return c
}

// check reports what is wrong with the value of this component.
func (c component) check(v string, at time.Time) Reason {
	for i := range len(v) {
		if !inSet(c.set, v[i]) {
			if c.set == 'N' {
				return NotNumeric
			}
			return BadCharacterInAI
		}
	}
	switch c.rule {
	case "check":
		if checkLast(v) != nil {
			return BadCheckDigit
		}
	case "date", "day0":
		if _, reason := parseDate(v, at); reason != "" {
			return reason
		}
		if c.rule == "date" && v[4:] == "00" {
			return BadDay
		}
	case "hhmm":
		if v[:2] > "23" || v[2:] > "59" {
			return BadValue
		}
	case "hh":
		if v > "23" {
			return BadValue
		}
	}
	return ""
}

// inSet reports whether a character is in a set of GS1 General Specifications 7.11: digits, 82 characters, 39, or 64.
func inSet(set, c byte) bool {
	digit := c >= '0' && c <= '9'
	upper := c >= 'A' && c <= 'Z'
	lower := c >= 'a' && c <= 'z'
	switch set {
	case 'N':
		return digit
	case 'Y':
		return digit || upper || c == '#' || c == '-' || c == '/'
	case 'Z':
		return digit || upper || lower || c == '-' || c == '_' || c == '='
	}
	return digit || upper || lower || strings.IndexByte(`!"%&'()*+,-./:;<=>?_`, c) >= 0
}

// checkValue checks the value of an identifier, component by component. Like the date rule's century, it depends on the
// time.
func checkValue(parts []component, v string, at time.Time) Reason {
	for _, c := range parts {
		if v == "" && c.optional {
			return ""
		}
		n := min(len(v), c.max)
		if n < c.min {
			return TooShort
		}
		if reason := c.check(v[:n], at); reason != "" {
			return reason
		}
		v = v[n:]
	}
	if v != "" {
		return TooLong
	}
	return ""
}

package scanner

import "time"

// Kind is what a scanner reported.
type Kind string

// The kinds of scan. Only Code is something to look up.
const (
	Code   Kind = "code"
	Double Kind = "double"  // the same code again within Config.Repeat
	NoRead Kind = "no_read" // the scanner read nothing and says so
	Broken Kind = "broken"  // a fragment, an over-long run, or a code without its prefix
)

// Scan is one report of a scanner.
type Scan struct {
	Kind Kind
	Data []byte // the code without prefix, suffix and identifier; nil unless Code or Double
	// AIM is the symbology identifier that the scanner sent before the code, such as "]E0" (ISO/IEC 15424), or empty.
	AIM   string
	Count int       // of a Double: how many times the code was repeated so far
	Raw   []byte    // every byte that arrived for it, as evidence
	At    time.Time // when its last byte arrived
}

// splitAIM takes a symbology identifier off: "]", a letter for the symbology, a digit or letter that modifies it.
func splitAIM(b []byte) (aim string, data []byte) {
	if len(b) < 3 || b[0] != ']' || !letter(b[1]) || !letter(b[2]) && (b[2] < '0' || b[2] > '9') {
		return "", b
	}
	return string(b[:3]), b[3:]
}

func letter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

package scale

import (
	"bytes"
	"strings"
)

// lineLimit is the longest line of any text protocol.
const lineLimit = 80

// lineDecoder returns a decoder of protocols whose frames are lines of text. Empty lines mean nothing.
func lineDecoder(decode func(text []byte) Event) *Decoder {
	return newDecoder(lineLimit, func(buf []byte) (int, Event) {
		text, n := line(buf)
		if len(text) == 0 {
			return n, nil
		}
		return n, decode(text)
	})
}

// withWeight reads sign, digits and unit; blanks may stand between them.
func (r Reading) withWeight(field []byte, p Profile) Event {
	field = trimBlanks(field)
	end := bytes.LastIndexAny(field, "0123456789.") + 1
	number, unit := field[:end], trimBlanks(field[end:])
	if end == 0 {
		if len(bytes.Trim(field, "+- ")) == 0 {
			r.Fault, r.Stability = NoValue, Unknown
			return r
		}
		return Broken{Reason: BadFormat}
	}
	var ok bool
	if r.Value, ok = parseSigned(number); !ok {
		return Broken{Reason: BadFormat}
	}
	return r.withUnit(string(unit), p)
}

// withUnit finishes a reading by what stands behind its digits.
func (r Reading) withUnit(unit string, p Profile) Event {
	switch strings.ToUpper(unit) {
	case "%":
		r.Kind = Percent
		return r
	case "PC", "PCS":
		r.Kind = Count
		return r
	case "":
		r.Unit = p.Unit
	default:
		r.Unit, _ = ParseUnit(unit)
	}
	if r.Kind == Weight && r.Unit == NoUnit {
		return Broken{Reason: BadUnit}
	}
	return r
}

// shownFault reads the signs that displays show in the place of a weight: ^^^^ overload, ____ underload, ---- no zero.
func shownFault(field []byte) Fault {
	field = trimBlanks(field)
	for sign, f := range map[string]Fault{"^": Overload, "_": Underload, "-": ZeroError} {
		if len(field) >= 3 && strings.Trim(string(field), sign) == "" {
			return f
		}
	}
	return NoFault
}

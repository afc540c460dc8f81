package scale

import (
	"bytes"
	"strings"
	"time"
)

// Sartorius SBI, 16 and 22 characters. Sources: Sartorius CB and Master manuals; the place of H and L is uncertain, so they
// are looked for at the end of the line.
//
//	host  1B P 0D 0A    scale  "+   1255.7 g  " 0D 0A          sign, blank, 8 of weight, blank, 3 of unit
//	                           "N     +   1255.7 g  " 0D 0A    22: six characters of name first
//	                           "Stat        H" "Err 54"         overload (L: underload), defect
//
// The unit is left out while the pan moves.
var sbi = Protocol{
	Name:    "sbi",
	Aliases: []string{"sbi-16", "sbi-22", "sartorius"},
	Title:   "Sartorius SBI, 16 or 22 characters",
	Line:    "1200 7O1", SaysUnit: true, SaysStable: true,
	decoder: func(p Profile) *Decoder {
		return lineDecoder(func(text []byte) Event { return decodeSBI(text, p) })
	},
	poll:    ask("\x1bP\r\n", 1500*time.Millisecond),
	command: simple(Nothing, 200*time.Millisecond, map[Command]string{Zero: "\x1bV\r\n", TakeTare: "\x1bT\r\n"}),
}

const sbiShort, sbiLong = 14, 20 // characters without CR LF

func decodeSBI(text []byte, p Profile) Event {
	r := Reading{Kind: Weight, Stability: Stable}
	switch words := strings.Fields(string(text)); {
	case len(words) > 0 && words[0] == "Stat":
		return sbiState(words)
	case len(words) > 0 && words[0] == "Err":
		r.Fault, r.Stability = Hardware, Unknown
		r.Details = []Detail{{"code", strings.Join(words[1:], " ")}}
		return r
	case len(text) == sbiLong:
		switch strings.TrimRight(string(text[:6]), " ") {
		case "N":
			r.Mode = Net
		case "G", "G#":
			r.Mode = Gross
		case "T", "T1", "PT2":
			r.Mode = Tare
		case "", "Qnt":
		default:
			return Broken{Reason: BadFormat}
		}
		text = text[6:]
	case len(text) != sbiShort:
		return Broken{Reason: BadFormat}
	}
	if text[0] != '+' && text[0] != '-' && text[0] != ' ' || text[1] != ' ' {
		return Broken{Reason: BadFormat}
	}
	unit := trimBlanks(text[10:])
	if len(unit) == 0 {
		r.Stability = Unstable
		if unit = []byte(p.Unit); len(unit) == 0 {
			r.Fault, r.Stability = InMotion, Unknown // a value of no unit is no value
			return r
		}
	}
	number := bytes.Join([][]byte{text[:1], text[2:10]}, nil)
	var ok bool
	if r.Value, ok = parseSigned(number); !ok {
		return Broken{Reason: BadFormat}
	}
	return r.withUnit(string(unit), p)
}

func sbiState(words []string) Event {
	r := Reading{Kind: Weight, Stability: Unknown, Fault: NoValue}
	switch words[len(words)-1] {
	case "H":
		r.Fault = Overload
	case "L":
		r.Fault = Underload
	}
	return r
}

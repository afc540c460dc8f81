package scale

import (
	"bytes"
	"strconv"
	"strings"
)

// ST/US/OL: comma separated text, the commonest stream of bench scales. Sources: A&D EK-L, GC and AD-4329 manuals; CAS
// NT-200, CI-400, CI-600D and PDS manuals (22 and 18 bytes); jswjk (generic Chinese bench scales).
//
//	ST,GS,+ 123.456   g      state, mode, weight and unit
//	ST,+001234.5  g          A&D without a mode
//	ST,OK,+0001.234 kg       A&D with its comparator
//	ST,GS,1<C4>,000013.5 kg  CAS with device number and lamps, a byte above 7F
const commaLimit = 64

var comma = Protocol{
	Name:    "comma",
	Aliases: []string{"st-gs", "and", "cas-22", "cas-18", "t-scale", "jswjk"},
	Title:   "ST/US/OL text (A&D, CAS CI/NT/PDS 22 and 18 bytes, T-Scale, most Chinese bench scales)",
	Line:    "9600 8N1", SaysUnit: true, SaysStable: true,
	decoder: func(p Profile) *Decoder {
		return newDecoder(commaLimit, func(buf []byte) (int, Event) { return cutComma(buf, p) })
	},
}

func cutComma(buf []byte, p Profile) (int, Event) {
	text, n := line(buf)
	if n == 0 {
		return 0, nil
	}
	if len(text) == 0 {
		return n, nil
	}
	return n, decodeComma(text, p)
}

func decodeComma(text []byte, p Profile) Event {
	fields := bytes.Split(text, []byte{','})
	if len(fields) < 2 || len(fields) > 4 {
		return Broken{Reason: BadFormat}
	}
	r := Reading{Kind: Weight}
	state, weight := string(fields[0]), fields[len(fields)-1]
	switch state {
	case "ST", "QT":
		r.Stability = Stable
	case "US":
		r.Stability = Unstable
	case "OL":
		r.Stability, r.Fault = Unknown, Overload
	default:
		return Broken{Reason: BadFormat}
	}
	for _, f := range fields[1 : len(fields)-1] {
		if !r.commaField(f) {
			return Broken{Reason: BadFormat}
		}
	}
	if r.Fault != NoFault {
		if bytes.HasPrefix(weight, []byte{'-'}) {
			r.Fault = Underload
		}
		return r // whatever digits follow, such as 9999999E+19, are not a weight
	}
	if state == "QT" {
		r.Kind = Count
	}
	return r.commaWeight(weight, p)
}

// commaField reads what may stand between the state and the weight.
func (r *Reading) commaField(f []byte) bool {
	switch strings.TrimSpace(string(f)) {
	case "GS", "G":
		r.Mode = Gross
	case "NT", "N":
		r.Mode = Net
	case "TR", "T":
		r.Mode = Tare
	case "OK", "HI", "LO":
		r.Details = append(r.Details, Detail{"comparator", string(f)})
	default:
		// CAS: device number, then lamps: bit 7 always, 6 stable, 4 hold, 3 printer, 2 gross, 1 tare, 0 zero.
		if len(f) != 2 || f[1] < 0x80 || f[0] < '0' || f[0] > '9' {
			return false
		}
		r.Details = append(r.Details, Detail{"device_id", strconv.Itoa(int(f[0] - '0'))})
		r.AtZero = f[1]&1 != 0
	}
	return true
}

// commaWeight reads sign, digits and unit; blanks may stand between them.
func (r Reading) commaWeight(field []byte, p Profile) Event {
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

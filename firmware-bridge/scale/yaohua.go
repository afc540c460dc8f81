package scale

import "bytes"

// Yaohua XK3190 indicators (A9, A23p, A26, DS3, D9) and their relatives, sending by themselves. Sources: XK3190-A26 and
// A23p manuals; recorded frames of a weighbridge program. Keli XK3118 frames the same way in command mode; that it also
// does so by itself is an assumption.
//
//	format 0   02 sign D*6 places Xh Xl 03     Xh Xl: XOR of bytes 2 to 9 in hex
//	format 1   =000.3000   low digit first, the last character is the sign: 3.000
//	format 2   =0003.000   high digit first, the first character is the sign
//
// The last two look alike and differ in meaning: only configuration tells. None has unit or stability on the wire.
var (
	yaohuaTF0 = Protocol{
		Name:    "yaohua-tf0",
		Aliases: []string{"yaohua", "xk3190", "keli", "xk3118"},
		Title:   "Yaohua XK3190 format 0 (A9, A23p, A26, DS3, D9), Keli XK3118",
		Line:    "9600 8N1",
		decoder: func(p Profile) *Decoder {
			return newDecoder(yaohuaFrame, func(buf []byte) (int, Event) { return cutYaohua(buf, p) })
		},
	}
	yaohuaReversed = Protocol{
		Name:    "yaohua-rev",
		Title:   "Yaohua XK3190 format 1, low digit first (=000.3000 is 3.000)",
		Line:    "9600 8N1",
		decoder: func(p Profile) *Decoder { return newEqualsDecoder(p, reversed) },
	}
	yaohuaForward = Protocol{
		Name:    "yaohua-fwd",
		Title:   "Yaohua XK3190 format 2, high digit first (=0003.000 is 3.000)",
		Line:    "9600 8N1",
		decoder: func(p Profile) *Decoder { return newEqualsDecoder(p, bytes.Clone) },
	}
)

const (
	yaohuaFrame = 12 // bytes of format 0
	equalsFrame = 9  // bytes of formats 1 and 2
)

func cutYaohua(buf []byte, p Profile) (int, Event) {
	switch {
	case buf[0] != stx:
		return 1, nil
	case len(buf) < yaohuaFrame:
		return mtResync(buf)
	case buf[11] != etx:
		return 1, Broken{Reason: BadFormat}
	case !hexCheck(buf[1:9], buf[9], buf[10]):
		return yaohuaFrame, Broken{Reason: BadChecksum}
	}
	return yaohuaFrame, yaohuaValue(buf[1:9], p)
}

// hexCheck compares an XOR with its two characters: 0 to 9 are +30h, A to F +37h.
func hexCheck(body []byte, high, low byte) bool {
	const digits = "0123456789ABCDEF"
	sum := xor(body)
	return digits[sum>>4] == high && digits[sum&0xF] == low
}

// yaohuaValue reads sign, six digits, number of decimals.
func yaohuaValue(f []byte, p Profile) Event {
	r := Reading{Kind: Weight, Stability: Unknown, Unit: p.Unit}
	d, ok := parseDecimal(f[1:7])
	if !ok || d.Places != 0 || f[7] < '0' || f[7] > '4' || f[0] != '+' && f[0] != '-' {
		return Broken{Reason: BadFormat}
	}
	d.Places = int(f[7] - '0')
	if f[0] == '-' {
		d = d.negated()
	}
	if r.Value = d; r.Unit == NoUnit {
		return Broken{Reason: BadUnit}
	}
	return r
}

// newEqualsDecoder reads formats 1 and 2: no end, so a frame is '=' and eight more.
func newEqualsDecoder(p Profile, order func([]byte) []byte) *Decoder {
	return newDecoder(equalsFrame, func(buf []byte) (int, Event) {
		if buf[0] != '=' {
			return 1, nil
		}
		if next := bytes.IndexByte(buf[1:], '='); next >= 0 {
			return next + 1, Broken{Reason: BadFormat}
		}
		if len(buf) < equalsFrame {
			return 0, nil
		}
		return equalsFrame, equalsValue(order(buf[1:equalsFrame]), p)
	})
}

// equalsValue reads a sign, '0' for plus, and digits.
func equalsValue(f []byte, p Profile) Event {
	r := Reading{Kind: Weight, Stability: Unknown, Unit: p.Unit}
	var ok bool
	if r.Value, ok = parseDecimal(f[1:]); !ok {
		return Broken{Reason: BadFormat}
	}
	switch f[0] {
	case '0':
	case '-':
		r.Value = r.Value.negated()
	default:
		return Broken{Reason: BadFormat}
	}
	if r.Unit == NoUnit {
		return Broken{Reason: BadUnit}
	}
	return r
}

func reversed(b []byte) []byte {
	out := make([]byte, len(b))
	for i, c := range b {
		out[len(b)-1-i] = c
	}
	return out
}

package scale

import "bytes"

// Yaohua XK3190-A12(E) and A12+SS, sending by themselves. Sources: XK3190-A12E manual, Liden LUW2001 manual (ww-ASCII).
//
//	A12E   W G|N W*7 k g Xh Xl 0D 0A           XOR of the eleven bytes before it in hex
//	       nine blanks O L | L O Xh Xl 0D 0A   overload, underload
//	ww     w w|n|t W*9 k g 0D 0A               gross, net, tare
//
// There is no stability on the wire.
var (
	yaohuaA12E = Protocol{
		Name:    "yaohua-a12e",
		Aliases: []string{"xk3190-a12e", "a12e"},
		Title:   "Yaohua XK3190-A12(E)",
		Line:    "9600 8N1", SaysUnit: true,
		decoder: func(p Profile) *Decoder {
			return lineDecoder(func(text []byte) Event { return decodeA12E(text, p) })
		},
	}
	wwASCII = Protocol{
		Name:    "ww-ascii",
		Aliases: []string{"xk3190-a12ss"},
		Title:   "ww text (Yaohua XK3190-A12+SS, Liden LUW2001)",
		Line:    "9600 8N1", SaysUnit: true,
		decoder: func(p Profile) *Decoder {
			return lineDecoder(func(text []byte) Event { return decodeWW(text, p) })
		},
	}
)

const a12eText = 13 // characters without CR LF

func decodeA12E(text []byte, p Profile) Event {
	if len(text) != a12eText {
		return Broken{Reason: BadFormat}
	}
	if !hexCheck(text[:11], text[11], text[12]) {
		return Broken{Reason: BadChecksum}
	}
	r := Reading{Kind: Weight, Stability: Unknown}
	switch string(bytes.TrimLeft(text[:11], " ")) {
	case "OL":
		r.Fault = Overload
		return r
	case "LO":
		r.Fault = Underload
		return r
	}
	switch string(text[:2]) {
	case "WG":
		r.Mode = Gross
	case "WN":
		r.Mode = Net
	default:
		return Broken{Reason: BadFormat}
	}
	return r.withWeight(text[2:11], p)
}

func decodeWW(text []byte, p Profile) Event {
	if len(text) < 5 || text[0] != 'w' {
		return Broken{Reason: BadFormat}
	}
	r := Reading{Kind: Weight, Stability: Unknown}
	switch text[1] {
	case 'w':
		r.Mode = Gross
	case 'n':
		r.Mode = Net
	case 't':
		r.Mode = Tare
	default:
		return Broken{Reason: BadFormat}
	}
	return r.withWeight(text[2:], p)
}

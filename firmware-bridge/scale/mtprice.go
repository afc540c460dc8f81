package scale

import (
	"bytes"
	"strings"
)

// Toledo price scales in ASCII mode, as Toledo's Chinese retail scales send it. Source: a frame in the notes of an electronic
// cash register's program.
//
//	02 "  0.012 KG    0.00    0.00" 0D 0A       weight, unit, unit price, amount
//
// There is no stability on the wire.
var mtPrice = Protocol{
	Name:    "mt-price-ascii",
	Aliases: []string{"toledo-price"},
	Title:   "Toledo price scales, ASCII (weight, unit price, amount)",
	Line:    "9600 8N1", SaysUnit: true,
	decoder: func(Profile) *Decoder {
		return newDecoder(lineLimit, func(buf []byte) (int, Event) {
			if buf[0] != stx {
				return 1, nil
			}
			if next := bytes.IndexByte(buf[1:], stx); next >= 0 {
				return next + 1, Broken{Reason: BadFormat}
			}
			text, n := line(buf)
			if n == 0 {
				return 0, nil
			}
			return n, decodeMTPrice(strings.Fields(string(text[1:])))
		})
	},
}

func decodeMTPrice(word []string) Event {
	if len(word) != 4 {
		return Broken{Reason: BadFormat}
	}
	r := Reading{Kind: Weight, Stability: Unknown, Details: []Detail{{"unit_price", word[2]}, {"amount", word[3]}}}
	_, priced := parseDecimal([]byte(word[2]))
	_, paid := parseSigned([]byte(word[3]))
	var ok bool
	if r.Value, ok = parseSigned([]byte(word[0])); !ok || !priced || !paid {
		return Broken{Reason: BadFormat}
	}
	return r.withUnit(word[1], Profile{})
}

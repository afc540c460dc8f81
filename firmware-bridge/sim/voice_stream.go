package sim

import "fmt"

// Scales that send by themselves. Each follows its manual, which package scale names beside the decoder.

// streamMT plays a Toledo indicator: grams as kilograms with three decimals, with a check byte.
func streamMT(s Show) []byte { return frameMT(s, 0x2D, 0x30) }

// streamLUW plays a Liden LUW2001: SWA bit 4 is always set, the unit kilogram is SWC bit 0 clear.
func streamLUW(s Show) []byte { return frameMT(s, 0x35, 0x30) }

func frameMT(s Show, swa, swb byte) []byte {
	grams := s.Grams
	if s.Net {
		swb |= 0x01
	}
	if grams < 0 {
		swb, grams = swb|0x02, -grams
	}
	if s.Under {
		swb |= 0x02 | 0x04
	}
	if s.Over {
		swb |= 0x04
	}
	if !s.Stable {
		swb |= 0x08
	}
	frame := append([]byte{0x02, swa, swb, 0x20}, fmt.Sprintf("%6d%6d\r", grams%1_000_000, 0)...)
	sum := byte(0)
	for _, c := range frame {
		sum += c
	}
	return append(frame, -sum&0x7F)
}

// streamPrice plays a price scale without a price.
func streamPrice(s Show) []byte {
	return []byte("\x02" + kilograms(s.Grams, 7) + " KG    0.00    0.00\r\n")
}

// sixDigits writes a sign and six digits.
func sixDigits(grams int64) string {
	sign := "+"
	if grams < 0 {
		sign, grams = "-", -grams
	}
	return fmt.Sprintf("%s%06d", sign, grams%1_000_000)
}

// hexXOR writes the exclusive or of all characters as two hex digits.
func hexXOR(s string) string {
	sum := byte(0)
	for i := range len(s) {
		sum ^= s[i]
	}
	return fmt.Sprintf("%02X", sum)
}

func streamYaohua(s Show) []byte {
	body := sixDigits(s.Grams) + "3"
	return []byte("\x02" + body + hexXOR(body) + "\x03")
}

// signed writes sign ('0' for plus) and seven characters, as formats 1 and 2 do.
func signed(grams int64) string {
	sign := "0"
	if grams < 0 {
		sign, grams = "-", -grams
	}
	return sign + fmt.Sprintf("%03d.%03d", grams/1000%1000, grams%1000)
}

func streamForward(s Show) []byte { return []byte("=" + signed(s.Grams)) }

func streamReversed(s Show) []byte {
	b := []byte(signed(s.Grams))
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
	return append([]byte("="), b...)
}

func streamA12E(s Show) []byte {
	text := "WG"
	if s.Net {
		text = "WN"
	}
	switch {
	case s.Over:
		text = "         OL"
	case s.Under:
		text = "         LO"
	case s.Grams < 0:
		text += fmt.Sprintf("-%02d.%03dkg", -s.Grams/1000%100, -s.Grams%1000)
	default:
		text += fmt.Sprintf("%03d.%03dkg", s.Grams/1000%1000, s.Grams%1000)
	}
	return []byte(text + hexXOR(text) + "\r\n")
}

func streamWW(s Show) []byte {
	kind, sign, grams := "ww", "0", s.Grams
	if s.Net {
		kind = "wn"
	}
	if grams < 0 {
		sign, grams = "-", -grams
	}
	return fmt.Appendf(nil, "%s%s%04d.%03dkg\r\n", kind, sign, grams/1000%10000, grams%1000)
}

func streamPlain(s Show) []byte {
	switch {
	case s.Over:
		return []byte("^^^^^^\r\n")
	case s.Under:
		return []byte("______\r\n")
	}
	return []byte(kilograms(s.Grams, 9) + " kg \r\n")
}

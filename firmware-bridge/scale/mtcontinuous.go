package scale

import "bytes"

// Mettler-Toledo continuous, also in many Chinese indicators. Sources: METTLER TOLEDO Wildcat technical manual, KERN FTC
// and Fairbanks manuals, Liden LUW2001 manual; a stream of a Toledo Jaguar in a public scale handbook.
//
//	02 SWA SWB SWC W W W W W W T T T T T T 0D [CHK]
//
// SWA bits 0-2: the power of ten; SWB bit 0 net, 1 negative, 2 out of range, 3 motion, 4 kg and not lb, 6 no zero since
// power-on; SWC bits 0-2 another unit. Leading zeros may be blanks. CHK makes the sum of all 18 bytes zero in 7 bits.
//
// Whether CHK is sent is a setting of the indicator. It is found out: the byte behind the 0D is either the next frame's 02,
// or CHK. Once a frame with a right CHK was seen, one is demanded.
var mtContinuous = Protocol{
	Name:    "mt-continuous",
	Aliases: []string{"toledo-continuous", "wildcat", "jaguar"},
	Title:   "Mettler-Toledo continuous (Toledo, KERN, Fairbanks, Cardinal)",
	Line:    "9600 7E1", SaysUnit: true, SaysStable: true,
	decoder: func(Profile) *Decoder { return newMTDecoder(mtUnit) },
}

var mtContinuousLUW = Protocol{
	Name:    "mt-continuous-luw",
	Aliases: []string{"luw2001", "liden"},
	Title:   "Toledo continuous as the Liden LUW2001 sends it (another place for the unit)",
	Line:    "9600 8N1", SaysUnit: true, SaysStable: true,
	decoder: func(Profile) *Decoder { return newMTDecoder(luwUnit) },
}

const mtFrame = 17 // bytes without CHK

// mtUnits reads the unit from SWB and SWC.
type mtUnits func(swb, swc byte) Unit

func mtUnit(swb, swc byte) Unit {
	switch swc & 7 {
	case 1:
		return Gram
	case 2:
		return Tonne
	case 3:
		return Ounce
	case 0:
		if swb&0x10 != 0 {
			return Kilogram
		}
		return Pound
	}
	return NoUnit // troy ounces, pennyweight, short tons: no shop sells by them
}

func luwUnit(_, swc byte) Unit {
	if swc&1 != 0 {
		return Pound
	}
	return Kilogram
}

func newMTDecoder(unit mtUnits) *Decoder {
	checked := false // a frame with CHK was seen
	d := newDecoder(2*mtFrame, func(buf []byte) (int, Event) {
		switch {
		case buf[0] != stx:
			return 1, nil
		case len(buf) < mtFrame:
			return mtResync(buf)
		case buf[mtFrame-1] != cr:
			return 1, Broken{Reason: BadFormat}
		case len(buf) == mtFrame:
			return 0, nil // is there a CHK?
		}
		right := sum7(buf[:mtFrame+1]) == 0
		switch {
		case buf[mtFrame] == stx && !checked && len(buf) == mtFrame+1:
			return 0, nil // CHK or the next frame? The byte behind tells: a frame goes on with SWA, never with 02
		case buf[mtFrame] == stx && !checked && buf[mtFrame+1] != stx:
			return mtFrame, decodeMT(buf[:mtFrame], unit)
		case !right:
			return mtFrame + 1, Broken{Reason: BadChecksum}
		}
		checked = true
		return mtFrame + 1, decodeMT(buf[:mtFrame], unit)
	})
	d.rest = func(buf []byte) Event {
		if checked || len(buf) != mtFrame || buf[mtFrame-1] != cr {
			return nil
		}
		return decodeMT(buf, unit)
	}
	return d
}

// mtResync asks for more, unless another frame begins inside this one: status bytes and digits are never 02.
func mtResync(buf []byte) (int, Event) {
	if next := bytes.IndexByte(buf[1:], stx); next >= 0 {
		return next + 1, Broken{Reason: BadFormat}
	}
	return 0, nil
}

func decodeMT(f []byte, unit mtUnits) Event {
	swa, swb, swc := f[1], f[2], f[3]
	if swa&0x20 == 0 || swb&0x20 == 0 || bytes.ContainsFunc(f, func(c rune) bool { return c > 0x7F }) {
		return Broken{Reason: BadFormat} // bit 5 is always set, and the check does not cover bit 7
	}
	weight, ok := mtDigits(f[4:10], swa)
	tare, tared := mtDigits(f[10:16], swa)
	if !ok || !tared && len(skipBlanks(f[10:16])) > 0 {
		return Broken{Reason: BadFormat}
	}
	r := Reading{Kind: Weight, Stability: Stable, Mode: Gross, Value: weight, Unit: unit(swb, swc)}
	if swb&0x08 != 0 {
		r.Stability = Unstable
	}
	if swb&0x01 != 0 {
		r.Mode = Net
	}
	negative := swb&0x02 != 0
	switch {
	case swb&0x04 != 0 && negative:
		r.Fault = Underload
	case swb&0x04 != 0:
		r.Fault = Overload
	case swb&0x40 != 0:
		r.Fault = NotZeroed
	}
	if r.Fault != NoFault {
		r.Value, r.Unit, r.Stability = Decimal{}, NoUnit, Unknown
		return r
	}
	if r.Unit == NoUnit {
		return Broken{Reason: BadUnit}
	}
	if negative {
		r.Value = r.Value.negated()
	}
	if tare.Digits != 0 {
		r.Details = append(r.Details, Detail{"tare", tare.String()})
	}
	return r
}

// mtDigits reads six digits, blanks in front, by the power of ten in SWA: 0 is x100, 1 x10, 2 x1, 3 x0.1 to 7 x0.00001.
func mtDigits(field []byte, swa byte) (Decimal, bool) {
	d, ok := parseDecimal(skipBlanks(field))
	if !ok || d.Places != 0 {
		return Decimal{}, false
	}
	switch power := int(swa & 7); power {
	case 0:
		d.Digits *= 100
	case 1:
		d.Digits *= 10
	default:
		d.Places = power - 2
	}
	return d, true
}

func sum7(b []byte) byte {
	var sum byte
	for _, c := range b {
		sum += c
	}
	return sum & 0x7F
}

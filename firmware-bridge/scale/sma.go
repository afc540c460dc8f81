package scale

import (
	"bytes"
	"time"
)

// SMA SCP-0499, the protocol of the Scale Manufacturers Association. Sources: Sartorius PR 5220 and B-TEK T419 manuals.
//
//	host  0A W 0D    scale  0A s r n m f W*10 U*3 0D     s Z at zero, O over, U under, E or I no zero; n G or T gross,
//	                                                     N net, small letters: more digits; m M moving
//	                        0A ? 0D                      unknown command
var sma = Protocol{
	Name:    "sma",
	Aliases: []string{"sma-scp-0499"},
	Title:   "SMA SCP-0499 (Sartorius, B-TEK, Fairbanks)",
	Line:    "9600 8N1", SaysUnit: true, SaysStable: true,
	decoder: func(p Profile) *Decoder {
		return newDecoder(smaFrame, func(buf []byte) (int, Event) { return cutSMA(buf, p) })
	},
	poll: ask("\nW\r", 500*time.Millisecond),
	// The answers are frames whose first letter tells how it went; a reading follows in any case.
	command: simple(AReading, time.Second, map[Command]string{Zero: "\nZ\r", TakeTare: "\nT\r", ClearTare: "\nC\r"}),
}

const smaFrame = 20 // bytes

func cutSMA(buf []byte, p Profile) (int, Event) {
	if buf[0] != lf {
		return 1, nil
	}
	if next := bytes.IndexByte(buf[1:], lf); next >= 0 {
		return next + 1, Broken{Reason: BadFormat}
	}
	end := bytes.IndexByte(buf, cr)
	switch {
	case end < 0:
		return 0, nil
	case end == 1:
		return 2, nil
	case string(buf[1:end]) == "?":
		return end + 1, Reply{Kind: Rejected, Code: "unrecognised_command"}
	case string(buf[1:end]) == "!":
		return end + 1, Reply{Kind: Rejected, Code: "transmission"}
	case end != smaFrame-1:
		return end + 1, Broken{Reason: BadFormat}
	}
	return smaFrame, decodeSMA(buf, p)
}

func decodeSMA(f []byte, p Profile) Event {
	r := Reading{Kind: Weight, Stability: Stable}
	switch f[1] {
	case ' ', 'T':
	case 'Z':
		r.AtZero = true
	case 'O':
		r.Fault = Overload
	case 'U':
		r.Fault = Underload
	case 'E':
		r.Fault = ZeroError
	case 'I':
		r.Fault = NotZeroed
	default:
		return Broken{Reason: BadFormat}
	}
	switch f[3] {
	case 'G', 'g':
		r.Mode = Gross
	case 'N', 'n':
		r.Mode = Net
	case 'T', 't':
		r.Mode = Tare
	default:
		return Broken{Reason: BadFormat}
	}
	if f[4] == 'M' {
		r.Stability = Unstable
	}
	if r.Fault != NoFault {
		r.AtZero, r.Stability = false, Unknown
		return r
	}
	if f[3] >= 'a' {
		r.Details = append(r.Details, Detail{"high_res", "true"})
	}
	var ok bool
	if r.Value, ok = parseSigned(f[6:16]); !ok {
		return Broken{Reason: BadFormat}
	}
	return r.withUnit(string(trimBlanks(f[16:19])), p)
}

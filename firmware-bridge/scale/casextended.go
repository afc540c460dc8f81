package scale

import "bytes"

// CAS CI extended command mode, next to weights as ST/US/OL text. Source: CAS CI-502A manual, appendix 2, which shows the
// zero command; how the weight is asked for in this mode is not on the pages we have, so the indicator is to stream.
//
//	host  02 id id W Z E R Bh Bl 03            B: the low byte of the sum of all before it, without the 02, in hex
//	scale 02 id id W Z E R 06|15 Bh Bl 03      done, not done
const casZero = "\x0201WZERA9\x03" // to device 01

func cutCAS(buf []byte) (int, Event) {
	end := bytes.IndexByte(buf, etx)
	if end < 0 {
		return 0, nil
	}
	f := buf[1:end]
	if len(f) < 8 || len(f) > 9 {
		return end + 1, Broken{Reason: BadFormat}
	}
	body, check := f[:len(f)-2], f[len(f)-2:]
	sum := byte(0)
	for _, c := range body {
		sum += c
	}
	if check[0] != hexDigit(sum>>4) || check[1] != hexDigit(sum&0xF) {
		return end + 1, Broken{Reason: BadChecksum}
	}
	r := Reply{Kind: Notice, Details: []Detail{{"id", string(body[:2])}, {"command", string(body[2:6])}}}
	if string(body[2:6]) == "WZER" {
		r.Command = Zero
	}
	if len(body) == 7 {
		switch body[6] {
		case ack:
			r.Kind = Ack
		case nak:
			r.Kind, r.Code = Rejected, "not_executable"
		default:
			return end + 1, Broken{Reason: BadFormat}
		}
	}
	return end + 1, r
}

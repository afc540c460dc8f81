package scale

import "time"

// ENQ/DC1: the counter scales of China and Korea. Sources: CAS PD-II manual (type 6), CAS SW-II manual, Ohaus Aviator
// manual (Samsung ER), Aclas OS2 manual; captured frames of M-ER 328ACPX and Aclas PS1X in the tests.
//
//	host 05            scale 06, or 15 when it is not ready
//	host 11            scale 01 02 STA SIGN W W W W W W U U BCC 03 04
//
// An OS2 in active mode sends the same frame ten times a second without being asked, with one more byte behind it.
const enqFrame = 15 // bytes from SOH to EOT

var enqDC1 = Protocol{
	Name:    "enq-dc1",
	Aliases: []string{"cas-type6", "cas-pd2", "cas-sw2", "samsung-er", "aclas", "aclas-os2", "aclas-ps1", "m-er", "dahua"},
	Title:   "ENQ/DC1 (CAS PD-II and SW-II type 6, Samsung ER, Aclas OS2 and PS1, M-ER, most Chinese counter scales)",
	Line:    "9600 8N1", SaysUnit: true, SaysStable: true,
	decoder: func(Profile) *Decoder { return newDecoder(enqFrame, cutENQ) },
	poll:    pollENQ,
	models: []model{{
		aliases: []string{"aclas", "aclas-os2", "aclas-ps1"},
		poll:    pollENQ,
		command: simple(Nothing, 0, map[Command]string{Zero: "<ZK>\t", TakeTare: "<TK>\t"}), // Aclas OS2 manual
	}},
}

func pollENQ(Profile) []Step {
	return []Step{
		{Send: []byte{enq}, Until: AnAck, Wait: 300 * time.Millisecond},
		{Send: []byte{dc1}, Until: AReading, Wait: 500 * time.Millisecond},
	}
}

// cutENQ frames by length and not by ETX: the check byte can have any value, also that of a control character.
func cutENQ(buf []byte) (int, Event) {
	switch {
	case buf[0] == ack:
		return 1, Reply{Kind: Ack}
	case buf[0] == nak:
		return 1, Reply{Kind: NotReady}
	case buf[0] != soh:
		return 1, nil
	case len(buf) == 1:
		return 0, nil
	case buf[1] != stx:
		return 1, nil
	case len(buf) < enqFrame:
		return 0, nil
	case buf[13] != etx || buf[14] != eot:
		return 1, Broken{Reason: BadFormat} // a byte was lost: the next frame may begin inside
	case xor(buf[2:12]) != buf[12]:
		return enqFrame, Broken{Reason: BadChecksum}
	}
	return enqFrame, decodeENQ(buf[2], buf[3], buf[4:10], buf[10:12])
}

func decodeENQ(status, sign byte, weight, unit []byte) Event {
	r := Reading{Kind: Weight, Stability: Unstable}
	switch status {
	case 'S':
		r.Stability = Stable
	case 'U':
	case 'F': // Aclas: out of range or not zeroed
		r.Fault = OutOfRange
	default:
		return Broken{Reason: BadFormat}
	}
	if sign == 'F' || string(weight) == "FFFFFF" { // CAS
		r.Fault = Overload
	}
	if r.Fault != NoFault {
		return r
	}
	var ok bool
	if r.Unit, ok = ParseUnit(string(unit)); !ok {
		return Broken{Reason: BadUnit}
	}
	if r.Value, ok = parseDecimal(skipBlanks(weight)); !ok {
		return Broken{Reason: BadFormat}
	}
	switch sign {
	case ' ', '0':
	case '-':
		r.Value = r.Value.negated()
	default:
		return Broken{Reason: BadFormat}
	}
	return r
}

func xor(b []byte) byte {
	var sum byte
	for _, c := range b {
		sum ^= c
	}
	return sum
}

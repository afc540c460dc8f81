package scale

import (
	"bytes"
	"time"
)

// Toledo 8217, the checkout scales of the US and Europe. Sources: odoo/odoo SerialScaleDriver.py, the DIVA service manual
// (status byte), Brecknell 67xx and 3700LP manuals.
//
//	host  W      scale  02 x x . x x x 0D        N before the 0D: net
//	                    02 3F status 0D          no weight; the status says why
//
// There is no unit on the wire. The scale sends a weight only when the pan has settled.
var toledo8217 = Protocol{
	Name:    "toledo-8217",
	Aliases: []string{"toledo-8213", "brecknell-67xx", "8217"},
	Title:   "Toledo 8217 and 8213 (Magellan, DIVA, Brecknell; checkout scales)",
	Line:    "9600 7E1", SaysStable: true,
	decoder: func(p Profile) *Decoder {
		return newDecoder(toledoFrame, func(buf []byte) (int, Event) { return cutToledo(buf, p) })
	},
	poll:    ask("W", 500*time.Millisecond),
	command: simple(Nothing, 200*time.Millisecond, map[Command]string{Zero: "Z", TakeTare: "T", ClearTare: "C"}),
}

const toledoFrame = 12 // bytes at most

func cutToledo(buf []byte, p Profile) (int, Event) {
	if buf[0] != stx {
		return 1, nil
	}
	if next := bytes.IndexByte(buf[1:], stx); next >= 0 {
		return next + 1, Broken{Reason: BadFormat}
	}
	end := bytes.IndexByte(buf, cr)
	if end < 0 {
		return 0, nil
	}
	return end + 1, decodeToledo(buf[1:end], p)
}

func decodeToledo(body []byte, p Profile) Event {
	switch {
	case string(body) == "E": // answers Ehello; hello follows
		return Reply{Kind: Notice, Details: []Detail{{"probe", "ok"}}}
	case string(body) == "F", string(body) == "?": // echo mode has ended, the self test begins
		return Reply{Kind: Notice}
	case len(body) == 2 && body[0] == '?':
		return toledoStatus(body[1])
	}
	r := Reading{Kind: Weight, Stability: Stable, Unit: p.Unit}
	number, net := bytes.CutSuffix(body, []byte{'N'})
	if net {
		r.Mode = Net
	}
	var ok bool
	if r.Value, ok = parseDecimal(number); !ok {
		return Broken{Reason: BadFormat}
	}
	if r.Unit == NoUnit {
		return Broken{Reason: BadUnit}
	}
	return r
}

// toledoStatus reads the status byte: bit 0 motion, 1 over capacity, 2 under zero, 3 outside the zero range, 4 centre of
// zero, 5 net, 6 always.
func toledoStatus(status byte) Event {
	details := []Detail{{"status_only", "true"}}
	if status&0x20 != 0 {
		details = append(details, Detail{"net", "true"})
	}
	if status&0x10 != 0 {
		details = append(details, Detail{"at_zero", "true"})
	}
	var fault Fault
	switch {
	case status&0x40 == 0:
		return Broken{Reason: BadFormat}
	case status&0x02 != 0:
		fault = Overload
	case status&0x04 != 0:
		fault = Underload
	case status&0x08 != 0:
		fault = OutsideZeroRange
	case status&0x01 != 0:
		fault = InMotion
		details = append(details, Detail{"motion", "true"})
	default:
		return Reply{Kind: Notice, Details: details}
	}
	return Reading{Kind: Weight, Stability: Unknown, Fault: fault, Details: details}
}

package scale

import (
	"bytes"
	"strconv"
	"time"
)

// NCI SCP-01 and SCP-02, Weigh-Tronix's general protocol, also "NCI" or "ECR" on Brecknell, Adam MDW, CAS CI and Ohaus
// Aviator. Sources: NCI 7800 manual, AWTX 7821 manual, DIVA service manual, Ohaus Aviator manual, CAS CI-100A manual,
// garlick/brewcop (a real 6702).
//
//	host  W 0D   scale  0A weight unit 0D 0A [S] h h ... 0D 03
//	                    0A [S] h h ... 0D 03       only the status: moving, negative, over, under, no zero
//	                    0A ? 0D 03                 unknown command
//
// Where the weight stands, ^^^^^^ is over, ______ is under, ------ is no zero.
var nci = Protocol{
	Name:    "nci",
	Aliases: []string{"nci-scp01", "nci-scp02", "weigh-tronix", "adam-mdw", "ecr"},
	Title:   "NCI SCP-01 and SCP-02 (Weigh-Tronix, Brecknell, Adam MDW, Ohaus Aviator)",
	Line:    "9600 7E1", SaysUnit: true, SaysStable: true,
	decoder: func(p Profile) *Decoder {
		return newDecoder(nciFrame, func(buf []byte) (int, Event) { return cutNCI(buf, p) })
	},
	poll:    ask("W\r", 500*time.Millisecond),
	command: simple(Nothing, 200*time.Millisecond, map[Command]string{Zero: "Z\r"}),
}

const nciFrame = 40 // bytes at most

func cutNCI(buf []byte, p Profile) (int, Event) {
	if buf[0] != lf {
		return 1, nil
	}
	end := bytes.IndexByte(buf, etx)
	if end < 0 {
		return 0, nil
	}
	return end + 1, decodeNCI(buf[1:end], p)
}

func decodeNCI(body []byte, p Profile) Event {
	body, ok := bytes.CutSuffix(body, []byte{cr})
	if !ok {
		return Broken{Reason: BadFormat}
	}
	if string(body) == "?" {
		return Reply{Kind: Rejected, Code: "unrecognised_command"}
	}
	weight, status, both := bytes.Cut(body, []byte{cr, lf})
	if !both {
		weight, status = nil, body
	}
	s, ok := parseNCIStatus(bytes.TrimPrefix(status, []byte{'S'}))
	if !ok {
		return Broken{Reason: BadFormat}
	}
	if !both {
		return s.alone()
	}
	return s.with(weight, p)
}

// nciStatus is what the status characters say.
type nciStatus struct {
	motion, zero, net bool
	fault             Fault
}

// parseNCIStatus reads two or more characters. 1: bit 0 motion, 1 zero, 2 RAM error, 3 EEPROM error. 2: bit 0 under, 1 over,
// 2 ROM error, 3 calibration error. 3: bit 2 net, 3 no zero at power-on. Bits 4 and 5 are always set; bit 6 says that
// another character follows.
func parseNCIStatus(c []byte) (nciStatus, bool) {
	var s nciStatus
	if len(c) < 2 || len(c) > 4 {
		return s, false
	}
	for _, h := range c {
		if h&0x30 != 0x30 || h >= 0x80 {
			return s, false
		}
	}
	s.motion, s.zero = c[0]&1 != 0, c[0]&2 != 0
	if len(c) > 2 {
		s.net = c[2]&4 != 0
	}
	switch {
	case c[0]&0x0C != 0, c[1]&0x0C != 0:
		s.fault = Hardware
	case c[1]&2 != 0:
		s.fault = Overload
	case c[1]&1 != 0:
		s.fault = Underload
	case len(c) > 2 && c[2]&8 != 0:
		s.fault = ZeroError
	}
	return s, true
}

// alone is a status without a weight.
func (s nciStatus) alone() Event {
	details := []Detail{
		{"status_only", "true"},
		{"motion", strconv.FormatBool(s.motion)},
		{"at_zero", strconv.FormatBool(s.zero)},
	}
	if s.fault == NoFault && s.motion {
		s.fault = InMotion
	}
	if s.fault == NoFault {
		return Reply{Kind: Notice, Details: details}
	}
	return Reading{Kind: Weight, Stability: Unknown, Fault: s.fault, Details: details}
}

func (s nciStatus) with(weight []byte, p Profile) Event {
	r := Reading{Kind: Weight, Stability: Stable, AtZero: s.zero, Fault: s.fault}
	if s.motion {
		r.Stability = Unstable
	}
	if s.net {
		r.Mode = Net
	}
	if shown := shownFault(weight); shown != NoFault && r.Fault == NoFault {
		r.Fault = shown
	}
	if r.Fault != NoFault {
		r.Stability = Unknown
		return r
	}
	return r.withWeight(weight, p)
}

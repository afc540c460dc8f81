package scanner

import (
	"bytes"
	"fmt"
	"time"
)

// SSI, the simple serial interface of Zebra (Symbol) scanners. Source: SE-923 integration guide and the SSI programmer's
// guide.
//
//	scanner  length F3 00 status type data... Ch Cl     a decoded code; length counts all but the check
//	host     04 D0 04 00 FF 28                           acknowledged
//	host     05 D1 04 00 cause Ch Cl                     not: 01 the check was wrong, send again
//
// The check is the two's complement of the sum of all bytes before it. A scanner that gets no answer sends the packet again
// with bit 0 of status set; a code longer than a packet comes in several, all but the last with bit 1 set.
const (
	ssiDecodeData = 0xF3
	ssiAck        = 0xD0
	ssiNak        = 0xD1
	ssiHost       = 0x04

	ssiRetransmit = 0x01
	ssiMore       = 0x02

	ssiResend = 0x01 // cause of a NAK: the check was wrong
	ssiDenied = 0x02 // cause of a NAK: not understood

	ssiHeader = 4 // length, opcode, source, status
	ssiCheck  = 2
)

// ssiTypes are the symbologies by code type, as AIM identifiers. The others are sent without.
var ssiTypes = map[byte]string{
	0x01: "]A0", 0x03: "]C0", 0x06: "]I0", 0x0A: "]E4", 0x0B: "]E0", 0x0F: "]C1",
	0x1B: "]d1", 0x1C: "]Q1", 0x30: "]e0", 0x31: "]e0", 0x32: "]e0",
}

// packets cuts SSI packets and answers them.
type packets struct {
	buf      []byte
	code     []byte // of the packets before the last
	raw      []byte
	previous []byte // the last packet without its status, to notice a retransmission
	answers  []byte // to be written
}

// feed takes one byte. It returns a scan when the last packet of a code is whole.
func (p *packets) feed(c byte, at time.Time) (Scan, bool) {
	p.buf = append(p.buf, c)
	if p.buf[0] < ssiHeader { // no packet is that short
		return p.refuse(0, at)
	}
	size := int(p.buf[0]) + ssiCheck
	if len(p.buf) < size {
		return Scan{}, false
	}
	packet := bytes.Clone(p.buf)
	p.buf = p.buf[:0]
	body := packet[:size-ssiCheck]
	if high, low := ssiSum(body); high != packet[size-2] || low != packet[size-1] {
		p.buf = packet // evidence
		return p.refuse(ssiResend, at)
	}
	if body[1] != ssiDecodeData || len(body) <= ssiHeader {
		if body[1] != ssiAck && body[1] != ssiNak {
			p.answer(ssiNak, ssiDenied)
		}
		return Scan{}, false
	}
	return p.take(body, packet, at)
}

// take handles a right packet with data.
func (p *packets) take(body, packet []byte, at time.Time) (Scan, bool) {
	status := body[3]
	p.answer(ssiAck)
	again := bytes.Clone(body)
	again[3] = 0
	if status&ssiRetransmit != 0 && bytes.Equal(again, p.previous) {
		return Scan{}, false // our answer was lost, not the packet
	}
	p.previous = again
	p.raw = append(p.raw, packet...)
	p.code = append(p.code, body[ssiHeader+1:]...)
	if len(p.code) > maxScan {
		return p.refuse(0, at)
	}
	if status&ssiMore != 0 {
		return Scan{}, false
	}
	s := Scan{Kind: Code, Data: p.code, AIM: ssiTypes[body[ssiHeader]], Raw: p.raw, At: at}
	if len(s.Data) > 0 && s.Data[0] == ']' { // the scanner was set to send the identifier itself
		if aim, data := splitAIM(s.Data); aim != "" {
			s.AIM, s.Data = aim, data
		}
	}
	p.code, p.raw = nil, nil
	return s, true
}

// refuse gives up what has come; with a cause the scanner is told.
func (p *packets) refuse(cause byte, at time.Time) (Scan, bool) {
	s := Scan{Kind: Broken, Raw: append(p.raw, p.buf...), At: at}
	if cause != 0 {
		p.answer(ssiNak, cause)
	}
	p.reset()
	return s, true
}

func (p *packets) reset() { p.buf, p.code, p.raw = nil, nil, nil }

// answer queues a packet of the host.
func (p *packets) answer(opcode byte, data ...byte) {
	body := append([]byte{byte(ssiHeader + len(data)), opcode, ssiHost, 0}, data...)
	high, low := ssiSum(body)
	p.answers = append(append(p.answers, body...), high, low)
}

// ssiSum returns the check of a packet.
func ssiSum(body []byte) (high, low byte) {
	var sum uint16
	for _, c := range body {
		sum += uint16(c)
	}
	sum = -sum
	return byte(sum >> 8), byte(sum)
}

// Packet is one SSI packet taken apart, for people who look at a line.
type Packet struct {
	Opcode string // its name, or its number
	Type   byte   // of a code
	Data   []byte
}

// ReadPacket takes an SSI packet apart; it reports false when the check is wrong.
func ReadPacket(b []byte) (Packet, bool) {
	if len(b) < ssiHeader+ssiCheck || int(b[0])+ssiCheck != len(b) {
		return Packet{}, false
	}
	body := b[:len(b)-ssiCheck]
	if high, low := ssiSum(body); high != b[len(b)-2] || low != b[len(b)-1] {
		return Packet{}, false
	}
	p := Packet{Data: body[ssiHeader:]}
	switch body[1] {
	case ssiDecodeData:
		p.Opcode = "DECODE_DATA"
		if len(p.Data) > 0 {
			p.Type, p.Data = p.Data[0], p.Data[1:]
		}
	case ssiAck:
		p.Opcode = "CMD_ACK"
	case ssiNak:
		p.Opcode = "CMD_NAK"
	default:
		p.Opcode = fmt.Sprintf("%02X", body[1])
	}
	return p, true
}

package badline

import (
	"bufio"
	"errors"
	"io"
)

// errPacket is returned for bytes that are no MQTT packet.
var errPacket = errors.New("not an MQTT packet")

// maxPacket bounds a packet in bytes: the largest frame and its topic.
const maxPacket = 128 << 10

// readPacket reads one MQTT packet.
//
// MQTT 3.1.1, section 2.2: a packet is one byte of type, one to four bytes of
// remaining length (seven bits each, lowest first), then as many bytes.
func readPacket(r *bufio.Reader) ([]byte, error) {
	kind, err := r.ReadByte()
	if err != nil {
		return nil, err
	}
	packet, length := []byte{kind}, 0
	for shift := 0; ; shift += 7 {
		b, err := r.ReadByte()
		if err != nil {
			return nil, err
		}
		packet = append(packet, b)
		if length |= int(b&0x7f) << shift; length > maxPacket || shift > 21 {
			return nil, errPacket
		}
		if b&0x80 == 0 {
			break
		}
	}
	head := len(packet)
	packet = append(packet, make([]byte, length)...)
	_, err = io.ReadFull(r, packet[head:])
	return packet, err
}

// unconfirmed reports whether a packet is a publish of QoS 0, which nobody
// confirms. MQTT 3.1.1, section 3.3.1.
func unconfirmed(packet []byte) bool { return packet[0]>>4 == 3 && packet[0]>>1&3 == 0 }

package mqtt

import "errors"

// errTooLong is returned when a broker announces a packet that no frame needs.
var errTooLong = errors.New("the broker announces a packet longer than any frame")

// maxPacket bounds an MQTT packet from the broker, in bytes after the fixed
// header: the largest frame, its topic and a packet identifier.
const maxPacket = 64 << 10

// guard follows the lengths of the MQTT packets in a stream. The client library
// allocates whatever length the peer claims, up to 256 MiB for five bytes, so
// the claim is checked before the library sees it.
//
// MQTT 3.1.1, section 2.2: a packet is one byte of type, one to four bytes of
// remaining length (seven bits each, lowest first), then as many bytes.
type guard struct {
	skip   int // bytes of the present packet still to come
	digits int // bytes of the remaining length seen, plus one for the type; 0 before a packet
	length int
}

// take looks at the next bytes of the stream.
func (g *guard) take(b []byte) error {
	for len(b) > 0 {
		if g.skip > 0 {
			n := min(g.skip, len(b))
			g.skip -= n
			b = b[n:]
			continue
		}
		c := b[0]
		b = b[1:]
		if g.digits == 0 {
			g.digits, g.length = 1, 0
			continue
		}
		g.length |= int(c&0x7f) << (7 * (g.digits - 1))
		g.digits++
		if g.length > maxPacket || g.digits > 5 {
			return errTooLong
		}
		if c&0x80 == 0 {
			g.skip, g.digits = g.length, 0
		}
	}
	return nil
}

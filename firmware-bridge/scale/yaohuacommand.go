package scale

import (
	"bytes"
	"strconv"
	"time"
)

// Yaohua XK3190 in command mode, and Keli XK3118K9-R. Sources: XK3190-A23p and DS3 manuals, XK3190-A22 manual (zero), Keli
// XK3118K9-R manual.
//
//	host  02 address command Xh Xl 03          A hand shake, B gross, C tare, D net, E unit price, F amount; 0 zero
//	scale 02 address command data Xh Xl 03     data of B to D: sign, six digits, number of decimals
//
// The address is 'A' for the first indicator. There is neither unit nor stability on the wire.
var yaohuaCommand = Protocol{
	Name:    "yaohua-cmd",
	Aliases: []string{"yaohua-tf1", "keli-cmd"},
	Title:   "Yaohua XK3190 and Keli XK3118 in command mode, address 1",
	Line:    "9600 8N1",
	decoder: func(p Profile) *Decoder {
		return newDecoder(yaohuaReply, func(buf []byte) (int, Event) { return cutYaohuaCommand(buf, p) })
	},
	poll:    func(Profile) []Step { return []Step{{yaohuaRequest('B'), AReading, 500 * time.Millisecond}} },
	command: simple(Nothing, 200*time.Millisecond, map[Command]string{Zero: string(yaohuaRequest('0'))}),
}

const yaohuaReply = 24 // bytes at most

// yaohuaRequest returns a request to the first indicator.
func yaohuaRequest(command byte) []byte {
	sum := 'A' ^ command
	return []byte{stx, 'A', command, hexDigit(sum >> 4), hexDigit(sum & 0xF), etx}
}

func hexDigit(n byte) byte { return "0123456789ABCDEF"[n] }

func cutYaohuaCommand(buf []byte, p Profile) (int, Event) {
	if buf[0] != stx {
		return 1, nil
	}
	if next := bytes.IndexByte(buf[1:], stx); next >= 0 {
		return next + 1, Broken{Reason: BadFormat}
	}
	end := bytes.IndexByte(buf, etx)
	switch {
	case end < 0:
		return 0, nil
	case end < 5:
		return end + 1, Broken{Reason: BadFormat}
	case !hexCheck(buf[1:end-2], buf[end-2], buf[end-1]):
		return end + 1, Broken{Reason: BadChecksum}
	}
	return end + 1, decodeYaohuaCommand(buf[1], buf[2], buf[3:end-2], p)
}

func decodeYaohuaCommand(address, command byte, data []byte, p Profile) Event {
	meanings := map[byte]string{
		'A': "handshake", 'B': "read gross", 'C': "read tare", 'D': "read net", 'E': "read unit price", 'F': "read amount", '0': "zero",
	}
	what, known := meanings[command]
	if !known || address < 'A' || address > 'Z' {
		return Broken{Reason: BadFormat}
	}
	modes := map[byte]Mode{'B': Gross, 'C': Tare, 'D': Net}
	if mode, weighs := modes[command]; weighs && len(data) == 8 {
		e := yaohuaValue(data, p)
		if r, ok := e.(Reading); ok {
			r.Mode = mode
			return r
		}
		return e
	}
	if len(data) > 0 && command != 'E' && command != 'F' {
		return Broken{Reason: BadFormat}
	}
	kind := Notice
	if command == 'A' || command == '0' {
		kind = Ack
	}
	return Reply{Kind: kind, Details: []Detail{{"address", strconv.Itoa(int(address-'A') + 1)}, {"command", what}}}
}

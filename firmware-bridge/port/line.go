package port

import (
	"fmt"
	"strconv"
	"strings"
)

// Parity is the parity bit of a character on the line.
type Parity byte

// The parities in use; mark and space parity are not supported.
const (
	NoParity   Parity = 'N'
	EvenParity Parity = 'E'
	OddParity  Parity = 'O'
)

// Line is how characters travel on a serial line. A TCP serial server and a CDC device ignore it, except that seven data
// bits with parity are always checked in software.
type Line struct {
	Baud     int // bits per second, 50 to 4,000,000; rates outside the usual table are set exactly
	DataBits int // 7 or 8
	Parity   Parity
	StopBits int // 1 or 2
}

// DefaultLine is 9600 8N1, the setting most scales and scanners leave the factory with.
var DefaultLine = Line{Baud: 9600, DataBits: 8, Parity: NoParity, StopBits: 1}

// ParseLine reads settings as people write them: "9600 8N1", "9600,7,E,1" or "115200" (8N1).
func ParseLine(s string) (Line, error) {
	fields := strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == ',' || r == '/' })
	if len(fields) == 0 {
		return Line{}, fmt.Errorf("line settings %q: want speed and format, such as %q", s, DefaultLine)
	}
	baud, err := strconv.Atoi(fields[0])
	if err != nil {
		return Line{}, fmt.Errorf("line settings %q: speed %q is not a number", s, fields[0])
	}
	format := strings.ToUpper(strings.Join(fields[1:], ""))
	if format == "" {
		format = "8N1"
	}
	if len(format) != 3 {
		return Line{}, fmt.Errorf("line settings %q: format %q: want data bits, parity, stop bits, such as 8N1", s, format)
	}
	l := Line{Baud: baud, DataBits: int(format[0] - '0'), Parity: Parity(format[1]), StopBits: int(format[2] - '0')}
	return l, l.Validate()
}

// Validate reports what of the settings cannot be had.
func (l Line) Validate() error {
	switch {
	case l.Baud < 50 || l.Baud > 4_000_000:
		return fmt.Errorf("speed %d: want 50 to 4000000", l.Baud)
	case l.DataBits != 7 && l.DataBits != 8:
		return fmt.Errorf("%d data bits: want 7 or 8", l.DataBits)
	case l.Parity != NoParity && l.Parity != EvenParity && l.Parity != OddParity:
		return fmt.Errorf("parity %q: want N, E or O", string(rune(l.Parity)))
	case l.StopBits != 1 && l.StopBits != 2:
		return fmt.Errorf("%d stop bits: want 1 or 2", l.StopBits)
	}
	return nil
}

// String writes the settings as "9600 8N1".
func (l Line) String() string {
	return fmt.Sprintf("%d %d%c%d", l.Baud, l.DataBits, rune(l.Parity), l.StopBits)
}

// softParity reports whether the parity bit is handled here and not by the driver: seven bits and a parity bit look on the
// wire like eight bits, and only software can turn a corrupt byte into a visible one (and work on ptys, which force 8 bits).
func (l Line) softParity() bool { return l.DataBits == 7 && l.Parity != NoParity }

// Corrupt replaces a byte whose parity bit is wrong. No seven-bit device sends it, so the frame around it cannot decode.
const Corrupt = 0xFF

// Strip checks the parity bit of each byte and removes it in place; a wrong one becomes Corrupt. It returns how many were
// wrong. NoParity leaves the bytes as they are.
func (p Parity) Strip(b []byte) int {
	if p == NoParity {
		return 0
	}
	bad := 0
	for i, c := range b {
		if p.add(c&0x7F) != c {
			b[i] = Corrupt
			bad++
			continue
		}
		b[i] = c & 0x7F
	}
	return bad
}

// Add returns a copy of seven-bit bytes with the parity bit set as this parity asks.
func (p Parity) Add(b []byte) []byte {
	out := make([]byte, len(b))
	for i, c := range b {
		out[i] = c
		if p != NoParity {
			out[i] = p.add(c & 0x7F)
		}
	}
	return out
}

func (p Parity) add(c byte) byte {
	ones := c ^ c>>4
	ones ^= ones >> 2
	ones ^= ones >> 1
	odd := ones&1 == 1
	if odd == (p == EvenParity) {
		return c | 0x80
	}
	return c
}

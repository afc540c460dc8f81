package mqtt

import (
	"errors"
	"testing"
)

// announced tells, in the plainest way, whether a stream announces a packet that
// is too long.
func announced(b []byte) bool {
	for len(b) > 0 {
		b = b[1:] // the type
		length, ended := 0, false
		for digit := 0; len(b) > 0 && !ended; digit++ {
			if digit == 4 {
				return true // MQTT knows four digits
			}
			length += int(b[0]&0x7f) << (7 * digit)
			ended = b[0]&0x80 == 0
			b = b[1:]
			if length > maxPacket {
				return true
			}
		}
		if !ended {
			return false // the rest has not come yet
		}
		b = b[min(length, len(b)):]
	}
	return false
}

func TestGuard_RefusesLongPacketsOnly(t *testing.T) {
	tests := []struct {
		name string
		b    []byte
		want error
	}{
		{"a CONNACK", []byte{0x20, 2, 0, 0}, nil},
		{"two PINGRESPs and half a packet", []byte{0xd0, 0, 0xd0, 0, 0x30, 200, 1, 7}, nil},
		{"64 KiB", []byte{0x30, 0x80, 0x80, 0x04}, nil},
		{"a byte more", []byte{0x30, 0x81, 0x80, 0x04}, errTooLong},
		{"256 MiB", []byte{0x30, 0xff, 0xff, 0xff, 0x7f}, errTooLong},
		{"five digits", []byte{0x30, 0x80, 0x80, 0x80, 0x80, 0x01}, errTooLong},
		{"256 MiB behind a good packet", []byte{0x20, 2, 0, 0, 0x30, 0xff, 0xff, 0xff, 0x7f}, errTooLong},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var g guard
			if err := g.take(tt.b); !errors.Is(err, tt.want) {
				t.Errorf("take: %v, want %v", err, tt.want)
			}
		})
	}
}

// However a stream is cut into pieces, the guard says what the plain reading of
// the whole says.
func FuzzGuard(f *testing.F) {
	f.Add([]byte{0x20, 2, 0, 0, 0xd0, 0}, byte(1))
	f.Add([]byte{0x30, 0xff, 0xff, 0xff, 0x7f}, byte(2))
	f.Add([]byte{0x30, 0x80, 0x80, 0x04, 1, 2, 3}, byte(3))
	f.Fuzz(func(t *testing.T, b []byte, step byte) {
		var g guard
		refused := false
		for rest := b; len(rest) > 0 && !refused; {
			n := min(int(step%7)+1, len(rest))
			refused = g.take(rest[:n]) != nil
			rest = rest[n:]
		}
		if want := announced(b); refused != want {
			t.Errorf("% x: refused %t, want %t", b, refused, want)
		}
	})
}

package sim

import "math/bits"

// withParity sets the eighth bit of each byte as a seven-bit device does.
func withParity(parity byte, b []byte) []byte {
	if parity == 0 {
		return b
	}
	out := make([]byte, len(b))
	for i, c := range b {
		out[i] = c & 0x7F
		if odd := bits.OnesCount8(out[i])%2 == 1; odd == (parity == 'E') {
			out[i] |= 0x80
		}
	}
	return out
}

// strip takes the eighth bit off.
func strip(parity byte, b []byte) []byte {
	if parity == 0 {
		return b
	}
	out := make([]byte, len(b))
	for i, c := range b {
		out[i] = c & 0x7F
	}
	return out
}

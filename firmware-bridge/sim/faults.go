package sim

import (
	"math/rand/v2"
	"time"
)

// Faults bends what a device sends. The zero value is a device in good order.
type Faults struct {
	Split  bool // each byte by itself, a millisecond apart
	Merge  int  // frames are held back and sent so many at a time
	Noise  int  // percent of frames that have random bytes before them
	Flip   int  // percent of frames in which one bit is wrong; protocols without a check cannot notice it
	Cut    int  // percent of frames that lose their end
	Silent bool // nothing is sent
}

// byteTime is the pause of Split.
const byteTime = time.Millisecond

// mangler applies faults to frames.
type mangler struct {
	held [][]byte
	dice *rand.Rand
}

// apply returns the pieces to write, one by one.
func (m *mangler) apply(f Faults, frame []byte) [][]byte {
	if f.Silent {
		return nil
	}
	frame = append([]byte(nil), frame...)
	if m.happens(f.Flip) {
		frame[m.dice.IntN(len(frame))] ^= 1 << m.dice.IntN(8)
	}
	if m.happens(f.Cut) {
		frame = frame[:m.dice.IntN(len(frame))]
	}
	if m.happens(f.Noise) {
		noise := make([]byte, 1+m.dice.IntN(8))
		for i := range noise {
			noise[i] = byte(m.dice.IntN(256))
		}
		frame = append(noise, frame...)
	}
	m.held = append(m.held, frame)
	if len(m.held) < f.Merge {
		return nil
	}
	var all []byte
	for _, h := range m.held {
		all = append(all, h...)
	}
	m.held = nil
	if !f.Split {
		return [][]byte{all}
	}
	var pieces [][]byte
	for i := range all {
		pieces = append(pieces, all[i:i+1])
	}
	return pieces
}

func (m *mangler) happens(percent int) bool { return m.dice.IntN(100) < percent }

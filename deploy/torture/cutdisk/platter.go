package cutdisk

import (
	"math/rand/v2"
	"slices"
	"sync"
)

// sector is what a disk writes as a whole, in bytes.
const sector = 512

// Platter is the memory of a disk: what is durable, and what was written since
// the last flush. It is safe for concurrent use.
type Platter struct {
	mu      sync.Mutex
	durable []byte
	current []byte
	pending []write
	lying   bool
	flushes int
}

type write struct {
	off  int64
	data []byte
}

// NewPlatter makes an empty disk of the given size in bytes.
func NewPlatter(size int64) *Platter {
	return &Platter{durable: make([]byte, size), current: make([]byte, size)}
}

// Size gives the size in bytes.
func (p *Platter) Size() int64 { return int64(len(p.current)) }

// Flushes counts the flushes that were honoured.
func (p *Platter) Flushes() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.flushes
}

// Lie makes the disk acknowledge flushes without doing them, as some drives
// do, until Lie(false).
func (p *Platter) Lie(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lying = on
}

func (p *Platter) read(dest []byte, off int64) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if off >= int64(len(p.current)) {
		return 0
	}
	return copy(dest, p.current[off:])
}

func (p *Platter) write(data []byte, off int64) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if off >= int64(len(p.current)) {
		return 0
	}
	n := copy(p.current[off:], data)
	p.pending = append(p.pending, write{off, slices.Clone(data[:n])})
	return n
}

func (p *Platter) flush() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.lying {
		return
	}
	p.flushes++
	for _, w := range p.pending {
		copy(p.durable[w.off:], w.data)
	}
	p.pending = p.pending[:0]
}

// Fate says what becomes of the writes that were not flushed.
type Fate int

// The fates: all are lost, each is kept or lost, each sector is kept or lost.
const (
	LoseAll Fate = iota
	KeepSome
	Tear
	fates
)

// Image is what the disk holds after the power was cut.
type Image struct {
	Bytes   []byte
	Pending int // writes that were in flight
	Fate    Fate
}

// Cut gives the disk as it would be if the power failed now. The disk itself
// goes on: cutting it many times is cheap.
func (p *Platter) Cut(rng *rand.Rand) Image {
	p.mu.Lock()
	defer p.mu.Unlock()
	img := Image{Bytes: slices.Clone(p.durable), Pending: len(p.pending), Fate: Fate(rng.IntN(int(fates)))}
	for _, w := range p.pending {
		img.keep(w, rng)
	}
	return img
}

func (img *Image) keep(w write, rng *rand.Rand) {
	switch img.Fate {
	case KeepSome:
		if rng.IntN(2) == 0 {
			copy(img.Bytes[w.off:], w.data)
		}
	case Tear:
		for from := 0; from < len(w.data); from += sector {
			if rng.IntN(2) == 0 {
				copy(img.Bytes[w.off+int64(from):], w.data[from:min(from+sector, len(w.data))])
			}
		}
	case LoseAll, fates:
	}
}

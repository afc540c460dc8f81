// Package chance gives a simulation everything that is random in it, from one
// seed.
//
// A draw depends on the seed, on who draws and on the moment, and on nothing
// else: not on how many draws came before, and so not on the order in which
// goroutines happen to run within one moment. Whoever draws twice at one moment
// under one name gets the same twice.
package chance

import (
	"encoding/binary"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"sync"
	"time"
)

// Dice is the randomness of one simulation.
type Dice struct{ seed uint64 }

// New gives the dice of a seed.
func New(seed uint64) Dice { return Dice{seed} }

// Of gives a generator for somebody who draws one after the other.
func (d Dice) Of(who string) *rand.Rand {
	h := fnv.New64a()
	_, _ = io.WriteString(h, who) // never fails
	return rand.New(rand.NewPCG(d.seed, h.Sum64()))
}

// Now gives a generator for this moment.
func (d Dice) Now(who string) *rand.Rand {
	h := fnv.New64a()
	_, _ = h.Write(binary.LittleEndian.AppendUint64([]byte(who), uint64(time.Now().UnixNano()))) // never fails
	return rand.New(rand.NewPCG(d.seed, h.Sum64()))
}

// Float gives a function that draws from [0, 1).
func (d Dice) Float(who string) func() float64 {
	return func() float64 { return d.Now(who).Float64() }
}

// Reader gives endless bytes, to take the place of crypto/rand.Reader.
func (d Dice) Reader() io.Reader {
	var seed [32]byte
	binary.LittleEndian.PutUint64(seed[:], d.seed)
	return &reader{from: rand.NewChaCha8(seed)}
}

type reader struct {
	mu   sync.Mutex
	from *rand.ChaCha8 // guarded by mu
}

func (r *reader) Read(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.from.Read(b)
}

package flood

import (
	"context"
	"fmt"
	"sync"

	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

// Trusting is the negative control: a receiver without a cursor, which takes
// every valid batch for new, as a queue that promises "at least once" lets one
// do.
type Trusting struct {
	codec *wire.Codec

	mu     sync.Mutex
	sheets map[stock.Warehouse]*stock.Sheet // guarded by mu
	upto   map[stock.Warehouse]stock.Seq    // guarded by mu
	life   map[stock.Warehouse]int          // guarded by mu
}

// NewTrusting makes one.
func NewTrusting() (*Trusting, error) {
	codec, err := wire.NewCodec()
	return &Trusting{codec: codec, sheets: make(map[stock.Warehouse]*stock.Sheet), upto: make(map[stock.Warehouse]stock.Seq), life: make(map[stock.Warehouse]int)}, err
}

// Take is part of Receiver.
func (r *Trusting) Take(_ context.Context, w stock.Warehouse, p Packet) (wire.Frame, error) {
	f, err := r.codec.DecodeUp(p.raw)
	if err != nil {
		return f, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	switch b := f.Body.(type) {
	case *wire.Hello:
		f.Body = &wire.Welcome{Session: uint64(p.life), Applied: b.Last}
		r.upto[w], r.life[w] = b.Last, p.life
		if r.sheets[w] == nil {
			r.sheets[w] = new(stock.Sheet)
		}
	case *wire.Batch:
		for _, raw := range b.Entries {
			e, err := wire.DecodeEntry(raw)
			if err != nil {
				return f, err
			}
			r.sheets[w].Apply(&e.Movement)
		}
		if p.life != r.life[w] {
			f.Body = &wire.Fenced{} // it says so, and has counted the frame all the same
			return f, nil
		}
		r.upto[w] = max(r.upto[w], b.To())
		f.Body = &wire.Ack{Upto: r.upto[w]}
	}
	return f, nil
}

// Compare is part of Receiver.
func (r *Trusting) Compare(w stock.Warehouse, _ stock.Position, model *stock.Sheet) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	got, want := r.sheets[w].Digest(), model.Digest()
	if got.Root() != want.Root() {
		return fmt.Errorf("digest %x, want %x", got.Root(), want.Root())
	}
	return nil
}

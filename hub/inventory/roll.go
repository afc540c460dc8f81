package inventory

import (
	"cmp"
	"hash/maphash"
	"iter"
	"slices"

	"github.com/forestock/forestock/proto/stock"
)

// roll has the lines of a warehouse and finds them by SKU. Lines stay where they
// are, and are never taken off. The zero roll is empty.
//
// A line is looked for with every line of every order, out of millions. A map
// would do, but costs two misses of the processor's cache more, and memory of
// its own for each line.
type roll struct {
	slots  []rollSlot // a power of two, at most three quarters in use
	blocks []*[rollBlock]line
	count  int
}

const rollBlock = 64

// rollSlot stands for a line. The hash is asked first, so that nearly every line
// that is looked at is the right one.
type rollSlot struct {
	hash   uint32
	number uint32 // of the line, from 1; 0 where the slot is free
}

var rollSeed = maphash.MakeSeed()

// rollHash differs from process to process, so that nobody can choose SKUs that
// have the same. Nothing but the time that a search takes depends on it.
func rollHash(sku stock.SKU) uint32 { return uint32(maphash.String(rollSeed, string(sku))) }

// find gives the line of a SKU, or nil.
func (r *roll) find(sku stock.SKU) *line {
	if r.count == 0 {
		return nil
	}
	hash := rollHash(sku)
	for i := hash; ; i++ {
		slot := r.slots[i&uint32(len(r.slots)-1)]
		if slot.number == 0 {
			return nil
		}
		if slot.hash == hash {
			if l := r.line(slot.number); l.sku == sku {
				return l
			}
		}
	}
}

func (r *roll) line(number uint32) *line {
	return &r.blocks[(number-1)/rollBlock][(number-1)%rollBlock]
}

// add gives a SKU a line. It has none so far.
func (r *roll) add(sku stock.SKU) *line {
	if r.count*4 >= len(r.slots)*3 {
		r.grow()
	}
	if r.count%rollBlock == 0 {
		r.blocks = append(r.blocks, new([rollBlock]line))
	}
	r.count++
	r.place(rollSlot{rollHash(sku), uint32(r.count)})
	l := r.line(uint32(r.count))
	l.sku = sku
	return l
}

func (r *roll) place(s rollSlot) {
	mask := uint32(len(r.slots) - 1)
	i := s.hash & mask
	for r.slots[i].number != 0 {
		i = (i + 1) & mask
	}
	r.slots[i] = s
}

func (r *roll) grow() {
	old := r.slots
	r.slots = make([]rollSlot, max(16, 2*len(old)))
	for _, s := range old {
		if s.number != 0 {
			r.place(s)
		}
	}
}

// all iterates over the lines in the order they were added.
func (r *roll) all() iter.Seq[*line] {
	return func(yield func(*line) bool) {
		for number := uint32(1); number <= uint32(r.count); number++ {
			if !yield(r.line(number)) {
				return
			}
		}
	}
}

// sorted gives the lines by SKU.
func (r *roll) sorted() []*line {
	return slices.SortedFunc(r.all(), func(a, b *line) int { return cmp.Compare(a.sku, b.sku) })
}

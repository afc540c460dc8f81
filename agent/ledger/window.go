package ledger

import (
	"hash/maphash"

	"github.com/forestock/forestock/proto/stock"
)

// window remembers just enough of the newest entries to recognise a command
// that comes again, to tell what the book had a while ago, and what was undone.
// Nothing of it is written: it is read back from the journal at opening, so
// that a commit dirties no page of an index.
type window struct {
	size     int
	ring     []trace   // of entry seq at (seq-origin) % size
	origin   stock.Seq // the first entry ever added
	last     stock.Seq
	commands map[commandKey]stock.Seq // first entry of each command
	undone   map[stock.Seq]stock.Seq  // entry -> the entry that undid it
	seed     maphash.Seed
}

// commandKey stands for a command id; 128 bits never collide by accident, and
// the entry itself has the last word.
type commandKey = stock.CommandSum

func keyOf(id string) commandKey { return stock.SumOfCommand(id) }

// trace is what is remembered of one entry. SKU and cells are hashes.
type trace struct {
	command       commandKey
	sku, cell, to uint64 // to is 0 where goods did not move
	delta         int64
}

func newWindow(size int) window {
	return window{
		size: size, commands: make(map[commandKey]stock.Seq), undone: make(map[stock.Seq]stock.Seq), seed: maphash.MakeSeed(),
	}
}

// add takes up the entry that follows the newest one. The first entry added to
// an empty window may have any number. key is that of its command.
func (w *window) add(e *stock.Entry, key commandKey) {
	t := trace{command: key, sku: w.sku(e.SKU), cell: w.cell(e.Cell()), delta: e.Delta}
	if e.To != "" {
		t.to = w.cell(stock.Cell{SKU: e.SKU, Lot: e.Lot, Bin: e.To})
	}
	if e.Part == 0 {
		w.commands[t.command] = e.Seq
	}
	if e.Undoes != 0 {
		w.undone[e.Undoes] = e.Seq
	}
	if len(w.ring) == 0 {
		w.origin, w.last = e.Seq, e.Seq-1
	}
	if len(w.ring) < w.size {
		w.ring = append(w.ring, t)
	} else {
		w.forget(w.oldest())
		*w.at(e.Seq) = t
	}
	w.last = e.Seq
}

func (w *window) forget(seq stock.Seq) {
	if key := w.at(seq).command; w.commands[key] == seq {
		delete(w.commands, key)
	}
	delete(w.undone, seq)
}

// oldest gives the oldest entry that is remembered; last+1 when there is none.
func (w *window) oldest() stock.Seq { return w.last + 1 - stock.Seq(len(w.ring)) }

// covers reports whether an entry is remembered.
func (w *window) covers(seq stock.Seq) bool { return seq >= w.oldest() && seq <= w.last }

func (w *window) at(seq stock.Seq) *trace {
	return &w.ring[(seq-w.origin)%stock.Seq(w.size)]
}

// since gives how much a cell changed by the entries after base.
func (w *window) since(base stock.Seq, c stock.Cell) int64 {
	var sum int64
	cell := w.cell(c)
	for seq := base + 1; seq <= w.last; seq++ {
		t := w.at(seq)
		if t.cell == cell {
			sum += t.delta
		}
		if t.to == cell {
			sum -= t.delta
		}
	}
	return sum
}

// of gives the entries of a SKU that are remembered, newest first, at most limit.
func (w *window) of(sku stock.SKU, limit int) []stock.Seq {
	var out []stock.Seq
	want := w.sku(sku)
	for seq := w.last; seq >= w.oldest() && seq > 0 && len(out) < limit; seq-- {
		if w.at(seq).sku == want {
			out = append(out, seq)
		}
	}
	return out
}

func (w *window) sku(s stock.SKU) uint64 { return maphash.Comparable(w.seed, s) }

func (w *window) cell(c stock.Cell) uint64 { return max(1, maphash.Comparable(w.seed, c)) }

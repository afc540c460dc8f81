package storetest

import (
	"fmt"

	"pgregory.net/rapid"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/proto/stock"
)

// Fleet is boxes of a few warehouses that do at random what boxes do, and what
// they should not.
type Fleet struct {
	tb      rapid.TB
	ids     []stock.Warehouse
	boxes   map[stock.Warehouse][]*Box // the newest last
	hub     Hub
	numbers int
}

// NewFleet gives a fleet of n warehouses, whose boxes learn from a hub what they
// are to take over.
func NewFleet(tb rapid.TB, n int, hub Hub) *Fleet {
	tb.Helper()
	f := &Fleet{tb: tb, hub: hub, boxes: make(map[stock.Warehouse][]*Box)}
	for i := range n {
		w := stock.Warehouse(fmt.Sprintf("wh-%d", i))
		f.ids = append(f.ids, w)
		f.boxes[w] = []*Box{NewBox(w, f.number())}
	}
	return f
}

func (f *Fleet) number() int { f.numbers++; return f.numbers }

// Sent is a command, and the box that hears the answer; nil where none does.
type Sent struct {
	Command inventory.Command
	Box     *Box
}

// Hear passes the answer on.
func (s Sent) Hear(r inventory.Result) {
	if s.Box != nil {
		s.Box.Hear(r)
	}
}

// Next gives the next thing that happens.
func (f *Fleet) Next(t *rapid.T) Sent {
	w := rapid.SampledFrom(f.ids).Draw(t, "warehouse")
	boxes := f.boxes[w]
	box := boxes[len(boxes)-1]
	if len(boxes) > 1 && rapid.IntRange(0, 3).Draw(t, "old box") == 0 {
		box = rapid.SampledFrom(boxes).Draw(t, "box")
	}
	if box.Session == 0 && rapid.IntRange(0, 9).Draw(t, "impatient") > 0 {
		return Sent{box.Hello(), box}
	}
	if rapid.IntRange(0, 2).Draw(t, "platform or floor") == 0 {
		return f.order(t)
	}
	if sent, ok := f.transfer(t, box); ok {
		return sent
	}
	switch rapid.IntRange(0, 19).Draw(t, "what") {
	case 0:
		return Sent{box.HelloAgain(), nil} // a copy, whose answer nobody waits for
	case 1:
		box.Start(f.number())
		return Sent{box.Hello(), box}
	case 2:
		return f.replace(t, box)
	case 3:
		return f.fork(t, box)
	case 4:
		return f.items(t)
	case 5, 6:
		return f.downStored(t, box)
	case 7:
		return f.forge(t, box)
	case 8, 9:
		f.work(t, box)
		return f.stray(t, box)
	case 10:
		return f.recall(t, box)
	}
	f.work(t, box)
	return Sent{box.Rest(rapid.IntRange(0, 6).Draw(t, "entries")), box}
}

// work appends a few entries to the ledger, now and then one that is none.
func (f *Fleet) work(t *rapid.T, b *Box) {
	for range rapid.IntRange(0, 4).Draw(t, "movements") {
		switch rapid.IntRange(0, 19).Draw(t, "scribble") {
		case 0:
			b.Scribble([]byte("no entry at all"))
		case 1: // an entry that was moved: it carries another number
			other := NewBox(b.Warehouse, 1<<30)
			other.Move(f.tb, movement().Draw(t, "movement"))
			if b.Last() > 0 {
				b.Scribble(other.raws[0])
			}
		default:
			b.Move(f.tb, f.forOrder(t, b, movement().Draw(t, "movement")))
		}
	}
}

// stray sends a run that overlaps what is stored, or leaves a gap.
func (f *Fleet) stray(t *rapid.T, b *Box) Sent {
	if b.Last() == 0 {
		return Sent{b.Rest(1), b}
	}
	from := stock.Seq(rapid.Uint64Range(1, uint64(b.Last())).Draw(t, "from"))
	to := stock.Seq(rapid.Uint64Range(uint64(from), uint64(b.Last())).Draw(t, "to"))
	return Sent{b.Batch(from, to), b}
}

// forge sends something with one thing wrong in it.
func (f *Fleet) forge(t *rapid.T, b *Box) Sent {
	in := b.Rest(3)
	switch rapid.IntRange(0, 4).Draw(t, "forgery") {
	case 0:
		in.Session++
	case 1:
		in.Epoch[0]++
	case 2:
		in.Prev[0]++
	case 3:
		in.Warehouse = "nowhere"
	case 4:
		root := uint64(1) // a digest that fits nothing: the two sides diverge
		in.Digest = &root
	}
	return Sent{in, nil}
}

// replace puts a new box into the warehouse, which says hello.
func (f *Fleet) replace(t *rapid.T, old *Box) Sent {
	b := NewBox(old.Warehouse, f.number())
	b.May = rapid.Bool().Draw(t, "may take over")
	if rapid.Bool().Draw(t, "opening") {
		m := movement().Draw(t, "opening")
		m.Kind, m.To = stock.Opening, ""
		b.Move(f.tb, m)
	}
	f.boxes[old.Warehouse] = append(f.boxes[old.Warehouse], b)
	return Sent{b.Hello(), b}
}

// fork brings a box back to an older copy of its ledger; it goes on from there
// as if nothing had been.
func (f *Fleet) fork(t *rapid.T, b *Box) Sent {
	b.RollBack(stock.Seq(rapid.Uint64Range(0, uint64(b.Last())).Draw(t, "last")))
	f.work(t, b)
	b.Stored = min(b.Stored, b.Last())
	if rapid.Bool().Draw(t, "hello") {
		return Sent{b.Hello(), b}
	}
	return Sent{b.Rest(3), b}
}

func (f *Fleet) items(t *rapid.T) Sent {
	var u inventory.UpdateItems
	for range rapid.IntRange(0, 3).Draw(t, "items") {
		u.Items = append(u.Items, item().Draw(t, "item"))
	}
	return Sent{Command: u}
}

func (f *Fleet) downStored(t *rapid.T, b *Box) Sent {
	if rapid.IntRange(0, 3).Draw(t, "other epoch") == 0 {
		b.Down.Epoch = stock.Epoch(random("down", f.number()))
	}
	upto := stock.Seq(rapid.Uint64Range(0, 6).Draw(t, "down"))
	b.Down.Applied = upto
	return Sent{inventory.DownStored{Warehouse: b.Warehouse, Session: b.Session, Position: b.Down}, nil}
}

// movement draws a valid movement of a few SKUs, lots and bins, so that cells
// meet often.
func movement() *rapid.Generator[stock.Movement] {
	return rapid.Custom(func(t *rapid.T) stock.Movement {
		m := stock.Movement{
			Kind:  rapid.SampledFrom([]stock.Kind{stock.Receive, stock.Pick, stock.Count, stock.Waste}).Draw(t, "kind"),
			SKU:   rapid.SampledFrom([]stock.SKU{"milk", "rice", "eggs-10", "pear"}).Draw(t, "sku"),
			Lot:   rapid.SampledFrom([]stock.Lot{"", "A1", "B2"}).Draw(t, "lot"),
			Bin:   rapid.SampledFrom([]stock.Bin{"", "C-1", "C-2"}).Draw(t, "bin"),
			Delta: rapid.Int64Range(-20, 20).Draw(t, "delta"),
		}
		if rapid.IntRange(0, 4).Draw(t, "move") == 0 {
			m.Kind, m.To, m.Delta = stock.Putaway, "C-9", -max(m.Delta, -m.Delta)
		}
		if m.Lot != "" {
			m.Expiry = rapid.SampledFrom([]stock.Date{0, 20261130, 20270131}).Draw(t, "expiry")
			m.Produced = rapid.SampledFrom([]stock.Date{0, 20261101}).Draw(t, "produced")
		}
		return m
	})
}

func item() *rapid.Generator[stock.Item] {
	return rapid.Custom(func(t *rapid.T) stock.Item {
		return stock.Item{
			SKU:   rapid.SampledFrom([]stock.SKU{"milk", "rice", "eggs-10", "pear", "plum"}).Draw(t, "sku"),
			Name:  rapid.SampledFrom([]string{"牛奶", "大米", "鸡蛋"}).Draw(t, "name"),
			Unit:  stock.Piece,
			GTINs: rapid.SampledFrom([][]stock.GTIN{nil, {"04006381333931"}}).Draw(t, "gtins"),
			Price: rapid.Int64Range(0, 3).Draw(t, "price"),
		}
	})
}

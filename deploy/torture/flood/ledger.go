package flood

import (
	"fmt"
	"math/rand/v2"

	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

// remembered is how many of the newest entries a ledger can send again: more
// than are ever ahead of the acknowledgement, the clearing out included.
const remembered = 1024

// ledger is one life of a warehouse's book, and the model of what a hub must
// have made of it.
type ledger struct {
	epoch  stock.Epoch
	last   stock.Seq
	tail   [][]byte     // the newest entries, up to last
	hashes []stock.Hash // after each of them; the first is before all of them
	sheet  stock.Sheet
}

func newLedger(rng *rand.Rand) *ledger {
	l := new(ledger)
	for i := range l.epoch {
		l.epoch[i] = byte(rng.Uint32())
	}
	l.hashes = []stock.Hash{stock.Genesis(l.epoch)}
	return l
}

func (l *ledger) head() stock.Hash { return l.hashes[len(l.hashes)-1] }

// book writes an entry.
func (l *ledger) book(m *stock.Movement) error {
	e := stock.Entry{Seq: l.last + 1, Command: fmt.Sprintf("c%d", l.last+1), Movement: *m}
	raw, err := wire.EncodeEntry(&e)
	if err != nil {
		return err
	}
	l.last++
	l.tail, l.hashes = append(l.tail, raw), append(l.hashes, l.head().Next(raw))
	if len(l.tail) > 2*remembered {
		l.tail = append([][]byte(nil), l.tail[remembered:]...)
		l.hashes = append([]stock.Hash(nil), l.hashes[remembered:]...)
	}
	l.sheet.Apply(m)
	return nil
}

// work books anything.
func (l *ledger) work(rng *rand.Rand) error {
	m := stock.Movement{
		Kind: stock.Receive, SKU: stock.SKU(fmt.Sprintf("S%02d", rng.IntN(50))), Lot: stock.Lot(fmt.Sprintf("L%d", rng.IntN(4))),
		Bin: "A-01-01", Delta: int64(1 + rng.IntN(99)), Operator: "li", Station: "s1", Scan: []byte("]E06901234567892"),
	}
	switch rng.IntN(4) {
	case 0:
		m.Kind, m.Delta = stock.Pick, -m.Delta
	case 1:
		m.Kind, m.To, m.Delta = stock.Putaway, "B-02-02", -m.Delta
	}
	return l.book(&m)
}

// clearOut brings every level to zero, so that nothing is lost when the box
// gets a new ledger.
func (l *ledger) clearOut() error {
	for sku := range l.sheet.SKUs() {
		for _, level := range l.sheet.Levels(sku) {
			m := stock.Movement{Kind: stock.Adjust, SKU: level.SKU, Lot: level.Lot, Bin: level.Bin, Delta: -level.OnHand, Operator: "li", Station: "s1"}
			if err := l.book(&m); err != nil {
				return err
			}
		}
	}
	return nil
}

// batch gives entries from..to, as far as they are remembered.
func (l *ledger) batch(from, to stock.Seq) stock.Batch {
	oldest := l.last - stock.Seq(len(l.tail)) + 1
	from, to = max(from, oldest), min(to, l.last)
	i, j := from-oldest, to-oldest+1
	return stock.Batch{From: from, Prev: l.hashes[i], Entries: l.tail[i:j]}
}

func (l *ledger) position() stock.Position {
	return stock.Position{Epoch: l.epoch, First: 1, Last: l.last, Head: l.head()}
}

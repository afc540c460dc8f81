package floor

import (
	"errors"
	"iter"
	"slices"

	"github.com/forestock/forestock/proto/stock"
)

// toy is a book in memory: what the ledger promises, in a few lines.
type toy struct {
	stock.Sheet
	entries  []stock.Entry
	orders   []stock.Order
	receipts map[string]stock.Receipt // by command: the same again counts once
	forgets  bool                     // the receipts; for negative controls
	full     bool
}

var errFull = errors.New("full")

func (b *toy) Append(c stock.Command) (stock.Receipt, error) {
	if b.full {
		return stock.Receipt{}, errFull
	}
	if r, again := b.receipts[c.ID]; again && !b.forgets {
		r.Replayed = true
		return r, nil
	}
	from := stock.Seq(len(b.entries) + 1)
	for i, m := range c.Movements {
		if m.Count != nil {
			m.Delta = m.Count.Counted - m.Count.Seen
		}
		if m.Undoes != 0 {
			first := b.entries[m.Undoes-1]
			m.SKU, m.Lot, m.Bin, m.To, m.Delta = first.SKU, first.Lot, first.Bin, first.To, -first.Delta
			m.Document, m.Line = first.Document, first.Line
		}
		b.Apply(&m)
		b.entries = append(b.entries, stock.Entry{Seq: from + stock.Seq(i), Command: c.ID, Part: i, Movement: m})
	}
	r := stock.Receipt{From: from, To: stock.Seq(len(b.entries))}
	if b.receipts == nil {
		b.receipts = make(map[string]stock.Receipt)
	}
	b.receipts[c.ID] = r
	return r, nil
}

func (b *toy) Item(sku stock.SKU) (stock.Item, bool) {
	return find(func(it stock.Item) bool { return it.SKU == sku })
}

func (b *toy) ItemByGTIN(g stock.GTIN) (stock.Item, bool) {
	return find(func(it stock.Item) bool { return slices.Contains(it.GTINs, g) })
}

func (b *toy) ItemByPLU(plu string) (stock.Item, bool) {
	return find(func(it stock.Item) bool { return it.PLU != "" && it.PLU == plu })
}

func find(is func(stock.Item) bool) (stock.Item, bool) {
	if i := slices.IndexFunc(goodsInShop, is); i >= 0 {
		return goodsInShop[i], true
	}
	return stock.Item{}, false
}

func (b *toy) Items() iter.Seq[stock.Item] { return slices.Values(goodsInShop) }

func (b *toy) Observe(c stock.Cell) stock.CountEvidence {
	return stock.CountEvidence{Seen: b.OnHand(c), Base: stock.Seq(len(b.entries))}
}

func (b *toy) Position() stock.Position {
	return stock.Position{First: 1, Last: stock.Seq(len(b.entries))}
}

func (b *toy) Entry(seq stock.Seq) (stock.Entry, error) { return b.entries[seq-1], nil }

func (b *toy) History(sku stock.SKU, limit int) ([]stock.Entry, error) {
	var out []stock.Entry
	for _, e := range slices.Backward(b.entries) {
		if e.SKU == sku && len(out) < limit {
			out = append(out, e)
		}
	}
	return out, nil
}

func (b *toy) Orders() []stock.Order {
	return slices.DeleteFunc(slices.Clone(b.orders), func(o stock.Order) bool { return o.State != stock.OrderOpen })
}

func (b *toy) Order(id stock.OrderID) (stock.Order, bool) {
	i := slices.IndexFunc(b.orders, func(o stock.Order) bool { return o.ID == id })
	if i < 0 {
		return stock.Order{}, false
	}
	return b.orders[i], true
}

func (b *toy) Picked(id stock.OrderID) stock.Progress {
	var p stock.Progress
	for i := range b.entries {
		if b.entries[i].Document == string(id) {
			p.Apply(&b.entries[i].Movement)
		}
	}
	return p
}

func (b *toy) Recounts() []stock.Recount { return nil }

// crowd is who works on which order, as the clerks of a test do.
type crowd struct {
	clerks map[string]*clerk
	totes  map[string]stock.OrderID
	wrong  map[string]int
}

func newCrowd() *crowd {
	return &crowd{map[string]*clerk{}, map[string]stock.OrderID{}, map[string]int{}}
}

func (c *crowd) Claimant(id stock.OrderID) string {
	for name, k := range c.clerks {
		if r := k.state.round; r != nil && r.order == id {
			return name
		}
	}
	return ""
}

func (c *crowd) Tote(id stock.OrderID) string {
	for tote, order := range c.totes {
		if order == id {
			return tote
		}
	}
	return ""
}

func (c *crowd) Filling(tote string) stock.OrderID { return c.totes[tote] }

func (c *crowd) WrongPINs(badge string) int { return c.wrong[badge] }

// fetch brings the work of a person from another station, like the desks do.
func (c *crowd) fetch(to *clerk, badge string) {
	for _, from := range c.clerks {
		if from == to || from.state.operator != badge || from.state.mode == LookUp {
			continue
		}
		from.take(Leave{to.state.station})
		to.take(Arrive{*from.last.Work})
		return
	}
}

package floor

import (
	"strings"

	"github.com/forestock/forestock/proto/stock"
)

// UnlistedBin is the crate of goods that the catalogue has not got. Its card
// hangs on it.
const UnlistedBin stock.Bin = "99-99-99"

// unlistedMark begins the SKU under which such goods are booked; their trade
// item number follows.
const unlistedMark = "unlisted-"

// unlistedOf names goods without a catalogue entry; empty for a code that could
// be anything, such as a text or a label of the shop's own scale.
func unlistedOf(l *label) stock.SKU {
	if l.gtin == "" || l.inStore {
		return ""
	}
	return stock.SKU(unlistedMark + string(l.gtin))
}

func isUnlisted(sku stock.SKU) bool { return strings.HasPrefix(string(sku), unlistedMark) }

// item gives what is known of a SKU: what the catalogue says, or that it is
// unlisted.
func (t *turn) item(sku stock.SKU) (stock.Item, bool) {
	if it, ok := t.book.Item(sku); ok || !isUnlisted(sku) {
		return it, ok
	}
	code := strings.TrimPrefix(string(sku), unlistedMark)
	return stock.Item{
		SKU: sku, Name: "待建档 " + code, NameEn: "unlisted " + code, Unit: stock.Piece, Pack: 1,
		GTINs: []stock.GTIN{stock.GTIN(code)}, Bin: UnlistedBin,
	}, true
}

// unlisted finds goods that the catalogue has not got, where they may be
// booked: what comes in is not turned away, and goes on like anything else.
func (t *turn) unlisted(l *label) (stock.Item, bool) {
	sku := unlistedOf(l)
	if sku == "" || t.mode != Receive && len(t.cells(sku)) == 0 {
		return stock.Item{}, false
	}
	return t.item(sku)
}

// inboundBin gives where an item is received to.
func (t *turn) inboundBin(it *stock.Item) stock.Bin {
	switch {
	case isUnlisted(it.SKU):
		return UnlistedBin
	case t.place == UnlistedBin:
		return "" // out of the crate, to the dock
	}
	return t.place
}

// listed gives the movements that take goods out of the crate once the
// catalogue has them; false when so many are not in it.
func (t *turn) listed(g *goods) ([]stock.Movement, bool) {
	if t.place != UnlistedBin || isUnlisted(g.item.SKU) {
		return nil, true
	}
	left := g.qty / max(1, g.item.Pack)
	var out []stock.Movement
	for _, n := range g.item.GTINs {
		taken, rest := take(at(t.cells(unlistedOf(&label{gtin: n})), UnlistedBin), left)
		for _, c := range taken {
			out = append(out, stock.Movement{
				Kind: stock.Adjust, SKU: c.SKU, Lot: c.Lot, Bin: c.Bin, Delta: -c.OnHand, Reason: "listed as " + string(g.item.SKU),
			})
		}
		left = rest
	}
	if left > 0 {
		have := g.qty/max(1, g.item.Pack) - left
		t.drop()
		t.refuse(NotEnough, say(badNotEnough, amount(have, stock.Piece), nameOf(g.item)), hintNotUnlisted)
		return nil, false
	}
	return out, true
}

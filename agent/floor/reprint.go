package floor

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/forestock/forestock/firmware-bridge/barcode"
	"github.com/forestock/forestock/proto/stock"
)

// Label is something to print, or to show where there is no printer.
type Label struct {
	Kind   string `json:"kind"` // lot or manifest
	Title  Text   `json:"title"`
	Code   string `json:"code"` // for a lot GS1 elements, for a manifest the text of a QR code
	Lines  []Line `json:"lines,omitempty"`
	Copies int64  `json:"copies"`

	// Of a lot:
	Name     Text      `json:"name,omitzero"` // stands where the title would
	Lot      stock.Lot `json:"lot,omitempty"`
	Produced string    `json:"produced,omitempty"` // 2006-01-02
	Expiry   string    `json:"expiry,omitempty"`   // 2006-01-02
}

// reprint gives the label of a lot once more: of what was received last, or of
// what a look-up shows. Its dates are those that the lot was first booked with,
// whatever the catalogue says now, and that it was printed is an entry.
func (t *turn) reprint() {
	if t.mode == TransferOut {
		t.manifestAgain()
		return
	}
	copies := int64(1)
	if t.entry != "" {
		copies = digits(t.entry)
		t.entry = ""
	}
	if copies < 1 || copies > 99 {
		t.refuse(BadQuantity, say(badQuantity, strconv.FormatInt(copies, 10)), hintQuantity)
		return
	}
	it, lot, ok := t.labelled()
	if !ok {
		t.notHere(buttonName(Reprint))
		return
	}
	info := t.book.Lot(it.SKU, lot)
	name := say(same("%s %s"), nameOf(it), lotName(lot, info.Expiry))
	m := stock.Movement{Kind: stock.Adjust, SKU: it.SKU, Lot: lot, Reason: fmt.Sprintf("reprint of %d labels", copies)}
	t.save([]stock.Movement{m}, say(saidReprint, copies, name))
	if t.pending == nil {
		return
	}
	t.pending.goods, t.pending.lines = goods{}, nil
	t.pending.again = true
	t.pending.label = (&Label{Kind: "lot", Title: name, Name: nameOf(it), Code: lotCode(it, info), Copies: copies}).of(info)
}

// of writes the lot and its dates on the label.
func (l *Label) of(lot stock.LotInfo) *Label {
	l.Lot, l.Produced, l.Expiry = lot.Lot, lot.Produced.String(), lot.Expiry.String()
	return l
}

// labelled gives the lot whose label is meant.
func (t *turn) labelled() (stock.Item, stock.Lot, bool) {
	if l := t.latest; l != nil {
		return l.item, l.lot, true
	}
	it, known := t.item(t.sought.sku)
	here := lots(t.cells(t.sought.sku))
	if !known || t.mode != LookUp || len(here) != 1 {
		return stock.Item{}, "", false
	}
	return it, here[0].Lot, true
}

// lotCode writes the GS1 elements of a lot. Goods without a trade item number
// carry their SKU.
func lotCode(it stock.Item, lot stock.LotInfo) string {
	var all []barcode.Element
	if len(it.GTINs) > 0 {
		all = append(all, barcode.Element{AI: "01", Value: string(it.GTINs[0])})
	}
	if day := lot.Expiry; day != 0 {
		all = append(all, barcode.Element{AI: "17", Value: strings.ReplaceAll(day.String(), "-", "")[2:]})
	}
	if lot.Lot != "" {
		all = append(all, barcode.Element{AI: "10", Value: string(lot.Lot)})
	}
	if len(it.GTINs) == 0 {
		return string(it.SKU)
	}
	return barcode.ElementString(all)
}

// weightLabel gives the label of goods that were just weighed, to stick on
// their bag or crate; nil where the scale had no part. It has no price: few
// scales are approved for trade.
func (t *turn) weightLabel(g *goods) *Label {
	if g.scale == "" || t.mode != Receive && t.mode != Pick {
		return nil
	}
	title := say(same("%s  %s"), nameOf(g.item), amount(g.qty, g.item.Unit))
	if t.round != nil {
		title = say(same("%s  ·  %s"), title, say(saidOrder, string(t.round.order)))
	}
	return (&Label{Kind: "lot", Title: title, Code: t.weightCode(g), Copies: 1}).of(t.book.Lot(g.item.SKU, g.lot))
}

// weightCode writes the GS1 elements of weighed goods. Those without a trade item
// number carry the shop's own weighed label, where its scanners read those.
func (t *turn) weightCode(g *goods) string {
	const mostGrams = 99_999 // five digits
	code := lotCode(g.item, t.book.Lot(g.item.SKU, g.lot))
	switch {
	case len(g.item.GTINs) > 0 && g.qty < 1_000_000:
		head := barcode.ElementString([]barcode.Element{{AI: "01", Value: string(g.item.GTINs[0])}, {AI: "3103", Value: fmt.Sprintf("%06d", g.qty)}})
		return head + strings.TrimPrefix(code, "01"+string(g.item.GTINs[0]))
	case t.rules.ShopLabels && len(g.item.PLU) == 5 && g.qty <= mostGrams:
		digits := "20" + g.item.PLU + fmt.Sprintf("%05d", g.qty)
		return digits + string(barcode.CheckDigit(digits))
	}
	return code
}

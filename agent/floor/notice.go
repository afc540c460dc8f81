package floor

import (
	"cmp"
	"maps"
	"slices"

	"github.com/forestock/forestock/proto/stock"
)

// Notice is what a supplier has announced of a delivery, by the number of its
// document.
type Notice struct {
	Document string
	Lines    []Expected
}

// Expected is how much of an item was announced.
type Expected struct {
	SKU      stock.SKU
	Quantity int64 // base units
}

func (n *Notice) of(sku stock.SKU) int64 {
	var sum int64
	for _, l := range n.Lines {
		if l.SKU == sku {
			sum += l.Quantity
		}
	}
	return sum
}

// delivery is a notice, and what was received on its document so far, by
// whoever and at whichever station.
type delivery struct {
	notice *Notice
	came   map[stock.SKU]int64 // never changed in place
}

// expect looks up what was announced of a document.
func (t *turn) expect(number string) {
	t.delivery = nil
	if t.rules.Notices == nil {
		return
	}
	n, err := t.rules.Notices(number)
	switch {
	case err != nil:
		t.refuse(LookUpFailed, say(badNotice, err), hintNotice)
	case n != nil:
		t.delivery = &delivery{n, nil}
		for _, l := range n.Lines {
			t.recollect(l.SKU)
		}
	}
}

// recollect adds up what was received of an item on the document at hand.
func (t *turn) recollect(sku stock.SKU) {
	const lately = 200 // entries of an item; a delivery is the work of a day
	if t.delivery == nil {
		return
	}
	entries, err := t.book.History(sku, lately)
	if err != nil {
		return // what is shown stays as it was
	}
	var n int64
	document := make(map[stock.Seq]string, len(entries))
	for i := range entries {
		e := &entries[len(entries)-1-i] // the oldest first: an undo has the document of what it undoes
		document[e.Seq] = cmp.Or(e.Document, document[e.Undoes])
		if document[e.Seq] == t.document {
			n += e.Delta
		}
	}
	came := maps.Clone(t.delivery.came)
	if came == nil {
		came = make(map[stock.SKU]int64)
	}
	came[sku] = n
	t.delivery = &delivery{t.delivery.notice, came}
}

// announced reports whether goods may be taken in: as many were announced, or
// somebody has said that more came by scanning the document again. A weight
// never comes out even, so there only what is whole already is too much.
func (t *turn) announced(g *goods) bool {
	if t.delivery == nil || t.over || isUnlisted(g.item.SKU) {
		return true
	}
	left := t.delivery.notice.of(g.item.SKU) - t.delivery.came[g.item.SKU]
	if g.qty <= left || g.item.Unit != stock.Piece && left > 0 {
		return true
	}
	t.goods, t.question = g, wantOver
	t.refuse(OverNotice, say(badOver, amount(max(0, left), g.item.Unit), nameOf(g.item)), hintOver)
	return false
}

// takeMore takes the document, scanned again, for the word that more came than
// was announced.
func (t *turn) takeMore() {
	t.alert = nil
	t.over, t.question = true, noQuestion
	t.trade().advance(t)
}

// differs gives the items of which something else came than was announced.
func (t *turn) differs() []stock.SKU {
	if t.delivery == nil {
		return nil
	}
	var out []stock.SKU
	for _, sku := range t.delivery.skus() {
		if t.delivery.notice.of(sku) != t.delivery.came[sku] {
			out = append(out, sku)
		}
	}
	return out
}

// skus gives the items that were announced, and then those that came without.
func (d *delivery) skus() []stock.SKU {
	var out []stock.SKU
	for _, l := range d.notice.Lines {
		if !slices.Contains(out, l.SKU) {
			out = append(out, l.SKU)
		}
	}
	for _, sku := range slices.Sorted(maps.Keys(d.came)) {
		if !slices.Contains(out, sku) && d.came[sku] != 0 {
			out = append(out, sku)
		}
	}
	return out
}

// deliveryLines shows what came of what was announced; while differences are
// to be confirmed, only those.
func (t *turn) deliveryLines() []Line {
	if t.delivery == nil {
		return nil
	}
	differ := t.differs()
	var out []Line
	for _, sku := range t.delivery.skus() {
		it, ok := t.item(sku)
		if !ok {
			it = stock.Item{SKU: sku, Name: string(sku), Unit: stock.Piece}
		}
		l := line(nameOf(it), "", of2(t.delivery.came[sku], t.delivery.notice.of(sku), it.Unit))
		switch {
		case slices.Contains(differ, sku):
			l.Tone = ToneLook
		case t.leaving == Finish:
			continue
		}
		out = append(out, l)
	}
	return out
}

// finishDelivery ends the work on a document. What differs from the notice is
// shown first; FINISH again or a badge says that it is right.
func (t *turn) finishDelivery() {
	if t.delivery != nil {
		for _, sku := range t.delivery.skus() {
			t.recollect(sku)
		}
	}
	if n := len(t.differs()); n > 0 && !t.sure && t.unsavedText().Empty() {
		t.leaving = Finish
		t.show(ToneLook, SoundLook, say(saidDiffers, n))
		return
	}
	t.finish()
}

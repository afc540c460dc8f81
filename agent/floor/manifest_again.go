package floor

import (
	"slices"
	"strings"

	"github.com/forestock/forestock/proto/stock"
)

// manifestAgain gives the manifest that was made last once more, out of the
// ledger, so that a paper that was lost does not strand the goods. It has the
// name of the first one, and is received once all the same.
func (t *turn) manifestAgain() {
	if t.unsavedText().Empty() && t.rules.Transfers != nil {
		sent, err := t.lastSent()
		switch {
		case err != nil:
			t.refuse(LookUpFailed, say(badLookUp, err), hintLedger)
			return
		case len(sent) > 0:
			t.printAgain(sent)
			return
		}
	}
	t.notHere(buttonName(Reprint))
}

// lastSent gives the entries with which goods left last.
func (t *turn) lastSent() ([]stock.Entry, error) {
	pos := t.book.Position()
	for n, seq := 0, pos.Last; n < farthest && seq >= pos.First && seq > 0; n, seq = n+1, seq-1 {
		e, err := t.book.Entry(seq)
		if err != nil {
			return nil, err
		}
		if e.Kind == stock.TransferOut {
			return t.whole(e)
		}
	}
	return nil, nil
}

func (t *turn) printAgain(sent []stock.Entry) {
	first := &sent[0]
	route, _, _ := strings.Cut(first.Document, " ")
	_, to, _ := strings.Cut(route, ">")
	m := Manifest{ID: first.Command, From: t.rules.Transfers.Warehouse, To: stock.Warehouse(to)}
	for i := range sent {
		e := &sent[i]
		same := func(s Sent) bool { return s.SKU == e.SKU && s.Lot == e.Lot }
		if at := slices.IndexFunc(m.Lines, same); at >= 0 {
			m.Lines[at].Quantity -= e.Delta
			continue
		}
		lot := t.book.Lot(e.SKU, e.Lot)
		m.Lines = append(m.Lines, Sent{e.SKU, e.Lot, lot.Expiry, lot.Produced, -e.Delta})
	}
	code, err := t.rules.Transfers.Encode(&m)
	if err != nil {
		t.refuse(BadManifest, say(badManifest, err), hintManifest)
		return
	}
	title := say(saidManifest, string(m.From), string(m.To))
	label := &Label{Kind: "manifest", Title: title, Code: code, Copies: 1}
	for _, s := range m.Lines {
		it, _ := t.item(s.SKU)
		label.Lines = append(label.Lines, line(nameOf(it), s.Lot, amount(s.Quantity, it.Unit)))
	}
	t.save([]stock.Movement{{
		Kind: stock.Adjust, SKU: first.SKU, Lot: first.Lot, Document: first.Document, Reason: "reprint of the manifest",
	}}, say(saidReprint, 1, title))
	if t.pending != nil {
		t.pending.goods, t.pending.lines, t.pending.label, t.pending.again = goods{}, nil, label, true
	}
}

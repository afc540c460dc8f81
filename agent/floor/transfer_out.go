package floor

import (
	"slices"

	"github.com/forestock/forestock/proto/stock"
)

// sending books goods that leave for another warehouse: where to, what, FINISH.
type sending struct{}

func (sending) begin(t *turn, s sought) {
	if s.isBin {
		sending{}.bin(t, s.bin)
	}
}

// isPeer reports whether a text that is no code by itself names a warehouse.
func (t *turn) isPeer(l label) bool {
	if t.mode != TransferOut || t.rules.Transfers == nil {
		return false
	}
	_, ok := t.rules.Transfers.Peers[stock.Warehouse(l.sku)]
	return ok && l.sku != ""
}

func (t *turn) sendTo(w stock.Warehouse) {
	if !t.blank() {
		return
	}
	t.peer, t.label = w, nil
	t.show(ToneInfo, SoundHeard, say(saidSendTo, string(w)))
}

func (sending) bin(t *turn, b stock.Bin) {
	if !t.blank() {
		return
	}
	t.place, t.placed = b, true
	t.show(ToneInfo, SoundHeard, say(saidFrom, placeName(b)))
}

func (sending) goods(t *turn, g goods) {
	switch {
	case t.rules.Transfers == nil:
		t.refuse(NoPeer, badNoTransfers, hintSupervisor)
		return
	case t.peer == "":
		t.refuse(NoPeer, badNoPeer, hintNoPeer)
		return
	}
	t.turnTo(g)
}

// sendable gives the cells of an item that may leave.
func (t *turn) sendable(sku stock.SKU) []stock.Level {
	cells := t.fresh(sku, 0)
	if t.placed {
		cells = at(cells, t.place)
	}
	return cells
}

func (sending) advance(t *turn) {
	if t.goods != nil {
		t.gather(t.sendable(t.goods.item.SKU))
	}
}

func (sending) number(t *turn, n int64) bool { return t.lastLine(n) }

func (sending) button(t *turn, b Button) bool {
	if b == Finish && t.collectedAll() {
		t.send()
	}
	return b == Finish
}

// send books what was collected, and writes the manifest that goes with it.
func (t *turn) send() {
	m := Manifest{ID: t.id, From: t.rules.Transfers.Warehouse, To: t.peer}
	var movements []stock.Movement
	for _, l := range merged(t.lines, t.place) {
		taken, rest := take(of(t.sendable(l.item.SKU), l.lot), l.qty)
		if rest > 0 {
			t.refuse(NotEnough, say(badNotEnough, amount(l.qty-rest, l.item.Unit), nameOf(l.item)), hintCountFirst)
			return
		}
		like := l.movement(stock.TransferOut)
		like.Document = transferName(m.From, m.To, m.ID)
		movements = append(movements, t.outOf(taken, like)...)
		lot := t.book.Lot(l.item.SKU, l.lot)
		m.Lines = append(m.Lines, Sent{l.item.SKU, l.lot, lot.Expiry, lot.Produced, l.qty})
	}
	code, err := t.rules.Transfers.Encode(&m)
	if err != nil {
		t.refuse(BadManifest, say(badManifestLarge, err), hintManifestLarge)
		return
	}
	t.save(movements, say(saidSent, len(m.Lines), string(m.To)))
	if t.pending != nil {
		t.pending.label = &Label{Kind: "manifest", Title: say(saidManifest, string(m.From), string(m.To)), Code: code, Lines: t.linesView(), Copies: 1}
	}
}

// transferName names a transfer as the document of its movements, the same on
// both sides.
func transferName(from, to stock.Warehouse, id string) string {
	return string(from) + ">" + string(to) + " " + id
}

func (sending) saved(t *turn, _ *pending) { t.leave() }

func (sending) ask(t *turn) (ask, next Text) {
	switch {
	case t.label != nil:
		return askManifest, nextManifest
	case t.peer == "":
		return askPeer, nextPeer
	}
	return askGoods, nextSend
}

func (sending) keys(t *turn) []Button {
	if t.question == wantWeight {
		return []Button{OK, Tare, Cancel}
	}
	return []Button{Finish, Reprint, Undo, "x6", "x12", Cancel}
}

// sentLine finds the line of a manifest that goods are of.
func sentLine(m *Manifest, sku stock.SKU, lot stock.Lot, left func(Sent) int64) int {
	return slices.IndexFunc(m.Lines, func(s Sent) bool { return s.SKU == sku && (lot == "" || s.Lot == lot) && left(s) > 0 })
}

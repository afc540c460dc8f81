package floor

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/forestock/forestock/proto/stock"
)

// arriving books goods that came from another warehouse with a manifest: the
// manifest, what is there, FINISH.
type arriving struct{ plain }

// manifest takes the code of a manifest.
func (t *turn) manifest(text string) {
	if !t.blank() {
		return
	}
	if t.rules.Transfers == nil {
		t.refuse(NoPeer, badNoTransfers, hintSupervisor)
		return
	}
	m, err := t.rules.Transfers.Decode(text)
	switch {
	case err != nil:
		t.refuse(BadManifest, say(badManifest, err), hintManifest)
		return
	case m.To != t.rules.Transfers.Warehouse:
		t.refuse(BadManifest, say(badManifestTo, string(m.To)), hintManifest)
		return
	}
	t.enter(TransferIn)
	t.bill = &m
	t.document = string(m.From)
	t.show(ToneInfo, SoundHeard, say(saidManifest, string(m.From), string(m.To)))
}

// missingOf gives how much of a line nobody has scanned yet.
func (t *turn) missingOf(s Sent) int64 {
	for _, l := range t.lines {
		if l.item.SKU == s.SKU && l.lot == s.Lot {
			s.Quantity -= l.qty
		}
	}
	return s.Quantity
}

func (arriving) goods(t *turn, g goods) {
	if t.bill == nil {
		t.refuse(BadManifest, badNoManifest, hintNoManifest)
		return
	}
	t.goods, t.question = &g, noQuestion
	arriving{}.advance(t)
}

func (arriving) advance(t *turn) {
	if t.goods == nil || t.bill == nil {
		return
	}
	g := *t.goods
	i := sentLine(t.bill, g.item.SKU, g.lot, t.missingOf)
	if i < 0 {
		t.drop()
		t.refuse(WrongItem, say(badNotSent, nameOf(g.item), lotName(g.lot, g.expiry)), hintNotSent)
		return
	}
	s := t.bill.Lines[i]
	g.lot = s.Lot
	if differ(s.Expiry, g.expiry) {
		t.drop()
		t.refuse(DateConflict, say(badDateConflict, lotName(s.Lot, 0), s.Expiry), hintDateConflict)
		return
	}
	g.expiry, g.produced = s.Expiry, s.Produced
	if !t.known(&g, s.Expiry) || !t.weigh(&g) {
		return
	}
	if left := t.missingOf(s); g.item.Unit == stock.Piece && g.qty > left {
		t.drop()
		t.refuse(TooMany, say(badTooMany, amount(left, g.item.Unit), nameOf(g.item)), hintNotSent)
		return
	}
	t.consume(&g)
	t.collect(g)
}

func (arriving) bin(t *turn, b stock.Bin) {
	if !t.blank() {
		return
	}
	t.place, t.placed = b, true
	t.show(ToneInfo, SoundHeard, say(saidInto, placeName(b)))
}

func (arriving) button(t *turn, b Button) bool {
	missing := t.bill != nil && slices.ContainsFunc(t.bill.Lines, func(s Sent) bool { return t.missingOf(s) > 0 })
	switch {
	case b != Finish:
		return false
	case !t.collectedAll():
	case missing && !t.sure:
		t.leaving = Finish
		t.show(ToneLook, SoundLook, saidMissing)
	default:
		t.bookArrival()
	}
	return true
}

// bookArrival books what came. The command is named after the manifest, so that a
// manifest that is scanned again counts once.
func (t *turn) bookArrival() {
	var movements []stock.Movement
	for _, l := range merged(t.lines, t.place) {
		m := l.movement(stock.TransferIn)
		m.Bin, m.Delta, m.Expiry, m.Produced = t.place, l.qty, l.expiry, l.produced
		m.Document = transferName(t.bill.From, t.bill.To, t.bill.ID)
		movements = append(movements, m)
	}
	sum := sha256.Sum256([]byte(transferName(t.bill.From, t.bill.To, t.bill.ID)))
	t.id = "transfer-" + hex.EncodeToString(sum[:16])
	t.save(movements, say(saidArrived, len(movements), string(t.bill.From)))
}

func (arriving) saved(t *turn, _ *pending) { t.leave() }

func (arriving) ask(t *turn) (ask, next Text) {
	switch {
	case t.bill == nil:
		return askScanManifest, nextScanManifest
	case t.leaving == Finish:
		return askIncomplete, nextIncomplete
	}
	return askGoods, nextArrive
}

func (arriving) keys(t *turn) []Button {
	if t.question == wantWeight {
		return []Button{OK, Tare, Cancel}
	}
	return []Button{Finish, Undo, "x6", "x12", Cancel}
}

// billLines shows what of a manifest is still to be scanned.
func (t *turn) billLines() []Line {
	if t.bill == nil {
		return nil
	}
	var out []Line
	for _, s := range t.bill.Lines {
		it, ok := t.item(s.SKU)
		if !ok {
			it = stock.Item{SKU: s.SKU, Name: string(s.SKU), Unit: stock.Piece}
		}
		out = append(out, line(nameOf(it), s.Lot, of2(s.Quantity-max(0, t.missingOf(s)), s.Quantity, it.Unit)))
	}
	return out
}

// isManifest reports whether a text is a manifest's code.
func isManifest(text string) bool {
	return strings.HasPrefix(text, manifestMark) && len(text) > len(manifestMark)+100
}

package floor

import (
	"time"

	"github.com/forestock/forestock/proto/stock"
)

// sameCode is how soon after a code the same one is shown as "×2", so that a
// double read that got through can be taken back.
const sameCode = 1500 * time.Millisecond

// scan takes a code and routes it by what it is.
func (t *turn) scan(in Scan) {
	l := read(in)
	t.remember(in, l)
	if l.kind == codeCard {
		t.press(l.button)
		return
	}
	leaving := t.leaving
	t.leaving = ""
	if t.signing != nil {
		t.signing, t.entry = nil, "" // somebody went on without the PIN
	}
	if t.question == wantSecond && l.kind != codeBadge && l.kind != codeBad {
		t.drop() // nobody came
	}
	if l.kind != codeGoods && t.question != wantSecond {
		t.offer = nil
	}
	switch l.kind {
	case codeBadge:
		t.badge(l.text)
		if leaving == Finish && t.mode == Receive && t.operator == l.text {
			t.finish() // signed for, with what differs
		}
	case codeBin:
		t.trade().bin(t, l.bin)
	case codeGoods:
		t.goodsCode(l)
	case codePart:
		t.part(l)
	case codeManifest:
		t.manifest(l.manifest)
	case codeTote:
		t.tote(l.text)
	case codeOrder:
		t.ticket(l.text)
	case codeDocument:
		t.openDocument(l.text)
	case codeCrate:
		t.crate(l.grams)
	case codeBad:
		t.refuse(l.reason, l.message, l.hint)
	case codeCard, codeOther:
		t.notHere(same(l.text))
	}
}

// remember keeps the code for the bottom of the screen, and counts how often it
// came in a row.
func (t *turn) remember(in Scan, l label) {
	s := seen{raw: in.AIM + in.Data, device: in.Device, at: t.now, times: 1}
	if s.raw == t.seen.raw && s.device == t.seen.device && t.now.Sub(t.seen.at) < sameCode {
		s.times = t.seen.times + 1
	}
	t.seen = s
	t.last = Last{Code: l.text, What: l.what, Times: s.times, Doubles: t.last.Doubles}
}

// goodsCode takes the code of an item.
func (t *turn) goodsCode(l label) {
	if t.isPeer(l) {
		t.sendTo(stock.Warehouse(l.sku))
		return
	}
	if t.isTicket(l) {
		t.ticket(l.text)
		return
	}
	g, ok := t.identify(l)
	if !ok {
		return
	}
	t.last.What, t.scanned, t.sought.condemned = nameOf(g.item), true, nil
	if t.offer != nil {
		t.offerUndo(g.item.SKU)
		return
	}
	t.trade().goods(t, g)
}

// press takes a button or a command card.
func (t *turn) press(b Button) {
	if t.signing != nil {
		t.pin(b)
		return
	}
	if (b == OK || b == Cancel) && t.acknowledge() {
		return
	}
	asked := t.leaving
	sure := asked == b // the same card again
	t.sure = sure
	t.leaving = ""
	if b == Undo && t.question != wantSecond {
		t.undo()
		return
	}
	offered := t.offer
	if t.question != wantSecond {
		t.offer = nil
	}
	if b == Cancel && asked != "" && !sure {
		t.hear() // stays
		return
	}
	m, isMode := modeOf(b)
	if t.question == wantSecond && t.gate == gateLife && b.reason() {
		t.turnAway(b)
		return
	}
	if t.question == wantSecond && !isMode && b != Cancel && b != Lang {
		t.refuse(NeedSecond, say(badNotHere, buttonName(b)), hintSecond) // nothing goes past a gate
		return
	}
	switch {
	case isMode:
		t.goTo(b, m, sure)
	case b == Cancel:
		t.cancel(offered != nil, sure)
	case offered != nil && b.digit():
		t.offerOne(offered.list, int(b[0]-'0'))
	case b.digit() || b == Back:
		t.key(b)
	case b.times() > 0:
		t.times = b.times()
		t.show(ToneInfo, SoundHeard, say(saidTimes, t.times))
	case b == Lang:
		t.english = !t.english
		t.hear()
	case b == Reprint:
		t.reprint()
	case b == Tare:
		t.takeTare()
	case b == OK && t.entry == "" && t.question == wantLot:
		t.withoutLot()
	case b == OK && t.entry == "" && t.question == wantWeight:
		t.weighNow()
	case t.number(b) || t.trade().button(t, b):
	default:
		t.notHere(buttonName(b))
	}
}

// goTo changes the mode. Unsaved work is given up only when the same card is
// scanned twice.
func (t *turn) goTo(b Button, m Mode, sure bool) {
	if what := t.unsavedText(); !what.Empty() && !sure {
		t.leaving = b
		t.show(ToneLook, SoundLook, say(badUnsaved, what))
		return
	}
	from := t.sought
	t.enter(m)
	t.hear()
	t.trade().begin(t, from)
}

// cancel gives up the smallest thing that was begun.
func (t *turn) cancel(offered, sure bool) {
	t.offer = nil
	switch {
	case t.question == wantSecond && offered:
		t.drop()
	case offered:
	case t.entry != "" || t.times > 0:
		t.entry, t.times = "", 0
	case t.goods != nil:
		t.goods, t.question, t.reason = nil, noQuestion, ""
	case t.round != nil && t.question != noQuestion, t.question == wantSecond, t.question == wantDamaged:
		t.drop()
	case t.round != nil && !sure && len(t.stops()) > 0:
		t.leaving = Cancel
		t.show(ToneLook, SoundLook, say(saidStopsLeft, len(t.stops())))
		return
	case len(t.lines) > 0 && !sure:
		t.leaving = Cancel
		t.show(ToneLook, SoundLook, say(badUnsaved, t.unsavedText()))
		return
	default:
		t.enter(LookUp)
		t.hear()
		return
	}
	t.show(ToneInfo, SoundHeard, saidCancelled)
}

// notHere refuses what is understood but of no use now.
func (t *turn) notHere(what Text) {
	t.refuse(NotHere, say(badNotHere, what), say(hintNotHere, t.askText()))
}

// key takes a digit of the keypad: of a number, or of a choice.
func (t *turn) key(b Button) {
	const most = 6 // digits; also a date yymmdd
	switch {
	case t.question == wantWhich && b.digit():
		t.choose(int(b[0] - '0'))
		return
	case b == Back && t.entry != "":
		t.entry = t.entry[:len(t.entry)-1]
	case b.digit() && len(t.entry) < most:
		t.entry += string(b)
	}
	t.hear()
}

// number takes the digits that were keyed in, when b ends them and they answer
// the question; false when there are none.
func (t *turn) number(b Button) bool {
	if t.entry == "" || (b != OK && !b.reason()) {
		return false
	}
	text := t.entry
	t.entry = ""
	n := digits(text)
	switch {
	case t.question == wantDate:
		t.keyedDate(text)
		return true
	case n == 0 && t.question != wantZero && t.question != wantFound:
		t.refuse(BadQuantity, say(badQuantity, text), hintQuantity)
		return true
	case t.goods != nil && (t.question == wantWeight || t.question == wantML):
		g := *t.goods
		g.qty = n
		t.goods, t.question = &g, noQuestion
	case t.mode == Receive && b.reason() && t.damaged(b):
		t.damagedQty(n)
		t.trade().advance(t)
		return true
	case !t.trade().number(t, n):
		t.notHere(say(same("%s"), text))
		return true
	}
	if b == OK {
		t.trade().advance(t)
		return true
	}
	return false // the reason itself is still to be taken
}

// digits reads a number of at most six digits.
func digits(text string) int64 {
	var n int64
	for _, c := range text {
		n = n*10 + int64(c-'0')
	}
	return n
}

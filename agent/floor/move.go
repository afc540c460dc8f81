package floor

import (
	"cmp"
	"strings"

	"github.com/forestock/forestock/proto/stock"
)

// moving books goods that go from one bin to another: from, the goods, to. A
// put-away is a move that begins at the dock.
type moving struct{}

func (moving) begin(t *turn, s sought) {
	b, one := t.context(s.sku)
	switch {
	case t.mode == Move && s.isBin:
		moving{}.bin(t, s.bin)
	case t.mode == Move && one:
		moving{}.bin(t, b)
	}
}

func (moving) bin(t *turn, b stock.Bin) {
	switch {
	case !t.placed || (len(t.lines) == 0 && t.goods == nil):
		t.place, t.placed = b, true
		t.show(ToneInfo, SoundHeard, say(saidFrom, placeName(b)))
	case t.goods != nil:
		t.refuse(Unsaved, say(badUnsaved, nameOf(t.goods.item)), say(hintNotHere, t.askText()))
	case b == t.place:
		t.refuse(SamePlace, badSamePlace, hintSamePlace)
	default:
		t.target = b
		t.bookMove(b)
	}
}

// fitting reports whether a bin is cold enough for what was collected, and warm
// enough; if not it asks for a second person.
func (t *turn) fitting(to stock.Bin) bool {
	zone := t.zoneOf(to)
	for _, l := range t.lines {
		if want := plainZone(l.item.Zone); zone != "" && want != zone {
			return t.passes(gateZone, WrongZone, say(badZone, placeName(to), zoneTexts[zone], nameOf(l.item), zoneTexts[want]))
		}
	}
	return true
}

// zoneOf gives the temperature zone of a bin; empty where nothing tells.
func (t *turn) zoneOf(b stock.Bin) stock.Zone {
	name, _, _ := strings.Cut(string(b), "-")
	if z, ok := t.rules.Zones[name]; ok {
		return plainZone(z)
	}
	for it := range t.book.Items() {
		if it.Bin == b {
			return plainZone(it.Zone)
		}
	}
	return ""
}

// plainZone takes goods without a zone for ambient ones.
func plainZone(z stock.Zone) stock.Zone { return cmp.Or(z, stock.Ambient) }

// suggested gives where the last collected goods belong: with their like, or at
// home.
func (t *turn) suggested() stock.Bin {
	if len(t.lines) == 0 {
		return ""
	}
	return t.lines[len(t.lines)-1].item.Bin
}

func (t *turn) bookMove(to stock.Bin) {
	if !t.fitting(to) {
		return
	}
	var movements []stock.Movement
	for _, l := range merged(t.lines, t.place) {
		m := l.movement(stock.Putaway)
		m.Bin, m.To, m.Delta = t.place, to, -l.qty
		movements = append(movements, m)
	}
	text := say(saidMoved, len(movements), placeName(to))
	home := t.suggested()
	other := t.mode == Putaway && home != "" && home != to
	if other {
		text = say(saidNotHome, text, placeName(home))
	}
	t.save(movements, text)
	if t.pending != nil {
		t.pending.look = other
	}
}

func (moving) goods(t *turn, g goods) {
	if !t.placed {
		t.refuse(NotHere, badBinFirst, say(hintNotHere, askFrom))
		return
	}
	t.turnTo(g)
}

func (moving) advance(t *turn) {
	if t.goods == nil && len(t.lines) > 0 && t.approver(gateZone) != "" {
		t.bookMove(t.target)
		return
	}
	if t.goods != nil {
		t.gather(t.here(t.goods.item.SKU))
	}
}

func (moving) number(t *turn, n int64) bool { return t.lastLine(n) }

func (moving) button(t *turn, b Button) bool {
	if b != Finish {
		return false
	}
	t.finish()
	return true
}

func (moving) saved(t *turn, _ *pending) {
	mode := t.mode
	t.leave()
	t.placed = mode == Putaway
}

func (moving) ask(t *turn) (ask, next Text) {
	switch {
	case !t.placed:
		return askFrom, nextMoveFrom
	case len(t.lines) == 0:
		return askGoods, nextMove
	}
	if b := t.suggested(); b != "" && b != t.place {
		return placeName(b), nextMoveTo
	}
	return askTo, nextMoveTo
}

func (moving) keys(t *turn) []Button {
	switch {
	case !t.placed || len(t.lines) == 0:
		return []Button{Finish, Undo, "x6", "x12", Cancel}
	case t.question == wantWeight:
		return []Button{OK, Tare, Undo, Cancel}
	}
	return []Button{Undo, "x6", "x12", Cancel}
}

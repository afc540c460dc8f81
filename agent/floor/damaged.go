package floor

import (
	"cmp"
	"slices"

	"github.com/forestock/forestock/proto/stock"
)

// damages are the reasons for which goods that just came in are thrown away.
var damages = []Button{"r02", "r05", "r06"}

// damaged takes a reason, scanned while goods are received: some of those that
// came last are not good. How many is asked unless the number was keyed first.
func (t *turn) damaged(why Button) bool {
	if t.latest == nil || t.goods != nil && t.goods.qty > 0 || !slices.Contains(damages, why) {
		return false
	}
	t.drop()
	t.reason, t.question = why, wantDamaged
	t.hear()
	return true
}

// damagedQty takes how many are not good, in packs.
func (t *turn) damagedQty(n int64) {
	pack := max(1, t.latest.item.Pack)
	if n > stock.MaxQty/pack {
		n = 0
	}
	t.broken, t.question = n*pack, noQuestion
}

// bookDamaged throws away some of what was received last. It was received, so
// it counts for the document, and so does that it is gone.
func (t *turn) bookDamaged() {
	l, n := *t.latest, t.broken
	if n < 1 || n > t.total {
		t.drop()
		t.refuse(TooMany, say(badDamaged, amount(t.total, l.item.Unit), nameOf(l.item)), hintDamaged)
		return
	}
	cells, first := of(t.cells(l.item.SKU), l.lot), t.inboundBin(&l.item)
	slices.SortStableFunc(cells, func(a, b stock.Level) int { return cmp.Compare(last(a.Bin != first), last(b.Bin != first)) })
	taken, rest := take(cells, n)
	if rest > 0 {
		t.drop()
		t.refuse(NotEnough, say(badNotEnough, amount(n-rest, l.item.Unit), nameOf(l.item)), hintCountFirst)
		return
	}
	if t.dear(valueOf(l.item, n)) {
		return
	}
	l.scan, l.frame, l.scale = nil, nil, "" // were of all that came
	m := l.movement(stock.Waste)
	m.Document = t.document
	t.save(t.outOf(taken, m), say(saidDamaged, amount(n, l.item.Unit), nameOf(l.item)))
}

// turnAway gives goods back to whoever brought them: a reason instead of the
// second person who would have to accept them.
func (t *turn) turnAway(why Button) {
	name := nameOf(t.goods.item)
	t.drop()
	t.alert = nil
	t.show(ToneInfo, SoundHeard, say(saidTurnedAway, name, reasonTexts[why]))
}

// dear reports whether goods are worth more, in fen, than one person may take
// out of the stock, and asks for a second one.
func (t *turn) dear(v int64) bool {
	if t.rules.WasteLimit == 0 || v <= t.rules.WasteLimit {
		return false
	}
	return !t.passes(gateValue, TooDear, say(badTooDear, v/100, v%100))
}

package floor

import (
	"slices"

	"github.com/forestock/forestock/proto/stock"
)

// cell gives where goods are in a bin.
func (g *goods) cell(b stock.Bin) stock.Cell { return stock.Cell{SKU: g.item.SKU, Lot: g.lot, Bin: b} }

// collect adds goods to what a command of several will hold.
func (t *turn) collect(g goods) {
	t.lines = append(slices.Clone(t.lines), g)
	approved := t.approved // of all lines together
	t.drop()
	t.approved = approved
	total := t.collected(g.cell(t.place))
	t.again(say(saidAdded, amount(total, g.item.Unit), nameOf(g.item)))
}

// collected gives how much of a cell was collected so far.
func (t *turn) collected(c stock.Cell) int64 {
	var n int64
	for _, l := range t.lines {
		if l.cell(c.Bin) == c {
			n += l.qty
		}
	}
	return n
}

// merged adds up the lines of the same cell, in the order of their first scan.
// The evidence is that of the first one.
func merged(lines []goods, b stock.Bin) []goods {
	var out []goods
	for _, l := range lines {
		i := slices.IndexFunc(out, func(o goods) bool { return o.cell(b) == l.cell(b) })
		if i < 0 {
			out = append(out, l)
			continue
		}
		out[i].qty += l.qty
	}
	return out
}

// lastLine makes n the quantity of the goods that were scanned last.
func (t *turn) lastLine(n int64) bool {
	if t.goods != nil || len(t.lines) == 0 {
		return false
	}
	l := t.lines[len(t.lines)-1]
	if l.loose || n > stock.MaxQty/max(1, l.item.Pack) {
		return false
	}
	c := l.cell(t.place)
	l.qty = n * max(1, l.item.Pack)
	if t.mode != Count && l.qty > sum(of(t.here(l.item.SKU), l.lot)) {
		return false
	}
	rest := slices.DeleteFunc(slices.Clone(t.lines), func(o goods) bool { return o.cell(t.place) == c })
	t.lines = append(rest, l)
	t.show(ToneInfo, SoundHeard, say(saidAdded, amount(l.qty, l.item.Unit), nameOf(l.item)))
	return true
}

// takeBack forgets the newest scan that is not saved; false when there is none.
func (t *turn) takeBack() bool {
	var g goods
	switch {
	case t.goods != nil && (t.goods.qty > 0 || t.question != wantWeight):
		g = *t.goods
		t.drop()
	case len(t.lines) > 0:
		g = t.lines[len(t.lines)-1]
		t.lines = slices.Clone(t.lines[:len(t.lines)-1])
		t.question = noQuestion
	default:
		return false
	}
	t.show(ToneInfo, SoundHeard, say(saidTakenBack, nameOf(g.item)))
	return true
}

// unsavedText says what would be lost if the work were given up; empty when
// nothing would.
func (t *turn) unsavedText() Text {
	switch {
	case t.goods != nil && t.goods.qty > 0:
		return nameOf(t.goods.item)
	case len(t.lines) > 0:
		return say(unsavedLines, modeTexts[t.mode], len(merged(t.lines, t.place)))
	}
	return Text{}
}

// turnTo makes goods those in question. Those before them that are not saved
// are told.
func (t *turn) turnTo(g goods) {
	if old := t.goods; old != nil && old.qty > 0 {
		t.refuse(Unsaved, say(badUnsaved, nameOf(old.item)), hintAgain)
	}
	t.goods, t.question = &g, noQuestion
	t.trade().advance(t)
}

// gather collects the goods in question out of cells: it settles their lot and
// their weight, and takes no more than there is.
func (t *turn) gather(cells []stock.Level) {
	g := *t.goods
	if len(cells) == 0 {
		t.drop()
		t.refuse(NoStock, say(badNoStock, nameOf(g.item)), hintCountFirst)
		return
	}
	if !t.whichLot(&g, cells) {
		return
	}
	mine := of(cells, g.lot)
	if len(mine) == 0 {
		t.drop()
		t.refuse(WrongLot, say(badWrongLot, lotName(g.lot, g.expiry)), t.firstHint(cells))
		return
	}
	if !t.weigh(&g) {
		return
	}
	if left := sum(mine) - t.collected(g.cell(t.place)); g.qty > left {
		t.drop()
		t.refuse(NotEnough, say(badNotEnough, amount(left, g.item.Unit), nameOf(g.item)), hintCountFirst)
		return
	}
	t.consume(&g)
	t.collect(g)
}

// setQty makes n packs the quantity of the goods in question; false when they
// are weighed.
func (t *turn) setQty(n int64) bool {
	g := t.goods
	if g == nil || g.loose || n > stock.MaxQty/max(1, g.item.Pack) {
		return false
	}
	changed := *g
	changed.qty = n * max(1, g.item.Pack)
	t.goods = &changed
	return true
}

// addUp notes what was saved, on top of what was saved of the same lot before.
func (t *turn) addUp(g goods) {
	if l := t.latest; l == nil || l.item.SKU != g.item.SKU || l.lot != g.lot {
		t.total = 0
	}
	t.total += g.qty
	t.latest = &g
	t.drop()
}

// blank reports whether nothing that is not saved stands in the way of a new
// beginning, and refuses when something does.
func (t *turn) blank() bool {
	what := t.unsavedText()
	if !what.Empty() {
		t.refuse(Unsaved, say(badUnsaved, what), hintFinish)
	}
	return what.Empty()
}

// line makes a line of a list.
func line(name Text, lot stock.Lot, quantity Text) Line {
	return Line{Name: name, Lot: lot, Quantity: quantity}
}

// collectedAll reports whether FINISH is to book what was collected. It refuses
// while goods are in question, and ends the task where nothing was collected.
func (t *turn) collectedAll() bool {
	switch {
	case t.goods != nil:
		t.refuse(Unsaved, say(badUnsaved, nameOf(t.goods.item)), hintFinish)
	case len(t.lines) == 0:
		t.finish()
	default:
		return true
	}
	return false
}

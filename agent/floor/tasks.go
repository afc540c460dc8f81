package floor

import (
	"cmp"
	"slices"

	"github.com/forestock/forestock/proto/stock"
)

// chores is what the stock itself asks for: lots that have passed their date are
// to be thrown away, and goods without a catalogue entry to be listed. It
// follows from the levels, and is looked through only when they have changed.
type chores struct {
	at       stock.Seq // the newest entry then
	day      stock.Date
	expired  []stock.Level
	unlisted []stock.Level
}

// survey looks through the stock, if anything has changed since.
func (t *turn) survey() {
	at, today := t.book.Position().Last, t.today()
	if t.chores.day == today && t.chores.at == at {
		return
	}
	t.chores = chores{at: at, day: today}
	for _, l := range t.book.Select(func(l stock.Level) bool { return l.OnHand > 0 && (t.expired(l.Expiry) || l.Bin == UnlistedBin) }) {
		if l.Bin == UnlistedBin {
			t.chores.unlisted = append(t.chores.unlisted, l)
			continue
		}
		t.chores.expired = append(t.chores.expired, l)
	}
}

// mostChores is how many lots of a kind the list of tasks names.
const mostChores = 12

// taskLines shows what waits to be done while nobody asks for anything.
func (t *turn) taskLines() []Line {
	var out []Line
	if n := len(t.book.Orders()); n > 0 {
		out = append(out, Line{Name: tasksOrders, Quantity: say(same("%d"), n)})
	}
	for _, r := range t.book.Recounts() {
		it, _ := t.item(r.SKU)
		since := same(r.Since.In(t.now.Location()).Format("15:04"))
		out = append(out, Line{Name: say(tasksRecount, placeName(r.Bin), nameOf(it)), Quantity: since})
	}
	out = append(out, t.choreLines(t.chores.expired, tasksExpired, ToneBad)...)
	return append(out, t.choreLines(t.chores.unlisted, tasksUnlisted, ToneLook)...)
}

func (t *turn) choreLines(cells []stock.Level, name Text, tone Tone) []Line {
	var out []Line
	for _, c := range cells[:min(len(cells), mostChores)] {
		it, ok := t.item(c.SKU)
		if !ok {
			it = stock.Item{SKU: c.SKU, Name: string(c.SKU), Unit: stock.Piece}
		}
		out = append(out, Line{Name: say(name, placeName(c.Bin), nameOf(it)), Lot: c.Lot, Quantity: amount(c.OnHand, it.Unit), Tone: tone})
	}
	if more := len(cells) - mostChores; more > 0 {
		out = append(out, Line{Name: say(tasksMore, more), Tone: tone})
	}
	return out
}

// inBin gives what the book has in a bin, by item.
func (t *turn) inBin(b stock.Bin) []stock.Level {
	cells := t.book.Select(func(l stock.Level) bool { return l.Bin == b })
	slices.SortStableFunc(cells, func(a, b stock.Level) int { return cmp.Compare(a.SKU, b.SKU) })
	return cells
}

// context gives the only bin that an item lies in, where work on it begins.
func (t *turn) context(sku stock.SKU) (stock.Bin, bool) {
	cells := t.cells(sku)
	if sku == "" || len(cells) == 0 || len(at(cells, cells[0].Bin)) < len(cells) {
		return "", false
	}
	return cells[0].Bin, true
}

// condemn remembers goods that may not be sold, so that the Waste card takes
// them up.
func (t *turn) condemn(g *goods) {
	c := *g
	t.sought.condemned = &c
}

// forWaste gives goods as they are when somebody begins to throw them away.
func (g goods) forWaste(t *turn) goods {
	g.frame, g.scale, g.since = nil, "", t.now
	return g.weighable()
}

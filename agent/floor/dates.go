package floor

import (
	"cmp"
	"strings"
	"time"

	"github.com/forestock/forestock/proto/stock"
)

// dates settles the lot and the dates of goods that come in. It gives false
// when it has refused them or has to ask.
//
// The dates with which a lot was first booked stay: a later label with another
// date is refused, because it may have been changed.
func (t *turn) dates(g *goods) bool {
	if g.produced > t.today() {
		t.drop()
		t.refuse(BadDate, say(badFuture, g.produced), hintFuture)
		return false
	}
	if !t.known(g, g.expiry) {
		return false
	}
	days := g.item.ShelfLife
	if g.expiry == 0 && days > 0 {
		g.expiry = g.produced.AddDays(days)
	}
	switch {
	case days == 0 && g.expiry == 0:
		return true // does not expire
	case g.expiry == 0:
		t.wait(*g, wantDate)
		return false
	case g.lot == "" && g.byCode && !g.noLot:
		t.wait(*g, wantLot)
		return false
	case g.lot == "":
		// Goods without a lot number are told apart by their date, as staff do.
		stated := g.expiry
		if g.produced != 0 {
			g.lot, stated = lotOfDay("P", g.produced), 0
		} else {
			g.lot = lotOfDay("E", g.expiry)
		}
		return t.known(g, stated)
	}
	return true
}

// known takes over the dates that the lot was first booked with; false when
// the label states another one.
func (t *turn) known(g *goods, stated stock.Date) bool {
	if g.lot == "" {
		return true
	}
	first := t.book.Lot(g.item.SKU, g.lot)
	if differ(first.Expiry, stated) || differ(first.Produced, g.produced) {
		booked := first.Expiry
		if !differ(first.Expiry, stated) {
			booked = first.Produced
		}
		t.drop()
		t.refuse(DateConflict, say(badDateConflict, lotName(g.lot, 0), booked), hintDateConflict)
		return false
	}
	g.expiry = cmp.Or(first.Expiry, g.expiry)
	g.produced = cmp.Or(first.Produced, g.produced)
	return true
}

// shortLife gives how much of its life a lot has left, in percent, and whether
// that is less than least. The life is that of the lot's own dates, so that a
// catalogue that changes does not make old goods young.
func (t *turn) shortLife(g *goods, least int) (percent int, short bool) {
	from := g.produced
	if from == 0 && g.item.ShelfLife > 0 {
		from = g.expiry.AddDays(-g.item.ShelfLife)
	}
	if least == 0 || g.expiry == 0 || from == 0 || from >= g.expiry {
		return 100, false
	}
	const day = 24 * time.Hour
	life := int(g.expiry.Time().Sub(from.Time()) / day)
	left := int(g.expiry.Time().Sub(t.today().Time()) / day)
	return 100 * left / life, 100*left < least*life
}

// differ reports whether two dates are known and not the same.
func differ(a, b stock.Date) bool { return a != 0 && b != 0 && a != b }

func lotOfDay(kind string, d stock.Date) stock.Lot {
	return stock.Lot(kind + strings.ReplaceAll(d.String(), "-", ""))
}

// keyedDate takes a production date yymmdd from the keypad.
func (t *turn) keyedDate(text string) {
	day, err := time.Parse("060102", text)
	if err != nil || t.goods == nil {
		t.refuse(BadDate, say(badDate, text), hintDate)
		return
	}
	g := *t.goods
	g.produced, g.expiry, g.named = stock.DateOf(day), 0, true
	g.since = t.now
	t.goods, t.question = &g, noQuestion
	t.trade().advance(t)
}

package floor

import (
	"cmp"
	"slices"
	"strings"

	"github.com/forestock/forestock/proto/stock"
)

// view shows the state.
func (t *turn) view() View {
	ask, next := t.asks()
	v := View{
		Station: t.station, Operator: t.operator, Person: t.rules.name(t.operator), English: t.english,
		Mode: t.mode, ModeName: modeTexts[t.mode], Ask: ask, Next: next,
		Document: t.document, Entry: t.entry, Times: t.times, Last: t.last, Flash: t.flash, Alert: t.alert,
		Goods: t.goodsView(), Lines: t.linesView(), Found: t.foundView(), Order: t.orderView(), Label: t.label, Keys: t.keysView(),
	}
	v.Tally = Tally{Actions: t.tally.actions, Items: len(t.tally.skus), Text: t.tallyText()}
	v.Pad = t.entry != "" || slices.Contains([]question{wantDate, wantML, wantWhich, wantFound, wantDamaged}, t.question) || t.signing != nil
	if t.signing != nil {
		v.Entry = strings.Repeat("•", len(t.entry))
	}
	if t.note.Tone != "" {
		note := t.note
		v.Note = &note
	}
	if t.mode != LookUp {
		idle := t.awake.Add(t.rules.IdleAfter)
		v.IdleAt = &idle
	}
	if t.placed {
		v.Place = &Place{Bin: t.place, Name: placeName(t.place)}
	}
	for _, p := range t.pans {
		if p.tare != 0 {
			v.Tare = say(saidTare, grams(p.tare))
		}
	}
	return v
}

// asks gives the one question, and the scan that is expected next.
func (t *turn) asks() (ask, next Text) {
	if t.signing != nil {
		return askPIN, say(nextPIN, t.rules.name(t.signing.badge))
	}
	if t.question == wantSecond {
		return askSecond, nextSecond
	}
	if t.offer != nil {
		return askUndo, nextUndo
	}
	if t.leaving == Finish && (t.mode == TransferIn || t.mode == Receive) {
		return t.trade().ask(t)
	}
	if t.leaving != "" && t.round != nil {
		return askUndone, nextLeave
	}
	if t.leaving != "" {
		return askLeave, nextLeave
	}
	switch t.question {
	case wantLot:
		return askLot, nextLot
	case wantDate:
		if t.goods.lot == "" {
			return askLotOrDate, nextDates
		}
		return askDate, nextDates
	case wantWhich:
		return askWhichLot, nextWhichLot
	case wantML:
		return askQuantity, nextML
	case wantEarlier:
		return askEarlier, nextLater
	case wantWeight:
		if t.held() {
			return askHold, nextHold
		}
		if t.round != nil && t.round.off != 0 {
			return t.offBy(), nextFit
		}
		if slices.ContainsFunc(t.pans, func(p pan) bool { return p.armed }) || len(t.pans) == 0 {
			return askPutOn, nextPutOn
		}
		return askClearPan, nextClear
	case noQuestion, wantRest, wantFound, wantOff, wantZero, wantVerdict, wantHome, wantSecond, wantDamaged, wantOver:
	}
	return t.trade().ask(t)
}

func (t *turn) askText() Text {
	ask, _ := t.asks()
	return ask
}

// goodsView shows what the question is about, or else what was saved last.
func (t *turn) goodsView() *Goods {
	g := t.goods
	var qty int64
	switch {
	case g != nil:
		qty = g.qty
		if l := t.latest; qty == 0 && l != nil && l.item.SKU == g.item.SKU && l.lot == g.lot {
			qty = t.total // one crate after the other
		}
	case t.latest != nil:
		g, qty = t.latest, t.total
	case len(t.lines) > 0:
		g = &t.lines[len(t.lines)-1]
		qty = t.collected(g.cell(t.place))
	default:
		return nil
	}
	v := &Goods{
		SKU: g.item.SKU, Name: nameOf(g.item), Lot: g.lot, Expiry: g.expiry.String(), Produced: g.produced.String(),
		Zone: g.item.Zone, Home: placeName(g.item.Bin),
	}
	if qty > 0 {
		v.Quantity = amount(qty, g.item.Unit)
	}
	return v
}

// linesView shows the lots to choose from, or what was collected.
func (t *turn) linesView() []Line {
	var out []Line
	if t.offer != nil {
		return t.offerLines()
	}
	for _, c := range t.choices() {
		out = append(out, Line{Name: lotName(c.Lot, c.Expiry), Lot: c.Lot})
	}
	if out != nil {
		return out
	}
	switch {
	case t.round != nil:
		return t.stopLines()
	case t.mode == Receive:
		return t.deliveryLines()
	case t.mode == Return && !t.supplier:
		return t.backLines()
	case t.mode == TransferIn:
		return t.billLines()
	case t.mode == LookUp && t.sought == sought{}:
		return t.taskLines()
	}
	for _, g := range merged(t.lines, t.place) {
		out = append(out, line(nameOf(g.item), g.lot, amount(g.qty, g.item.Unit)))
	}
	return out
}

func (t *turn) keysView() []Key {
	buttons := t.trade().keys(t)
	switch {
	case t.signing != nil, t.question == wantSecond:
		buttons = []Button{Cancel}
	case t.offer != nil:
		buttons = []Button{Undo, Cancel}
	case t.leaving != "" && t.leaving != Cancel:
		buttons = []Button{t.leaving, Cancel}
	case t.leaving != "":
		buttons = []Button{Cancel, Finish}
	case t.question == wantLot:
		buttons = []Button{OK, Cancel}
	case t.entry != "":
		buttons = []Button{OK, Back, Cancel}
	case t.question == wantWhich, t.question == wantDate, t.question == wantML:
		buttons = []Button{Cancel}
	}
	keys := make([]Key, len(buttons))
	for i, b := range buttons {
		keys[i] = Key{Button: b, Name: buttonName(b), Main: b == t.answer()}
	}
	return keys
}

// held reports whether a weight waits to be booked.
func (t *turn) held() bool {
	return t.question == wantWeight && slices.ContainsFunc(t.pans, func(p pan) bool { return t.holding(&p) })
}

// answer gives the button that answers the question.
func (t *turn) answer() Button {
	switch {
	case t.offer != nil:
		return Undo
	case t.leaving != "":
		return Cancel
	case t.entry != "" || t.question == wantLot || t.held() || (t.mode == Waste && t.reason != ""):
		return OK
	case t.mode != LookUp && t.question != wantWeight:
		return Finish
	}
	return ""
}

func (t *turn) tallyText() Text {
	switch {
	case t.tally.actions == 0:
		return Text{"还没有", "nothing yet"}
	case t.tally.mixed:
		return say(Text{"%d 种 %d 次", "%d items, %d times"}, len(t.tally.skus), t.tally.actions)
	}
	return say(Text{"%d 种 %s", "%d items, %s"}, len(t.tally.skus), amount(t.tally.qty, t.tally.unit))
}

// foundView shows what a look-up found, as the book has it now.
func (t *turn) foundView() *Found {
	switch {
	case t.mode != LookUp:
		return nil
	case t.sought.isBin:
		return t.binFound(t.sought.bin)
	case t.sought.sku != "":
		return t.itemFound(t.sought.sku)
	case t.sought.order != "":
		return t.orderFound(t.sought.order)
	}
	return nil
}

func (t *turn) itemFound(sku stock.SKU) *Found {
	it, ok := t.item(sku)
	if !ok {
		return nil
	}
	cells := t.book.Levels(sku)
	f := &Found{
		Title: nameOf(it), Total: amount(sum(cells), it.Unit),
		Sub: say(Text{"%s · 固定货位 %s", "%s · home bin %s"}, sku, placeName(it.Bin)),
	}
	for _, c := range cells {
		f.Cells = append(f.Cells, t.shelf(it, c))
	}
	f.Facts = t.facts(it, cells)
	entries, err := t.book.History(sku, historyShown)
	if err != nil {
		f.Sub = say(badLookUp, err)
	}
	for i := range entries {
		f.History = append(f.History, happened(&entries[i], it.Unit))
	}
	return f
}

// historyShown is how many movements a look-up shows.
const historyShown = 10

func (t *turn) binFound(b stock.Bin) *Found {
	f := &Found{Title: placeName(b), Sub: Text{"货位里有", "in this bin"}}
	for _, c := range t.inBin(b) {
		it, ok := t.item(c.SKU)
		if !ok {
			it = stock.Item{SKU: c.SKU, Name: string(c.SKU)}
		}
		f.Cells = append(f.Cells, t.shelf(it, c))
	}
	f.Total = say(Text{"%d 种", "%d items"}, len(f.Cells))
	if len(f.Cells) == 0 {
		f.Sub = saidEmptyBin
	}
	return f
}

func (t *turn) shelf(it stock.Item, c stock.Level) Shelf {
	s := Shelf{
		Name: nameOf(it), Bin: placeName(c.Bin), Lot: c.Lot, Expiry: c.Expiry.String(),
		Quantity: amount(c.OnHand, it.Unit), Tone: ToneInfo,
	}
	if c.Expiry == 0 {
		return s
	}
	days := int(c.Expiry.Time().Sub(t.today().Time()).Hours() / 24)
	switch {
	case days < 0:
		s.Tone, s.Left = ToneBad, say(Text{"过期 %d 天", "expired %d days ago"}, -days)
	case days <= nearDays(it.ShelfLife):
		s.Tone, s.Left = ToneLook, say(Text{"临期 还有 %d 天", "soon: %d days left"}, days)
	default:
		s.Left = say(Text{"还有 %d 天", "%d days left"}, days)
	}
	return s
}

// nearDays gives how many days before its expiry food counts as 临期, by its
// shelf life in days. It is the scale that Beijing's food administration
// published in 2012 and that the trade uses all over China: 45 days from a
// year on, then 20, 15, 10 and 5, and 1 to 4 days below 16.
func nearDays(shelfLife int) int {
	switch {
	case shelfLife >= 365:
		return 45
	case shelfLife >= 180:
		return 20
	case shelfLife >= 90:
		return 15
	case shelfLife >= 30:
		return 10
	case shelfLife >= 16:
		return 5
	}
	return min(4, max(1, shelfLife/4))
}

func happened(e *stock.Entry, u stock.Unit) Happened {
	h := Happened{Seq: e.Seq, Time: e.Time, Kind: kindTexts[e.Kind], Quantity: amount(e.Delta, u), Where: placeName(e.Bin), Who: e.Operator}
	if e.Delta > 0 {
		h.Quantity = say(same("+%s"), h.Quantity)
	}
	if e.To != "" {
		from, to, n := e.Bin, e.To, -e.Delta
		if n < 0 { // the undo of a move goes the other way
			from, to, n = to, from, -n
		}
		h.Where = say(same("%s → %s"), placeName(from), placeName(to))
		h.Quantity = amount(n, u)
	}
	h.Who = cmp.Or(h.Who, e.Station)
	return h
}

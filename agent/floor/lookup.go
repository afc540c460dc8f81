package floor

import (
	"github.com/forestock/forestock/proto/stock"
)

// lookingUp shows what is known of whatever is scanned.
type lookingUp struct{ plain }

func (lookingUp) goods(t *turn, g goods) {
	t.sought, t.label = sought{sku: g.item.SKU}, nil
	if day := g.expiryOf(); t.expired(day) {
		t.condemn(&g)
		t.show(ToneLook, SoundLook, say(badExpired, day, nameOf(g.item)))
		return
	}
	t.hear()
}

func (lookingUp) advance(*turn) {}

func (lookingUp) bin(t *turn, b stock.Bin) {
	t.sought, t.label = sought{bin: b, isBin: true}, nil
	t.hear()
}

func (lookingUp) ask(*turn) (ask, next Text) { return askAnything, nextAnything }

func (lookingUp) keys(t *turn) []Button {
	keys := []Button{GoReceive, GoPutaway, GoPick, GoMove, GoCount, GoWaste, GoReturn, Undo}
	if t.sought.sku != "" {
		keys = append(keys, Reprint)
	}
	if t.rules.Transfers != nil {
		keys = append(keys, GoOut, GoIn)
	}
	return keys
}

// facts says what of an item may be sold, by what this warehouse knows: holds
// that are not orders yet are the hub's alone.
func (t *turn) facts(it stock.Item, cells []stock.Level) []Fact {
	if isUnlisted(it.SKU) {
		return nil // nobody sells what has no name
	}
	var promised, expired, offSale int64
	for _, o := range t.book.Orders() {
		p := t.book.Picked(o.ID)
		for i := range o.Lines {
			if o.Lines[i].SKU == it.SKU {
				promised += max(0, p.Left(&o.Lines[i]))
			}
		}
	}
	for _, c := range cells {
		switch {
		case t.expired(c.Expiry):
			expired += c.OnHand
		case t.offSale(it, c):
			offSale += c.OnHand
		}
	}
	facts := []Fact{
		{factPromised, amount(promised, it.Unit), ToneInfo},
		{factFree, amount(max(0, sum(t.fresh(it.SKU, 0))-promised), it.Unit), ToneInfo},
	}
	if expired > 0 {
		facts = append(facts, Fact{factExpired, amount(expired, it.Unit), ToneBad})
	}
	if offSale > 0 {
		facts = append(facts, Fact{factOffSale, amount(offSale, it.Unit), ToneLook})
	}
	return facts
}

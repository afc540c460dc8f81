package floor

import (
	"github.com/forestock/forestock/proto/stock"
)

// lookingUp shows what is known of whatever is scanned.
type lookingUp struct{ plain }

func (lookingUp) goods(t *turn, g goods) {
	t.sought = sought{sku: g.item.SKU}
	t.hear()
}

func (lookingUp) advance(*turn) {}

func (lookingUp) bin(t *turn, b stock.Bin) {
	t.sought = sought{bin: b, isBin: true}
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

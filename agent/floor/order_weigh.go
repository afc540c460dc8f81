package floor

import "github.com/forestock/forestock/proto/stock"

// outside holds a weight against what is left of its line. It gives true when
// the weight is not taken yet: it is beyond the tolerance, and nobody has said
// why. While the goods lie on the scale they may still be changed, and are
// taken by themselves once they fit.
func (t *turn) outside(g *goods, line *stock.OrderLine, left int64) bool {
	if g.item.Unit == stock.Piece || t.reason != "" {
		return false
	}
	off := g.qty - left
	if off >= -line.Tolerance && off <= line.Tolerance {
		return false
	}
	text := offText(off, g.item.Unit)
	if g.scale == "" || t.hurry {
		t.wait(*g, wantOff)
		t.show(ToneLook, SoundLook, text)
		return true
	}
	r := t.change()
	again := r.off - g.qty
	waiting := *g
	waiting.qty, waiting.frame, waiting.scale = 0, nil, ""
	t.goods, t.question = &waiting, wantWeight
	if r.off != 0 && again <= t.rules.PanEmpty && again >= -t.rules.PanEmpty {
		t.note = Note{Tone: ToneLook, Word: toneTexts[ToneLook], Text: text}
		return true
	}
	r.off = g.qty
	t.show(ToneLook, SoundLook, text)
	return true
}

// offText says by how much a weight is off.
func offText(off int64, u stock.Unit) Text {
	if off > 0 {
		return say(saidTooHeavy, amount(off, u))
	}
	return say(saidTooLight, amount(-off, u))
}

// offBy says by how much the weight that was told last is off.
func (t *turn) offBy() Text {
	o, _ := t.book.Order(t.round.order)
	p := t.book.Picked(o.ID)
	l, ok := o.Line(t.round.line)
	if !ok || t.goods == nil {
		return askPutOn
	}
	return offText(t.round.off-p.Left(l), t.goods.item.Unit)
}

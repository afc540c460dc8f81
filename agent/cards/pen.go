package cards

import (
	"errors"
	"image/color"
)

// A line of text needs this much height for each mm of its em: capitals and
// Chinese characters reach from 0.12 em below the baseline to 0.88 em above it.
const (
	above   = 0.88
	leading = 1.06
)

// align says where text stands in its box.
type align uint8

const (
	left align = iota
	centre
	right
)

// pen draws on a page. Its first error stays.
type pen struct {
	page  *Page
	fonts *Fonts
	err   error
}

func (p *pen) fail(err error) { p.err = errors.Join(p.err, err) }

// write draws a line as large as its box allows.
func (p *pen) write(s string, in box, a align, c color.RGBA) {
	if s == "" || in.w <= 0 || in.h <= 0 {
		return
	}
	t, err := p.fonts.outline(s)
	if err != nil {
		p.fail(err)
		return
	}
	em := in.h / leading
	if t.width*em > in.w {
		em = in.w / t.width
	}
	at := point{in.x, in.y + (in.h-em*leading)/2 + em*above}
	switch free := in.w - t.width*em; a {
	case centre:
		at.x += free / 2
	case right:
		at.x += free
	case left:
	}
	p.page.fill(t.shape.scaled(em).placed(at), c)
}

// both draws Chinese above English, or one line where they are the same.
func (p *pen) both(t Text, in box, a align) {
	if t.Zh == t.En || t.En == "" || t.Zh == "" {
		p.write(t.Line(), in, a, black)
		return
	}
	zh, en := in.cut(in.h * 0.62)
	p.write(t.Zh, zh, a, black)
	p.write(t.En, en, a, black)
}

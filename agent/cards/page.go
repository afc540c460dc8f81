package cards

import "image/color"

// Page is one sheet or label, drawn.
type Page struct {
	Width, Height float64 // mm
	Title         string  // what it shows, for those who cannot see it
	layers        []layer
}

// layer is a shape in one colour. Later ones cover earlier ones.
type layer struct {
	shape  path
	colour color.RGBA
}

// point is a place on a page in mm.
type point struct{ x, y float64 }

// path is an outline. Each contour begins with a move and is closed.
type path []segment

// segment goes to its last point, around those before it.
type segment struct {
	verb   verb
	points [3]point // one, two or three of them, by the verb
}

type verb uint8

const (
	move verb = iota
	line
	quad // a curve with one control point
	cube // a curve with two control points
)

// ends gives how many points a segment has.
func (v verb) ends() int {
	switch v {
	case quad:
		return 2
	case cube:
		return 3
	case move, line:
	}
	return 1
}

// box is a place on a page.
type box struct{ x, y, w, h float64 }

// cut takes a strip off the top.
func (b box) cut(h float64) (top, rest box) {
	return box{b.x, b.y, b.w, h}, box{b.x, b.y + h, b.w, b.h - h}
}

// inset leaves a margin on all sides.
func (b box) inset(m float64) box { return box{b.x + m, b.y + m, b.w - 2*m, b.h - 2*m} }

// Colours of print.
var (
	black = color.RGBA{A: 255}
	grey  = color.RGBA{110, 110, 110, 255}
)

func (p *Page) fill(shape path, c color.RGBA) {
	if len(shape) > 0 {
		p.layers = append(p.layers, layer{shape, c})
	}
}

func (p *Page) rect(b box, c color.RGBA) { p.fill(path(nil).rect(b), c) }

// rect adds a rectangle.
func (s path) rect(b box) path {
	return append(s,
		segment{move, [3]point{{b.x, b.y}}}, segment{line, [3]point{{b.x + b.w, b.y}}},
		segment{line, [3]point{{b.x + b.w, b.y + b.h}}}, segment{line, [3]point{{b.x, b.y + b.h}}})
}

// placed moves an outline.
func (s path) placed(at point) path {
	out := make(path, len(s))
	for i, g := range s {
		for k := range g.points {
			g.points[k].x += at.x
			g.points[k].y += at.y
		}
		out[i] = g
	}
	return out
}

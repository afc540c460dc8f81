package cards

import (
	"image"
	"image/color"
	"image/draw"
	"math"

	"golang.org/x/image/vector"
)

// Dots draws the page for a printer that has so many dots in an inch: white is
// 0, black is 1.
func (p *Page) Dots(dpi int) *image.Paletted {
	scale := float64(dpi) / inch
	w, h := int(math.Round(p.Width*scale)), int(math.Round(p.Height*scale))
	out := image.NewPaletted(image.Rect(0, 0, w, h), color.Palette{color.White, color.Black})
	for _, l := range p.layers {
		ink := uint8(0)
		if luma := 299*int(l.colour.R) + 587*int(l.colour.G) + 114*int(l.colour.B); luma < 128_000 {
			ink = 1
		}
		l.shape.scaled(scale).dab(out, ink)
	}
	return out
}

// dab inks the dots that are covered by half or more. The shape is in dots.
func (s path) dab(out *image.Paletted, ink uint8) {
	in := s.bounds().Intersect(out.Rect)
	if in.Empty() {
		return
	}
	r := vector.NewRasterizer(in.Dx(), in.Dy())
	r.DrawOp = draw.Src
	for i, g := range s.placed(point{-float64(in.Min.X), -float64(in.Min.Y)}) {
		var at [6]float32
		for k := range g.verb.ends() {
			at[2*k], at[2*k+1] = float32(g.points[k].x), float32(g.points[k].y)
		}
		switch g.verb {
		case move:
			if i > 0 {
				r.ClosePath()
			}
			r.MoveTo(at[0], at[1])
		case line:
			r.LineTo(at[0], at[1])
		case quad:
			r.QuadTo(at[0], at[1], at[2], at[3])
		case cube:
			r.CubeTo(at[0], at[1], at[2], at[3], at[4], at[5])
		}
	}
	r.ClosePath()
	cover := image.NewAlpha(image.Rect(0, 0, in.Dx(), in.Dy()))
	r.Draw(cover, cover.Rect, image.Opaque, image.Point{})
	for y := range in.Dy() {
		row := out.Pix[out.PixOffset(in.Min.X, in.Min.Y+y):]
		for x, a := range cover.Pix[y*cover.Stride : y*cover.Stride+in.Dx()] {
			if a >= 128 {
				row[x] = ink
			}
		}
	}
}

// bounds gives the whole dots around a shape.
func (s path) bounds() image.Rectangle {
	low, high := point{math.Inf(1), math.Inf(1)}, point{math.Inf(-1), math.Inf(-1)}
	for _, g := range s {
		for _, p := range g.points[:g.verb.ends()] {
			low = point{min(low.x, p.x), min(low.y, p.y)}
			high = point{max(high.x, p.x), max(high.y, p.y)}
		}
	}
	if len(s) == 0 {
		return image.Rectangle{}
	}
	return image.Rect(int(math.Floor(low.x)), int(math.Floor(low.y)), int(math.Ceil(high.x)), int(math.Ceil(high.y)))
}

// inch in mm.
const inch = 25.4

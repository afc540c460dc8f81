package cards

import (
	_ "embed"
	"fmt"
	"os"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// hanFont has every Chinese character of Unicode's first block, and no Latin ones. It
// is the whole font and not a subset: items are named by whoever sells them.
//
//go:embed font/DroidSansFallbackFull.ttf
var hanFont []byte

// Fonts draw text. They are safe for concurrent use.
type Fonts struct {
	all []*sfnt.Font // the first one that has a character draws it
}

// NewFonts reads the built-in fonts and, if a file is named, that one, which then
// draws all that it has. It may be TTF, OTF, or a TTC, whose first font counts.
func NewFonts(file string) (*Fonts, error) {
	f := &Fonts{}
	if file != "" {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("font: %w", err)
		}
		if err := f.add(data); err != nil {
			return nil, fmt.Errorf("font %s: %w", file, err)
		}
	}
	for _, data := range [][]byte{gobold.TTF, hanFont} {
		if err := f.add(data); err != nil {
			return nil, fmt.Errorf("built-in font: %w", err)
		}
	}
	return f, nil
}

func (f *Fonts) add(data []byte) error {
	all, err := sfnt.ParseCollection(data)
	if err != nil {
		return err
	}
	first, err := all.Font(0)
	if err != nil {
		return err
	}
	f.all = append(f.all, first)
	return nil
}

// text is a line of text as an outline of size 1: its baseline is y = 0, an em is 1.
type text struct {
	shape path
	width float64 // ems, to where the next character would begin
}

// outline draws a line of text. A character that no font has becomes an empty
// box, so that somebody notices.
func (f *Fonts) outline(s string) (text, error) {
	var t text
	var buf sfnt.Buffer
	for _, r := range s {
		face, glyph, err := f.find(&buf, r)
		if err != nil {
			return t, fmt.Errorf("text %q: %w", s, err)
		}
		if face == nil {
			t.shape = t.shape.rect(box{t.width + 0.1, -0.7, 0.6, 0.04}).rect(box{t.width + 0.1, -0.04, 0.6, 0.04}).
				rect(box{t.width + 0.1, -0.7, 0.04, 0.7}).rect(box{t.width + 0.66, -0.7, 0.04, 0.7})
			t.width += 0.8
			continue
		}
		if err := t.draw(face, &buf, glyph); err != nil {
			return t, fmt.Errorf("text %q: %w", s, err)
		}
	}
	return t, nil
}

func (f *Fonts) find(buf *sfnt.Buffer, r rune) (*sfnt.Font, sfnt.GlyphIndex, error) {
	for _, face := range f.all {
		glyph, err := face.GlyphIndex(buf, r)
		if err != nil {
			return nil, 0, err
		}
		if glyph != 0 {
			return face, glyph, nil
		}
	}
	return nil, 0, nil
}

// draw adds a glyph.
func (t *text) draw(face *sfnt.Font, buf *sfnt.Buffer, glyph sfnt.GlyphIndex) error {
	em := fixed.I(int(face.UnitsPerEm()))
	segments, err := face.LoadGlyph(buf, glyph, em, nil)
	if err != nil {
		return err
	}
	for _, s := range segments {
		var g segment
		switch s.Op {
		case sfnt.SegmentOpMoveTo:
			g.verb = move
		case sfnt.SegmentOpLineTo:
			g.verb = line
		case sfnt.SegmentOpQuadTo:
			g.verb = quad
		case sfnt.SegmentOpCubeTo:
			g.verb = cube
		}
		for i := range g.verb.ends() {
			g.points[i] = point{t.width + float64(s.Args[i].X)/float64(em), float64(s.Args[i].Y) / float64(em)}
		}
		t.shape = append(t.shape, g)
	}
	advance, err := face.GlyphAdvance(buf, glyph, em, font.HintingNone)
	t.width += float64(advance) / float64(em)
	return err
}

// scaled gives the outline with an em of so many mm.
func (s path) scaled(em float64) path {
	out := make(path, len(s))
	for i, g := range s {
		for k := range g.points {
			g.points[k] = point{g.points[k].x * em, g.points[k].y * em}
		}
		out[i] = g
	}
	return out
}

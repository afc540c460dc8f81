package cards

import (
	"strings"

	codes "github.com/forestock/forestock/firmware-bridge/barcode"
)

// Heights on a label in mm.
const (
	barRow     = 9.0 // of bars: a scanner held askew still crosses all of them
	captionRow = 2.5
	mostFact   = 6.0
	mostSquare = 0.8 // of a DataMatrix's module, more on labels wider than usual
)

// lot draws goods: the name above, what people read on the left, a DataMatrix on
// the right, and where they fit, bars below for scanners that read nothing else.
func (p *pen) lot(l *Label, c codes.Code, in box, dot float64) {
	name := l.Name
	if name == (Text{}) {
		name = l.Title
	}
	elements := len(c.Elements) > 0
	caption := l.Code
	if elements {
		caption = bracketed(c.Elements)
	}
	head, in := in.cut(max(6, in.h*0.24))
	p.both(name, head, left)
	rows := barRows(l.Code, c.Elements, in, dot)
	foot := captionRow
	if len(rows) > 0 {
		foot = float64(len(rows)) * (barRow + captionRow)
	}
	body, in := in.cut(in.h - foot)
	square, err := matrix(l.Code, elements)
	if err != nil {
		p.fail(err)
		return
	}
	side := min(body.h, body.w*0.45)
	at := p.place(square, box{body.x + body.w - side, body.y, side, body.h}, dot, max(mostSquare, in.w/80), false)
	quiet := float64(matrixQuiet) * at.w / float64(square.w)
	p.facts(l.facts(&c), box{body.x, body.y, at.x - quiet - body.x - 1, body.h})
	if len(rows) == 0 {
		p.write(caption, in, left, black)
	}
	for _, r := range rows {
		var strip, text box
		strip, in = in.cut(barRow)
		text, in = in.cut(captionRow)
		p.place(r.bars, box{strip.x, strip.y + 0.5, strip.w, strip.h - 1}, dot, mostModule, true)
		p.write(r.text, text, centre, black)
	}
}

// facts writes lines below each other, none larger than is pleasant.
func (p *pen) facts(all []fact, in box) {
	sum := 0.0
	for _, f := range all {
		sum += f.weight
	}
	unit := min(in.h/max(sum, 1), mostFact/1.4)
	for _, f := range all {
		var row box
		row, in = in.cut(f.weight * unit)
		p.write(f.text, row, left, black)
	}
}

// bars of one row, with what stands below them.
type barRowText struct {
	bars symbol
	text string
}

// barRows spreads elements over as many rows of bars as they need: lot and date
// may come in a second code. None, if bars cannot hold it or would take more than
// half of the label: then the DataMatrix stands alone.
func barRows(code string, all []codes.Element, in box, dot float64) []barRowText {
	if len(all) == 0 {
		draw := func(code string) (symbol, error) { return bars(code, false) }
		if isArticle(code) {
			draw = article
		}
		s, err := draw(code)
		if err != nil {
			return nil
		}
		return fitting([]barRowText{{s, code}}, in, dot)
	}
	var rows []barRowText
	for len(all) > 0 {
		var row barRowText
		n := 0
		for k := 1; k <= len(all); k++ {
			s, err := bars(codes.ElementString(all[:k]), true)
			if err != nil || !s.fits(in, dot) {
				break
			}
			row, n = barRowText{s, bracketed(all[:k])}, k
		}
		if n == 0 {
			return nil
		}
		rows, all = append(rows, row), all[n:]
	}
	return fitting(rows, in, dot)
}

// isArticle reports whether a code is the number of an article with its check digit.
func isArticle(code string) bool {
	_, err := codes.ParseGTIN(code)
	return err == nil && len(code) == 13
}

func fitting(rows []barRowText, in box, dot float64) []barRowText {
	for _, r := range rows {
		if !r.bars.fits(in, dot) {
			return nil
		}
	}
	if float64(len(rows))*(barRow+captionRow) > in.h*0.58 {
		return nil
	}
	return rows
}

// fits reports whether bars can be drawn in the width of a box.
func (s symbol) fits(in box, dot float64) bool {
	_, err := s.size(in, dot, mostModule, true)
	return err == nil
}

// bracketed writes elements for people.
func bracketed(all []codes.Element) string {
	var b strings.Builder
	for _, e := range all {
		b.WriteString("(" + e.AI + ")" + e.Value)
	}
	return b.String()
}

// manifest draws a QR code as large as it goes, and what it says beside it.
func (p *pen) manifest(l *Label, in box, dot float64) {
	s, err := quick(l.Code)
	if err != nil {
		p.fail(err)
		return
	}
	side := min(in.h, in.w*0.7)
	at := p.place(s, box{in.x + in.w - side, in.y, side, in.h}, dot, 2, false)
	quiet := qrQuiet * at.w / float64(s.w)
	words := box{in.x, in.y, at.x - quiet - in.x, in.h}
	head, words := words.cut(min(14, words.h*0.3))
	p.both(l.Title, head, left)
	p.facts(l.facts(&codes.Code{}), words)
}

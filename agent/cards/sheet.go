package cards

import (
	"fmt"
	"image/color"
	"strconv"
)

// A4 in mm.
const (
	a4Width  = 210
	a4Height = 297
)

// Sheets draws cards on sheets of A4, several on each, with marks where to cut.
// Cards of another form begin a new sheet.
func (p *Press) Sheets(all []Card) ([]*Page, error) {
	var out []*Page
	for len(all) > 0 {
		form := all[0].Form
		if form.across*form.down == 0 {
			return nil, fmt.Errorf("card %s: has no form", all[0].Code.Label())
		}
		n := 0
		for n < len(all) && n < form.across*form.down && all[n].Form == form {
			n++
		}
		page, err := p.sheet(all[:n], len(out)+1)
		if err != nil {
			return nil, err
		}
		out, all = append(out, page), all[n:]
	}
	return out, nil
}

// Roll draws each card on a label of its own.
func (p *Press) Roll(all []Card, m Media) ([]*Page, error) {
	var out []*Page
	for i := range all {
		pen := p.page(m.Width, m.Height, all[i].Title.Line())
		pen.card(&all[i], box{0, 0, m.Width, m.Height}.inset(1), m.dot())
		if pen.err != nil {
			return nil, fmt.Errorf("card %s: %w", all[i].Code.Label(), pen.err)
		}
		out = append(out, pen.page)
	}
	return out, nil
}

func (p *Press) sheet(all []Card, number int) (*Page, error) {
	form := all[0].Form
	grid := box{w: float64(form.across) * form.Width, h: float64(form.down) * form.Height}
	grid.x, grid.y = (a4Width-grid.w)/2, (a4Height-grid.h)/2
	pen := p.page(a4Width, a4Height, fmt.Sprintf("%s %d", all[0].Group.Line(), number))
	for i := range all {
		col, row := i%form.across, i/form.across
		cell := box{grid.x + float64(col)*form.Width, grid.y + float64(row)*form.Height, form.Width, form.Height}
		pen.card(&all[i], cell.inset(1), inch/officeDPI)
		if pen.err != nil {
			return nil, fmt.Errorf("card %s: %w", all[i].Code.Label(), pen.err)
		}
	}
	pen.marks(form, grid)
	pen.ruler(number)
	return pen.page, pen.err
}

// Marks are short lines, away from the cards where they stand at the edge.
const (
	markLength = 4.0
	markWidth  = 0.15
)

// marks shows where to cut: lines at the edges for a guillotine, and crosses
// between the cards for scissors.
func (p *pen) marks(f Form, grid box) {
	pale := color.RGBA{150, 150, 150, 255}
	for col := range f.across + 1 {
		x := grid.x + float64(col)*f.Width - markWidth/2
		p.page.rect(box{x, grid.y - markLength - 1, markWidth, markLength}, black)
		p.page.rect(box{x, grid.y + grid.h + 1, markWidth, markLength}, black)
		for row := range f.down + 1 {
			p.page.rect(box{x, grid.y + float64(row)*f.Height - 1, markWidth, 2}, pale)
		}
	}
	for row := range f.down + 1 {
		y := grid.y + float64(row)*f.Height - markWidth/2
		p.page.rect(box{grid.x - markLength - 1, y, markLength, markWidth}, black)
		p.page.rect(box{grid.x + grid.w + 1, y, markLength, markWidth}, black)
		for col := range f.across + 1 {
			p.page.rect(box{grid.x + float64(col)*f.Width - 1, y, 2, markWidth}, pale)
		}
	}
}

// ruler draws 50 mm: bars that an office printer "fits to the page" are too thin.
func (p *pen) ruler(number int) {
	y := a4Height - 4.0
	x := (a4Width - 50.0) / 2
	p.page.rect(box{x, y, 50, 0.3}, grey)
	p.page.rect(box{x, y - 1, 0.3, 2.3}, grey)
	p.page.rect(box{x + 49.7, y - 1, 0.3, 2.3}, grey)
	p.write("按 100 % 打印：此线长 50 mm    print at 100 %: this line is 50 mm", box{x - 40, y - 3.4, 130, 2.4}, centre, grey)
	p.write(strconv.Itoa(number), box{a4Width - 20, y - 1.5, 10, 2.4}, right, grey)
}

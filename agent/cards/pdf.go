package cards

import (
	"fmt"
	"io"
	"time"

	"codeberg.org/go-pdf/fpdf"
)

// printed is the date that every PDF carries: the same cards give the same bytes.
var printed = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// WritePDF writes the pages as one document.
func WritePDF(w io.Writer, title string, pages []*Page) error {
	doc := fpdf.NewCustom(&fpdf.InitType{UnitStr: "mm"})
	doc.SetAutoPageBreak(false, 0)
	doc.SetCatalogSort(true)
	doc.SetCreationDate(printed)
	doc.SetModificationDate(printed)
	doc.SetTitle(title, true)
	for _, p := range pages {
		doc.AddPageFormat("P", fpdf.SizeType{Wd: p.Width, Ht: p.Height})
		for _, l := range p.layers {
			doc.SetFillColor(int(l.colour.R), int(l.colour.G), int(l.colour.B))
			trace(doc, l.shape)
			doc.DrawPath("F")
		}
	}
	if err := doc.Output(w); err != nil {
		return fmt.Errorf("write PDF: %w", err)
	}
	return nil
}

func trace(doc *fpdf.Fpdf, shape path) {
	for i, s := range shape {
		a, b, c := s.points[0], s.points[1], s.points[2]
		switch s.verb {
		case move:
			if i > 0 {
				doc.ClosePath()
			}
			doc.MoveTo(a.x, a.y)
		case line:
			doc.LineTo(a.x, a.y)
		case quad: // PDF has only cubic curves: this is the same one
			from := shape[i-1].points[shape[i-1].verb.ends()-1]
			doc.CurveBezierCubicTo(from.x+(a.x-from.x)*2/3, from.y+(a.y-from.y)*2/3, b.x+(a.x-b.x)*2/3, b.y+(a.y-b.y)*2/3, b.x, b.y)
		case cube:
			doc.CurveBezierCubicTo(a.x, a.y, b.x, b.y, c.x, c.y)
		}
	}
	doc.ClosePath()
}

package cards

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"image/color"
	"strconv"
)

// SVG draws the page for a browser, in its true size.
func (p *Page) SVG() []byte {
	var b bytes.Buffer
	w, h := decimal(p.Width), decimal(p.Height)
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%smm" height="%smm" viewBox="0 0 %s %s" role="img"><title>`, w, h, w, h)
	xml.EscapeText(&b, []byte(p.Title)) //nolint:errcheck // a buffer takes everything
	fmt.Fprintf(&b, `</title><path d="M0 0H%sV%sH0Z" fill="#fff"/>`, w, h)
	for _, l := range p.layers {
		b.WriteString(`<path fill="` + hex(l.colour) + `" d="`)
		for i, s := range l.shape {
			if s.verb == move && i > 0 {
				b.WriteByte('Z')
			}
			b.WriteByte("MLQC"[s.verb])
			for k := range s.verb.ends() {
				if k > 0 {
					b.WriteByte(' ')
				}
				b.WriteString(decimal(s.points[k].x) + " " + decimal(s.points[k].y))
			}
		}
		b.WriteString(`Z"/>`)
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

// decimal writes mm to a thousandth.
func decimal(mm float64) string {
	n := int64(mm*1000 + 0.5)
	if mm < 0 {
		n = int64(mm*1000 - 0.5)
	}
	return strconv.FormatFloat(float64(n)/1000, 'f', -1, 64)
}

func hex(c color.RGBA) string { return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B) }

// WriteHTML writes the pages below each other, to look at them.
func WriteHTML(b *bytes.Buffer, title string, pages []*Page) {
	b.WriteString("<!doctype html><meta charset=utf-8><title>")
	xml.EscapeText(b, []byte(title)) //nolint:errcheck // a buffer takes everything
	b.WriteString("</title><style>body{background:#bbb;text-align:center}svg{background:#fff;margin:5mm;max-width:95%;height:auto}" +
		"@media print{@page{margin:0}body{margin:0}svg{margin:0;max-width:none;break-after:page}}</style>\n")
	for _, p := range pages {
		b.Write(p.SVG())
	}
}

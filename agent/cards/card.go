package cards

import (
	"image/color"

	codes "github.com/forestock/forestock/firmware-bridge/barcode"
)

// Card is one card to draw.
type Card struct {
	Code   codes.Card
	Group  Text // what it is one of, small
	Title  Text // what it says, large
	Note   Text // a line below
	Stripe color.RGBA
	Form   Form
}

// Form is how large a card is on a sheet.
type Form struct {
	Width, Height float64 // mm
	across, down  int     // on a sheet of A4
}

// The forms of cards.
var (
	Small = Form{63, 39, 3, 7}
	Badge = Form{86, 54, 2, 5}  // as a bank card
	Sign  = Form{190, 88, 1, 3} // read from across the aisle
)

// Colours of stripes. Next to each a word says the same.
var (
	Green  = color.RGBA{0x1b, 0x7f, 0x3b, 255}
	Orange = color.RGBA{0xd8, 0x6a, 0x00, 255}
	Red    = color.RGBA{0xc6, 0x28, 0x28, 255}
	Blue   = color.RGBA{0x15, 0x65, 0xc0, 255}
	Violet = color.RGBA{0x6a, 0x1b, 0x9a, 255}
	Slate  = color.RGBA{0x45, 0x5a, 0x64, 255}
)

// mostModule keeps bars within what a scanner sees at once.
const mostModule = 0.7 // mm

// card draws a card into its box.
func (p *pen) card(c *Card, in box, dot float64) {
	s, err := bars(c.Code.Data(), true)
	if err != nil {
		p.fail(err)
		return
	}
	wide := min(in.w, in.h*2) // stripe and margins grow with the card, bars only a little
	stripe := box{in.x, in.y, wide * 0.06, in.h}.inset(0.6)
	p.page.rect(stripe, c.Stripe)
	in = box{in.x + stripe.w + 1.2, in.y, in.w - stripe.w - 1.2, in.h}.inset(min(2.2, in.h*0.05))
	group, in := in.cut(max(2.6, in.h*0.08))
	p.write(c.Group.Line(), group, left, grey)
	rest := in.h
	barHeight := max(8, min(16, rest*0.36))
	caption := max(2.4, min(4.5, rest*0.09))
	note := 0.0
	if c.Note != (Text{}) {
		note = max(2.6, rest*0.12)
	}
	title, in := in.cut(rest - barHeight - caption - note - 1)
	p.both(c.Title, title, left)
	below, in := in.cut(note)
	p.write(c.Note.Line(), below, left, black)
	_, in = in.cut(0.5)
	strip, in := in.cut(barHeight)
	p.place(s, strip, dot, mostModule, true)
	p.write(c.Code.Label(), box{in.x, in.y + 0.5, in.w, caption}, centre, black)
}

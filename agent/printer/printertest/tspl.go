package printertest

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"math"
)

// dpi of the head.
const dpi = 203

// canvas is what TSPL draws on.
type canvas struct{ picture *image.Gray }

// takeTSPL reads lines up to PRINT as one, because nothing is visible before.
func (p *Printer) takeTSPL(b []byte) (used int, answer []byte) {
	if bytes.HasPrefix(b, []byte("\x1b!?")) {
		if p.condition.Mute {
			return 3, nil
		}
		return 3, []byte{p.statusByte()}
	}
	if len(b) == 0 || b[0] == 0x1b && len(b) < 3 {
		return 0, nil
	}
	var c canvas
	at := 0
	for {
		n, copies, err := c.command(b[at:])
		if n == 0 && err == nil {
			return 0, nil
		}
		at += n
		if err != nil {
			p.got(Label{}, err)
			return max(at, 1), nil
		}
		if copies > 0 {
			p.got(Label{c.picture, copies}, nil)
			return at, nil
		}
	}
}

func (p *Printer) statusByte() byte {
	var s byte
	for bit, on := range map[byte]bool{
		0x01: p.condition.HeadOpen, 0x04: p.condition.PaperOut, 0x10: p.condition.Paused, 0x80: p.condition.Hot, 0x20: len(p.held) > 0,
	} {
		if on {
			s |= bit
		}
	}
	return s
}

// command reads one: its length, 0 while it is not whole, and for PRINT how often.
func (c *canvas) command(b []byte) (n, copies int, err error) {
	if bytes.HasPrefix(b, []byte("BITMAP ")) {
		return c.bitmap(b)
	}
	end := bytes.Index(b, []byte("\r\n"))
	if end < 0 {
		return 0, 0, nil
	}
	line := string(b[:end])
	var x, y, w, h, sets int
	var width, height float64
	switch {
	case line == "", line == "CLS", line == "REFERENCE 0,0", line == "SET REPRINT ON":
	case scan(line, "SIZE %f mm,%f mm", &width, &height):
		c.picture = paper(int(math.Round(width*dpi/25.4)), int(math.Round(height*dpi/25.4)))
	case c.picture == nil:
		err = errors.New("no SIZE")
	case scan(line, "BAR %d,%d,%d,%d", &x, &y, &w, &h):
		draw.Draw(c.picture, image.Rect(x, y, x+w, y+h), image.Black, image.Point{}, draw.Src)
	case scan(line, "PRINT %d,%d", &sets, &copies):
		copies *= sets
	default:
		err = fmt.Errorf("unknown command %q", line[:min(len(line), 40)])
	}
	return end + 2, copies, err
}

func scan(line, form string, to ...any) bool {
	n, err := fmt.Sscanf(line, form, to...)
	return err == nil && n == len(to)
}

// bitmap reads BITMAP x,y,bytes across,dots down,mode,data: a dark dot is 0.
func (c *canvas) bitmap(b []byte) (n, copies int, err error) {
	at := 0
	for commas := 0; commas < 5; at++ {
		if at == len(b) {
			return 0, 0, nil
		}
		if b[at] == ',' {
			commas++
		}
	}
	var x, y, across, down, mode int
	if !scan(string(b[:at]), "BITMAP %d,%d,%d,%d,%d,", &x, &y, &across, &down, &mode) || mode != 0 || c.picture == nil {
		return at, 0, fmt.Errorf("bad %q", b[:at])
	}
	data := b[at:]
	if len(data) < across*down+2 {
		return 0, 0, nil
	}
	for i := range 8 * across * down {
		px, py := x+i%(8*across), y+i/(8*across)
		if data[i/8]&(0x80>>(i%8)) == 0 && image.Pt(px, py).In(c.picture.Rect) {
			c.picture.Pix[c.picture.PixOffset(px, py)] = 0
		}
	}
	return at + across*down, 0, nil
}

package printer

import (
	"bytes"
	"fmt"
	"image"
)

// tspl is the language of TSC, and of most label printers made in China. TSC
// TSPL/TSPL2 Programming Manual: SIZE, SET REPRINT (a label that ran out of paper
// comes again whole), CLS, BAR, BITMAP, PRINT, <ESC>!?.
type tspl struct{}

func (tspl) ask() []byte { return []byte("\x1b!?") }

// label sends the picture in pieces: bars, which are many equal lines, as
// rectangles, and everything else as dots.
func (tspl) label(picture image.Image, dpi, copies int) []byte {
	lines, width := rows(picture)
	var b bytes.Buffer
	fmt.Fprintf(&b, "\r\nSIZE %.1f mm,%.1f mm\r\nREFERENCE 0,0\r\nSET REPRINT ON\r\nCLS\r\n", float64(width)*inch/float64(dpi), float64(len(lines))*inch/float64(dpi))
	for y := 0; y < len(lines); {
		n := 1
		for y+n < len(lines) && bytes.Equal(lines[y], lines[y+n]) {
			n++
		}
		if n >= tallest {
			bars(&b, lines[y], y, n)
			y += n
			continue
		}
		from := y
		for y < len(lines) && !repeats(lines[y:]) {
			y++
		}
		dots(&b, lines[from:y], from)
	}
	fmt.Fprintf(&b, "PRINT 1,%d\r\n", copies)
	return b.Bytes()
}

const (
	inch    = 25.4 // mm
	tallest = 24   // equal lines from here on are bars
)

// repeats reports whether bars begin.
func repeats(lines [][]byte) bool {
	if len(lines) < tallest {
		return false
	}
	for _, l := range lines[1:tallest] {
		if !bytes.Equal(lines[0], l) {
			return false
		}
	}
	return true
}

// bars draws n equal lines as rectangles.
func bars(b *bytes.Buffer, line []byte, y, n int) {
	dark := func(x int) bool { return x < 8*len(line) && line[x/8]&(0x80>>(x%8)) != 0 }
	for x := 0; x < 8*len(line); x++ {
		from := x
		for dark(x) {
			x++
		}
		if x > from {
			fmt.Fprintf(b, "BAR %d,%d,%d,%d\r\n", from, y, x-from, n)
		}
	}
}

// dots sends lines as they are, without the empty ones around them. In a BITMAP
// a dark dot is 0.
func dots(b *bytes.Buffer, lines [][]byte, y int) {
	for len(lines) > 0 && empty(lines[0]) {
		lines, y = lines[1:], y+1
	}
	for len(lines) > 0 && empty(lines[len(lines)-1]) {
		lines = lines[:len(lines)-1]
	}
	if len(lines) == 0 {
		return
	}
	fmt.Fprintf(b, "BITMAP 0,%d,%d,%d,0,", y, len(lines[0]), len(lines))
	for _, line := range lines {
		for _, d := range line {
			b.WriteByte(^d)
		}
	}
	b.WriteString("\r\n")
}

func empty(line []byte) bool {
	for _, d := range line {
		if d != 0 {
			return false
		}
	}
	return true
}

// answer reads the byte of <ESC>!?: 1 lid, 2 jam, 4 paper, 8 ribbon, 16 pause,
// 32 printing, 128 something else.
func (tspl) answer(b []byte) (r report, ok bool) {
	if len(b) == 0 {
		return r, false
	}
	s := b[0]
	r = report{word: Ready, idle: s == 0}
	switch {
	case s&0x01 != 0:
		r.word = HeadOpen
	case s&0x04 != 0:
		r.word = PaperOut
	case s&0x08 != 0:
		r.word = RibbonOut
	case s&0x82 != 0:
		r.word = Fault
	case s&0x10 != 0:
		r.word = Paused
	case s&0x20 != 0:
		r.word = Printing
	case s != 0:
		r.word = Garbled
	}
	return r, true
}

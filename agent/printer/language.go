package printer

import (
	"fmt"
	"image"
)

// language is how a printer is spoken to: ZPL and TSPL.
type language interface {
	// label writes a picture, dark where its grey is below the middle, to be
	// printed so many times.
	label(picture image.Image, dpi, copies int) []byte
	// ask asks for the state. The answer comes at once, also while it prints.
	ask() []byte
	// answer reads what came since the question. Ok is false while it is not whole.
	answer(b []byte) (r report, ok bool)
}

// speak finds a language by its name; zpl without one.
func speak(name string) (language, error) {
	switch name {
	case "", "zpl":
		return zpl{}, nil
	case "tspl":
		return tspl{}, nil
	}
	return nil, fmt.Errorf("protocol %q: zpl or tspl", name)
}

// Encode writes a picture in a printer's language, to be printed so many times.
func Encode(name string, picture image.Image, dpi, copies int) ([]byte, error) {
	l, err := speak(name)
	if err != nil {
		return nil, err
	}
	return l.label(picture, dpi, copies), nil
}

// report is what a printer says of itself.
type report struct {
	word Word
	idle bool // nothing is left to print
}

// rows gives the picture as lines of dots, eight in a byte, the leftmost in the
// highest bit, and 1 for dark.
func rows(picture image.Image) (lines [][]byte, width int) {
	b := picture.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y++ {
		line := make([]byte, (b.Dx()+7)/8)
		for x := range b.Dx() {
			if r, g, bl, _ := picture.At(b.Min.X+x, y).RGBA(); r+g+bl < 3*0x8000 {
				line[x/8] |= 0x80 >> (x % 8)
			}
		}
		lines = append(lines, line)
	}
	return lines, b.Dx()
}

package cards

import (
	"errors"
	"fmt"
	"image/color"
	"math"
	"strings"

	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/code128"
	"github.com/boombuler/barcode/datamatrix"
	"github.com/boombuler/barcode/ean"
	"github.com/boombuler/barcode/qr"

	codes "github.com/forestock/forestock/firmware-bridge/barcode"
)

// The least width of a bar or square, in mm. A laser scanner of a shop reads bars
// from 0.33 mm on at arm's length. A QR code of a manifest may be finer: it is
// read by cameras only.
const (
	MinModule   = 0.33
	minQRModule = 0.25
)

// Quiet zones in modules, GS1 General Specifications 5.2.3, 5.4.3 and 5.6.2, ISO/IEC
// 18004 9.1. DataMatrix asks for one; two help where labels are cut badly.
const (
	barsQuiet    = 10
	articleQuiet = 11
	matrixQuiet  = 2
	qrQuiet      = 4
)

// ErrTooLarge says that a code does not fit its card or label in a size that can
// be read.
var ErrTooLarge = errors.New("the code is too large to be read at this size: take a larger label, or show it on the screen")

// symbol is a bar code in modules.
type symbol struct {
	w, h  int // of a linear one h is 1
	quiet int
	least float64 // mm of a module
	dark  func(x, y int) bool
}

func symbolOf(b barcode.Barcode, quiet int, least float64) symbol {
	r := b.Bounds()
	return symbol{r.Dx(), r.Dy(), quiet, least, func(x, y int) bool {
		grey, ok := color.GrayModel.Convert(b.At(r.Min.X+x, r.Min.Y+y)).(color.Gray)
		return ok && grey.Y < 128
	}}
}

// mostBars is how many characters a GS1-128 symbol may hold, GS1 General
// Specifications 5.4.4.
const mostBars = 48

// bars makes Code 128 of what a scanner shall give; elements make it GS1-128.
func bars(data string, elements bool) (symbol, error) {
	if len(data) > mostBars {
		return symbol{}, fmt.Errorf("code %q: %d characters are more than the %d that bars can hold", data, len(data), mostBars)
	}
	if elements {
		data = string(code128.FNC1) + strings.ReplaceAll(data, codes.GS, string(code128.FNC1))
	}
	b, err := code128.Encode(data)
	if err != nil {
		return symbol{}, fmt.Errorf("code %q as bars: %w", data, err)
	}
	return symbolOf(b, barsQuiet, MinModule), nil
}

// article makes the bars of an EAN-13, such as a label weighed in the shop has.
func article(digits string) (symbol, error) {
	b, err := ean.Encode(digits)
	if err != nil {
		return symbol{}, fmt.Errorf("code %q as EAN-13: %w", digits, err)
	}
	return symbolOf(b, articleQuiet, MinModule), nil
}

// matrix makes a DataMatrix, of GS1 if it holds elements.
func matrix(data string, elements bool) (symbol, error) {
	for _, r := range data {
		if r > '~' {
			return symbol{}, fmt.Errorf("code %q: %q cannot be in a DataMatrix", data, r)
		}
	}
	if elements {
		fnc1 := string([]byte{datamatrix.FNC1})
		data = fnc1 + strings.ReplaceAll(data, codes.GS, fnc1)
	}
	b, err := datamatrix.Encode(data)
	if err != nil {
		return symbol{}, fmt.Errorf("code %q as DataMatrix: %w", data, err)
	}
	return symbolOf(b, matrixQuiet, MinModule), nil
}

// quick makes a QR code: of capitals and digits at half the size where that will do.
func quick(data string) (symbol, error) {
	b, err := qr.Encode(data, qr.L, qr.Auto)
	if err != nil {
		return symbol{}, fmt.Errorf("code of %d characters as QR: %w", len(data), err)
	}
	return symbolOf(b, qrQuiet, minQRModule), nil
}

// size gives the largest module in whole dots with which the symbol and its quiet
// zone fit, at most most mm, and the box that the dark part then takes.
func (s symbol) size(in box, dot, most float64, linear bool) (module float64, err error) {
	across := in.w / float64(s.w+2*s.quiet)
	if !linear {
		across = min(across, in.h/float64(s.h+2*s.quiet))
	}
	module = math.Floor(min(across, most)/dot+1e-6) * dot
	if module < s.least {
		return 0, ErrTooLarge
	}
	return module, nil
}

// place draws a symbol in the middle of a box, its modules on whole dots.
func (p *pen) place(s symbol, in box, dot, most float64, linear bool) (drawn box) {
	module, err := s.size(in, dot, most, linear)
	if err != nil {
		p.fail(err)
		return in
	}
	w, h := float64(s.w)*module, float64(s.h)*module
	if linear {
		h = snap(in.h, dot)
	}
	at := box{snap(in.x+(in.w-w)/2, dot), snap(in.y+(in.h-h)/2, dot), w, h}
	var shape path
	rowHeight := h / float64(s.h)
	for y := range s.h {
		for x := 0; x < s.w; x++ {
			from := x
			for x < s.w && s.dark(x, y) {
				x++
			}
			if x > from {
				shape = shape.rect(box{at.x + float64(from)*module, at.y + float64(y)*rowHeight, float64(x-from) * module, rowHeight})
			}
		}
	}
	p.page.fill(shape, black)
	return at
}

func snap(mm, dot float64) float64 { return math.Floor(mm/dot+1e-6) * dot }

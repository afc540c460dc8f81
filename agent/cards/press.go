package cards

import (
	"fmt"
	"strings"

	codes "github.com/forestock/forestock/firmware-bridge/barcode"
)

// Press draws cards and labels. It is safe for concurrent use.
type Press struct {
	fonts *Fonts
	rules codes.Rules
}

// NewPress reads the fonts; see NewFonts.
func NewPress(font string) (*Press, error) {
	fonts, err := NewFonts(font)
	if err != nil {
		return nil, err
	}
	rules, err := codes.NewRules(codes.Config{})
	if err != nil {
		return nil, err
	}
	return &Press{fonts, rules}, nil
}

// Media is what is printed on: one label of a roll.
type Media struct {
	Width, Height float64 // mm
	DPI           int     // dots in an inch: bars begin and end on whole ones
}

// Usual resolutions: of label printers, and one that most office printers have a
// multiple of.
const (
	LabelDPI  = 203
	officeDPI = 300
)

// ParseMedia reads a size in mm such as 60x40.
func ParseMedia(size string, dpi int) (Media, error) {
	m := Media{DPI: dpi}
	n, err := fmt.Sscanf(strings.ToLower(size), "%fx%f", &m.Width, &m.Height)
	if err != nil || n != 2 || m.Width < 20 || m.Height < 15 || m.Width > 300 || m.Height > 450 {
		return m, fmt.Errorf("label size %q: want width x height in mm, such as 60x40", size)
	}
	if dpi < 150 || dpi > 1200 {
		return m, fmt.Errorf("%d dpi: label printers have 203, 300 or 600", dpi)
	}
	return m, nil
}

// dot is the width of one in mm.
func (m Media) dot() float64 { return inch / float64(m.DPI) }

func (p *Press) page(w, h float64, title string) *pen {
	return &pen{page: &Page{Width: w, Height: h, Title: title}, fonts: p.fonts}
}

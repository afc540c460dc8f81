package cards

import (
	"image"
	"slices"
	"strings"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/datamatrix"
	"github.com/makiuchi-d/gozxing/oned"
	"github.com/makiuchi-d/gozxing/qrcode"

	codes "github.com/forestock/forestock/firmware-bridge/barcode"
)

// scanned reads a part of a picture as a scanner would, and gives the symbology
// identifier and the characters. It shares no code with what draws. A code that
// stands alone need not be looked for.
func scanned(reader gozxing.Reader, picture *image.Paletted, part image.Rectangle, alone bool) (codes.Symbol, error) {
	bitmap, err := gozxing.NewBinaryBitmapFromImage(picture.SubImage(part))
	if err != nil {
		return codes.Symbol{}, err
	}
	hints := map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_ASSUME_GS1: true}
	if alone {
		hints[gozxing.DecodeHintType_PURE_BARCODE] = true
	}
	result, err := reader.Decode(bitmap, hints)
	if err != nil {
		return codes.Symbol{}, err
	}
	text := result.GetText()
	switch result.GetBarcodeFormat() { //nolint:exhaustive // the readers of this test
	case gozxing.BarcodeFormat_CODE_128:
		if data, ok := strings.CutPrefix(text, "]C1"); ok {
			return codes.Symbol{AIM: "]C1", Data: data}, nil
		}
		return codes.Symbol{AIM: "]C0", Data: text}, nil
	case gozxing.BarcodeFormat_EAN_13:
		return codes.Symbol{AIM: "]E0", Data: text}, nil
	case gozxing.BarcodeFormat_DATA_MATRIX:
		if data, ok := strings.CutPrefix(text, codes.GS); ok { // that is how it gives FNC1
			return codes.Symbol{AIM: "]d2", Data: data}, nil
		}
		return codes.Symbol{AIM: "]d1", Data: text}, nil
	}
	return codes.Symbol{AIM: "]Q1", Data: text}, nil
}

// linear reads every row of bars, from the top.
func linear(picture *image.Paletted, readers ...gozxing.Reader) []codes.Symbol {
	w, h := picture.Rect.Dx(), picture.Rect.Dy()
	strip := h / 40 // thinner than any bars are high
	var all []codes.Symbol
	for y := 0; y+strip <= h; y += strip {
		for _, reader := range append(readers, oned.NewCode128Reader()) {
			s, err := scanned(reader, picture, image.Rect(0, y, w, y+strip), false)
			if err == nil && !slices.Contains(all, s) {
				all = append(all, s)
			}
		}
	}
	return all
}

// square reads a DataMatrix or QR code, which stands at the right. Readers start
// from the middle of what they are given.
func square(reader gozxing.Reader, picture *image.Paletted) (codes.Symbol, error) {
	w, h := picture.Rect.Dx(), picture.Rect.Dy()
	var last error
	for _, left := range []int{7, 6, 5, 8, 9, 4, 10, 0} {
		for _, bottom := range []int{12, 11, 7, 10, 8, 6} {
			for _, top := range []int{3, 0, 2, 4} {
				s, err := scanned(reader, picture, image.Rect(w*left/12, h*top/12, w, h*bottom/12), false)
				if err == nil {
					return s, nil
				}
				last = err
			}
		}
	}
	return codes.Symbol{}, last
}

func matrixReader() gozxing.Reader { return datamatrix.NewDataMatrixReader() }
func qrReader() gozxing.Reader     { return qrcode.NewQRCodeReader() }

func press(tb testing.TB) *Press {
	tb.Helper()
	p, err := NewPress("")
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

// meaning is what our own parser makes of what was read.
func meaning(tb testing.TB, s codes.Symbol) codes.Code {
	tb.Helper()
	rules, err := codes.NewRules(codes.Config{})
	if err != nil {
		tb.Fatal(err)
	}
	c, err := rules.Parse(s)
	if err != nil {
		tb.Fatalf("%q: %v", s, err)
	}
	return c
}

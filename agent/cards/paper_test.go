package cards

import (
	"bytes"
	"image"
	"image/draw"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	codes "github.com/forestock/forestock/firmware-bridge/barcode"
)

// two gives a picture of any kind as one of two colours.
func two(img image.Image) *image.Paletted {
	out := image.NewPaletted(image.Rect(0, 0, img.Bounds().Dx(), img.Bounds().Dy()), (&Page{}).Dots(72).Palette)
	draw.Draw(out, out.Rect, img, img.Bounds().Min, draw.Src)
	return out
}

// wantCards checks which cards a picture of a sheet shows, column by column.
func wantCards(t *testing.T, picture *image.Paletted, form Form, want []Card) {
	t.Helper()
	wide := picture.Rect.Dx() / form.across
	rows := (len(want) + form.across - 1) / form.across // below them the sheet is empty
	filled := (a4Height + float64(2*rows-form.down)*form.Height) / 2 / a4Height
	var got []codes.Card
	for col := range min(form.across, len(want)) {
		column := image.NewPaletted(image.Rect(0, 0, wide, int(filled*float64(picture.Rect.Dy()))), picture.Palette)
		draw.Draw(column, column.Rect, picture, image.Pt(col*wide, 0), draw.Src)
		for _, s := range linear(column) {
			got = append(got, meaning(t, s).Card)
		}
	}
	for _, c := range want {
		if !slices.Contains(got, c.Code) {
			t.Errorf("%s was not read", c.Code.Label())
		}
	}
	if len(got) != len(want) {
		t.Errorf("read %d cards, want %d", len(got), len(want))
	}
}

// ofForm gives the sample cards of a form.
func ofForm(tb testing.TB, f Form) []Card {
	tb.Helper()
	return slices.DeleteFunc(sampleCards(tb), func(c Card) bool { return c.Form != f })
}

// TestPDF_CanBeScanned has a PDF reader draw a sheet as a printer would.
func TestPDF_CanBeScanned(t *testing.T) {
	reader, err := exec.LookPath("pdftoppm")
	if err != nil {
		t.Skip("pdftoppm is not installed")
	}
	pages, err := press(t).Sheets(ofForm(t, Small))
	if err != nil {
		t.Fatal(err)
	}
	var pdf bytes.Buffer
	if err := WritePDF(&pdf, "cards", pages); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "cards.pdf")
	if err := os.WriteFile(file, pdf.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), reader, "-r", "300", "-png", file, filepath.Join(dir, "page")).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	data, err := os.ReadFile(filepath.Join(dir, "page-1.png"))
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if got := img.Bounds().Size(); got.X < 2479 || got.X > 2481 || got.Y < 3507 || got.Y > 3509 {
		t.Errorf("the page has %v dots, A4 has 2480 x 3508 at 300 dpi", got)
	}
	wantCards(t, two(img), Small, ofForm(t, Small))
}

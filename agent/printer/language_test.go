package printer

import (
	"image"
	"image/color"
	"math/rand/v2"
	"net"
	"strings"
	"testing"

	"github.com/forestock/forestock/agent/printer/printertest"
)

// printed has a toy printer print what a language wrote.
func printed(t *testing.T, name string, data []byte) ([]printertest.Label, error) {
	t.Helper()
	toy := printertest.New(name)
	here, there := net.Pipe()
	done := make(chan struct{})
	go func() { defer close(done); toy.Serve(there) }()
	if _, err := here.Write(data); err != nil {
		t.Fatal(err)
	}
	here.Close()
	<-done
	return toy.Printed()
}

// TestLanguages_CarryEveryPicture: whatever its size, and however its lines repeat.
func TestLanguages_CarryEveryPicture(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	for range 60 {
		// TSPL counts in tenths of a millimetre: take sizes that it can say.
		p := image.NewPaletted(image.Rect(0, 0, 8*(1+r.IntN(60)), 8*(1+r.IntN(30))), color.Palette{color.White, color.Black})
		w := p.Rect.Dx()
		for y := range p.Rect.Dy() {
			row := p.Pix[y*p.Stride : y*p.Stride+w]
			switch kind := r.IntN(8); {
			case y > 0 && kind > 1: // the same again
				copy(row, p.Pix[(y-1)*p.Stride:])
			case kind == 1:
				for x := range row {
					row[x] = uint8(r.IntN(2))
				}
			default: // all white, or all black to some place
				for x := range r.IntN(w + 1) {
					row[x] = 1
				}
			}
		}
		for _, name := range []string{"zpl", "tspl"} {
			data, err := Encode(name, p, 203, 7)
			if err != nil {
				t.Fatal(err)
			}
			got, err := printed(t, name, data)
			if err != nil || len(got) != 1 || got[0].Copies != 7 {
				t.Fatalf("seed %d, %s, %v: %d labels, %v", seed, name, p.Rect, len(got), err)
			}
			if !same(got[0].Picture, p) {
				t.Fatalf("seed %d, %s, %v: another picture came out", seed, name, p.Rect)
			}
		}
	}
}

// TestLanguages_ABrokenLabelIsSeen is the negative control.
func TestLanguages_ABrokenLabelIsSeen(t *testing.T) {
	for _, name := range []string{"zpl", "tspl"} {
		data, err := Encode(name, picture(1), 203, 1)
		if err != nil {
			t.Fatal(err)
		}
		at := len(data) / 3
		if name == "zpl" && data[at] == '5' {
			at++
		}
		data[at] ^= 1
		got, err := printed(t, name, data)
		if err == nil && len(got) == 1 && same(got[0].Picture, picture(1)) {
			t.Errorf("%s: byte %d of the label is wrong, and nobody saw it", name, at)
		}
	}
}

func TestZPL_ReadsHostStatus(t *testing.T) {
	answer := func(first, second string) string {
		return "\x02" + first + "\x03\r\n\x02" + second + "\x03\r\n\x021234,0\x03\r\n"
	}
	const well, closed = "030,0,0,1245,000,0,0,0,000,0,0,0", "000,0,0,0,0,2,4,0,00000000,1,000"
	for _, tt := range []struct {
		name, text string
		want       report
	}{
		{"ready", answer(well, closed), report{Ready, true}},
		{"a line's end before it", "\r\n" + answer(well, closed), report{Ready, true}},
		{"a label in its memory", answer("030,0,0,1245,001,0,0,0,000,0,0,0", closed), report{Printing, false}},
		{"labels of a batch", answer(well, "000,0,0,0,0,2,4,0,00000003,1,000"), report{Printing, false}},
		{"no paper, which pauses it", answer("030,1,1,1245,001,0,0,0,000,0,0,0", closed), report{PaperOut, false}},
		{"paused", answer("030,0,1,1245,000,0,0,0,000,0,0,0", closed), report{Paused, true}},
		{"lid open", answer("030,0,1,1245,000,0,0,0,000,0,0,0", "000,0,1,0,0,2,4,0,00000000,1,000"), report{HeadOpen, true}},
		{"no ribbon", answer("030,0,1,1245,000,0,0,0,000,0,0,0", "000,0,0,1,1,2,4,0,00000000,1,000"), report{RibbonOut, true}},
		{"too hot", answer("030,0,0,1245,000,0,0,0,000,0,0,1", closed), report{Fault, true}},
		{"something else", answer("yes", "no"), report{Garbled, false}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := zpl{}.answer([]byte(tt.text))
			if !ok || got != tt.want {
				t.Errorf("got %+v %v, want %+v", got, ok, tt.want)
			}
			for cut := range len(strings.TrimRight(tt.text, "\r\n")) - 1 {
				if got, ok := (zpl{}).answer([]byte(tt.text[:cut])); ok {
					t.Fatalf("%d of %d bytes were taken as %+v", cut, len(tt.text), got)
				}
			}
		})
	}
}

func TestTSPL_ReadsItsByte(t *testing.T) {
	for _, tt := range []struct {
		status byte
		want   report
	}{
		{0x00, report{Ready, true}},
		{0x01, report{HeadOpen, false}},
		{0x02, report{Fault, false}},
		{0x03, report{HeadOpen, false}},
		{0x04, report{PaperOut, false}},
		{0x05, report{HeadOpen, false}},
		{0x08, report{RibbonOut, false}},
		{0x0c, report{PaperOut, false}},
		{0x10, report{Paused, false}},
		{0x20, report{Printing, false}},
		{0x80, report{Fault, false}},
		{0x40, report{Garbled, false}},
	} {
		if got, ok := (tspl{}).answer([]byte{tt.status}); !ok || got != tt.want {
			t.Errorf("%#02x: got %+v %v, want %+v", tt.status, got, ok, tt.want)
		}
	}
	if _, ok := (tspl{}).answer(nil); ok {
		t.Error("nothing was taken as an answer")
	}
}

func FuzzAnswer(f *testing.F) {
	f.Add([]byte("\x02030,0,0,1245,000,0,0,0,000,0,0,0\x03\r\n\x02000,0,0,0,0,2,4,0,00000000,1,000\x03\r\n\x021234,0\x03\r\n"))
	f.Add([]byte("\x02\x03\x02\x03\x02\x03"))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, l := range []language{zpl{}, tspl{}} {
			r, ok := l.answer(data)
			if ok && (r.word == "" || messages[r.word] == "") {
				t.Errorf("%q: %+v says nothing", data, r)
			}
			if ok && r.idle && r.word == Printing {
				t.Errorf("%q: prints and has nothing to print", data)
			}
		}
	})
}

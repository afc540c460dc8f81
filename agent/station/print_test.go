package station_test

import (
	"bytes"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/datamatrix"

	"github.com/forestock/forestock/agent/agentd"
	"github.com/forestock/forestock/agent/floor"
	"github.com/forestock/forestock/agent/printer/printertest"
)

// read gives what a DataMatrix at the right of a printed label says; GS is FNC1.
func read(tb testing.TB, picture image.Image) string {
	tb.Helper()
	w, h := picture.Bounds().Dx(), picture.Bounds().Dy()
	part := image.NewGray(image.Rect(0, 0, w*5/12, h*8/12))
	draw.Draw(part, part.Rect, picture, picture.Bounds().Min.Add(image.Pt(w*7/12, h/4)), draw.Src)
	bitmap, err := gozxing.NewBinaryBitmapFromImage(part)
	if err != nil {
		tb.Fatal(err)
	}
	result, err := datamatrix.NewDataMatrixReader().Decode(bitmap, map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_TRY_HARDER: true})
	if err != nil {
		tb.Fatal(err)
	}
	return result.GetText()
}

// A label that staff ask for is on the screen at once, and comes out of the
// printer when that is switched on; what comes out can be scanned to find the lot.
func TestLabel_IsShownAndPrintedAndCanBeScanned(t *testing.T) {
	for _, language := range []string{"zpl", "tspl"} {
		t.Run(language, func(t *testing.T) {
			toy := printertest.New(language)
			power := toy.On(t, "127.0.0.1:0")
			address := power.Address()
			power.Off()
			s := open(t, func(c *agentd.Config) {
				c.Devices = append(c.Devices, agentd.Device{Name: "printer-1", Kind: "printer", Port: "tcp://" + address, Protocol: language, Label: "60x40"})
			})
			s.ready()
			if code, _ := s.get("/api/label"); code != 404 {
				t.Errorf("a label before there is one: %d", code)
			}
			s.card(floor.GoReceive)
			s.scan(label("L77", 20301231))
			s.until("saved", func() bool { _, a := s.get("/api/levels?sku=A1001"); return a.OnHand == 1 })
			s.card(floor.Reprint)
			s.until("shown", func() bool { code, _ := s.get("/api/label"); return code == 200 })
			_, shown := s.get("/api/label")
			if got := shown.Get("Content-Type"); got != "image/svg+xml" || !strings.HasPrefix(shown.text, "<svg") || !strings.Contains(shown.text, "纯牛奶") {
				t.Errorf("%s: %.80s", got, shown.text)
			}
			s.until("the printer is known to be off", func() bool {
				_, status := s.get("/api/status")
				return strings.Contains(status.text, `"state":"absent"`) && strings.Contains(status.text, `"waiting":1`)
			})
			s.scan(label("L77", 20301231))
			s.until("work goes on", func() bool { _, a := s.get("/api/levels?sku=A1001"); return a.OnHand == 2 })
			toy.On(t, address)
			s.until("printed", func() bool { n, _ := toy.Printed(); return len(n) > 0 })
			printed, err := toy.Printed()
			if err != nil || len(printed) != 1 || printed[0].Copies != 1 {
				t.Fatalf("%d labels, %v", len(printed), err)
			}
			code := strings.TrimPrefix(read(t, printed[0].Picture), "\x1d")
			if want := strings.TrimPrefix(label("L77", 20301231), "]C1"); code != want {
				t.Errorf("the label reads %q, want %q", code, want)
			}
			s.scan("]d2" + code)
			s.until("the label is received like the carton", func() bool { _, a := s.get("/api/levels?sku=A1001"); return a.OnHand == 3 })
			s.until("counted", func() bool {
				_, status := s.get("/api/status")
				return strings.Contains(status.text, `"events":1`) && !strings.Contains(status.text, `"waiting"`)
			})
		})
	}
}

// Where there is no printer, the label on the screen is one to scan.
func TestLabel_OnTheScreenCanBeScanned(t *testing.T) {
	b := browser(t)
	s := open(t)
	s.ready()
	s.card(floor.GoReceive)
	s.scan(label("L77", 20301231))
	s.until("saved", func() bool { _, a := s.get("/api/levels?sku=A1001"); return a.OnHand == 1 })
	s.card(floor.Reprint)
	p := s.page(b, 1280, 800)
	p.until("the label is drawn", `document.querySelector("#label img")?.naturalWidth > 0`)
	var at image.Rectangle
	where := p.eval(`(() => { document.querySelector("#label img").scrollIntoView({block: "end", behavior: "instant"}); const r = document.querySelector("#label img").getBoundingClientRect(); return [r.left, r.top, r.right, r.bottom].map(Math.round).join(" "); })()`)
	if _, err := fmt.Sscan(strings.Trim(where, `"`), &at.Min.X, &at.Min.Y, &at.Max.X, &at.Max.Y); err != nil {
		t.Fatalf("%s: %v", where, err)
	}
	data, err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		t.Fatal(err)
	}
	screen, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	shown := image.NewGray(image.Rect(0, 0, at.Dx(), at.Dy()))
	draw.Draw(shown, shown.Rect, screen, at.Min, draw.Src)
	if got, want := strings.TrimPrefix(read(t, shown), "\x1d"), strings.TrimPrefix(label("L77", 20301231), "]C1"); got != want {
		t.Errorf("the screen reads %q, want %q", got, want)
	}
}

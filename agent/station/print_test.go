package station_test

import (
	"image"
	"strings"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/datamatrix"

	"github.com/forestock/forestock/agent/agentd"
	"github.com/forestock/forestock/agent/floor"
	"github.com/forestock/forestock/agent/printer/printertest"
)

// read gives what a DataMatrix at the right of a printed label says; GS is FNC1.
func read(tb testing.TB, picture *image.Gray) string {
	tb.Helper()
	w, h := picture.Rect.Dx(), picture.Rect.Dy()
	bitmap, err := gozxing.NewBinaryBitmapFromImage(picture.SubImage(image.Rect(w*7/12, h/4, w, h*11/12)))
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

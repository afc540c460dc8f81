package station_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/forestock/forestock/agent/floor"
	"github.com/forestock/forestock/proto/stock"
)

var screenshots = flag.String("screenshots", "", "folder to write pictures of the station's screens to")

// TestScreenshots makes pictures of every screen at three sizes, for people to
// look at: a terminal of 7 inches, a tablet, a phone.
func TestScreenshots(t *testing.T) {
	if *screenshots == "" {
		t.Skip("give -screenshots DIR to make pictures")
	}
	b := browser(t)
	for name, size := range map[string][2]int64{"1024x600": {1024, 600}, "1280x800": {1280, 800}, "phone": {412, 915}} {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			s.ready()
			p := s.page(b, size[0], size[1])
			snap := func(screen string) {
				t.Helper()
				p.until("no flash", `document.getElementById("flash").className === ""`)
				p.save(filepath.Join(*screenshots, fmt.Sprintf("%s-%s.png", screen, name)))
			}
			s.tour(p, snap)
		})
	}
}

func (p *tab) save(file string) {
	p.tb.Helper()
	picture, err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		p.tb.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
		p.tb.Fatal(err)
	}
	if err := os.WriteFile(file, picture, 0o600); err != nil {
		p.tb.Fatal(err)
	}
}

// tour walks through the screens.
func (s *shop) tour(p *tab, snap func(string)) {
	today := stock.DateOf(time.Now().In(shanghai))
	snap("01-home")
	s.scan("]C1" + "9200001745") // no badge: the check is wrong
	p.reads("alert", "停")
	snap("02-refused")
	p.press("ok")
	p.press("receive")
	p.reads("ask", "扫商品")
	p.press("pad")
	p.press("1")
	p.press("2")
	snap("03-keypad")
	s.scan(label("L2026A", today.AddDays(30)))
	p.reads("goods", "12 件")
	s.scan(label("L2026B", today.AddDays(5)))
	p.reads("goods", "L2026B")
	snap("04-received")
	s.scan("]E06920152400012")
	p.reads("ask", "扫批号日期")
	snap("05-asks-date")
	s.scan("]C117" + fmt.Sprintf("%06d", int(today.AddDays(90))%1_000_000) + "10N77")
	p.reads("goods", "N77")
	s.scan(apples)
	p.reads("ask", "放上秤")
	snap("06-weigh")
	s.scale.Put(2350)
	p.reads("ask", "别动")
	snap("07-hold-still")
	p.reads("tally", "次")
	snap("08-weighed")
	s.scale.Clear()
	p.reads("ask", "放上秤")
	s.card(floor.Finish)
	p.reads("mode", "查询")
	s.scan(label("L2026A", today.AddDays(30)))
	p.reads("found", "L2026A")
	snap("09-look-up")
	s.card(floor.GoPick)
	p.reads("mode", "拣货")
	s.scan(label("L2026A", today.AddDays(30)))
	p.reads("ask", "有更早的")
	snap("10-earlier-lot")
	s.card(floor.Cancel)
	s.card(floor.GoCount)
	p.reads("ask", "扫货位")
	snap("11-count")
	s.card(floor.GoWaste)
	p.reads("mode", "报损")
	s.scan("]E0" + string(gtin(milk)[1:]))
	p.reads("ask", "是哪一批")
	snap("12-which-lot")
	p.press("1")
	p.reads("ask", "扫原因")
	snap("13-reason")
	s.card(floor.Cancel)
	s.card(floor.GoLookUp)
	s.card(floor.Undo)
	p.reads("ask", "再扫撤销")
	snap("14-undo")
	s.card(floor.Cancel)
	p.do(chromedp.Click(chromedp.CSS("#devices")))
	p.reads("panel-body", "scale-1")
	snap("15-devices")
	p.do(chromedp.Click(chromedp.CSS("#panel-close")))
	if err := s.cables["scale-1"].Unplug(); err != nil {
		s.tb.Fatal(err)
	}
	s.card(floor.Lang)
	p.reads("mode", "Look up")
	s.card(floor.GoReceive)
	s.scan(apples)
	p.reads("ask", "Put it on the scale")
	p.reads("weight", "——")
	snap("16-english-unplugged")
}

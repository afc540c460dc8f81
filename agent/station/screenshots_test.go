package station_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/forestock/forestock/agent/agentd"
	"github.com/forestock/forestock/agent/floor"
	"github.com/forestock/forestock/firmware-bridge/barcode"
	"github.com/forestock/forestock/proto/stock"
)

var screenshots = flag.String("screenshots", "", "folder to write pictures of the station's screens to")

// screen is a size that the page must suit, and how many pixels 20 mm are on it.
type screen struct {
	name          string
	width, height int64
	touch         int
}

// screens are a terminal of 7 inches, a tablet of 10 inches and a phone of 6.
var screens = []screen{{"1024x600", 1024, 600, 133}, {"1280x800", 1280, 800, 118}, {"phone", 360, 780, 112}}

// TestScreenshots makes pictures of every screen at three sizes, for people to
// look at.
func TestScreenshots(t *testing.T) {
	if *screenshots == "" {
		t.Skip("give -screenshots DIR to make pictures")
	}
	b := browser(t)
	for _, size := range screens {
		t.Run(size.name, func(t *testing.T) {
			var data string
			s := open(t, secondStation, func(c *agentd.Config) { data = c.Data })
			s.order(agentd.LedgerPath(data), bigOrder())
			s.ready()
			p := s.page(b, size.width, size.height)
			snap := func(name string) {
				t.Helper()
				p.until("no flash", `!document.getElementById("flash")?.className`)
				p.save(filepath.Join(*screenshots, fmt.Sprintf("%s-%s.png", name, size.name)))
			}
			s.tour(p, snap)
			s.orderTour(p, snap)
			s.order(agentd.LedgerPath(data), moreOrders()...)
			p = s.open(b, "/wall", size.width, size.height)
			p.reads("orders", "2026-1005")
			snap("30-wall")
		})
	}
}

// secondStation adds a station whose scanner is not plugged in.
func secondStation(c *agentd.Config) {
	c.Devices = append(c.Devices, agentd.Device{Name: "scanner-2", Kind: "scanner", Port: filepath.Join(c.Data, "nothing"), Station: "s2"})
	c.Station.Repeat = 0 // nobody waits between two pieces here
	c.Work.People = []agentd.Person{{Badge: "000017", Name: "小王"}, {Badge: "000018", Name: "李姐", Supervisor: true}}
}

// bigOrder wants something of each temperature, and something weighed.
func bigOrder() stock.Order {
	return stock.Order{
		ID: "o-1001", Ref: "2026-1001", State: stock.OrderOpen, Confirmed: time.Now().Add(-11 * time.Minute), Due: time.Now().Add(19 * time.Minute),
		Lines: []stock.OrderLine{
			{Number: 1, SKU: "A1003", Quantity: 3},
			{Number: 2, SKU: "A1001", Quantity: 2},
			{Number: 3, SKU: "A1004", Quantity: 500, Tolerance: 50},
		},
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
	p.click("#devices")
	s.scan("]E0" + salt)
	p.reads("panel-body", salt)
	snap("15-devices")
	p.click("#panel-close")
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

// moreOrders wait: one is late, one is due soon.
func moreOrders() []stock.Order {
	var out []stock.Order
	for i, due := range []time.Duration{-2 * time.Minute, 6 * time.Minute, 25 * time.Minute, 40 * time.Minute} {
		id := 1002 + i
		out = append(out, stock.Order{
			ID: stock.OrderID(fmt.Sprintf("o-%d", id)), Ref: fmt.Sprintf("2026-%d", id), State: stock.OrderOpen,
			Confirmed: time.Now().Add(due - 30*time.Minute), Due: time.Now().Add(due),
			Lines: []stock.OrderLine{{Number: 1, SKU: "A1001", Quantity: 2}, {Number: 2, SKU: "A1003", Quantity: 1}},
		})
	}
	return out
}

// orderTour picks an order, half of it at this station.
func (s *shop) orderTour(p *tab, snap func(string)) {
	if err := s.cables["scale-1"].Plug(); err != nil {
		s.tb.Fatal(err)
	}
	s.ready()
	s.scale.Clear()
	s.card(floor.Cancel)
	s.card(floor.Cancel)
	s.card(floor.Lang)
	p.reads("mode", "查询")
	s.scan(wang)
	s.card(floor.GoReceive)
	for _, at := range []struct{ bin, code string }{{"010102", salt}, {"020103", label("L2026A", stock.DateOf(time.Now().In(shanghai)).AddDays(30))}} {
		s.scan("]C1" + barcode.Card{Type: barcode.BinCard, Number: at.bin}.Data())
		s.card("x5")
		s.scan(at.code)
	}
	p.reads("tally", "2 种 10 件")
	s.card(floor.Finish)
	p.reads("mode", "查询")
	snap("17-tasks")
	p.press("more")
	p.reads("panel-body", "设备")
	snap("18-more")
	p.click("#panel-close")
	s.scan("]C1" + barcode.Card{Type: barcode.ToteCard, Number: "000001"}.Data())
	p.reads("ask", "拿 0")
	s.scan(apples)
	p.reads("ask", "放上秤")
	s.scale.Put(380)
	p.reads("tolerance", "少")
	p.reads("note", "少")
	snap("19-too-little")
	s.scale.Put(520)
	p.reads("mode", "1/3")
	s.scale.Clear()
	s.scan(label("L2026B", stock.DateOf(time.Now().In(shanghai)).AddDays(5)))
	s.scan(label("L2026A", stock.DateOf(time.Now().In(shanghai)).AddDays(30)))
	p.reads("ask", "A-01-02")
	snap("20-walk")
	s.scan("]C1" + barcode.Card{Type: barcode.BinCard, Number: "010102"}.Data())
	s.scan(salt)
	p.reads("ask", "拿 1/3 件")
	snap("21-take")
	if status, a := s.post("/api/scan", `{"station":"s2","id":"over","code":"`+wang+`"}`); status != 200 {
		s.tb.Fatalf("badge at s2: %d %s", status, a.text)
	}
	p.reads("note", "工作转到 s2")
	snap("22-moved")
	s.scan(label("L2026A", stock.DateOf(time.Now().In(shanghai)).AddDays(30)))
	p.reads("found", "L2026A")
	s.card(floor.Reprint)
	p.reads("label", "L2026A")
	snap("23-label")
}

// wang is the badge of 小王.
var wang = "]C1" + barcode.Card{Type: barcode.BadgeCard, Number: "000017"}.Data()

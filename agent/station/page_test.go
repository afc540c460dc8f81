package station_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/forestock/forestock/agent/agentd"
	"github.com/forestock/forestock/agent/floor"
	"github.com/forestock/forestock/agent/ledger"
	"github.com/forestock/forestock/proto/stock"
)

// TestPage drives the page by bytes on a simulated scanner and scale, in a real
// browser, with the network to the hub down.
func TestPage(t *testing.T) {
	t.Parallel()
	b := browser(t)
	today := stock.DateOf(time.Now().In(shanghai))

	t.Run("receives by scans and by weight, and looks it up", func(t *testing.T) {
		s := open(t)
		s.ready()
		p := s.page(b, 1280, 800)
		p.reads("ask", "扫任何码")
		p.reads("link", "离线")
		s.card(floor.GoReceive)
		p.reads("mode", "收货")
		for _, code := range []string{label("L1", today.AddDays(30)), salt, label("L1", today.AddDays(30))} {
			s.scan(code) // none twice in a row: that would be a double read
		}
		p.heard("saved", 3)
		p.reads("tally", "2 种 3 件")
		p.reads("link", "未上传 3 条")
		s.scan(apples)
		p.reads("ask", "放上秤")
		s.scale.Put(1250)
		p.reads("weight", "1.250 公斤")
		p.heard("saved", 4)
		p.reads("note", "已收 1.250 公斤 红富士苹果")
		p.reads("ask", "清空秤盘")
		s.scale.Clear()
		p.reads("ask", "放上秤")
		s.card(floor.GoLookUp)
		s.scan(apples)
		p.reads("found", "红富士苹果")
		p.reads("found", "1.250 公斤")
		s.scan("]E0" + string(gtin(milk)[1:]))
		p.reads("found", "L1")
		p.reads("found", "还有 30 天")
		if got := s.onHand("A1001"); got != 2 {
			t.Errorf("on hand %d, want 2", got)
		}
	})

	t.Run("keeps a refusal until it is acknowledged, and works on meanwhile", func(t *testing.T) {
		s := open(t)
		s.ready()
		p := s.page(b, 1024, 600)
		s.card(floor.GoReceive)
		s.scan("6901234567891")
		p.reads("alert", "校验位不对")
		p.heard("refused", 1)
		s.scan(salt)
		p.heard("saved", 1)
		p.reads("alert", "校验位不对")
		p.press("ok")
		p.until("the alert gone", `document.getElementById("alert").hidden`)
		if got := s.onHand("A1003"); got != 1 {
			t.Errorf("on hand %d, want 1", got)
		}
	})

	t.Run("is worked by touch alone", func(t *testing.T) {
		s := open(t)
		s.ready()
		p := s.page(b, 360, 780)
		p.press("receive")
		p.reads("mode", "收货")
		p.press("pad")
		p.press("1")
		p.press("2")
		p.reads("entry", "12")
		s.scan(salt)
		p.reads("note", "已收 12 件 海天加碘食盐")
		p.press("undo")
		p.reads("ask", "再扫撤销")
		p.press("undo")
		p.heard("undone", 1)
		p.press("finish")
		p.press("more")
		p.click(`[data-door="find"]`)
		p.do(chromedp.SendKeys(chromedp.CSS("#panel-body input"), "食盐"))
		p.until("a hit", `document.querySelector("#panel-body button.row")`)
		p.click("#panel-body button.row")
		p.reads("found", "0 件")
	})

	t.Run("takes a scanner that types, and speaks English", func(t *testing.T) {
		s := open(t)
		p := s.page(b, 1280, 800)
		p.do(chromedp.KeyEvent(salt + kb.Enter))
		p.reads("found", "海天加碘食盐")
		p.click("#lang")
		p.reads("mode", "Look up")
		p.until("English", `document.documentElement.lang === "en"`)
		p.do(chromedp.KeyEvent("nothing-of-ours" + kb.Enter))
		p.reads("alert", "not in the catalogue")
	})

	t.Run("tells under the top what is wrong with the ledger, and works on", func(t *testing.T) {
		var data string
		s := open(t, func(c *agentd.Config) { data, c.Backup.Dir = c.Data, c.Data+"/not-mounted" })
		s.ready()
		p := s.page(b, 1024, 600)
		p.reads("banners", "备份失败")
		s.stop()
		if _, err := ledger.Rebirth(t.Context(), agentd.LedgerPath(data), ledger.RebirthOptions{Options: ledger.Options{MaxSize: 16 << 20}, Why: "a test"}); err != nil {
			t.Fatal(err)
		}
		s.start()
		p.reads("banners", "正在从中心取回库存")
		p.until("two lines at most", `document.querySelectorAll("#banners p").length === 2`)
		p.until("room for the question", `document.getElementById("ask").getBoundingClientRect().bottom < innerHeight / 2`)
		p.click("#lang")
		p.reads("banners", "levels are not complete yet")
	})

	t.Run("loses nothing by a reload, and comes back with the agent", func(t *testing.T) {
		s := open(t)
		s.ready()
		p := s.page(b, 1280, 800)
		s.card(floor.GoMove)
		p.reads("ask", "扫原货位")
		s.card(floor.GoReceive)
		s.scan("]E0" + string(gtin(milk)[1:]))
		p.reads("ask", "扫批号日期")
		p.do(chromedp.Reload())
		p.reads("ask", "扫批号日期")
		p.reads("goods", "伊利纯牛奶")
		p.until("no old flash", "forestock.played().length === 0")
		s.scan(fmt.Sprintf("]C117%06d10L2", int(today.AddDays(20))%1_000_000))
		p.heard("saved", 1)
		s.stop()
		p.until("the break shown", `document.body.classList.contains("lost")`)
		p.reads("lost", "正在重连")
		s.start()
		p.until("the break over", `!document.body.classList.contains("lost")`)
		p.reads("ask", "扫任何码")
		s.ready()
		s.scan("]E0" + string(gtin(milk)[1:]))
		p.reads("found", "L2")
	})

	t.Run("tries the devices", func(t *testing.T) {
		s := open(t, func(cfg *agentd.Config) { cfg.Station.Repeat = time.Minute })
		s.ready()
		p := s.page(b, 1280, 800)
		s.scale.Put(1250)
		p.press("more")
		p.click(`[data-door="scanner"]`)
		p.reads("panel-body", "1.250 kg")
		s.scan("]E0" + salt)
		p.reads("panel-body", `\\r`)
		s.scan("]E0" + salt)
		p.reads("panel-body", "重复 "+salt)
		s.scale.Clear()
		p.reads("panel-body", "0.000 kg")
		p.click(`[data-door="zero"]`)
		p.reads("panel-body", "scale-1: ")
	})

	t.Run("shows at once that a device went away", func(t *testing.T) {
		s := open(t)
		s.ready()
		p := s.page(b, 1280, 800)
		s.scale.Put(700)
		p.reads("weight", "700 克")
		if err := s.cables["scale-1"].Unplug(); err != nil {
			t.Fatal(err)
		}
		p.until("the weight gone", `!document.getElementById("weight").innerText.includes("700")`)
		p.until("the device named", `document.getElementById("devices").className !== "chip "`)
		if err := s.cables["scale-1"].Plug(); err != nil {
			t.Fatal(err)
		}
		p.reads("weight", "700 克")
	})
}

// TestPage_CountsAndShowsDoubleReads looks at what a scanner does that reads a
// label three times in a row.
func TestPage_CountsAndShowsDoubleReads(t *testing.T) {
	t.Parallel()
	b := browser(t)
	s := open(t, func(cfg *agentd.Config) { cfg.Station.Repeat = time.Minute })
	s.ready()
	p := s.page(b, 1280, 800)
	s.card(floor.GoReceive)
	p.reads("mode", "收货")
	for range 3 {
		s.scan(salt)
	}
	p.reads("doubles", "重复 2")
	p.heard("saved", 1)
	if got := s.onHand("A1003"); got != 1 {
		t.Errorf("on hand %d, want 1", got)
	}
}

func (s *shop) onHand(sku string) int64 {
	s.tb.Helper()
	status, a := s.get("/api/levels?sku=" + sku)
	if status != 200 || strings.TrimSpace(a.SKU) != sku {
		s.tb.Fatalf("levels of %s: %d %s", sku, status, a.text)
	}
	return a.OnHand
}

package station_test

import (
	"testing"
	"time"

	"github.com/forestock/forestock/agent/agentd"
	"github.com/forestock/forestock/agent/floor"
	"github.com/forestock/forestock/proto/stock"
)

// The wall shows what waits, what ends soon and what is wrong, keeps itself up
// to date, and says when it is old.
func TestWall(t *testing.T) {
	t.Parallel()
	var data string
	s := open(t, func(c *agentd.Config) { data = c.Data })
	s.order(agentd.LedgerPath(data), bigOrder())
	s.ready()
	b := browser(t)
	p := s.open(b, "/wall", 1280, 800)
	p.reads("figures", "11 分")
	p.reads("orders", "2026-1001")
	p.reads("orders", "还有 18 分")
	p.reads("side", "没有临期")
	p.reads("side", "全部正常")
	s.card(floor.GoReceive)
	s.scan(label("SOON", stock.DateOf(time.Now().In(shanghai)).AddDays(3)))
	p.reads("side", "还有 3 天")
	p.reads("link", "未上传 1 条")
	if err := s.cables["scale-1"].Unplug(); err != nil {
		t.Fatal(err)
	}
	p.reads("side", "scale-1")
	for _, size := range append(screens, screen{"television", 1920, 1080, 0}) {
		p := s.open(b, "/wall", size.width, size.height)
		p.reads("side", "scale-1")
		if wrong := p.audit(size); wrong != "" {
			t.Errorf("%s: %s", size.name, wrong)
		}
	}
	s.stop()
	p.reads("lost", "正在重连")
	s.start()
	p.until("the board is new again", `document.getElementById("lost").hidden`)
}

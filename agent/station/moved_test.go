package station_test

import (
	"strings"
	"testing"

	"github.com/forestock/forestock/agent/floor"
)

// A badge that is scanned at another station brings the work there, and both
// pages say so.
func TestPage_ShowsThatWorkMoved(t *testing.T) {
	t.Parallel()
	b := browser(t)
	s := open(t, secondStation)
	s.ready()
	here, there := s.page(b, 1024, 600), s.open(b, "/?station=s2", 1024, 600)
	there.reads("who", "s2")
	s.scan(wang)
	here.reads("who", "小王")
	s.card(floor.GoMove)
	here.reads("ask", "扫原货位")
	if status, a := s.post("/api/scan", `{"station":"s2","id":"badge","code":"`+wang+`"}`); status != 200 {
		t.Fatalf("badge at s2: %d %s", status, a.text)
	}
	there.reads("ask", "扫原货位")
	there.reads("note", "接着做 s1 的工作")
	here.reads("note", "工作转到 s2")
	here.reads("who", "未登录")
	for _, p := range []*tab{here, there} {
		p.until("the news in large type", `document.getElementById("note").classList.contains("moved")`)
	}
}

// A station that nobody uses counts down to look-up, in amber at the end.
func TestPage_CountsDownToLookUp(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.ready()
	p := s.page(browser(t), 360, 780)
	// Drawn with a time of the test's own, again and again: each status draws it anew.
	draw := func(left, condition string) string {
		return `(import("/page/view.js").then((m) => m.drawIdle({ idle_at: "2026-01-01T00:03:00Z" }, Date.parse("2026-01-01T00:03:00Z") - ` + left + `)), ` + condition + `)`
	}
	p.until("half a minute", draw("30000", `document.getElementById("idle").innerText.includes("30 秒后回查询")`))
	p.until("in amber", draw("9000", `document.getElementById("idle").className === "soon"`))
	p.until("nothing in the first minutes", draw("100000", `document.getElementById("idle").hidden`))
	s.card(floor.GoReceive)
	p.reads("mode", "收货")
	if _, a := s.get("/api/view"); strings.Contains(a.text, `"idle_at":null`) {
		t.Errorf("the view does not say when it falls back: %s", a.text)
	}
}

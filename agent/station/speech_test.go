package station_test

import (
	"os"
	"testing"

	"github.com/forestock/forestock/agent/floor"
)

// Numbers are read as people read them, and what was saved, refused or is to be
// fetched is said.
func TestPage_Speaks(t *testing.T) {
	t.Parallel()
	if info, err := os.Stat("page/speech.opus"); err != nil || info.Size() > 150_000 {
		t.Fatalf("the clips: %v %v, want at most 150,000 bytes", info, err)
	}
	s := open(t)
	s.ready()
	p := s.page(browser(t), 1280, 800)
	for call, want := range map[string]string{
		`number("0")`: "0", `number("7")`: "7", `number("10")`: "ten", `number("12")`: "ten 2", `number("20")`: "2 ten", `number("105")`: "1 hundred 0 5",
		`number("210")`: "liang hundred 1 ten", `number("2000")`: "liang thousand", `number("3006")`: "3 thousand 0 6", `number("12345")`: "1 2 3 4 5",
		`quantity("已收 2 件 食盐")`: "liang piece", `quantity("已拣 1/3 件 食盐")`: "1 piece", `quantity("1.250 公斤")`: "1 point 2 5 kg", `quantity("520 克/500 克")`: "5 hundred 2 ten g", `quantity("没有")`: "",
		`bin("A-01-02")`: "A 0 1 0 2",
	} {
		if got := p.eval("forestock.speech." + call + `.join(" ")`); got != want {
			t.Errorf("%s says %q, want %q", call, got, want)
		}
		if unknown := p.eval("forestock.speech." + call + `.filter((n) => !forestock.speech.known(n)).join()`); unknown != "" {
			t.Errorf("%s has no clip of %s", call, unknown)
		}
	}
	p.until("the clips decoded", "forestock.fluent()")
	s.card(floor.GoReceive)
	s.scan(salt)
	p.until("the quantity said", `forestock.said().join(" ") === "1 piece"`)
	p.press("more")
	p.click(`[data-door="speech"]`)
	s.card("x12")
	s.scan(apples)
	s.card(floor.Cancel)
	s.scan(label("L1", 20491231))
	p.heard("saved", 2)
	if got := p.eval(`forestock.said().join(" ")`); got != "1 piece" {
		t.Errorf("said %q though speech is off", got)
	}
}

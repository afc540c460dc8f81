package station_test

import (
	"net"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/forestock/forestock/agent/agentd"
	"github.com/forestock/forestock/agent/station"
)

// A browser that nobody has paired sees everything and changes nothing; with
// the code it works, once somebody forgets it no more.
func TestPairing(t *testing.T) {
	t.Parallel()
	var data string
	s := open(t, func(c *agentd.Config) { data, c.Station.Pair = c.Data, string(station.PairAlways) })
	pairs := agentd.Pairs(data)
	for path, body := range map[string]string{
		"/api/key": `{"key":"receive","id":"k1"}`, "/api/scan": `{"code":"` + salt + `","id":"s1"}`,
		"/api/device": `{"device":"scale-1","command":"zero"}`, "/api/pair/code": `{}`,
	} {
		if status, a := s.post(path, body); status != http.StatusForbidden || a.Error == nil || a.Error.Reason != "NOT_PAIRED" {
			t.Errorf("%s without pairing: %d %s", path, status, a.text)
		}
	}
	if status, a := s.get("/api/view"); status != 200 || !strings.Contains(a.text, `"look-up"`) {
		t.Errorf("looking without pairing: %d %s", status, a.text)
	}
	if status, a := s.post("/api/pair", `{"code":"123456","name":"x"}`); status != 422 || a.Error.Reason != "NO_CODE" {
		t.Errorf("no code open: %d %s", status, a.text)
	}
	digits, _, err := pairs.Invite()
	if err != nil {
		t.Fatal(err)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	tablet := &http.Client{Jar: jar}
	post := func(path, body string) int {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		response, err := tablet.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		return response.StatusCode
	}
	if got := post("/api/pair", `{"code":"`+digits+`","name":"tablet-1"}`); got != 200 {
		t.Fatalf("pair: %d", got)
	}
	if got := post("/api/key", `{"key":"receive","id":"k2"}`); got != 200 {
		t.Errorf("a key of the paired browser: %d", got)
	}
	if got := post("/api/pair", `{"code":"`+digits+`","name":"tablet-2"}`); got != 422 {
		t.Errorf("the code a second time: %d", got)
	}
	if n, err := pairs.Forget("tablet-1"); n != 1 || err != nil {
		t.Fatalf("forgot %d: %v", n, err)
	}
	if got := post("/api/key", `{"key":"receive","id":"k3"}`); got != http.StatusForbidden {
		t.Errorf("a key of the forgotten browser: %d", got)
	}
}

func TestPairs_ACodeIsVoidAfterFiveWrongOnes(t *testing.T) {
	t.Parallel()
	pairs := station.NewPairs(t.TempDir())
	digits, _, err := pairs.Invite()
	if err != nil {
		t.Fatal(err)
	}
	wrong := "000000"
	if digits == wrong {
		wrong = "000001"
	}
	for range 4 {
		if _, err := pairs.Accept(wrong, "x"); err == nil {
			t.Fatal("a wrong code paired")
		}
	}
	token, err := pairs.Accept(digits, "tablet")
	if err != nil {
		t.Fatalf("the right code after four wrong ones: %v", err)
	}
	if p, ok := pairs.Check(token); !ok || p.Name != "tablet" || strings.Contains(p.Hash, strings.Split(token, ".")[1]) {
		t.Errorf("check: %+v %v", p, ok)
	}
	for _, bad := range []string{"", ".", token[:len(token)-1], "../" + token, strings.ToUpper(token), token[:17]} {
		if _, ok := pairs.Check(bad); ok {
			t.Errorf("%q is taken for a token", bad)
		}
	}
	if digits, _, err = pairs.Invite(); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		if _, err := pairs.Accept(wrong, "x"); digits != wrong && err == nil {
			t.Fatal("a wrong code paired")
		}
	}
	if _, err = pairs.Accept(digits, "x"); digits != wrong && err == nil {
		t.Error("the right code after five wrong ones still pairs")
	}
}

// TestPairing_LAN asks over an address of the box that is not loopback, where
// there is one: by default that needs pairing, and loopback does not.
func TestPairing_LAN(t *testing.T) {
	t.Parallel()
	s := open(t)
	key := `{"key":"receive","id":"k1"}`
	if status, a := s.post("/api/key", key); status != 200 {
		t.Errorf("on the box: %d %s", status, a.text)
	}
	if status, _ := s.post("/api/key", key, "X-Forwarded-For", "192.0.2.7"); status != http.StatusForbidden {
		t.Errorf("through a proxy on the box: %d", status)
	}
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range addresses {
		ip, ok := a.(*net.IPNet)
		if !ok || ip.IP.IsLoopback() || ip.IP.To4() == nil {
			continue
		}
		lan := open(t, func(c *agentd.Config) { c.Station.Listen = net.JoinHostPort(ip.IP.String(), "0") })
		if status, a := lan.post("/api/key", key); status != http.StatusForbidden {
			t.Errorf("over %s: %d %s", ip.IP, status, a.text)
		}
		return
	}
}

// The page of a browser that is not paired says so and asks for the code; one
// that is paired shows a code for the next.
func TestPage_IsPaired(t *testing.T) {
	t.Parallel()
	var data string
	s := open(t, func(c *agentd.Config) { data, c.Station.Pair = c.Data, string(station.PairAlways) })
	s.ready()
	p := s.page(browser(t), 360, 780)
	p.reads("banners", "只能看")
	s.scan(salt)
	p.reads("found", "海天加碘食盐")
	if keys := p.eval(`[...document.querySelectorAll("#keys button")].map((b) => b.dataset.key).join()`); keys != "pair,more" {
		t.Errorf("keys before pairing: %s", keys)
	}
	digits, _, err := agentd.Pairs(data).Invite()
	if err != nil {
		t.Fatal(err)
	}
	p.press("pair")
	for _, d := range digits {
		p.do(chromedp.Click(chromedp.CSS(`[data-digit="` + string(d) + `"]`)))
	}
	p.press("receive")
	p.reads("mode", "收货")
	p.do(chromedp.Reload())
	p.press("finish")
	p.press("more")
	p.click(`[data-door="scanner"]`)
	p.click(`[data-door="invite"]`)
	p.until("a code for the next", `/\d{3} \d{3}/.test(document.querySelector("#panel-body .code")?.innerText)`)
}

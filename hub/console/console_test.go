package console

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/forestock/forestock/hub/api"
	"github.com/forestock/forestock/proto/stock"
)

// chromium starts a browser, or skips the test and says what to install.
func chromium(t *testing.T) context.Context {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("lang", "zh-CN"))
		allocator, cancel := chromedp.NewExecAllocator(context.Background(), options...)
		t.Cleanup(cancel)
		browser, cancel := chromedp.NewContext(allocator)
		t.Cleanup(cancel)
		if err := chromedp.Do(browser); err != nil {
			t.Fatal(err)
		}
		return browser
	}
	t.Skip("no Chromium: install it with apt-get install chromium, or your system's like, to test the console")
	return nil
}

// tab is a page as a person sees it.
type tab struct {
	t   *testing.T
	ctx context.Context //nolint:containedctx // chromedp keeps the tab in it

	mu       sync.Mutex // guards troubles
	troubles []string
}

func open(t *testing.T, browser context.Context, url string) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(browser)
	t.Cleanup(cancel)
	ctx, stop := context.WithTimeout(ctx, time.Minute)
	t.Cleanup(stop)
	p := &tab{t: t, ctx: ctx}
	// A page that throws, or that its own policy stopped from loading something,
	// is broken even where it looks right.
	err := chromedp.Listen(ctx, func(event any) {
		switch e := event.(type) {
		case *runtime.EventExceptionThrown:
			p.trouble(e.ExceptionDetails.Text)
		case *log.EventEntryAdded:
			if e.Entry.Level == log.EntryLevelError && e.Entry.Source != log.EntrySourceNetwork {
				p.trouble(e.Entry.Text)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	p.do(chromedp.EmulateViewport(1280, 800), chromedp.Navigate(url))
	t.Cleanup(p.calm)
	return p
}

func (p *tab) trouble(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.troubles = append(p.troubles, text)
}

// calm fails the test if the page was in trouble.
func (p *tab) calm() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, text := range p.troubles {
		p.t.Errorf("the page's console says: %s", text)
	}
}

func (p *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	if err := chromedp.Do(p.ctx, steps...); err != nil {
		p.t.Fatal(err)
	}
}

// is waits until an expression is true on the page.
func (p *tab) is(expression string) {
	p.t.Helper()
	for {
		// A page that is on its way to another one fails to evaluate.
		ok, err := chromedp.Run(p.ctx, chromedp.Evaluate[bool]("!!("+expression+")"))
		if err == nil && ok {
			return
		}
		select {
		case <-time.After(30 * time.Millisecond):
		case <-p.ctx.Done():
			text, _ := chromedp.Run(context.WithoutCancel(p.ctx), chromedp.Evaluate[string]("document.body.innerText"))
			p.t.Fatalf("never true: %s\nthe page says:\n%s", expression, text)
		}
	}
}

// says waits until the page shows all the texts.
func (p *tab) says(texts ...string) {
	p.t.Helper()
	for _, text := range texts {
		p.is("document.body.innerText.includes(" + quoted(text) + ")")
	}
}

func quoted(s string) string { return "`" + strings.ReplaceAll(s, "`", "\\`") + "`" }

func (p *tab) click(selector string) {
	p.t.Helper()
	p.is("document.querySelector(" + quoted(selector) + ")")
	p.do(chromedp.Click(chromedp.CSS(selector)))
}

func TestConsole(t *testing.T) {
	browser := chromium(t)

	t.Run("leads from the fleet to an entry's raw bytes", func(t *testing.T) {
		h := newHub(t)
		h.shop()
		p := open(t, browser, h.url+"/")
		p.says("仓库", "wh-01", "在线", "v1.2.3-agent", "实时", "v1.2.3-test")
		p.is(`document.querySelectorAll("tr .pill.online").length === 2`)
		p.click(`tr[data-warehouse="wh-01"] a`)
		p.says("纯牛奶 1L", "红富士苹果", "12.350 kg", "已过期")
		p.click(`tr[data-name$="milk-1l"] th a`)
		// 30 on hand, of which 6 are expired.
		p.is(`document.querySelector(".term.result b").textContent === "24 件"`)
		p.says("这个数是怎么来的", "收货", "王芳", "station-1 · scanner-1", "PO-7", "]C1010690123456789210L20<1D>17991231<0D>", "从这里开始")
	})

	t.Run("finds an item in all warehouses", func(t *testing.T) {
		h := newHub(t)
		h.shop()
		p := open(t, browser, h.url+"/console/#/stock")
		p.says("查一个商品在各仓有多少")
		p.do(chromedp.SendKeys(chromedp.CSS("#query"), "6901234567892"))
		p.is(`document.querySelectorAll("tbody tr").length === 2`)
		p.says("wh-01", "wh-02", "24 件", "8 件")
		p.is(`location.hash === "#/stock?q=6901234567892"`)
		p.do(chromedp.SendKeys(chromedp.CSS("#query"), "x"))
		p.says("没有找到")
	})

	t.Run("changes by itself when the stock does", func(t *testing.T) {
		h := newHub(t)
		first, second := h.shop()
		number := open(t, browser, h.url+"/console/#/explain/wh-01/milk-1l")
		number.is(`document.querySelector(".term.result b").textContent === "24 件"`)
		number.says("实时")
		first.report(stock.Movement{Kind: stock.Pick, SKU: "milk-1l", Lot: "L20", Bin: "C-01", Delta: -5, Operator: "赵六"})
		number.is(`document.querySelector(".term.result b").textContent === "19 件"`)
		number.says("拣货", "赵六", "−5 件")

		list := open(t, browser, h.url+"/console/#/stock?q=milk")
		list.says("19 件", "实时")
		second.report(stock.Movement{Kind: stock.Waste, SKU: "milk-1l", Lot: "L20", Bin: "C-01", Delta: -7})
		list.is(`document.querySelector('tr[data-name="warehouses/wh-02/skus/milk-1l"] .strong').textContent === "1 件"`)
	})

	t.Run("shows what needs somebody first", func(t *testing.T) {
		h := newHub(t)
		_, second := h.shop()
		second.send([]byte("no entry at all"))
		h.heard("wh-01", time.Now().Add(-time.Hour))
		p := open(t, browser, h.url+"/console/")
		p.says("隔离记录", "离线", "1 小时前")
		p.is(`document.querySelector("tbody tr").dataset.warehouse === "wh-02"`)
		p.is(`document.querySelector(".alarm").title.includes("set aside")`)
	})

	t.Run("shows the boxes of a warehouse, and who may replace one", func(t *testing.T) {
		h := newHub(t)
		h.shop()
		p := open(t, browser, h.url+"/console/")
		p.click(`tr[data-warehouse="wh-01"] a[href="#/boxes/wh-01"]`)
		p.says("wh-01 · 机器", "在用", "v1.2.3-agent", "没有修正过")
		h.Replace("wh-01", "Li", "<b>scrap</b>")
		p.says("Li 允许另一台机器接管", "<b>scrap</b>")
		p.do(chromedp.Navigate(h.url + "/console/#/boxes/wh-77"))
		p.says("没有这个仓库")
	})

	t.Run("says that there is nothing yet", func(t *testing.T) {
		h := newHub(t)
		p := open(t, browser, h.url+"/console/")
		p.says("还没有仓库连接到这里")
		h.box("wh-09")
		p.says("wh-09")
		p.click(`tr[data-warehouse="wh-09"] a`)
		p.says("这个仓库还没有库存记录")
		p.do(chromedp.Navigate(h.url + "/console/#/explain/wh-09/nope"))
		p.says("没有这个 SKU")
		p.do(chromedp.Navigate(h.url + "/console/#/stock?w=wh-77"))
		p.says("没有这个仓库")
	})

	t.Run("speaks English, and remembers it", func(t *testing.T) {
		h := newHub(t)
		h.shop()
		p := open(t, browser, h.url+"/console/#/explain/wh-01/milk-1l")
		p.click("#language")
		p.says("Whole milk 1 L", "What this number is made of", "received", "expired", "Raw evidence")
		p.do(chromedp.Reload())
		p.says("What this number is made of")
		p.is(`document.documentElement.lang === "en"`)
	})

	t.Run("asks for a token where the hub wants one", func(t *testing.T) {
		const secret = "operator-secret-0123456789"
		h := newHub(t, func(c *api.Config) { c.Tokens = []api.Token{{Name: "console", Secret: secret, Role: api.Read}} })
		h.shop()
		p := open(t, browser, h.url+"/console/")
		p.says("需要令牌")
		p.do(chromedp.SendKeys(chromedp.CSS("#token"), "a-wrong-secret-0123456789\r"))
		p.is(`document.getElementById("token").value === "" && document.getElementById("login").open`)
		p.do(chromedp.SendKeys(chromedp.CSS("#token"), secret+"\r"))
		p.says("wh-01", "实时")
		p.do(chromedp.Navigate(h.url + "/console/#/stock?w=wh-02"))
		p.says("8 件", "实时") // the watch has the token too
	})

	t.Run("goes on after the hub restarted", func(t *testing.T) {
		h := newHub(t)
		first, _ := h.shop()
		p := open(t, browser, h.url+"/console/#/explain/wh-01/milk-1l")
		p.says("24 件", "实时")
		h.stop()
		p.says("正在重连")
		first.report(stock.Movement{Kind: stock.Pick, SKU: "milk-1l", Lot: "L20", Bin: "C-01", Delta: -5})
		c := api.DefaultConfig()
		c.GRPC, c.HTTP = "127.0.0.1:0", strings.TrimPrefix(h.url, "http://")
		h.serve(c)
		p.is(`document.querySelector(".term.result b").textContent === "19 件"`)
		p.says("实时")
	})

	t.Run("takes nothing that was scanned for markup", func(t *testing.T) {
		h := newHub(t)
		const evil = `<img src=x onerror="document.title='owned'">`
		h.box("wh-01").report(stock.Movement{Kind: stock.Receive, SKU: "a", Delta: 1, Operator: evil, Reason: evil, Document: evil, Scan: []byte(evil)})
		p := open(t, browser, h.url+"/console/#/explain/wh-01/a")
		p.says(evil)
		p.is(`document.querySelectorAll("#view img").length === 0 && document.title === "Forestock"`)
	})

	t.Run("fits a phone, in light and dark", func(t *testing.T) {
		h := newHub(t)
		h.shop()
		p := open(t, browser, h.url+"/console/")
		p.do(chromedp.EmulateViewport(360, 740, chromedp.EmulateMobile))
		for _, scheme := range []string{"light", "dark"} {
			p.do(chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
				_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
					Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
				})
				return err
			}))
			for _, view := range []string{"#/", "#/stock?q=milk", "#/stock?w=wh-01", "#/explain/wh-01/milk-1l", "#/boxes/wh-01"} {
				p.do(chromedp.Navigate(h.url + "/console/" + view))
				p.is(`document.querySelector("tbody tr")`)
				p.is(`document.documentElement.scrollWidth <= innerWidth`)
			}
		}
		p.is(`getComputedStyle(document.body).backgroundColor === "rgb(16, 20, 19)"`)
	})

	t.Run("has every word in both languages", func(t *testing.T) {
		p := open(t, browser, newHub(t).url+"/console/")
		got, err := chromedp.Run(p.ctx, chromedp.Evaluate[string](missingWords, chromedp.EvalAwaitPromise))
		if err != nil {
			t.Fatal(err)
		}
		if got != "" {
			t.Errorf("only in one language: %s", got)
		}
	})

	t.Run("loads nothing from elsewhere", func(t *testing.T) {
		h := newHub(t)
		h.shop()
		p := open(t, browser, h.url+"/console/#/explain/wh-01/milk-1l")
		p.says("实时")
		p.is(`performance.getEntriesByType("resource").length > 8`)
		p.is(`performance.getEntriesByType("resource").every((r) => r.name.startsWith(location.origin) || r.name.startsWith("data:"))`)
	})
}

// missingWords lists the words that one language has and the other has not. The
// hub's own words are English, so its reasons need no English ones.
const missingWords = `import("/console/text.js").then(({ words }) => {
	const keys = (o) => Object.entries(o).flatMap(([k, v]) => typeof v === "object" ? keys(v).map((x) => k + "." + x) : [k]).filter((k) => !/^(reasons|alarmHints)\./.test(k));
	const zh = keys(words.zh), en = keys(words.en);
	return [...zh.filter((k) => !en.includes(k)), ...en.filter((k) => !zh.includes(k))].join(" ");
})`

func TestHandler_ServesFilesThatAreThere(t *testing.T) {
	handler, err := Handler("v1")
	if err != nil {
		t.Fatal(err)
	}
	ask := func(path, etag string) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
		r.Header.Set("If-None-Match", etag)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		return w
	}
	for path, want := range map[string]string{
		"/console/": "text/html; charset=utf-8", "/console/main.js": "text/javascript; charset=utf-8", "/console/console.css": "text/css; charset=utf-8",
	} {
		w := ask(path, "")
		if w.Code != http.StatusOK || w.Header().Get("Content-Type") != want || !strings.Contains(w.Header().Get("Content-Security-Policy"), "script-src 'self'") {
			t.Errorf("%s: HTTP %d %v", path, w.Code, w.Header())
		}
		if again := ask(path, w.Header().Get("ETag")); again.Code != http.StatusNotModified || again.Body.Len() != 0 {
			t.Errorf("%s again: HTTP %d", path, again.Code)
		}
	}
	for _, path := range []string{"/console/index.html", "/console/nope.js", "/console/../console.go", "/console/page/main.js"} {
		if w := ask(path, ""); w.Code != http.StatusNotFound {
			t.Errorf("%s: HTTP %d", path, w.Code)
		}
	}
}

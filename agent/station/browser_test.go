package station_test

import (
	"context"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// browser starts a Chromium of its own, or skips the test and says what to install.
func browser(tb testing.TB) context.Context {
	tb.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		options := append(chromedp.DefaultExecAllocatorOptions[:],
			chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(tb.TempDir()),
			chromedp.Flag("disable-background-networking", true), chromedp.Flag("autoplay-policy", "no-user-gesture-required"), chromedp.Flag("lang", "zh-CN"))
		allocator, cancel := chromedp.NewExecAllocator(context.Background(), options...)
		tb.Cleanup(cancel)
		ctx, cancel := chromedp.NewContext(allocator)
		tb.Cleanup(cancel)
		if err := chromedp.Do(ctx); err != nil {
			tb.Fatal(err)
		}
		return ctx
	}
	tb.Skip("no Chromium: install it with apt-get install chromium fonts-noto-cjk, or your system's like, to test the station's page")
	return nil
}

// tab is a page as a person sees it.
type tab struct {
	tb  testing.TB
	ctx context.Context //nolint:containedctx // chromedp keeps the tab in it

	mu       sync.Mutex
	troubles []string // guarded by mu
}

// page opens the station's page.
func (s *shop) page(b context.Context, width, height int64) *tab {
	s.tb.Helper()
	return s.open(b, "/", width, height)
}

// open opens a page of the agent.
func (s *shop) open(b context.Context, path string, width, height int64) *tab {
	s.tb.Helper()
	ctx, cancel := chromedp.NewContext(b)
	s.tb.Cleanup(cancel)
	ctx, stop := context.WithTimeout(ctx, 5*time.Minute)
	s.tb.Cleanup(stop)
	p := &tab{tb: s.tb, ctx: ctx}
	// A page that throws, or that its own policy stopped from loading
	// something, is broken even where it looks right.
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
		s.tb.Fatal(err)
	}
	p.do(chromedp.EmulateViewport(width, height), chromedp.Navigate(s.url+path))
	p.until("the first view", "forestock.drawn()")
	s.tb.Cleanup(p.calm)
	return p
}

func (p *tab) trouble(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.troubles = append(p.troubles, text)
}

// calm fails the test when the page has had a trouble.
func (p *tab) calm() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, text := range p.troubles {
		p.tb.Errorf("the page has trouble: %s", text)
	}
}

func (p *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	p.tb.Helper()
	if err := chromedp.Do(p.ctx, actions...); err != nil {
		p.tb.Fatal(err)
	}
}

// eval gives the text that an expression has on the page.
func (p *tab) eval(expression string) string {
	p.tb.Helper()
	text, err := chromedp.Run(p.ctx, chromedp.Evaluate[string](expression))
	if err != nil {
		p.tb.Fatal(err)
	}
	return text
}

// until waits until a JavaScript condition holds.
func (p *tab) until(what, condition string) {
	p.tb.Helper()
	deadline := time.Now().Add(patience)
	for {
		// A page that is on its way to another one fails to evaluate.
		holds, err := chromedp.Run(p.ctx, chromedp.Evaluate[bool]("Boolean("+condition+")"))
		if err == nil && holds {
			return
		}
		if time.Now().After(deadline) {
			p.tb.Fatalf("not in time: %s (%s): %v\nthe page says:\n%s", what, condition, err, p.eval("document.body.innerText"))
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// reads waits until a part of the page holds a text.
func (p *tab) reads(id, text string) {
	p.tb.Helper()
	p.until(id+" reads "+text, "document.getElementById('"+id+"').innerText.includes("+quote(text)+")")
}

func quote(text string) string { return `"` + strings.ReplaceAll(text, `"`, `\"`) + `"` }

// press clicks a key of the page.
func (p *tab) press(key string) {
	p.tb.Helper()
	p.until("key "+key, "document.querySelector('[data-key=\""+key+"\"]')")
	for deadline := time.Now().Add(patience); ; {
		err := chromedp.Do(p.ctx, chromedp.Click(chromedp.CSS(`[data-key="`+key+`"]`)))
		if err == nil {
			return
		}
		// A key that was drawn anew between finding and clicking is another node.
		if time.Now().After(deadline) {
			p.tb.Fatalf("click %s: %v", key, err)
		}
	}
}

// click clicks what a selector finds.
func (p *tab) click(selector string) {
	p.tb.Helper()
	p.do(chromedp.Click(chromedp.CSS(selector)))
}

// heard waits until a sound was played once more than before.
func (p *tab) heard(sound string, times int) {
	p.tb.Helper()
	p.until(sound+" heard", "forestock.played().filter((s) => s === "+quote(sound)+").length >= "+string(rune('0'+times)))
}

package station_test

import (
	"context"
	_ "embed"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/forestock/forestock/agent/agentd"
)

//go:embed testdata/audit.js
var audit string

// audit says what is wrong with the page for people with gloves, weak eyes or a
// screen reader; size is where its keys are to be large enough.
func (p *tab) audit(size screen) string {
	p.tb.Helper()
	return p.eval(fmt.Sprintf("(%s)(%d)", audit, size.touch))
}

// TestPage_IsForEverybody holds every screen, at every size, to what the audit
// asks for.
func TestPage_IsForEverybody(t *testing.T) {
	t.Parallel()
	b := browser(t)
	var data string
	s := open(t, secondStation, func(c *agentd.Config) { data = c.Data })
	s.order(agentd.LedgerPath(data), bigOrder())
	s.ready()
	p := s.page(b, screens[0].width, screens[0].height)
	n := 0
	look := func(name string) {
		t.Helper()
		n++
		for _, size := range screens {
			p.do(chromedp.EmulateViewport(size.width, size.height))
			p.until("the keys drawn for the size", "forestock.fits()")
			if wrong := p.audit(size); wrong != "" {
				t.Errorf("%s at %s: %s", name, size.name, wrong)
			}
		}
	}
	s.tour(p, look)
	s.orderTour(p, look)
	if n < 20 {
		t.Errorf("%d screens were looked at, want 20 or more", n)
	}
	// Who works by keyboard sees where the focus is.
	p.do(chromedp.KeyEvent(kb.Tab))
	p.until("the focus shown", `document.activeElement.matches("button") && parseFloat(getComputedStyle(document.activeElement).outlineWidth) >= 3`)
}

// TestAudit_SeesWhatIsWrong is the negative control.
func TestAudit_SeesWhatIsWrong(t *testing.T) {
	t.Parallel()
	s := open(t)
	p := s.page(browser(t), 1024, 600)
	for spoil, want := range map[string]string{
		`document.title = ""`:                                             "no title",
		`document.documentElement.lang = ""`:                              "its language",
		`document.getElementById("who").id = "link"`:                      "two elements are called link",
		`document.querySelector("#keys button").replaceChildren()`:        "no name: receive",
		`document.querySelector("#keys button").tabIndex = -1`:            "no key reaches receive",
		`document.querySelector("#keys button").style.height = "60px"`:    "small: receive",
		`document.getElementById("next").style.color = "#555"`:            "contrast",
		`document.getElementById("last").style.minWidth = "1200px"`:       "sticks out",
		`document.querySelector("#keys svg, #top svg").ariaHidden = "no"`: "read aloud",
		`document.getElementById("next").style.fontSize = "9px"`:          "letters of 9",
		`document.getElementById("ask").setAttribute("role", "nonsense")`: "unknown role",
		`document.getElementById("ask").onclick = () => {}`:               "only a mouse",
		`document.getElementById("question").style.paddingTop = "700px"`:  "out of view",
	} {
		p.do(chromedp.Reload())
		p.until("the first view", "forestock.drawn()")
		p.eval(`(` + spoil + `, "")`)
		if got := p.audit(screens[0]); !strings.Contains(got, want) {
			t.Errorf("%s: the audit says %q, want %q", spoil, got, want)
		}
	}
}

// A scanner that types works under a Chinese input method too: it hides the keys
// and widens digits, and the cards of this warehouse hold digits only.
func TestPage_TakesDigitsUnderAnInputMethod(t *testing.T) {
	t.Parallel()
	s := open(t)
	p := s.page(browser(t), 1280, 800)
	for i, digit := range salt {
		key := "Process" // what a page sees while an input method composes
		if i%2 == 1 {
			key = string(digit - '0' + '０') // a full-width digit
		}
		p.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
			_, err := cdp.Call(ctx, t, input.DispatchKeyEvent, input.DispatchKeyEventParams{
				Type: input.DispatchKeyEventTypeRawKeyDown, Key: key, Code: "Digit" + string(digit), WindowsVirtualKeyCode: 229,
			})
			return err
		}))
	}
	p.do(chromedp.KeyEvent(kb.Enter))
	p.reads("found", "海天加碘食盐")
}

package console

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/forestock/forestock/hub/api"
	"github.com/forestock/forestock/hub/inventory"
	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
	"github.com/forestock/forestock/proto/stock"
)

// order holds stock in wh-01, and confirms it.
func (h *hub) order(id, ref string, lines ...inventory.AskLine) {
	h.t.Helper()
	try, err := inventory.NewTry(stock.OrderID(id), inventory.Ask{Ref: ref, Channel: "app", Lines: lines}, []inventory.Candidate{{Warehouse: "wh-01"}})
	if err != nil {
		h.t.Fatal(err)
	}
	for _, c := range []inventory.Command{try, inventory.Confirm{ID: stock.OrderID(id)}} {
		if r, ok := h.apply(c).(inventory.Reserved); !ok {
			h.t.Fatalf("%s was not reserved: %v", id, r)
		}
	}
}

// counted is a store whose counters are not what they should be.
type counted struct{ api.Stock }

func (c counted) Apply(ctx context.Context, commands ...inventory.Command) ([]inventory.Result, error) {
	if r, ok := commands[0].(inventory.Reconcile); ok {
		return []inventory.Result{inventory.Reconciled{Warehouse: r.Warehouse, Open: 3, Differences: []inventory.Difference{{SKU: "milk-1l", Counter: "held", Counted: 9, Sum: 7}}}}, nil
	}
	return c.Stock.Apply(ctx, commands...)
}

func TestConsole_Orders(t *testing.T) {
	browser := chromium(t)

	t.Run("leads from a search to what was picked and what was missing", func(t *testing.T) {
		h := newHub(t)
		first, _ := h.shop()
		h.order("o-1", "T-1001", inventory.AskLine{SKU: "milk-1l", Quantity: 5}, inventory.AskLine{SKU: "apple-fuji", Quantity: 900})
		h.order("o-2", "T-1002", inventory.AskLine{SKU: "milk-1l", Quantity: 1})
		first.report(stock.Movement{Kind: stock.Pick, SKU: "milk-1l", Lot: "L20", Bin: "C-01", Delta: -3, Document: "o-1", Line: "1", Operator: "赵六", Time: time.Now()})
		first.report(stock.Movement{Kind: stock.Short, SKU: "milk-1l", Document: "o-1", Line: "1", Reason: "broken", Time: time.Now()})
		p := open(t, browser, h.url+"/console/")
		p.click(`a[href="#/orders"]`)
		p.says("o-1", "o-2", "T-1001", "已确认", "1 行缺货", "实时")
		p.do(chromedp.SendKeys(chromedp.CSS("#query"), "T-1002"))
		p.is(`document.querySelectorAll("tbody tr").length === 1 && document.querySelector("tbody tr").dataset.id === "o-2"`)
		p.do(chromedp.Navigate(h.url + "/console/#/orders?q=o-1&s=CONFIRMED&w=wh-01"))
		p.is(`document.querySelectorAll("tbody tr").length === 1 && document.querySelector("tbody tr").dataset.id === "o-1"`)
		p.do(chromedp.Navigate(h.url + "/console/#/orders?s=CANCELLED"))
		p.says("没有找到订单")
		p.do(chromedp.Navigate(h.url + "/console/#/orders?q=o-1"))
		p.click(`tr[data-id="o-1"] a`)
		p.says("T-1001 · wh-01 · app", "milk-1l", "apple-fuji", "拣货", "赵六", "缺货", "broken", "占用库存")
		p.is(`[...document.querySelectorAll(".order-lines tbody tr")[0].querySelectorAll(".num")].map((c) => c.innerText).join() === "5,0,3,2"`)
		h.apply(inventory.Cancel{ID: "o-2", Reason: "<b>gone</b>"})
		p.do(chromedp.Navigate(h.url + "/console/#/order/o-2"))
		p.says("已取消", "<b>gone</b>")
		p.do(chromedp.Navigate(h.url + "/console/#/order/nobody"))
		p.says("没有这个订单")
	})

	t.Run("shows promises at risk, counters that differ and who is not told", func(t *testing.T) {
		h := newHub(t)
		first, _ := h.shop()
		p := open(t, browser, h.url+"/console/#/checks")
		p.says("没有承诺处于风险中", "2 个仓库的占用都对得上", "没有登记接收方")
		shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }))
		t.Cleanup(shop.Close)
		if _, err := h.hooks.CreateWebhook(t.Context(), &forestockv1.CreateWebhookRequest{Webhook: &forestockv1.Webhook{Url: shop.URL}, By: "Li"}); err != nil {
			t.Fatal(err)
		}
		h.order("o-1", "T-1001", inventory.AskLine{SKU: "milk-1l", Quantity: 24})
		first.report(stock.Movement{Kind: stock.Waste, SKU: "milk-1l", Lot: "L20", Bin: "C-01", Delta: -4, Reason: "dropped", Time: time.Now()})
		p.is(`document.querySelector('tr[data-id="o-1"] .alarm')?.textContent === "有风险"`)
		p.is(`Number(document.querySelector("tr[data-hook] a.bad-text")?.textContent) > 1`)
		p.says(shop.URL, "Li 登记", "418")
		p.click("tr[data-hook] a.bad-text")
		p.says("放弃的事件", "reservations/o-1", "reservation.tried", "418", "--redeliver")

		h.stop()
		h.over = func(s api.Stock) api.Stock { return counted{s} }
		h.serve(func() api.Config { c := api.DefaultConfig(); c.GRPC, c.HTTP = "127.0.0.1:0", "127.0.0.1:0"; return c }())
		again := open(t, browser, h.url+"/console/#/checks")
		again.is(`[...document.querySelectorAll("td")].map((c) => c.innerText).join().includes("占用,9,7")`)
	})

	t.Run("fits a phone", func(t *testing.T) {
		h := newHub(t)
		h.shop()
		h.order("o-1", "T-1001-a-long-number-of-an-order-from-another-platform", inventory.AskLine{SKU: "milk-1l", Quantity: 24}, inventory.AskLine{SKU: "apple-fuji", Quantity: 900})
		p := open(t, browser, h.url+"/console/")
		p.do(chromedp.EmulateViewport(360, 740, chromedp.EmulateMobile))
		p.click("#language")
		for _, view := range []string{"#/orders", "#/order/o-1", "#/checks"} {
			p.do(chromedp.Navigate(h.url + "/console/" + view))
			p.is(`document.querySelector("tbody tr, .calm")`)
			p.is(`document.documentElement.scrollWidth <= innerWidth`)
		}
	})
}

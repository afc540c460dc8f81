package station_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/forestock/forestock/agent/agentd"
	"github.com/forestock/forestock/agent/floor"
	"github.com/forestock/forestock/deploy/fleet"
	"github.com/forestock/forestock/firmware-bridge/barcode"
	"github.com/forestock/forestock/proto/stock"
)

func TestMain(m *testing.M) {
	fleet.Child()
	os.Exit(m.Run())
}

// TestDay works through testdata/day.txt: two warehouses with a hub, each a
// process of its own, a real browser at each, and every scan and weight bytes on
// a pty. What staff do stands before >, what the page then shows behind it.
//
//	scan WHAT        GOODS or GOODS/LOT/DAYS, or KIND:NUMBER of a card, or a text
//	card BUTTON ...  command cards, one after the other
//	key BUTTON ...   keys of the page
//	put GRAMS        something is put on the scale; clear takes it off
//	reload           the page is loaded anew
//	kill             the agent is killed, and started again by its service manager
//	cut, mend        the line to the hub
//	hub down, up     the hub is killed, and started again
//	site N           go to the other warehouse
//	order ID GOODS:QUANTITY ...  a customer orders here, and the warehouse hears of it
//	stock GOODS N    what the agent has on hand now
//	agree            the hub has every entry, and the same levels
//	notice NUMBER GOODS:QUANTITY ...  a supplier announces a delivery
func TestDay(t *testing.T) {
	t.Parallel()
	script, err := os.ReadFile("testdata/day.txt")
	if err != nil {
		t.Fatal(err)
	}
	d := newDay(t)
	for n, line := range strings.Split(string(script), "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		d.step = fmt.Sprintf("day.txt:%d: %s", n+1, line)
		act, want, _ := strings.Cut(line, " > ")
		d.act(strings.Fields(act))
		if want != "" {
			d.sees(want)
		}
	}
}

const dayCatalogue = `sku,name,name_en,unit,gtins,plu,bin,zone,shelf_life_days,price_fen
milk,牛奶,Milk,pc,6901230000669,,B-01-01,chilled,10,350
rice,大米,Rice,pc,6901230001345,,A-01-02,ambient,,900
apple,苹果,Apples,g,6901230000454,00041,C-01-01,ambient,,690
`

// dayCodes are the codes of the goods.
var dayCodes = map[string]string{"milk": "6901230000669", "rice": "6901230001345", "apple": "6901230000454", "stranger": "6900999999993"}

// day is two warehouses and their hub, for a day.
type day struct {
	t        *testing.T
	ctx      context.Context //nolint:containedctx // a test's context lives as long as the day
	fleet    *fleet.Fleet
	places   []*workplace
	at       *workplace
	step     string
	manifest string
	orders   int           // that came so far
	hubUp    chan struct{} // closed to let the hub start again
	hubWas   chan error
}

// workplace is a station with its page.
type workplace struct {
	*shop
	site *fleet.Site
	tab  *tab
	data string
}

func newDay(t *testing.T) *day {
	t.Helper()
	b := browser(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "catalogue.csv")
	if err := os.WriteFile(file, []byte(dayCatalogue), 0o600); err != nil {
		t.Fatal(err)
	}
	pin, err := floor.HashPIN("1234")
	if err != nil {
		t.Fatal(err)
	}
	folder := func(site string) string { return filepath.Join(dir, site) }
	peers := map[string]string{}
	for _, site := range []string{"dark-01", "dark-02"} {
		key, err := agentd.TransferKey(folder(site))
		if err != nil {
			t.Fatal(err)
		}
		peers[site] = agentd.PublicText(key)
	}
	f, err := fleet.New(fleet.Options{
		Dir: dir, Warehouses: 2, Catalogue: file, Spawn: true, Settle: 20 * time.Millisecond, Repeat: -1, Output: t.Output(),
		Agent: func(c *agentd.Config) {
			c.Work.Peers = peers
			c.Work.People = []agentd.Person{{Badge: "000017", Name: "小王"}, {Badge: "000018", Name: "李姐", PIN: pin, Supervisor: true}}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- f.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ran; err != nil {
			t.Error(err)
		}
	})
	ready, stop := context.WithTimeout(ctx, patience)
	defer stop()
	if err := f.Ready(ready); err != nil {
		t.Fatal(err)
	}
	d := &day{t: t, ctx: ctx, fleet: f}
	for _, site := range f.Sites {
		w := &workplace{shop: &shop{tb: t, url: "http://" + site.Station, scanner: site.Scanner, scale: site.Scale}, site: site, data: folder(site.Warehouse)}
		w.until("the catalogue at "+site.Warehouse, func() bool {
			_, a := w.get("/api/status")
			return strings.Contains(a.text, `"items":3`)
		})
		w.ready()
		w.tab = w.page(b, 1280, 800) // on smaller ones a label takes the place of what was done
		d.places = append(d.places, w)
	}
	d.at = d.places[0]
	return d
}

// sees waits until the page shows a text.
func (d *day) sees(text string) {
	d.t.Helper()
	d.at.tab.until(d.step, "document.body.innerText.includes("+quote(text)+")")
}

func (d *day) act(words []string) {
	d.t.Helper()
	verb, rest := words[0], words[1:]
	switch verb {
	case "scan":
		d.at.scan(d.code(rest[0]))
	case "card":
		for _, b := range rest {
			d.at.card(floor.Button(b))
		}
	case "key":
		for _, b := range rest {
			d.at.tab.press(b)
		}
	case "put":
		d.at.scale.Put(d.number(rest[0]))
	case "clear":
		d.at.scale.Clear()
	case "reload":
		d.at.tab.do(chromedp.Reload())
		d.at.tab.until(d.step, "window.forestock && forestock.drawn()")
	case "kill":
		d.kill()
	case "site":
		d.at = d.places[d.number(rest[0])-1]
	case "stock":
		d.stock(rest[0], d.number(rest[1]))
	case "notice":
		d.notice(rest[0], rest[1:])
	case "manifest":
		label := d.at.view().Label
		if label == nil {
			d.t.Fatalf("%s: no label", d.step)
		}
		d.manifest = label.Code
	default:
		d.network(verb, rest)
	}
}

// network does what happens outside of the warehouses.
func (d *day) network(verb string, rest []string) {
	d.t.Helper()
	switch verb + " " + strings.Join(rest, " ") {
	case "cut ":
		d.at.site.Line.Cut()
	case "mend ":
		d.at.site.Line.Mend()
	case "hub down":
		d.hubUp, d.hubWas = make(chan struct{}), make(chan error, 1)
		down := make(chan struct{})
		go func() {
			d.hubWas <- d.fleet.Hub.Down(func() error {
				close(down)
				select {
				case <-d.hubUp:
				case <-d.ctx.Done():
				}
				return nil
			})
		}()
		<-down
	case "hub up":
		close(d.hubUp)
		if err := <-d.hubWas; err != nil {
			d.t.Fatal(err)
		}
	case "agree ":
		d.at.until(d.step, d.agrees)
	default:
		if verb != "order" {
			d.t.Fatalf("%s: unknown verb", d.step)
		}
		d.order(rest[0], rest[1:])
	}
}

func (d *day) number(text string) int64 {
	d.t.Helper()
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		d.t.Fatalf("%s: %v", d.step, err)
	}
	return n
}

// cards are the kinds of cards by the words of the script.
var dayCards = map[string]barcode.CardType{"bin": barcode.BinCard, "badge": barcode.BadgeCard, "tote": barcode.ToteCard, "inbound": barcode.InboundCard}

// code gives what the scanner reads.
func (d *day) code(what string) string {
	d.t.Helper()
	if what == "manifest" {
		return "]Q1" + d.manifest
	}
	kind, number, isCard := strings.Cut(what, ":")
	var card barcode.Card
	var err error
	switch {
	case kind == "bin":
		card, err = floor.BinCard(stock.Bin(number))
	case kind == "crate":
		card, err = floor.CrateCard(1, d.number(number))
	case isCard:
		card, err = barcode.NewCard(dayCards[kind], number)
	default:
		parts := strings.Split(what, "/")
		ean, known := dayCodes[parts[0]]
		switch {
		case !known:
			return "]C0" + what
		case len(parts) == 1:
			return "]E0" + ean
		}
		expires := stock.DateOf(time.Now().In(shanghai)).AddDays(int(d.number(parts[2])))
		return fmt.Sprintf("]C1010%s17%06d10%s", ean, int(expires)%1_000_000, parts[1])
	}
	if err != nil {
		d.t.Fatalf("%s: %v", d.step, err)
	}
	return "]C1" + card.Data()
}

// kill kills the agent and waits until it works again, with the page that was
// open all the time.
func (d *day) kill() {
	d.t.Helper()
	d.at.tab.eval("String(window.before = true)")
	starts := d.at.site.Agent.Starts()
	d.at.site.Agent.Kill()
	d.at.until(d.step, func() bool { return d.at.site.Agent.Starts() > starts })
	d.at.until(d.step, func() bool { return fleet.Get(d.ctx, d.at.url+"/api/status", new(any)) == nil })
	d.at.ready()
	d.at.tab.until(d.step, `window.before && !document.body.classList.contains("lost") && document.getElementById("ask").innerText.includes("扫任何码")`)
}

func (d *day) stock(sku string, want int64) {
	d.t.Helper()
	if got := d.at.onHand(sku); got != want {
		d.t.Fatalf("%s: %d on hand", d.step, got)
	}
}

func (d *day) notice(number string, lines []string) {
	d.t.Helper()
	text := "sku,quantity\n" + strings.ReplaceAll(strings.Join(lines, "\n"), ":", ",") + "\n"
	dir := filepath.Join(d.at.data, "notices")
	if err := os.MkdirAll(dir, 0o750); err != nil {
		d.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, number+".csv"), []byte(text), 0o600); err != nil {
		d.t.Fatal(err)
	}
}

// order reserves and confirms at the hub, as a platform does, and waits until
// the warehouse has the order among its tasks.
func (d *day) order(id string, lines []string) {
	d.t.Helper()
	var all []string
	for _, l := range lines {
		sku, n, _ := strings.Cut(l, ":")
		all = append(all, fmt.Sprintf(`{"sku": %q, "quantity": %s}`, sku, n))
	}
	body := fmt.Sprintf(`{"reservation_id": %q, "reservation": {"warehouse": "warehouses/%s", "lines": [%s]}}`, id, d.at.site.Warehouse, strings.Join(all, ","))
	d.at.until(d.step, func() bool { return d.platform("/v1/reservations", body) })
	d.at.until(d.step, func() bool { return d.platform("/v1/reservations/"+id+":confirm", "{}") })
	d.orders++
	d.at.until(d.step, func() bool {
		return slices.ContainsFunc(d.at.view().Lines, func(l floor.Line) bool {
			return l.Name.Zh == "待拣订单" && l.Quantity.Zh == strconv.Itoa(d.orders)
		})
	})
}

// view gives what the station shows.
func (w *workplace) view() floor.View {
	w.tb.Helper()
	_, a := w.get("/api/view")
	var v floor.View
	if err := json.Unmarshal([]byte(a.text), &v); err != nil {
		w.tb.Fatal(err)
	}
	return v
}

// platform posts to the hub, and reports whether it said yes.
func (d *day) platform(path, body string) bool {
	d.t.Helper()
	request, err := http.NewRequestWithContext(d.ctx, http.MethodPost, "http://"+d.fleet.HTTP+path, bytes.NewBufferString(body))
	if err != nil {
		d.t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	answer.Body.Close()
	return answer.StatusCode == http.StatusOK
}

// agrees reports whether the hub has every entry of the warehouse and the same
// levels.
func (d *day) agrees() bool {
	var hub struct {
		Seq    string `json:"applied_seq"`
		Digest string `json:"digest"`
	}
	var agent struct {
		Ledger struct {
			Last   uint64 `json:"last"`
			Unsent uint64 `json:"unsent"`
			Digest string `json:"digest"`
		} `json:"ledger"`
	}
	if fleet.Get(d.ctx, "http://"+d.fleet.HTTP+"/v1/warehouses/"+d.at.site.Warehouse, &hub) != nil || fleet.Get(d.ctx, d.at.url+"/api/status", &agent) != nil {
		return false
	}
	return hub.Seq == strconv.FormatUint(agent.Ledger.Last, 10) && hub.Digest == agent.Ledger.Digest && agent.Ledger.Unsent == 0
}

package floor

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/forestock/forestock/agent/ledger"
	"github.com/forestock/forestock/proto/stock"
)

// play runs a script and gives it back with the answers of now.
func play(t *testing.T, script string) string {
	t.Helper()
	p := &player{t: t, notices: map[string]*Notice{}, houses: map[string]*house{}}
	p.enter("dark-01")
	for line := range strings.Lines(script) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "\t") {
			continue
		}
		p.out.WriteString(line + "\n")
		if line != "" && !strings.HasPrefix(line, "#") {
			p.act(line)
		}
	}
	return p.out.String()
}

type player struct {
	t       *testing.T
	houses  map[string]*house
	notices map[string]*Notice
	*house
	*clerk
	out      strings.Builder
	ask      Text
	manifest string // printed last
}

// house is one warehouse of a dialogue.
type house struct {
	name   stock.Warehouse
	ledger *ledger.Ledger
	down   stock.Seq
	crowd  *crowd
}

// enter goes to a warehouse.
func (p *player) enter(name string) {
	if p.houses[name] == nil {
		p.houses[name] = &house{stock.Warehouse(name), shop(p.t), stock.Seq(len(goodsInShop)), newCrowd()}
	}
	p.house = p.houses[name]
	p.goTo("s1")
}

// keyOf gives a warehouse's key, the same in every run.
func keyOf(name stock.Warehouse) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte(name))
	return ed25519.NewKeyFromSeed(seed[:])
}

func (p *player) goTo(station string) {
	if p.house.crowd.clerks[station] == nil {
		l := p.ledger
		c := newClerk(p.t, station, p.house.crowd, l, func(c stock.Command) (stock.Receipt, error) {
			return l.Append(context.Background(), c)
		})
		c.rules.Notices = func(document string) (*Notice, error) {
			if n, ok := p.notices[document]; !ok || n != nil {
				return n, nil
			}
			return nil, errors.New("damaged")
		}
		c.rules.Transfers = &Transfers{Warehouse: p.name, Key: keyOf(p.name), Peers: map[stock.Warehouse]ed25519.PublicKey{}}
		for _, peer := range []stock.Warehouse{"dark-01", "dark-02"} {
			c.rules.Transfers.Peers[peer], _ = keyOf(peer).Public().(ed25519.PublicKey)
		}
	}
	now := opening
	if p.clerk != nil {
		now = p.now
	}
	p.clerk = p.house.crowd.clerks[station]
	p.now = now
}

func (p *player) act(line string) {
	verb, rest, _ := strings.Cut(line, " ")
	p.now = p.now.Add(2 * time.Second)
	switch verb {
	case "scan":
		p.scan(strings.ReplaceAll(expand(p.t, rest), "$manifest", p.manifest))
	case "fast":
		p.now = p.now.Add(-1500 * time.Millisecond)
		p.scan(expand(p.t, rest))
	case "press":
		for b := range strings.FieldsSeq(rest) {
			p.press(Button(b))
		}
	case "weigh", "weigh!":
		g, err := strconv.ParseInt(rest, 10, 64)
		if err != nil {
			p.t.Fatalf("%s: %v", line, err)
		}
		p.weigh(g, verb == "weigh")
	case "fault":
		p.take(Weight{ID: p.id(), Device: "scale-1", Fault: rest, At: p.now})
	case "unplug":
		p.take(Lost{"scale-1"})
	case "repeat":
		p.take(Repeat{Scan: Scan{Device: "scanner-1"}})
	case "garbled":
		p.take(Garbled{"scanner-1"})
	case "wait":
		d, err := time.ParseDuration(rest)
		if err != nil {
			p.t.Fatalf("%s: %v", line, err)
		}
		p.now = p.now.Add(d - 2*time.Second)
		p.take(Tick{})
	case "people":
		p.people()
		return
	case "rule":
		p.rule(rest)
		return
	case "badges":
		p.rules.NeedBadge = true
		return
	case "fail":
		p.fail = Reason(rest)
		return
	case "station":
		p.goTo(rest)
		return
	case "warehouse":
		p.enter(rest)
		return
	case "notice":
		p.announce(rest)
		return
	case "show":
		p.show()
		return
	case "catalogue":
		p.list(rest)
		return
	case "order", "cancel", "close":
		p.order(verb, rest)
		return
	default:
		p.t.Fatalf("%q: unknown verb", line)
	}
	p.answer()
}

// answer writes what the station says now.
func (p *player) answer() {
	v := p.last.View
	w := &p.out
	if l := v.Label; l != nil && l.Kind == "manifest" {
		p.manifest = l.Code
	}
	for _, e := range p.booked {
		fmt.Fprintf(w, "\t+ %s\n", movement(&e))
	}
	switch {
	case p.last.Sound == SoundRefuse:
		fmt.Fprintf(w, "\tRED %s %s\n\t  %s\n", v.Alert.Reason, v.Alert.Message, v.Alert.Hint)
	case p.last.Sound != Silence:
		if v.Alert != nil {
			fmt.Fprintf(w, "\t(red stays: %s)\n", v.Alert.Reason)
		}
		note := ""
		if v.Note != nil {
			note = string(v.Note.Tone) + ": " + v.Note.Text.String()
		}
		fmt.Fprintf(w, "\t%s %s\n", p.last.Sound, note)
	}
	if v.Ask != p.ask {
		fmt.Fprintf(w, "\t? %s\n", v.Ask)
		p.ask = v.Ask
	}
}

// announce lets a supplier announce a delivery; without lines the notice cannot be read.
func (p *player) announce(text string) {
	p.t.Helper()
	number, lines, _ := strings.Cut(text, " ")
	n := &Notice{Document: number}
	for w := range strings.FieldsSeq(lines) {
		l := orderLine(p.t, 1, w)
		n.Lines = append(n.Lines, Expected{l.SKU, l.Quantity})
	}
	if len(n.Lines) == 0 {
		n = nil
	}
	p.notices[number] = n
}

func movement(e *stock.Entry) string {
	words := []string{e.Kind.String(), string(e.SKU), fmt.Sprintf("%+d", e.Delta)}
	for _, tag := range []struct{ name, value string }{
		{"lot", string(e.Lot)},
		{"expires", e.Expiry.String()},
		{"at", cmp.Or(string(e.Bin), "dock")},
		{"to", string(e.To)},
		{"undoes", strings.TrimPrefix(strconv.Itoa(int(e.Undoes)), "0")},
		{"by", e.Operator},
		{"on", e.Document},
		{"line", e.Line},
		{"because", e.Reason},
		{"frame", string(e.Frame)},
	} {
		if tag.value != "" {
			words = append(words, tag.name, tag.value)
		}
	}
	return strings.Join(words, " ")
}

// show writes the goods, lines and look-up on the screen.
func (p *player) show() {
	v := p.last.View
	w := &p.out
	if v.Place != nil {
		fmt.Fprintf(w, "\t@ %s\n", v.Place.Name)
	}
	if g := v.Goods; g != nil {
		fmt.Fprintf(w, "\t%s %s %s %s\n", g.Name, g.Lot, g.Expiry, g.Quantity)
	}
	for _, l := range v.Lines {
		fmt.Fprintf(w, "\t- %s\n", strings.Join(slices.DeleteFunc([]string{l.Name.String(), string(l.Lot), l.Quantity.String(), string(l.Tone)}, func(s string) bool { return s == "" }), " "))
	}
	if l := v.Label; l != nil {
		code := l.Code
		if l.Kind == "manifest" {
			code = "$manifest"
		}
		fmt.Fprintf(w, "\tlabel ×%d %s %s\n", l.Copies, l.Title, code)
	}
	if f := v.Found; f != nil {
		fmt.Fprintf(w, "\t%s: %s, %s\n", f.Title, f.Total, f.Sub)
		for _, a := range f.Facts {
			fmt.Fprintf(w, "\t= %s %s\n", a.Name, a.Value)
		}
		for _, c := range f.Cells {
			fmt.Fprintf(w, "\t- %s %s %s %s %s %s %s\n", c.Name, c.Bin, c.Lot, c.Expiry, c.Quantity, c.Tone, c.Left)
		}
		for _, h := range f.History {
			fmt.Fprintf(w, "\t· %d %s %s %s\n", h.Seq, h.Kind, h.Quantity, h.Where)
		}
	}
	fmt.Fprintf(w, "\ttally %s; last %s ×%d, %d doubles; tare %s\n", v.Tally.Text, v.Last.What, v.Last.Times, v.Last.Doubles, v.Tare)
}

// order lets the hub send the newest state of an order.
func (p *player) order(verb, rest string) {
	p.t.Helper()
	words := strings.Fields(rest)
	o := stock.Order{ID: stock.OrderID(words[0]), State: stock.OrderOpen, Confirmed: p.now}
	switch verb {
	case "cancel":
		o.State = stock.OrderCancelled
	case "close":
		o.State = stock.OrderClosed
	}
	for i, w := range words[1:] {
		o.Lines = append(o.Lines, orderLine(p.t, i+1, w))
	}
	if old, known := p.ledger.Order(o.ID); known && len(o.Lines) == 0 {
		o.Lines = old.Lines
	}
	p.comeDown(stock.Down{Order: &o})
}

func (p *player) comeDown(d stock.Down) {
	p.t.Helper()
	p.down++
	b := stock.DownBatch{Epoch: stock.Epoch{1}, From: p.down, Entries: []stock.Down{d}}
	if at, err := p.ledger.ApplyDown(p.t.Context(), b); err != nil || at.Applied != p.down {
		p.t.Fatalf("%+v: %+v, %v", d, at, err)
	}
}

// list puts an item into the catalogue.
func (p *player) list(text string) {
	sku, code, _ := strings.Cut(text, " ")
	p.comeDown(stock.Down{Item: &stock.Item{SKU: stock.SKU(sku), Name: sku, Unit: stock.Piece, Pack: 1, GTINs: []stock.GTIN{stock.GTIN("0" + code)}}})
}

// orderLine reads sku:quantity~tolerance=substitute>20260310.
func orderLine(tb testing.TB, n int, text string) stock.OrderLine {
	tb.Helper()
	l := stock.OrderLine{Number: n}
	text, least, _ := strings.Cut(text, ">")
	text, sub, _ := strings.Cut(text, "=")
	text, tolerance, _ := strings.Cut(text, "~")
	sku, quantity, _ := strings.Cut(text, ":")
	l.SKU = stock.SKU(sku)
	if sub != "" {
		l.Substitutes = []stock.SKU{stock.SKU(sub)}
	}
	var day int64
	for _, f := range []struct {
		text string
		to   *int64
	}{{quantity, &l.Quantity}, {tolerance, &l.Tolerance}, {least, &day}} {
		if f.text == "" {
			continue
		}
		var err error
		if *f.to, err = strconv.ParseInt(f.text, 10, 64); err != nil {
			tb.Fatal(err)
		}
	}
	l.MinExpiry = stock.Date(day)
	return l
}

func (p *player) people() {
	p.t.Helper()
	pin, err := HashPIN("1234")
	if err != nil {
		p.t.Fatal(err)
	}
	p.rules.People = []Person{
		{Badge: "000017", Name: "小王"}, {Badge: "000018", Name: "李姐", PIN: pin, Supervisor: true}, {Badge: "000019", Name: "张哥", Supervisor: true},
	}
}

func (p *player) rule(text string) {
	p.t.Helper()
	name, value, _ := strings.Cut(text, " ")
	if zone, ok := strings.CutPrefix(name, "zone:"); ok {
		p.rules.Zones = map[string]stock.Zone{zone: stock.Zone(value)}
		return
	}
	n, err := strconv.Atoi(value)
	if err != nil {
		p.t.Fatal(err)
	}
	switch name {
	case "life":
		p.rules.LifeLeft = n
	case "sale":
		p.rules.SaleLeft = n
	case "waste":
		p.rules.WasteLimit = int64(n)
	case "again":
		p.rules.CountAgain = n
	case "labels":
		p.rules.ShopLabels = n == 1
	default:
		p.t.Fatalf("no rule %q", name)
	}
	if err := p.rules.Validate(); err != nil {
		p.t.Fatal(err)
	}
}

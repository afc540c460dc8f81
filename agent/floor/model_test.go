package floor

import (
	"crypto/ed25519"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/forestock/forestock/firmware-bridge/barcode"
	"github.com/forestock/forestock/proto/stock"
)

// TestStep_NeverLosesOrInventsStock works at two stations of one hall at random
// and holds them to this:
//
//   - Saved and undone are sounded exactly when the ledger has booked something.
//   - Nothing is booked by a tick, a lost device, a badge, or a refusal.
//   - Every movement is valid, and carries the operator, the station and the
//     input's id.
//   - No cell ever goes below zero.
//   - Moves and their undos leave the sum of an item as it is.
//   - An undo brings every cell back to where it was before its action, as far
//     as nothing else has touched it.
//   - A booked weight is the net of a settled reading, and the pan was empty
//     since the last one.
//   - An order gets what it wants and no more: only an open one is picked, every
//     pick is of a line's item or substitute, pieces never exceed the line, a
//     weight beyond its tolerance has a reason, and what comes back was picked.
//   - Nothing passes a gate without a second badge: dear waste, what comes back
//     without an order, and an undo after half an hour.
//   - No order is picked at two stations at once.
//   - What goes to another warehouse stands in the manifest, to the gram, and a
//     manifest comes in once, and never more than it says.
//   - A count far from the book is booked only after somebody was asked to
//     count once more.
//   - Step gives the same twice, and leaves the state that it was given alone.
func TestStep_NeverLosesOrInventsStock(t *testing.T) {
	seen := map[stock.Kind]int{}
	weighed, ordered := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		w := newWatched(t)
		for range rapid.IntRange(1, 80).Draw(t, "inputs") {
			w.act(t)
		}
		for _, e := range w.book.entries {
			seen[e.Kind]++
			if e.Kind == stock.Pick && e.Line != "" {
				ordered++
			}
			if e.Frame != nil {
				weighed++
			}
		}
	})
	for _, k := range []stock.Kind{stock.Receive, stock.Pick, stock.Waste, stock.Count, stock.Putaway, stock.Undo, stock.Short, stock.Return, stock.TransferOut, stock.TransferIn} {
		if seen[k] == 0 {
			t.Errorf("no %s in all runs: the test has become idle: %v", k, seen)
		}
	}
	t.Logf("%v, %d weighed, %d of orders", seen, weighed, ordered)
	if ordered == 0 {
		t.Error("nothing was picked for an order in all runs: the test has become idle")
	}
	if weighed == 0 {
		t.Error("no weight was booked in all runs: the test has become idle")
	}
}

// TestStep_TheWeightWatcherSeesADoubleBooking is the negative control: a
// station that forgets that the pan was not cleared is caught.
func TestStep_TheWeightWatcherSeesADoubleBooking(t *testing.T) {
	w := newWatched(failures1{})
	w.scan("apples")
	w.press(GoReceive)
	w.scan("apples")
	weights := []int64{0, 500, 500}
	for _, g := range weights {
		w.weigh1(g)
	}
	if len(w.book.entries) != 1 || w.complaint != "" {
		t.Fatalf("%d entries, complaint %q: want one and none", len(w.book.entries), w.complaint)
	}
	for i := range w.state.pans {
		w.state.pans[i].armed = true // the sabotage
	}
	w.weigh1(500)
	if len(w.book.entries) != 2 || !strings.Contains(w.complaint, "not empty") {
		t.Fatalf("%d entries, complaint %q: want a second one, and a complaint", len(w.book.entries), w.complaint)
	}
}

// failures1 lets a watched station be used without rapid; it keeps complaints.
type failures1 struct{}

func (failures1) Helper()               {}
func (failures1) Fatal(...any)          {}
func (failures1) Fatalf(string, ...any) {}

type fataler interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
}

// watched is a station, the book that it works on, and what is known of its
// scale without asking it.
type watched struct {
	*clerk
	t         fataler
	book      *toy
	complaint string
	clerks    [2]*clerk          // only the first has a scale
	asked     map[stock.Bin]bool // bins that somebody was asked to count once more
	arrived   map[string]string  // the command that took a manifest in, by its document

	// What is known of the scale without asking the station. Readings and
	// tares are numbered together.
	number  int
	net     map[int]int64 // of each reading
	cleared int           // the newest reading of an empty pan, or tare
	used    int           // the newest reading that was booked
	gross   int64
	tare    int64
}

// wasteLimit is the value in fen above which waste needs a second person.
const wasteLimit = 450

func newWatched(t fataler) *watched {
	codes, err := barcode.NewRules(DefaultLabels())
	if err != nil {
		t.Fatal(err)
	}
	b := &toy{orders: slices.Clone(someOrders)}
	hall := newCrowd()
	w := &watched{t: t, book: b, net: map[int]int64{}, asked: map[stock.Bin]bool{}, arrived: map[string]string{}}
	for i, name := range []string{"s1", "s2"} {
		c := &clerk{state: New(name), book: struct {
			*toy
			*crowd
		}{b, hall}, crowd: hall, rules: someRules(), codes: codes, now: opening, append: b.Append}
		hall.clerks[name], w.clerks[i] = c, c
	}
	w.clerk = w.clerks[0]
	return w
}

// someRules are those of a warehouse that uses all of them.
func someRules() Rules {
	r := DefaultRules()
	r.WasteLimit, r.CountAgain, r.ShopLabels = wasteLimit, countAgain, true
	r.Transfers = transfersOf("here")
	r.Notices = func(document string) (*Notice, error) {
		if document != "000009" {
			return nil, nil //nolint:nilnil // nothing was announced
		}
		return &Notice{Document: document, Lines: []Expected{{"milk", 3}, {"salt", 2}, {"apples", 500}}}, nil
	}
	return r
}

// countAgain is the difference in percent beyond which a bin is counted again.
const countAgain = 50

func transfersOf(name stock.Warehouse) *Transfers {
	t := &Transfers{Warehouse: name, Key: keyOf(name), Peers: map[stock.Warehouse]ed25519.PublicKey{}}
	for _, peer := range []stock.Warehouse{"here", "there"} {
		t.Peers[peer], _ = keyOf(peer).Public().(ed25519.PublicKey)
	}
	return t
}

// someManifests came from the other warehouse.
var someManifests = func() []string {
	var out []string
	for i, lines := range [][]Sent{{{SKU: "salt", Quantity: 2}}, {{SKU: "milk", Lot: "L7", Expiry: 20260319, Quantity: 2}, {SKU: "salt", Quantity: 1}}} {
		code, err := transfersOf("there").Encode(&Manifest{ID: fmt.Sprint("m-", i), From: "there", To: "here", Lines: lines})
		if err != nil {
			panic(err)
		}
		out = append(out, code)
	}
	return out
}()

// other goes to the other station.
func (w *watched) other() {
	now := w.now
	w.clerk = w.clerks[1-slices.Index(w.clerks[:], w.clerk)]
	w.now = now
}

func (w *watched) complain(format string, args ...any) {
	w.t.Helper()
	w.complaint = fmt.Sprintf(format, args...)
	w.t.Fatalf(format, args...)
}

// act draws and takes one input, or what a person does in one go.
func (w *watched) act(t *rapid.T) {
	if rapid.Bool().Draw(t, "in one go") {
		w.habit(t, rapid.SampledFrom(habits).Draw(t, "habit"))
		return
	}
	if rapid.IntRange(0, 9).Draw(t, "elsewhere") == 0 {
		w.other()
	}
	w.now = w.now.Add(time.Duration(rapid.IntRange(100, 4000).Draw(t, "ms")) * time.Millisecond)
	w.book.full = rapid.IntRange(0, 49).Draw(t, "full") == 0
	switch rapid.IntRange(0, 9).Draw(t, "input") {
	case 0, 1, 2, 3:
		w.scan(rapid.SampledFrom(someCodes).Draw(t, "code"))
	case 4, 5, 6:
		w.press(rapid.SampledFrom(someButtons).Draw(t, "button"))
	case 7, 8:
		w.weigh1(rapid.SampledFrom([]int64{0, 0, 2, 350, 500, 850, 1250, -350}).Draw(t, "grams"))
	case 9:
		if i := rapid.IntRange(0, 3*len(w.book.orders)).Draw(t, "cancelled"); i < len(w.book.orders) {
			w.book.orders[i].State = stock.OrderCancelled
		}
		w.step(rapid.SampledFrom([]Input{Tick{}, Lost{"scale-1"}, Repeat{Scan: Scan{ID: "r", Device: "x"}}, Garbled{"x"}, Overflow{3}, Weight{ID: "w", Device: "scale-1", Fault: "overload"}}).Draw(t, "other"))
	}
}

func (w *watched) habit(t *rapid.T, habit string) {
	for do := range strings.FieldsSeq(habit) {
		w.now = w.now.Add(2 * time.Second)
		w.do(t, do)
	}
}

// habits are what people do in one go: a number weighs, a word in capitals is
// some code of goods, another one a button or a code.
var habits = []string{
	"receive GOODS", "receive 5 GOODS", "receive apples 0 500 500 0 850 850", "receive apples 350 tare 1250 1250 0",
	"receive bin1 GOODS", "pick GOODS", "pick apples 0 350 350", "pick GOODS r08", "waste GOODS r03 ok", "waste 1 GOODS r03 ok",
	"waste apples 0 350 350 r02 ok", "count bin1 GOODS GOODS finish finish", "count bin2 GOODS empty", "count bin1 empty",
	"count bin1 apples 0 500 500 finish", "putaway GOODS bin1", "putaway apples 0 350 350 bin2", "move bin1 GOODS bin2", "move bin2 GOODS GOODS bin1",
	"tote bin1 GOODS GOODS", "receive bin1 salt salt milk milk look-up tote bin1 salt salt milk milk tote bin2", "tote dock salt short r01", "tote short 1 r04",
	"tote later sub", "tote apples 0 500 500 ok r09", "return o1 milk good bin1", "return o1 salt bad", "return o2 GOODS good bin2", "return salt chief good bin1", "cancel clerk return salt chief good bin1", "cancel clerk return salt chief bad", "return salt badge good bin1", "return salt good bin1", "waste apples 0 850 850 r02 ok badge", "waste apples 0 850 850 r02 ok ok ok",
	"receive salt waste salt r03 ok", "receive apples 0 350 350 waste apples 0 350 350 r02 ok", "receive salt putaway salt bin1",
	"transfer-out there salt salt finish", "receive salt salt salt transfer-out there 2 salt finish", "receive apples 0 350 350 transfer-out there apples 0 350 350 finish",
	"manifest salt salt finish finish", "manifest milk salt finish finish", "manifest bin1 GOODS finish finish",
	"inbound GOODS inbound GOODS finish finish", "inbound salt salt salt inbound finish badge", "receive 3 salt r02 1 ok", "receive stranger stranger pick stranger waste stranger r02 ok",
	"return inbound salt finish", "receive salt later30 undo undo chief", "clerk receive salt later30 undo undo chief undo undo chief", "undo 2 undo", "undo 9",
	"count bin1 9 salt finish 9 salt finish", "count bin1 2 salt finish 3 salt finish chief 2 salt finish", "other", "other tote bin1 salt", "clerk tote dock salt other clerk salt",
	"undo undo", "undo GOODS undo", "undo undo undo undo", "cancel cancel", "0 500 500", "ok", "finish",
}

func (w *watched) do(t *rapid.T, what string) {
	bins := map[string]string{"bin1": "010102", "bin2": "010103"}
	switch n, err := strconv.ParseInt(what, 10, 64); {
	case err == nil && n > 0 && n < 10:
		w.press(Button(what))
	case err == nil:
		w.weigh1(n)
	case what == "other":
		w.other()
	case what == "later30":
		w.now = w.now.Add(31 * time.Minute)
	case what == "manifest":
		w.scan(rapid.SampledFrom(someManifests).Draw(t, "manifest"))
	case what == "inbound":
		w.scan(barcode.Card{Type: barcode.InboundCard, Number: "000009"}.Data())
	case what == "stranger":
		w.scan(string(gtin("0690099999999"))[1:])
	case what == "GOODS":
		w.scan(rapid.SampledFrom(someCodes[:10]).Draw(t, "goods"))
	case bins[what] != "":
		w.scan(barcode.Card{Type: barcode.BinCard, Number: bins[what]}.Data())
	case what == "salt":
		w.scan(someCodes[2])
	case what == "milk":
		w.scan(someCodes[8])
	case what == "badge":
		w.scan(barcode.Card{Type: barcode.BadgeCard, Number: rapid.SampledFrom([]string{"000017", "000018"}).Draw(t, "badge")}.Data())
	case what == "clerk":
		w.scan(barcode.Card{Type: barcode.BadgeCard, Number: "000017"}.Data())
	case what == "chief":
		w.scan(barcode.Card{Type: barcode.BadgeCard, Number: "000018"}.Data())
	case what == "tote":
		w.scan(barcode.Card{Type: barcode.ToteCard, Number: "000001"}.Data())
	case what == "apples" || what == "o1" || what == "o2" || what == "there":
		w.scan(what)
	default:
		w.press(Button(what))
	}
}

// someOrders are what there is to pick.
var someOrders = []stock.Order{
	{ID: "o1", State: stock.OrderOpen, Lines: []stock.OrderLine{{Number: 1, SKU: "salt", Quantity: 2}, {Number: 2, SKU: "milk", Quantity: 3, Substitutes: []stock.SKU{"noodles"}}}},
	{ID: "o2", State: stock.OrderOpen, Lines: []stock.OrderLine{{Number: 1, SKU: "apples", Quantity: 500, Tolerance: 50}, {Number: 2, SKU: "salt", Quantity: 1}}},
	{ID: "o3", State: stock.OrderOpen, Lines: []stock.OrderLine{{Number: 1, SKU: "milk", Quantity: 1, MinExpiry: 20260322}, {Number: 2, SKU: "noodles", Quantity: 12}}},
}

var someButtons = []Button{
	OK, OK, OK, Cancel, Undo, Undo, Finish, Empty, Tare, Back, Lang, GoLookUp, GoReceive, GoReceive, GoPutaway, GoPick, GoPick,
	GoWaste, GoCount, GoMove, GoReturn, GoOut, GoIn, Reprint, Short, Later, Sub, Good, Bad, "r01", "1", "2", "3", "0", "9", "x6", "r03", "r08", "nonsense",
}

var someCodes = func() []string {
	card := func(t barcode.CardType, n string) string { return barcode.Card{Type: t, Number: n}.Data() }
	milk, noodles, pork := string(gtin("0690123456789")), string(gtin("0692015240001")), string(gtin("9690000000077"))
	return []string{
		milk[1:], noodles[1:], string(gtin("0690000000001"))[1:], string(gtin("0690000000001"))[1:], "apples", "apples", "pork", "vinegar",
		"(01)" + milk + "(10)L1(17)260320", "(01)" + milk + "(10)L2(17)260325", "(01)" + milk + "(10)L1(17)260326", "(01)" + milk + "(17)260301",
		"(01)" + pork + "(3103)001024(17)260308(10)P1", "(10)N1", "(17)260901", "(11)260301", "(10)N2",
		"2010001004884", "6901234567891", "6900999999998", card(barcode.BinCard, "010102"), card(barcode.BinCard, "010103"),
		card(barcode.BadgeCard, "000017"), card(barcode.BadgeCard, "000018"), card(barcode.ToteCard, "000001"), card(barcode.ToteCard, "000002"), "o1", "o2", "o3", "\x00\xff", "there", someManifests[0], someManifests[1],
		string(gtin("0690099999999"))[1:], card(barcode.InboundCard, "000009"),
	}
}()

// scan, press and weigh1 are the clerk's, watched.
func (w *watched) scan(code string) {
	w.step(NewScan(w.codes, w.id(), "scanner-1", barcode.Symbol{Data: code, At: w.now}, []byte(code)))
}

func (w *watched) press(b Button) { w.step(Press{w.id(), b}) }

func (w *watched) weigh1(g int64) {
	w.now = w.now.Add(2 * time.Second)
	if w.clerk != w.clerks[0] {
		return // no scale here
	}
	w.number++
	w.gross, w.net[w.number] = g, g-w.tare
	if g <= w.rules.PanEmpty || g-w.tare <= w.rules.PanEmpty && g-w.tare >= -w.rules.PanEmpty {
		w.cleared = w.number
	}
	w.step(Weight{ID: w.id(), Device: "scale-1", Grams: g, Settled: true, Frame: fmt.Append(nil, w.number), At: w.now})
}

// TestStep_TheOrderWatcherSeesAPickTooMany is the negative control: a book that
// forgets what was picked lets the station pick too much, and that is caught.
func TestStep_TheOrderWatcherSeesAPickTooMany(t *testing.T) {
	w := newWatched(failures1{})
	salt, tote := someCodes[2], barcode.Card{Type: barcode.ToteCard, Number: "000001"}.Data()
	w.press(GoReceive)
	w.press("9")
	w.scan(salt)
	w.press(Finish)
	w.scan(tote)
	w.scan(salt)
	w.scan(salt)
	w.scan(salt)
	if n := len(w.book.entries); n != 3 || w.complaint != "" {
		t.Fatalf("%d entries, complaint %q: want three and none", n, w.complaint)
	}
	for i := range w.book.entries {
		w.book.entries[i].Document = "" // the sabotage
	}
	w.scan(salt)
	w.scan(salt)
	w.scan(salt)
	if w.complaint != "" {
		t.Fatalf("complaint %q after two of two", w.complaint)
	}
	for i := range w.book.entries {
		if w.book.entries[i].Kind == stock.Pick {
			w.book.entries[i].Document = "o1" // and now it remembers
		}
	}
	w.ordersHold(w.book.entries[3:])
	if !strings.Contains(w.complaint, "picked of") {
		t.Errorf("complaint %q: want one about too many picks", w.complaint)
	}
}

// A ledger that forgets what it has booked takes a manifest twice, two stations
// are made to pick one order, and a count is booked that nobody was asked to
// repeat: the negative controls of what holds between stations and warehouses.
func TestStep_TheWatchersOfTheHallSeeWhatGoesWrong(t *testing.T) {
	w := newWatched(failures1{})
	bring := func() {
		w.scan(someManifests[0])
		w.scan(someCodes[2])
		w.scan(someCodes[2])
		w.press(Finish)
	}
	bring()
	bring()
	if w.complaint != "" {
		t.Fatalf("complaint %q of a manifest that is scanned again", w.complaint)
	}
	w.book.forgets = true
	bring()
	if !strings.Contains(w.complaint, "came in before") {
		t.Errorf("complaint %q after a manifest came in twice", w.complaint)
	}
	w = newWatched(failures1{})
	w.scan("o1")
	w.press(GoPick)
	w.clerks[1].state.round = w.clerks[0].state.round
	w.claimsHold()
	if !strings.Contains(w.complaint, "both stations") {
		t.Errorf("complaint %q of an order that is picked twice", w.complaint)
	}
	w = newWatched(failures1{})
	w.rules.CountAgain = 0
	w.press(GoCount)
	w.scan(barcode.Card{Type: barcode.BinCard, Number: "010102"}.Data())
	w.scan(someCodes[2])
	w.press(Finish)
	if !strings.Contains(w.complaint, "after one count") {
		t.Errorf("complaint %q of a count that nobody repeated", w.complaint)
	}
}

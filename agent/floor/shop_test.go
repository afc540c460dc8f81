package floor

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/forestock/forestock/agent/ledger"
	"github.com/forestock/forestock/firmware-bridge/barcode"
	"github.com/forestock/forestock/proto/stock"
)

// gtin completes 13 digits to a GTIN by its check digit.
func gtin(digits string) stock.GTIN {
	return stock.GTIN(digits + string(barcode.CheckDigit(digits)))
}

// goodsInShop is what the test shop sells.
var goodsInShop = []stock.Item{
	{SKU: "milk", Name: "牛奶", NameEn: "milk", Unit: stock.Piece, Pack: 1, GTINs: []stock.GTIN{gtin("0690123456789")}, ShelfLife: 15, Bin: "B-01-01", Zone: stock.Chilled},
	{SKU: "noodles", Name: "方便面", NameEn: "noodles", Unit: stock.Piece, Pack: 1, GTINs: []stock.GTIN{gtin("0692015240001"), gtin("1692015240001")}, ShelfLife: 180, Bin: "A-02-03"},
	{SKU: "salt", Name: "食盐", NameEn: "salt", Unit: stock.Piece, Pack: 1, GTINs: []stock.GTIN{gtin("0690000000001")}, Bin: "A-01-02"},
	{SKU: "eggs", Name: "鸡蛋", NameEn: "eggs", Unit: stock.Piece, Pack: 30, GTINs: []stock.GTIN{gtin("0690000000030")}, Bin: "B-02-01"},
	{SKU: "rice", Name: "大米", NameEn: "rice", Unit: stock.Gram, Pack: 5000, GTINs: []stock.GTIN{gtin("0690000000005")}, Bin: "A-03-01"},
	{SKU: "apples", Name: "苹果", NameEn: "apples", Unit: stock.Gram, PLU: "10001", Price: 600, Bin: "C-01-01"},
	{SKU: "pork", Name: "猪肉", NameEn: "pork", Unit: stock.Gram, PLU: "10002", GTINs: []stock.GTIN{gtin("9690000000077")}, ShelfLife: 3, Bin: "B-03-01", Zone: stock.Chilled},
	{SKU: "vinegar", Name: "散装醋", NameEn: "vinegar", Unit: stock.Millilitre, PLU: "10003", Bin: "A-04-01"},
	{SKU: "cola", Name: "停售可乐", Unit: stock.Piece, Pack: 1, GTINs: []stock.GTIN{gtin("0690000000099")}, Removed: true},
}

// shop is a warehouse with a real ledger and the goods above.
func shop(tb testing.TB) *ledger.Ledger {
	tb.Helper()
	l, err := ledger.Open(filepath.Join(tb.TempDir(), "ledger.db"), ledger.Options{Warehouse: "wh-test", MaxSize: 16 << 20, NoPreallocate: true})
	if err != nil {
		tb.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- l.Run(ctx) }()
	tb.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			tb.Errorf("ledger: %v", err)
		}
		if err := l.Close(); err != nil {
			tb.Errorf("close ledger: %v", err)
		}
	})
	down := stock.DownBatch{Epoch: stock.Epoch{1}, From: 1}
	for i := range goodsInShop {
		down.Entries = append(down.Entries, stock.Down{Item: &goodsInShop[i]})
	}
	if _, err := l.ApplyDown(ctx, down); err != nil {
		tb.Fatal(err)
	}
	return l
}

// shanghai is the time zone of the shop.
var shanghai = time.FixedZone("CST", 8*3600)

// opening is when the tests begin.
var opening = time.Date(2026, 3, 5, 10, 0, 0, 0, shanghai)

// clerk works at one station of a shop, step by step and with a clock of its own.
type clerk struct {
	tb    testing.TB
	state State
	book  Book
	crowd *crowd
	rules Rules
	codes barcode.Rules
	now   time.Time
	n     int
	// append books a command.
	append func(stock.Command) (stock.Receipt, error)
	fail   Reason // of the next command
	last   Effect
	booked []stock.Entry // by the last input
}

func newClerk(tb testing.TB, station string, crowd *crowd, book Records, book1 func(stock.Command) (stock.Receipt, error)) *clerk {
	tb.Helper()
	codes, err := barcode.NewRules(DefaultLabels())
	if err != nil {
		tb.Fatal(err)
	}
	both := struct {
		Records
		Claims
	}{book, crowd}
	c := &clerk{tb: tb, state: New(station), book: both, crowd: crowd, rules: DefaultRules(), codes: codes, now: opening, append: book1}
	crowd.clerks[station] = c
	c.take(Tick{})
	return c
}

// take gives the station one input, and carries its command to the ledger.
func (c *clerk) take(in Input) {
	c.booked = nil
	c.state, c.last = Step(c.state, in, c.book, c.rules, c.now)
	if r := c.state.round; r != nil && r.tote != "" {
		c.crowd.totes[r.tote] = r.order
	}
	if p := c.last.Tried; p != nil {
		c.crowd.wrong[p.Badge]++
		if p.Right {
			delete(c.crowd.wrong, p.Badge)
		}
	}
	if c.last.Fetch != "" {
		c.crowd.fetch(c, c.last.Fetch)
		return
	}
	if c.last.Command == nil {
		return
	}
	cmd := *c.last.Command
	o := Outcome{Command: cmd.ID}
	if c.fail != "" {
		o.Err, o.Reason, c.fail = fmt.Errorf("test: %s", c.fail), c.fail, ""
	} else if o.Receipt, o.Err = c.append(cmd); o.Err != nil {
		o.Reason = LedgerRefused
	}
	if o.Err == nil {
		for seq := o.From; seq <= o.To; seq++ {
			e, err := c.book.Entry(seq)
			if err != nil {
				c.tb.Fatal(err)
			}
			c.booked = append(c.booked, e)
		}
	}
	c.state, c.last = Step(c.state, o, c.book, c.rules, c.now)
}

func (c *clerk) id() string {
	c.n++
	return fmt.Sprintf("%s-%d", c.state.station, c.n)
}

func (c *clerk) scan(code string) {
	s := NewScan(c.codes, c.id(), "scanner-1", barcode.Symbol{Data: code, At: c.now}, []byte(code+"\r"))
	c.take(s)
}

func (c *clerk) press(b Button) { c.take(Press{c.id(), b}) }

func (c *clerk) weigh(g int64, settled bool) {
	c.take(Weight{ID: c.id(), Device: "scale-1", Grams: g, Settled: settled, Frame: fmt.Appendf(nil, "W%dg", g), At: c.now})
}

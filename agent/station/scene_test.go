package station_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/forestock/forestock/agent/agentd"
	"github.com/forestock/forestock/agent/floor"
	"github.com/forestock/forestock/agent/ledger"
	"github.com/forestock/forestock/firmware-bridge/barcode"
	"github.com/forestock/forestock/firmware-bridge/sim"
	"github.com/forestock/forestock/proto/stock"
)

// patience is how long a test waits for something that must happen; nothing is
// measured against it.
const patience = 20 * time.Second

// shop is one warehouse at work: a whole agent on its ledger, with a scale and
// a scanner on real ptys, and nobody at the other end of its line to the hub.
type shop struct {
	tb      testing.TB
	url     string
	scanner *sim.Scanner
	scale   *sim.Scale
	cables  map[string]*sim.Cable
	stop    func() // ends the agent, as at the end of the test
	start   func() // starts it again on the same ledger and address
}

// shanghai is the agent's time zone unless it is told another one.
var shanghai = time.FixedZone("CST", 8*3600)

// goods are what the shop sells.
var goods = []stock.Item{
	{SKU: "A1001", Name: "伊利纯牛奶 250ml", NameEn: "Milk 250 ml", Unit: stock.Piece, Pack: 1, GTINs: []stock.GTIN{gtin("0690123456789")}, ShelfLife: 45, Bin: "B-01-03", Zone: stock.Chilled, Price: 350},
	{SKU: "A1002", Name: "康师傅红烧牛肉面", NameEn: "Beef noodles", Unit: stock.Piece, Pack: 1, GTINs: []stock.GTIN{gtin("0692015240001")}, ShelfLife: 180, Bin: "A-02-05"},
	{SKU: "A1003", Name: "海天加碘食盐", NameEn: "Salt", Unit: stock.Piece, Pack: 1, GTINs: []stock.GTIN{gtin("0690000000001")}, Bin: "A-01-02"},
	{SKU: "A1004", Name: "红富士苹果", NameEn: "Fuji apples", Unit: stock.Gram, PLU: "10001", GTINs: []stock.GTIN{gtin("0690000000077")}, Bin: "C-01-01", Price: 690},
}

func gtin(digits string) stock.GTIN {
	return stock.GTIN(digits + string(barcode.CheckDigit(digits)))
}

const (
	milk   = "0690123456789"
	salt   = "6900000000014"
	apples = "A1004"
)

// label is the code on a carton of milk.
func label(lot string, expiry stock.Date) string {
	return fmt.Sprintf("]C101%s17%06d10%s", gtin(milk), int(expiry)%1_000_000, lot)
}

// open starts a shop.
func open(tb testing.TB, change ...func(*agentd.Config)) *shop {
	tb.Helper()
	dir := tb.TempDir()
	cfg := agentd.DefaultConfig()
	cfg.Warehouse, cfg.Data = "wh-test", filepath.Join(dir, "data")
	cfg.Hub.Brokers = []string{"tcp://127.0.0.1:1"} // the network is down
	cfg.Station.Listen, cfg.Ledger.MaxSize = "127.0.0.1:0", 16<<20
	s := &shop{tb: tb, cables: map[string]*sim.Cable{}}
	for _, name := range []string{"scale-1", "scanner-1"} {
		cable, err := sim.NewCable(filepath.Join(dir, "dev", name))
		if err != nil {
			tb.Fatal(err)
		}
		tb.Cleanup(func() { cable.Close() })
		s.cables[name] = cable
		cfg.Devices = append(cfg.Devices, agentd.Device{Name: name, Kind: strings.TrimSuffix(name, "-1"), Port: cable.Name()})
	}
	for _, f := range change {
		f(&cfg)
	}
	s.scanner = sim.NewScanner(s.cables["scanner-1"], sim.ScannerConfig{})
	var err error
	if s.scale, err = sim.NewScale(s.cables["scale-1"], sim.ScaleConfig{Protocol: "enq-dc1", Settle: 50 * time.Millisecond, Seed: 1}); err != nil {
		tb.Fatal(err)
	}
	stopScale := run(tb, s.scale.Run)
	tb.Cleanup(stopScale)
	fill(tb, cfg.Data)
	s.start = func() { s.startAgent(&cfg) }
	s.start()
	tb.Cleanup(func() { s.stop() })
	return s
}

func (s *shop) startAgent(cfg *agentd.Config) {
	s.tb.Helper()
	a, err := agentd.New(*cfg, "test", slog.New(slog.DiscardHandler))
	if err != nil {
		s.tb.Fatal(err)
	}
	cfg.Station.Listen = a.Station() // the same again after a restart
	s.url = "http://" + a.Station()
	s.stop = run(s.tb, a.Run)
}

// run runs something until the function that it gives is called; a second call
// does nothing.
func run(tb testing.TB, f func(context.Context) error) (stop func()) {
	tb.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := f(ctx); err != nil && ctx.Err() == nil {
			tb.Errorf("ended: %v", err)
		}
	})
	return func() {
		cancel()
		running.Wait()
	}
}

// fill puts the catalogue into a new ledger, as the hub would have done.
func fill(tb testing.TB, data string) {
	tb.Helper()
	if err := os.MkdirAll(data, 0o750); err != nil {
		tb.Fatal(err)
	}
	l, err := ledger.Open(agentd.LedgerPath(data), ledger.Options{Warehouse: "wh-test", MaxSize: 16 << 20})
	if err != nil {
		tb.Fatal(err)
	}
	stop := run(tb, l.Run)
	down := stock.DownBatch{Epoch: stock.Epoch{7}, From: 1}
	for i := range goods {
		down.Entries = append(down.Entries, stock.Down{Item: &goods[i]})
	}
	if _, err := l.ApplyDown(context.Background(), down); err != nil {
		tb.Fatal(err)
	}
	stop()
	if err := l.Close(); err != nil {
		tb.Fatal(err)
	}
}

// scan sends a code through the scanner.
func (s *shop) scan(code string) {
	s.tb.Helper()
	if err := s.scanner.Scan(code); err != nil {
		s.tb.Fatal(err)
	}
}

// card scans the card of a button.
func (s *shop) card(b floor.Button) {
	s.tb.Helper()
	card, ok := floor.CardOf(b)
	if !ok {
		s.tb.Fatalf("no card of %s", b)
	}
	s.scan("]C1" + card.Data())
}

// post sends JSON and gives the status and the body.
func (s *shop) post(path, body string, headers ...string) (int, answer) {
	s.tb.Helper()
	request, err := http.NewRequestWithContext(s.tb.Context(), http.MethodPost, s.url+path, strings.NewReader(body))
	if err != nil {
		s.tb.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	return s.do(request)
}

func (s *shop) get(path string) (int, answer) {
	s.tb.Helper()
	request, err := http.NewRequestWithContext(s.tb.Context(), http.MethodGet, s.url+path, nil)
	if err != nil {
		s.tb.Fatal(err)
	}
	return s.do(request)
}

// answer is a response, with its body also as JSON.
type answer struct {
	http.Header
	text  string
	Sound floor.Sound    `json:"sound"`
	Saved *floor.Saved   `json:"saved"`
	Error *floor.Problem `json:"error"`
	View  floor.View     `json:"view"`
	SKU   string         `json:"sku"`
	// OnHand and Cells are of /api/levels.
	OnHand int64             `json:"on_hand"`
	Cells  []json.RawMessage `json:"cells"`
	Items  []json.RawMessage `json:"items"`
	Moves  []struct {
		Kind  string `json:"kind"`
		Delta int64  `json:"delta"`
		Scan  []byte `json:"scan"`
		Frame []byte `json:"frame"`
	} `json:"movements"`
}

func (s *shop) do(request *http.Request) (int, answer) {
	s.tb.Helper()
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		s.tb.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		s.tb.Fatal(err)
	}
	a := answer{Header: response.Header, text: string(body)}
	if strings.HasPrefix(response.Header.Get("Content-Type"), "application/json") {
		if err := json.Unmarshal(body, &a); err != nil {
			s.tb.Fatalf("%s %s: %v in %s", request.Method, request.URL, err, body)
		}
	}
	return response.StatusCode, a
}

// until waits until check holds.
func (s *shop) until(what string, check func() bool) {
	s.tb.Helper()
	deadline := time.Now().Add(patience)
	for !check() {
		if time.Now().After(deadline) {
			s.tb.Fatalf("not in time: %s", what)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// ready waits until both devices work.
func (s *shop) ready() {
	s.tb.Helper()
	s.until("devices ready", func() bool {
		_, a := s.get("/api/status")
		return strings.Count(a.text, `"state":"ready"`) == 2
	})
}

// event is one server-sent event.
type event struct {
	name string
	data []byte
}

// listen gives the events of a station until the test ends.
func (s *shop) listen() <-chan event {
	s.tb.Helper()
	out := make(chan event, 1<<14)
	request, err := http.NewRequestWithContext(s.tb.Context(), http.MethodGet, s.url+"/api/events", nil)
	if err != nil {
		s.tb.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		s.tb.Fatal(err)
	}
	var reading sync.WaitGroup
	reading.Go(func() {
		defer close(out)
		lines := bufio.NewScanner(response.Body)
		lines.Buffer(nil, 1<<20)
		var e event
		for lines.Scan() {
			key, value, _ := strings.Cut(lines.Text(), ": ")
			switch key {
			case "event":
				e.name = value
			case "data":
				e.data = bytes.Clone([]byte(value))
				out <- e
			}
		}
	})
	s.tb.Cleanup(func() {
		response.Body.Close()
		reading.Wait()
	})
	return out
}

// wait reads events until one fits.
func wait(tb testing.TB, events <-chan event, what string, fits func(event) bool) {
	tb.Helper()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for {
		select {
		case e, ok := <-events:
			if !ok {
				tb.Fatalf("the stream ended before %s", what)
			}
			if fits(e) {
				return
			}
		case <-timer.C:
			tb.Fatalf("not in time: %s", what)
		}
	}
}

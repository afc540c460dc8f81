package floor

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/forestock/forestock/agent/ledger"
	"github.com/forestock/forestock/firmware-bridge/barcode"
	"github.com/forestock/forestock/proto/stock"
)

// explain is what the agent tells a desk of the ledger's errors.
func explain(err error) Reason {
	switch {
	case errors.Is(err, ledger.ErrFull):
		return DiskFull
	case errors.Is(err, ledger.ErrBroken):
		return LedgerUnsure
	case errors.Is(err, ledger.ErrClosed):
		return LedgerStopped
	}
	return LedgerRefused
}

func deskConfig(station string) Config {
	return Config{Station: station, Rules: DefaultRules(), Labels: DefaultLabels(), Zone: shanghai, Explain: explain}
}

// open starts a desk that ends with the test.
func open(tb testing.TB, cfg Config, book Records, l Ledger) *Desk {
	tb.Helper()
	d, err := NewDesk(cfg, book, l, prometheus.NewRegistry(), slog.New(slog.DiscardHandler))
	if err != nil {
		tb.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := d.Run(ctx); err != nil {
			tb.Errorf("desk: %v", err)
		}
	})
	tb.Cleanup(func() {
		cancel()
		running.Wait()
	})
	return d
}

func ask(tb testing.TB, d *Desk, in Input) Answer {
	tb.Helper()
	a, err := d.Ask(tb.Context(), in)
	if err != nil {
		tb.Fatal(err)
	}
	return a
}

// scanned is a scan of salt.
func scanned(d *Desk, id string) Scan {
	s := d.Code("scanner-1", barcode.Symbol{Data: salt, At: time.Now()}, []byte(salt))
	s.ID = id
	return s
}

const salt = "6900000000014"

func TestDesk_SavesAScanAndSaysSo(t *testing.T) {
	l := shop(t)
	d := open(t, deskConfig("s1"), l, l)
	ask(t, d, Press{Button: GoReceive})
	a := ask(t, d, scanned(d, "scan-1"))
	if a.Sound != SoundSaved || a.Saved == nil || *a.Saved != (Saved{From: 1, To: 1}) {
		t.Fatalf("answer %+v, want saved as entry 1", a)
	}
	if got := l.OnHand(stock.Cell{SKU: "salt"}); got != 1 {
		t.Errorf("on hand %d, want 1", got)
	}
}

func TestDesk_GivesTheFirstAnswerToTheSameID(t *testing.T) {
	l := shop(t)
	d := open(t, deskConfig("s1"), l, l)
	ask(t, d, Press{Button: GoReceive})
	first := ask(t, d, scanned(d, "scan-1"))
	ask(t, d, scanned(d, "scan-2"))
	again := ask(t, d, scanned(d, "scan-1"))
	if again.Saved == nil || *again.Saved != *first.Saved || again.View.Flash.N != first.View.Flash.N {
		t.Errorf("again %+v, first %+v", again.Saved, first.Saved)
	}
	// After a restart the desk has forgotten it, and the ledger has not.
	d = open(t, deskConfig("s1"), l, l)
	ask(t, d, Press{Button: GoReceive})
	late := ask(t, d, scanned(d, "scan-1"))
	if late.Saved == nil || !late.Saved.Replayed || late.Saved.From != 1 {
		t.Errorf("after a restart: %+v, want entry 1 replayed", late.Saved)
	}
	if got := l.OnHand(stock.Cell{SKU: "salt"}); got != 2 {
		t.Errorf("on hand %d, want 2", got)
	}
}

// TestDesk_TwoDesksBookEveryScan scans on two stations at once as fast as they
// take it.
func TestDesk_TwoDesksBookEveryScan(t *testing.T) {
	l := shop(t)
	var working sync.WaitGroup
	for _, station := range []string{"s1", "s2"} {
		d := open(t, deskConfig(station), l, l)
		ask(t, d, Press{Button: GoReceive})
		working.Go(func() {
			for range 200 {
				d.Take(d.Code("scanner", barcode.Symbol{Data: salt}, []byte(salt)))
			}
			if _, err := d.Ask(context.Background(), Press{Button: Lang}); err != nil { // behind all of them
				t.Error(err)
			}
		})
	}
	working.Wait()
	if got := l.OnHand(stock.Cell{SKU: "salt"}); got != 400 {
		t.Errorf("on hand %d, want 400", got)
	}
}

// stuck is a ledger that answers when it is let go: it stands for a slow disk.
type stuck struct {
	*ledger.Ledger
	asked, release chan struct{}
}

func (s *stuck) Append(ctx context.Context, c stock.Command) (stock.Receipt, error) {
	s.asked <- struct{}{}
	<-s.release
	return s.Ledger.Append(ctx, c)
}

func TestDesk_SaysNothingSavedBeforeTheLedgerDoes(t *testing.T) {
	l := shop(t)
	slow := &stuck{Ledger: l, asked: make(chan struct{}, 8), release: make(chan struct{})}
	d := open(t, deskConfig("s1"), l, slow)
	ask(t, d, Press{Button: GoReceive})
	heard := watch(t, d)
	before := <-heard // the view of now
	d.Take(d.Code("scanner", barcode.Symbol{Data: salt}, []byte(salt)))
	<-slow.asked
	select {
	case v := <-heard:
		t.Fatalf("%+v before the ledger has answered (was %+v)", v.Flash, before.Flash)
	default:
	}
	close(slow.release)
	if v := <-heard; v.Flash.Sound != SoundSaved {
		t.Errorf("%+v after the ledger has answered, want saved", v.Flash)
	}
}

// watch gives the views of a desk.
func watch(tb testing.TB, d *Desk) <-chan View {
	tb.Helper()
	views := make(chan View, 4096)
	ctx, cancel := context.WithCancel(context.Background())
	var watching sync.WaitGroup
	watching.Go(func() {
		err := d.Watch(ctx, func(event string, data []byte) error {
			if event != "view" {
				return nil
			}
			var v View
			if err := json.Unmarshal(data, &v); err != nil {
				return err
			}
			views <- v
			return nil
		})
		if err != nil {
			tb.Errorf("watch: %v", err)
		}
	})
	tb.Cleanup(func() {
		cancel()
		watching.Wait()
	})
	return views
}

func TestDesk_CountsScansThatFoundTheQueueFull(t *testing.T) {
	l := shop(t)
	slow := &stuck{Ledger: l, asked: make(chan struct{}, 4*waiting), release: make(chan struct{})}
	d := open(t, deskConfig("s1"), l, slow)
	ask(t, d, Press{Button: GoReceive})
	heard := watch(t, d)
	const scans = waiting + 50
	for range scans {
		d.Take(d.Code("scanner", barcode.Symbol{Data: salt}, []byte(salt)))
	}
	close(slow.release)
	for v := range heard {
		if v.Alert != nil && v.Alert.Reason == Overrun {
			break
		}
	}
	if a := ask(t, d, Press{Button: OK}); a.Sound != SoundHeard {
		t.Errorf("OK gave %q, want the alert acknowledged", a.Sound)
	}
	// What was taken is booked, all of it; the others were said to be lost.
	if got := l.OnHand(stock.Cell{SKU: "salt"}); got < waiting || got >= scans {
		t.Errorf("on hand %d, want at least %d and fewer than %d", got, waiting, scans)
	}
}

func TestDesk_FullDiskIsRedAndSavesNothing(t *testing.T) {
	l := shop(t)
	for i := 0; ; i++ {
		big := stock.Movement{Kind: stock.Receive, SKU: "milk", Delta: 1, Scan: make([]byte, 4000)}
		movements := make([]stock.Movement, 500)
		for j := range movements {
			movements[j] = big
		}
		_, err := l.Append(t.Context(), stock.Command{ID: "fill-" + string(rune('a'+i)), Movements: movements})
		if errors.Is(err, ledger.ErrFull) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	d := open(t, deskConfig("s1"), l, l)
	ask(t, d, Press{Button: GoReceive})
	a := ask(t, d, scanned(d, "scan-1"))
	if a.Problem == nil || a.Problem.Reason != DiskFull || !strings.Contains(a.Problem.Message, "磁盘满") || a.Saved != nil {
		t.Errorf("answer %+v, want DISK_FULL", a.Problem)
	}
	if got := l.OnHand(stock.Cell{SKU: "salt"}); got != 0 {
		t.Errorf("on hand %d, want 0", got)
	}
}

func TestDesk_ClosedLedgerIsRed(t *testing.T) {
	d := open(t, deskConfig("s1"), shop(t), closed{})
	ask(t, d, Press{Button: GoReceive})
	for err, want := range map[error]Reason{
		ledger.ErrClosed: LedgerStopped, ledger.ErrBroken: LedgerUnsure, stock.ErrInvalid: LedgerRefused,
		&ledger.CountError{Why: "why"}: LedgerRefused,
	} {
		d.ledger = closed{err}
		a := ask(t, d, scanned(d, ""))
		if a.Problem == nil || a.Problem.Reason != want || a.Problem.Hint == "" {
			t.Errorf("%v: %+v, want %s", err, a.Problem, want)
		}
	}
}

// closed is a ledger that refuses everything with one error.
type closed struct{ err error }

func (c closed) Append(context.Context, stock.Command) (stock.Receipt, error) {
	return stock.Receipt{}, c.err
}

func TestDesk_ASlowWatcherGetsTheNewestView(t *testing.T) {
	l := shop(t)
	d := open(t, deskConfig("s1"), l, l)
	seats, leave := d.audience.join()
	defer leave()
	for range 3 * seat {
		ask(t, d, Press{Button: "1"})
		ask(t, d, Press{Button: Back})
	}
	last := ask(t, d, Press{Button: "7"})
	var got View
	for range len(seats) {
		u := <-seats
		if err := json.Unmarshal(u.Data, &got); err != nil {
			t.Fatal(err)
		}
	}
	if got.Entry != last.View.Entry || got.Entry != "7" {
		t.Errorf("newest view has entry %q, want 7", got.Entry)
	}
}

func TestDesk_LiveWeightGoesWhenTheScaleGoes(t *testing.T) {
	l := shop(t)
	d := open(t, deskConfig("s1"), l, l)
	seats, leave := d.audience.join()
	defer leave()
	<-seats
	d.Take(Weight{Device: "scale-1", Grams: 1250, Settled: true, At: time.Now()})
	d.Take(Lost{"scale-1"})
	var got []string
	for len(got) < 2 {
		u := <-seats
		if u.Event == "weight" {
			var w LiveWeight
			if err := json.Unmarshal(u.Data, &w); err != nil {
				t.Fatal(err)
			}
			got = append(got, w.Text.Zh)
		}
	}
	if got[0] != "1.250 公斤" || got[1] != "" {
		t.Errorf("weights %q, want 1.250 公斤, then none", got)
	}
}

func TestConfig_NamesWhatIsWrong(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"station":       func(c *Config) { c.Station = "" },
		"time zone":     func(c *Config) { c.Zone = nil },
		"control":       func(c *Config) { c.Station = "s\n1" },
		"join within":   func(c *Config) { c.Rules.JoinWithin = 0 },
		"idle after":    func(c *Config) { c.Rules.IdleAfter = 0 },
		"weight age":    func(c *Config) { c.Rules.WeightAge = 0 },
		"settle for":    func(c *Config) { c.Rules.SettleFor = -1 },
		"pan empty":     func(c *Config) { c.Rules.PanEmpty = 0 },
		"undo for":      func(c *Config) { c.Rules.UndoFor = 0 },
		"label pattern": func(c *Config) { c.Labels.Patterns = []barcode.Pattern{{Layout: "??"}} },
	} {
		cfg := deskConfig("s1")
		change(&cfg)
		if _, err := NewDesk(cfg, &toy{}, closed{}, prometheus.NewRegistry(), slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func TestCards_EveryButtonWithACardReadsBack(t *testing.T) {
	codes, err := barcode.NewRules(DefaultLabels())
	if err != nil {
		t.Fatal(err)
	}
	for number, b := range cardNumbers {
		card, ok := CardOf(b)
		if !ok || card.Number != number || !b.Known() {
			t.Errorf("CardOf(%s) = %v, %v, want number %s", b, card, ok, number)
		}
		if l := read(NewScan(codes, "1", "d", barcode.Symbol{Data: card.Data()}, nil)); l.kind != codeCard || l.button != b {
			t.Errorf("card of %s reads as %+v", b, l)
		}
	}
	for _, b := range []stock.Bin{"A-02-05", "Z-99-99", "27-00-01", "00-00-00"} {
		card, err := BinCard(b)
		if err != nil || BinOf(card) != b {
			t.Errorf("BinCard(%s) = %v, %v", b, card, err)
		}
	}
	for _, b := range []stock.Bin{"", "A-2-5", "AA-02-05", "A-02-05-1", "a-02-05", "01-02-05"} {
		if card, err := BinCard(b); err == nil {
			t.Errorf("BinCard(%q) = %v, want an error", b, card)
		}
	}
}

// The window of double reads depends on the work: receiving counts every beep
// here, picking forgives half a second.
func TestDesk_DoubleReadsDependOnTheWork(t *testing.T) {
	l := shop(t)
	cfg := deskConfig("s1")
	cfg.Rules.Repeat = 300 * time.Millisecond
	cfg.Rules.RepeatIn = map[Mode]time.Duration{Receive: 0, Pick: 500 * time.Millisecond}
	d := open(t, cfg, l, l)
	repeat := func(id string, after time.Duration) Sound {
		return ask(t, d, Repeat{Scan: scanned(d, id), After: after}).Sound
	}
	ask(t, d, Press{Button: GoReceive})
	ask(t, d, scanned(d, "first"))
	if got := repeat("soon", time.Millisecond); got != SoundSaved {
		t.Errorf("receiving, a repeat after 1 ms sounds %s, want saved", got)
	}
	ask(t, d, Press{Button: GoPick})
	for _, tt := range []struct {
		after time.Duration
		want  Sound
	}{{499 * time.Millisecond, SoundTick}, {500 * time.Millisecond, SoundSaved}} {
		if got := repeat("pick"+tt.after.String(), tt.after); got != tt.want {
			t.Errorf("picking, a repeat after %v sounds %s, want %s", tt.after, got, tt.want)
		}
	}
	if got := l.OnHand(stock.Cell{SKU: "salt"}); got != 1 {
		t.Errorf("on hand %d, want 1", got)
	}
}

package printer

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/forestock/forestock/agent/printer/printertest"
	"github.com/forestock/forestock/firmware-bridge/port"
	"github.com/forestock/forestock/firmware-bridge/sim"
)

// picture is a label with text-like noise above, bars below, and a number that
// tells it from others.
func picture(number int) *image.Paletted {
	p := image.NewPaletted(image.Rect(0, 0, 479, 320), color.Palette{color.White, color.Black})
	r := rand.New(rand.NewPCG(1, uint64(number)))
	for y := 20; y < 120; y++ {
		for x := 10; x < 300; x++ {
			p.Pix[p.PixOffset(x, y)] = uint8(r.IntN(2))
		}
	}
	for x := 40; x < 440; {
		w := 1 + r.IntN(12)
		draw.Draw(p, image.Rect(x, 200, x+w, 290), image.Black, image.Point{}, draw.Src)
		x += w + 1 + r.IntN(12)
	}
	p.Pix[len(p.Pix)-1] = 1 // the last dot of all
	return p
}

func job(number, copies int) Job {
	return Job{Name: strconv.Itoa(number), Copies: copies, Draw: func() (image.Image, int, error) { return picture(number), 203, nil }}
}

// start runs a printer until the test ends.
func start(t *testing.T, c Config) *Printer {
	t.Helper()
	c.Name = "printer-1"
	p, err := New(c, prometheus.NewRegistry(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() { ran <- p.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ran; err != nil {
			t.Error(err)
		}
	})
	return p
}

// within waits for a condition that must come true by itself.
func within(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func (p *Printer) is(w Word) func() bool { return func() bool { return p.State().Word == w } }

// came checks which labels came out of a printer, in order.
func came(t *testing.T, toy *printertest.Printer, want ...int) {
	t.Helper()
	printed, err := toy.Printed()
	if err != nil {
		t.Fatal(err)
	}
	var got []int
	for _, l := range printed {
		got = append(got, which(l))
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("printed %v, want %v", got, want)
	}
}

// which finds the number of a picture by its dots; -1: it is none of ours.
func which(l printertest.Label) int {
	for number := range 8 {
		if same(l.Picture, picture(number)) {
			return number
		}
	}
	return -1
}

func same(a, b image.Image) bool {
	if a.Bounds() != b.Bounds() {
		return false
	}
	for y := range a.Bounds().Dy() {
		for x := range a.Bounds().Dx() {
			r, _, _, _ := a.At(x, y).RGBA()
			s, _, _, _ := b.At(x, y).RGBA()
			if r != s {
				return false
			}
		}
	}
	return true
}

// stand is a printer and what prints on it.
type stand struct {
	*testing.T
	toy   *printertest.Printer
	power *printertest.Power
	p     *Printer
}

// both runs a scenario with each language, on TCP.
func both(t *testing.T, scenario func(stand)) {
	t.Helper()
	t.Parallel()
	for _, language := range []string{"zpl", "tspl"} {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			toy := printertest.New(language)
			power := toy.On(t, "127.0.0.1:0")
			scenario(stand{t, toy, power, start(t, Config{Address: "tcp://" + power.Address(), Language: language})})
		})
	}
}

func TestPrinter_PrintsEveryDot(t *testing.T) {
	both(t, func(s stand) {
		for number := range 3 {
			if err := s.p.Print(job(number, number+1)); err != nil {
				s.Fatal(err)
			}
		}
		within(s.T, "three labels counted", func() bool { return s.p.State().Printed == 3 })
		came(s.T, s.toy, 0, 1, 2)
		printed, _ := s.toy.Printed()
		for i, l := range printed {
			if l.Copies != i+1 {
				s.Errorf("label %d: %d copies, want %d", i, l.Copies, i+1)
			}
		}
		if at := s.p.State(); at.Waiting != 0 || !at.Usable() {
			s.Errorf("state %+v", at)
		}
	})
}

func TestPrinter_WithoutPaperKeepsLabelsAndSaysSo(t *testing.T) {
	both(t, func(s stand) {
		within(s.T, "ready", s.p.is(Ready))
		s.toy.Become(printertest.Condition{PaperOut: true})
		within(s.T, "paper out", s.p.is(PaperOut))
		for number := range 2 {
			if err := s.p.Print(job(number, 1)); err != nil {
				s.Fatal(err)
			}
		}
		if at := s.p.State(); at.Waiting != 2 || at.Usable() || !strings.Contains(at.Message, "roll") {
			s.Errorf("state %+v", at)
		}
		s.toy.Become(printertest.Condition{HeadOpen: true})
		within(s.T, "head open", s.p.is(HeadOpen))
		s.toy.Become(printertest.Condition{})
		within(s.T, "both printed", func() bool { return s.p.State().Printed == 2 })
		came(s.T, s.toy, 0, 1)
	})
}

// A label that the printer took and could not print is lost with its s.power, and
// comes again.
func TestPrinter_SendsAgainWhatThePowerTook(t *testing.T) {
	both(t, func(s stand) {
		s.toy.Load(1)
		for _, number := range []int{5, 6} {
			if err := s.p.Print(job(number, 1)); err != nil {
				s.Fatal(err)
			}
		}
		within(s.T, "paper out", s.p.is(PaperOut))
		if s.toy.Held() != 1 {
			s.Fatalf("the printer holds %d labels, want the second", s.toy.Held())
		}
		address := s.power.Address()
		s.power.Off()
		within(s.T, "noticed", func() bool { return !s.p.State().Usable() })
		if err := s.p.Print(job(7, 1)); err != nil {
			s.Fatal(err)
		}
		s.toy.Load(10)
		s.toy.On(s, address)
		within(s.T, "all printed", func() bool { return s.p.State().Waiting == 0 })
		came(s.T, s.toy, 5, 6, 7)
	})
}

func TestPrinter_ThatIsOffFillsItsQueueAndNobodyWaits(t *testing.T) {
	t.Parallel()
	toy := printertest.New("zpl")
	power := toy.On(t, "127.0.0.1:0")
	address := power.Address()
	power.Off()
	p := start(t, Config{Address: "tcp://" + address, Queue: 3})
	within(t, "absent", p.is(Word(port.Absent)))
	var err error
	n := 0
	for ; err == nil; n++ {
		err = p.Print(job(n, 1))
	}
	// One may be at hand beside those in the queue.
	if s := p.State(); !errors.Is(err, ErrFull) || s.Refused != 1 || s.Waiting != n-1 || s.Waiting > 4 {
		t.Errorf("the %d. label: %v, state %+v", n, err, s)
	}
	toy.On(t, address)
	within(t, "everything printed", func() bool { return p.State().Waiting == 0 })
	var want []int
	for i := range n - 1 {
		want = append(want, i)
	}
	came(t, toy, want...)
}

func TestPrinter_ThatDoesNotAnswerIsSilent(t *testing.T) {
	t.Parallel()
	toy := printertest.New("zpl")
	toy.Become(printertest.Condition{Mute: true})
	power := toy.On(t, "127.0.0.1:0")
	p := start(t, Config{Address: "tcp://" + power.Address()})
	if err := p.Print(job(1, 1)); err != nil {
		t.Fatal(err)
	}
	within(t, "silent", p.is(Silent))
	came(t, toy)
	blind := start(t, Config{Address: "tcp://" + power.Address(), OneWay: true})
	if err := blind.Print(job(2, 1)); err != nil {
		t.Fatal(err)
	}
	within(t, "sent", func() bool { return blind.State().Printed == 1 })
	within(t, "printed", func() bool { n, _ := toy.Printed(); return len(n) == 1 })
	came(t, toy, 2)
}

func TestPrinter_OnASerialLine(t *testing.T) {
	t.Parallel()
	cable, err := sim.NewCable(filepath.Join(t.TempDir(), "usb-TSC_TE210-if00-port0"))
	if err != nil {
		t.Fatal(err)
	}
	toy := printertest.New("tspl")
	served := make(chan struct{})
	go func() { defer close(served); toy.Serve(cable) }()
	t.Cleanup(func() { cable.Close(); <-served })
	p := start(t, Config{Address: cable.Name(), Language: "tspl"})
	if err := p.Print(job(4, 2)); err != nil {
		t.Fatal(err)
	}
	within(t, "printed", func() bool { return p.State().Printed == 1 })
	came(t, toy, 4)
	if err := cable.Unplug(); err != nil {
		t.Fatal(err)
	}
	within(t, "noticed", func() bool { return !p.State().Usable() })
}

func TestPrinter_WhoseLabelCannotBeDrawnGoesOn(t *testing.T) {
	t.Parallel()
	toy := printertest.New("zpl")
	p := start(t, Config{Address: "tcp://" + toy.On(t, "127.0.0.1:0").Address()})
	bad := Job{Name: "bad", Copies: 1, Draw: func() (image.Image, int, error) { return nil, 0, errors.New("too large") }}
	if err := p.Print(bad); err != nil {
		t.Fatal(err)
	}
	within(t, "the state says why", func() bool { s := p.State(); return s.Refused == 1 && strings.Contains(s.Message, "too large") })
	if err := p.Print(job(3, 1)); err != nil {
		t.Fatal(err)
	}
	within(t, "the good one printed", func() bool { return p.State().Printed == 1 })
	if s := p.State(); s.Waiting != 0 || strings.Contains(s.Message, "too large") {
		t.Errorf("state %+v", s)
	}
	came(t, toy, 3)
}

func TestPrint_RefusesNonsense(t *testing.T) {
	p, err := New(Config{Name: "p", Address: "tcp://127.0.0.1:9100"}, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	for _, copies := range []int{0, -1, 100} {
		if err := p.Print(job(1, copies)); err == nil {
			t.Errorf("%d copies were taken", copies)
		}
	}
	for _, c := range []Config{
		{Address: "tcp://h:9100"},
		{Name: "p"},
		{Name: "p", Address: "tcp://h"},
		{Name: "p", Address: "tcp://h:9100", Language: "epl"},
		{Name: "p", Address: "tcp://h:9100", Line: "fast"},
	} {
		if err := Validate([]Config{c}); err == nil {
			t.Errorf("%+v was taken", c)
		}
	}
	twice := Config{Name: "p", Address: "tcp://h:9100"}
	if err := Validate([]Config{twice, twice}); err == nil {
		t.Error("two printers of one name were taken")
	}
}

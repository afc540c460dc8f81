package sim_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/forestock/forestock/firmware-bridge/port"
	"github.com/forestock/forestock/firmware-bridge/scale"
	"github.com/forestock/forestock/firmware-bridge/scanner"
	"github.com/forestock/forestock/firmware-bridge/sim"
)

// patience is how long a test waits for something that must happen; nothing is measured against it.
const patience = 20 * time.Second

// counter is a scale on its cable and the program that reads it, as the agent does.
type counter struct {
	tb     testing.TB
	cable  *sim.Cable
	scale  *sim.Scale
	events chan scale.Event
}

func cable(tb testing.TB) *sim.Cable {
	tb.Helper()
	c, err := sim.NewCable(filepath.Join(tb.TempDir(), "by-id", "usb-SIM"))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { c.Close() })
	return c
}

// together runs until the test ends, and waits for all of it.
func together(tb testing.TB, runs ...func(context.Context) error) {
	tb.Helper()
	ctx, cancel := context.WithCancel(tb.Context())
	var all sync.WaitGroup
	for _, run := range runs {
		all.Go(func() {
			if err := run(ctx); err != nil && !errors.Is(err, context.Canceled) {
				tb.Error(err)
			}
		})
	}
	tb.Cleanup(func() { cancel(); all.Wait() })
}

func newCounter(tb testing.TB, protocol string, change ...func(*sim.ScaleConfig)) *counter {
	tb.Helper()
	simulated := sim.ScaleConfig{Protocol: protocol, Settle: 30 * time.Millisecond, Seed: 1}
	for _, f := range change {
		f(&simulated)
	}
	c := &counter{tb: tb, cable: cable(tb), events: make(chan scale.Event, 1<<16)}
	var err error
	c.scale, err = sim.NewScale(c.cable, simulated)
	if err != nil {
		tb.Fatal(err)
	}
	family, err := scale.Find(protocol)
	if err != nil {
		tb.Fatal(err)
	}
	cfg := port.DefaultConfig()
	cfg.Address = c.cable.Name()
	if cfg.Line, err = port.ParseLine(family.Line); err != nil {
		tb.Fatal(err)
	}
	p, err := port.New(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	together(tb, c.scale.Run, p.Run, func(ctx context.Context) error { return c.read(ctx, p, family) })
	return c
}

// read is the loop of a program that keeps a scale attached.
func (c *counter) read(ctx context.Context, p *port.Port, family scale.Protocol) error {
	d, err := scale.NewDialogue(family, scale.Profile{Unit: scale.Kilogram}, scale.Options{
		Every: 10 * time.Millisecond, Settle: scale.Settle{Readings: 3, For: 50 * time.Millisecond},
	})
	if err != nil {
		return err
	}
	opened := uint64(0)
	timer := time.NewTimer(0)
	for {
		for r, ok := d.Next(); ok; r, ok = d.Next() {
			if r.Flush {
				if err := p.Flush(ctx); err != nil {
					return err
				}
			}
			p.Write(ctx, r.Bytes)
		}
		if wake := d.Wake(); !wake.IsZero() {
			timer.Reset(time.Until(wake))
		}
		var events []scale.Event
		select {
		case e, ok := <-p.Events():
			switch {
			case !ok:
				return nil
			case e.Status == nil:
				events = d.Feed(e.Bytes, e.At)
			case !e.Status.State.Open():
				events = d.Closed(e.At)
			case e.Status.Opened != opened:
				opened = e.Status.Opened
				events = d.Opened(e.At)
			}
		case <-timer.C:
			events = d.Tick(time.Now())
		}
		for _, e := range events {
			c.events <- e
		}
	}
}

// until returns the first reading that fits.
func (c *counter) until(what string, fits func(scale.Reading) bool) scale.Reading {
	c.tb.Helper()
	end := time.After(patience)
	for {
		select {
		case e := <-c.events:
			if r, ok := e.(scale.Reading); ok && fits(r) {
				return r
			}
		case <-end:
			c.tb.Fatalf("never saw %s", what)
		}
	}
}

func (c *counter) settlesAt(grams int64) {
	c.tb.Helper()
	c.until(fmt.Sprintf("stable %d g", grams), func(r scale.Reading) bool {
		got, ok := r.Grams()
		return ok && r.Settled() && got == grams
	})
}

func (c *counter) becomes(want scale.Condition) {
	c.tb.Helper()
	end := time.After(patience)
	for {
		select {
		case e := <-c.events:
			if h, ok := e.(scale.Health); ok && h.Condition == want {
				return
			}
		case <-end:
			c.tb.Fatalf("never became %s", want)
		}
	}
}

// mute lists the protocols that have no frame for an overload.
var mute = []string{"mt-price-ascii", "yaohua-tf0", "yaohua-rev", "yaohua-fwd", "yaohua-cmd", "ww-ascii", "ohaus"}

func TestScale_WeighsWhatIsPutOnItInEveryProtocol(t *testing.T) {
	t.Parallel()
	for _, protocol := range sim.Protocols() {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			c := newCounter(t, protocol)
			c.settlesAt(0)
			c.scale.Put(1250)
			c.settlesAt(1250)
			c.scale.Add(-1000)
			c.settlesAt(250)
			if !slices.Contains(mute, protocol) {
				c.scale.Put(99_000)
				c.until("overload", func(r scale.Reading) bool { return r.Fault == scale.Overload })
			}
			c.scale.Clear()
			c.settlesAt(0)
		})
	}
}

func TestProtocols_CanAllBeSimulated(t *testing.T) {
	t.Parallel()
	for _, p := range scale.Protocols() {
		if !slices.Contains(sim.Protocols(), p.Name) {
			t.Errorf("no simulated scale speaks %s", p.Name)
		}
	}
}

func TestScale_MovesBeforeItSettles(t *testing.T) {
	t.Parallel()
	c := newCounter(t, "enq-dc1", func(s *sim.ScaleConfig) { s.Settle = time.Second })
	c.settlesAt(0)
	c.scale.Put(5000)
	c.until("an unstable reading", func(r scale.Reading) bool { return r.Stability == scale.Unstable })
	c.settlesAt(5000)
}

func TestScale_KnowsZeroAndTare(t *testing.T) {
	t.Parallel()
	c := newCounter(t, "comma")
	c.scale.Put(120)
	c.settlesAt(120)
	if !c.scale.Tare() {
		t.Fatal("no tare on a pan at rest")
	}
	c.until("net zero", func(r scale.Reading) bool { return r.Mode == scale.Net && r.Value.Digits == 0 })
	c.scale.Add(500)
	c.settlesAt(500)
	c.scale.Put(0)
	c.settlesAt(-120)
	if c.scale.Put(5000); c.scale.Zero() {
		t.Error("zero was taken from a moving pan far from zero")
	}
}

func TestScale_IsReadThroughEveryKindOfBadLine(t *testing.T) {
	t.Parallel()
	faults := map[string]sim.Faults{
		"split":             {Split: true},
		"noise":             {Noise: 50},
		"wrong check":       {Flip: 20},
		"cut":               {Cut: 10},
		"everything":        {Split: true, Noise: 20, Flip: 10, Cut: 10},
		"nothing is broken": {},
	}
	for name, f := range faults {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCounter(t, "enq-dc1")
			c.scale.Bend(f)
			for i := range 3 {
				want := int64(111 * (i + 1))
				c.scale.Put(want)
				c.until("the weight", func(r scale.Reading) bool {
					got, ok := r.Grams()
					if ok && r.Stability == scale.Stable && got%111 != 0 {
						t.Fatalf("a stable weight that was never on the pan: %d g from %q", got, r.Raw)
					}
					return ok && r.Settled() && got == want
				})
			}
		})
	}
}

func TestScale_MergedFramesAreAllRead(t *testing.T) {
	t.Parallel()
	c := newCounter(t, "comma")
	c.scale.Bend(sim.Faults{Merge: 3})
	c.scale.Put(700)
	c.settlesAt(700)
}

func TestScale_SilenceAndUnpluggingAreNoticed(t *testing.T) {
	t.Parallel()
	c := newCounter(t, "enq-dc1")
	c.scale.Put(300)
	c.settlesAt(300)
	c.scale.Bend(sim.Faults{Silent: true})
	c.becomes(scale.Silent)
	c.scale.Bend(sim.Faults{})
	c.becomes(scale.Answering)
	if err := c.cable.Unplug(); err != nil {
		t.Fatal(err)
	}
	c.becomes(scale.Gone)
	if err := c.cable.Plug(); err != nil {
		t.Fatal(err)
	}
	c.settlesAt(300)
}

func TestNewScale_RefusesWhatItCannotSimulate(t *testing.T) {
	t.Parallel()
	c := cable(t)
	for _, cfg := range []sim.ScaleConfig{{Protocol: "morse"}, {Protocol: "comma", Capacity: -1}} {
		if _, err := sim.NewScale(c, cfg); err == nil {
			t.Errorf("%+v was taken", cfg)
		}
	}
}

func TestScanner_ScansThroughTheRealLine(t *testing.T) {
	t.Parallel()
	c := cable(t)
	gun := sim.NewScanner(c, sim.ScannerConfig{})
	cfg := port.DefaultConfig()
	cfg.Address = c.Name()
	p, err := port.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	together(t, p.Run)
	if e := <-p.Events(); e.Status == nil || e.Status.State != port.Ready {
		t.Fatalf("first event %+v", e)
	}
	f, err := scanner.New(scanner.DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	for _, fault := range []sim.Faults{{}, {Split: true}} {
		gun.Bend(fault)
		for _, code := range []string{"]E06901234567892", "]d20106901234567892\x1d10ABC", "9101020538"} {
			if err := gun.Scan(code); err != nil {
				t.Fatal(err)
			}
			var got []scanner.Scan
			for len(got) == 0 {
				e := <-p.Events()
				got = f.Feed(e.Bytes, e.At)
			}
			if s := got[0]; s.AIM+string(s.Data) != code {
				t.Errorf("scanned %q, got %s%s", code, s.AIM, s.Data)
			}
		}
	}
	if err := c.Unplug(); err != nil {
		t.Fatal(err)
	}
	if err := gun.Scan("x"); !errors.Is(err, sim.ErrUnplugged) {
		t.Errorf("scan on a pulled cable: %v", err)
	}
}

func TestCable_NameFollowsTheNode(t *testing.T) {
	t.Parallel()
	c := cable(t)
	first := c.Node()
	if err := c.Unplug(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(c.Name()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the name outlives the cable: %v", err)
	}
	if c.Node() != "" {
		t.Errorf("node %s of a pulled cable", c.Node())
	}
	other := cable(t)
	if err := c.Plug(); err != nil {
		t.Fatal(err)
	}
	if to, err := os.Readlink(c.Name()); err != nil || to != c.Node() || to == other.Node() {
		t.Errorf("name leads to %s (%v), node is %s, first %s", to, err, c.Node(), first)
	}
}

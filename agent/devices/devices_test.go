package devices

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/forestock/forestock/firmware-bridge/scale"
	"github.com/forestock/forestock/firmware-bridge/scanner"
	"github.com/forestock/forestock/firmware-bridge/sim"
)

// bench is a table with a scale and a scanner on it, and the devices that
// watch them.
type bench struct {
	t       *testing.T
	scale   *sim.Scale
	scanner *sim.Scanner
	cables  map[string]*sim.Cable
	devices *Devices
	events  chan Event
}

func newBench(t *testing.T) *bench {
	t.Helper()
	dir := t.TempDir()
	b := &bench{t: t, cables: make(map[string]*sim.Cable), events: make(chan Event, 10_000)}
	for _, name := range []string{"scale-1", "scanner-1"} {
		cable, err := sim.NewCable(filepath.Join(dir, "by-id", name))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { cable.Close() })
		b.cables[name] = cable
	}
	var err error
	b.scale, err = sim.NewScale(b.cables["scale-1"], sim.ScaleConfig{Protocol: "enq-dc1", Settle: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	b.scanner = sim.NewScanner(b.cables["scanner-1"], sim.ScannerConfig{})
	b.devices, err = New([]Config{
		{Name: "scale-1", Kind: Scale, Address: b.cables["scale-1"].Name(), Station: "s1"},
		{Name: "scanner-1", Kind: Scanner, Address: b.cables["scanner-1"].Name(), Station: "s1", Repeat: time.Minute},
	}, func(e Event) { b.events <- e }, prometheus.NewRegistry(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 2)
	go func() { done <- b.scale.Run(ctx) }()
	go func() { done <- b.devices.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		for range 2 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
	})
	ready := make(map[string]bool)
	b.until("both devices", func(e Event) bool {
		if e.State != nil {
			ready[e.Device] = e.State.Usable()
		}
		return ready["scale-1"] && ready["scanner-1"]
	})
	return b
}

// until waits for an event.
func (b *bench) until(what string, is func(Event) bool) Event {
	b.t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		select {
		case e := <-b.events:
			if is(e) {
				return e
			}
		case <-deadline:
			b.t.Fatalf("waited in vain for %s; devices are %+v", what, b.devices.States())
		}
	}
}

func (b *bench) scaleIs(w Word) {
	b.t.Helper()
	b.until("the scale to be "+string(w), func(e Event) bool { return e.Device == "scale-1" && e.State != nil && e.State.Word == w })
}

func (b *bench) weight(grams int64) {
	b.t.Helper()
	b.until("a settled weight", func(e Event) bool {
		if e.Reading == nil || !e.Reading.Settled() {
			return false
		}
		g, ok := e.Reading.Grams()
		return ok && g == grams
	})
}

func TestDevices_TellCodesAndWeights(t *testing.T) {
	b := newBench(t)
	b.scale.Put(1250)
	b.weight(1250)
	if err := b.scanner.Scan("]E06901234567892"); err != nil {
		t.Fatal(err)
	}
	e := b.until("a code", func(e Event) bool { return e.Scan != nil })
	if e.Station != "s1" || e.Scan.AIM != "]E0" || string(e.Scan.Data) != "6901234567892" || !strings.HasSuffix(string(e.Scan.Raw), "\r") {
		t.Errorf("scan = %+v on station %q", *e.Scan, e.Station)
	}
}

func TestDevices_CountWhatTheySuppress(t *testing.T) {
	b := newBench(t)
	for range 3 {
		if err := b.scanner.Scan("6901234567892"); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []scanner.Kind{scanner.Code, scanner.Double, scanner.Double} {
		if e := b.until("a scan", func(e Event) bool { return e.Scan != nil }); e.Scan.Kind != want {
			t.Errorf("scan is %s, want %s", e.Scan.Kind, want)
		}
	}
	if s := b.devices.States()[1]; s.Events != 1 || s.Suppressed != 2 {
		t.Errorf("state counts %d codes and %d double reads, want 1 and 2", s.Events, s.Suppressed)
	}
}

func TestDevices_SurviveBeingUnplugged(t *testing.T) {
	b := newBench(t)
	b.scale.Put(500)
	b.weight(500)
	for range 5 {
		if err := b.cables["scale-1"].Unplug(); err != nil {
			t.Fatal(err)
		}
		b.until("the scale to be gone", func(e Event) bool { return e.Device == "scale-1" && e.State != nil && !e.State.Usable() })
		if r, ok := b.devices.Latest("scale-1"); ok {
			t.Fatalf("a scale that is unplugged shows %+v", r)
		}
		if err := b.cables["scale-1"].Plug(); err != nil {
			t.Fatal(err)
		}
		b.scaleIs(Ready)
		b.weight(500)
	}
	if r, ok := b.devices.Latest("scale-1"); !ok {
		t.Errorf("the scale is back and shows %+v, %v", r, ok)
	}
}

func TestDevices_SilenceAndNonsenseAreStatesAndNeverAWeight(t *testing.T) {
	b := newBench(t)
	b.scale.Put(500)
	b.weight(500)
	b.scale.Bend(sim.Faults{Silent: true})
	b.scaleIs("silent")
	if r, ok := b.devices.Latest("scale-1"); ok {
		t.Errorf("a silent scale shows %+v", r)
	}
	b.scale.Bend(sim.Faults{Flip: 100})
	b.scaleIs("garbled")
	if r, ok := b.devices.Latest("scale-1"); ok {
		t.Errorf("a garbled scale shows %+v", r)
	}
	b.scale.Bend(sim.Faults{})
	b.scaleIs(Ready)
	b.weight(500)
}

func TestDevices_AnAbsentDeviceSaysSo(t *testing.T) {
	events := make(chan Event, 100)
	d, err := New([]Config{{Name: "scale-1", Kind: Scale, Address: filepath.Join(t.TempDir(), "none")}}, func(e Event) { events <- e }, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- d.Run(ctx) }()
	e := <-events
	if e.State == nil || e.State.Word != "absent" || !strings.Contains(e.State.Message, "plug the device in") {
		t.Errorf("first event = %+v", e)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestNew_NamesWhatIsWrong(t *testing.T) {
	for _, tt := range []struct {
		name string
		all  []Config
		want string
	}{
		{"no name", []Config{{Kind: Scale, Address: "/dev/a"}}, "device number 1: has no name"},
		{"no kind", []Config{{Name: "a", Address: "/dev/a"}}, `device a: kind ""`},
		{"no address", []Config{{Name: "a", Kind: Scanner}}, "device a: no address"},
		{"wrong protocol", []Config{{Name: "a", Kind: Scale, Address: "/dev/a", Protocol: "telepathy"}}, "telepathy"},
		{"wrong line", []Config{{Name: "a", Kind: Scanner, Address: "/dev/a", Line: "fast"}}, "device a: "},
		{"same name", []Config{{Name: "a", Kind: Scanner, Address: "/dev/a"}, {Name: "a", Kind: Scanner, Address: "/dev/b"}}, "two devices have this name"},
		{"same address", []Config{{Name: "a", Kind: Scanner, Address: "/dev/a"}, {Name: "b", Kind: Scanner, Address: "/dev/a"}}, "is the address of a already"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := New(tt.all, nil, nil, slog.New(slog.DiscardHandler))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("New = %v, want an error with %q", err, tt.want)
			}
		})
	}
}

// A scanner that sends packets gets an answer to each; without one it would
// stop and beep for help.
func TestDevices_AnswerAScannerThatWaitsForIt(t *testing.T) {
	cable, err := sim.NewCable(filepath.Join(t.TempDir(), "scanner"))
	if err != nil {
		t.Fatal(err)
	}
	defer cable.Close()
	events := make(chan Event, 100)
	d, err := New([]Config{{Name: "scanner-1", Kind: Scanner, Address: cable.Name(), SSI: true}}, func(e Event) { events <- e }, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- d.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()
	for e := range events {
		if e.State != nil && e.State.Usable() {
			break
		}
	}
	// DECODE_DATA: length, opcode F3, source 0, status 0, type 0B (EAN-13), the code, check sum.
	packet := append([]byte{5 + 13, 0xF3, 0, 0, 0x0B}, "6901234567892"...)
	sum := 0
	for _, b := range packet {
		sum -= int(b)
	}
	if _, err := cable.Write(append(packet, byte(sum>>8), byte(sum))); err != nil {
		t.Fatal(err)
	}
	if e := <-events; e.Scan == nil || string(e.Scan.Data) != "6901234567892" {
		t.Fatalf("event = %+v", e)
	}
	answer := make([]byte, 16)
	n, err := cable.Read(answer)
	if err != nil || n < 2 || answer[1] != 0xD0 { // CMD_ACK
		t.Errorf("answer = % x, %v; want an acknowledgement", answer[:n], err)
	}
}

func TestDevices_ZeroAndTareAScale(t *testing.T) {
	cable, err := sim.NewCable(filepath.Join(t.TempDir(), "scale"))
	if err != nil {
		t.Fatal(err)
	}
	defer cable.Close()
	device, err := sim.NewScale(cable, sim.ScaleConfig{Protocol: "mt-sics", Settle: 20 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, events: make(chan Event, 10_000)}
	b.devices, err = New([]Config{{Name: "scale-1", Kind: Scale, Address: cable.Name(), Protocol: "mt-sics"}},
		func(e Event) { b.events <- e }, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 2)
	go func() { done <- device.Run(ctx) }()
	go func() { done <- b.devices.Run(ctx) }()
	defer func() {
		cancel()
		for range 2 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
	}()
	b.scaleIs(Ready)
	device.Put(400)
	b.weight(400)
	if err := b.devices.Do(ctx, "scale-1", scale.TakeTare); err != nil {
		t.Fatal(err)
	}
	b.weight(0)
	if err := b.devices.Do(ctx, "scale-1", scale.ClearTare); err != nil {
		t.Fatal(err)
	}
	b.weight(400)
	if err := b.devices.Do(ctx, "scale-2", scale.Zero); !errors.Is(err, ErrNoScale) {
		t.Errorf("an unknown scale: %v", err)
	}
	if err := b.devices.Do(ctx, "scale-1", "dance"); !errors.Is(err, scale.ErrUnsupported) {
		t.Errorf("an unknown command: %v", err)
	}
}

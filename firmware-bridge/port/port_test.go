package port_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/forestock/forestock/firmware-bridge/port"
	"github.com/forestock/forestock/firmware-bridge/sim"
)

// patience is how long a test waits for something that must happen; nothing is measured against it.
const patience = 10 * time.Second

// bench is a port that runs, and what came out of it.
type bench struct {
	tb   testing.TB
	port *port.Port
	stop func() error
}

func plug(tb testing.TB) *sim.Cable {
	tb.Helper()
	cable, err := sim.NewCable(filepath.Join(tb.TempDir(), "usb-SIM_1-if00-port0"))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { cable.Close() })
	return cable
}

func run(tb testing.TB, address string, change ...func(*port.Config)) *bench {
	tb.Helper()
	cfg := port.DefaultConfig()
	cfg.Address = address
	for _, f := range change {
		f(&cfg)
	}
	p, err := port.New(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	ctx, cancel := context.WithCancel(tb.Context())
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	b := &bench{tb: tb, port: p, stop: sync.OnceValue(func() error { cancel(); return <-done })}
	tb.Cleanup(func() { b.stop() })
	return b
}

func (b *bench) next() port.Event {
	b.tb.Helper()
	select {
	case e, ok := <-b.port.Events():
		if !ok {
			b.tb.Fatal("Events closed")
		}
		return e
	case <-time.After(patience):
		b.tb.Fatalf("no event; status %+v", b.port.Status())
	}
	return port.Event{}
}

// await skips events until the state comes, and returns what arrived before it.
func (b *bench) await(want port.State) []byte {
	b.tb.Helper()
	var got []byte
	for {
		e := b.next()
		got = append(got, e.Bytes...)
		if e.Status != nil && e.Status.State == want {
			return got
		}
	}
}

// want reads bytes and fails on anything else.
func (b *bench) want(want string) {
	b.tb.Helper()
	var got []byte
	for len(got) < len(want) {
		e := b.next()
		if e.Status != nil {
			b.tb.Fatalf("state %s after %q, want bytes %q", e.Status.State, got, want)
		}
		got = append(got, e.Bytes...)
	}
	if string(got) != want {
		b.tb.Fatalf("got %q, want %q", got, want)
	}
}

func send(tb testing.TB, c *sim.Cable, s string) {
	tb.Helper()
	if _, err := c.Write([]byte(s)); err != nil {
		tb.Fatal(err)
	}
}

func TestPort_CarriesEveryByteBothWays(t *testing.T) {
	t.Parallel()
	cable := plug(t)
	b := run(t, cable.Name())
	b.await(port.Ready)
	var all [256]byte
	for i := range all {
		all[i] = byte(i)
	}
	send(t, cable, string(all[:]))
	b.want(string(all[:]))
	if err := b.port.Write(t.Context(), all[:]); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 0, 256)
	for len(got) < len(all) {
		buf := make([]byte, 256)
		n, err := cable.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, buf[:n]...)
	}
	if !bytes.Equal(got, all[:]) {
		t.Errorf("device got %x", got)
	}
}

func TestPort_DropsWhatCameBeforeTheOpening(t *testing.T) {
	t.Parallel()
	cable := plug(t)
	const stale = "STALE 9.999kg"
	send(t, cable, stale)
	waitCarried(t, cable, len(stale))
	b := run(t, cable.Name())
	b.await(port.Ready)
	send(t, cable, "FRESH")
	b.want("FRESH")
}

// waitCarried waits until the kernel has carried bytes to the tty, where nobody reads them.
func waitCarried(tb testing.TB, c *sim.Cable, bytes int) {
	tb.Helper()
	fd, err := unix.Open(c.Node(), unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		tb.Fatal(err)
	}
	defer unix.Close(fd)
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if n, err := unix.IoctlGetInt(fd, unix.TIOCINQ); err == nil && n == bytes {
			return
		}
	}
	tb.Fatal("the bytes never arrive")
}

func TestPort_ForgetsOnFlushWhatWasNotReceived(t *testing.T) {
	t.Parallel()
	cable := plug(t)
	b := run(t, cable.Name())
	b.await(port.Ready)
	for i := range 50 {
		before := b.port.Heard()
		send(t, cable, "old")
		b.waitHeard(before + 3)
		if err := b.port.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		fresh := fmt.Sprintf("<%02d>", i)
		send(t, cable, fresh)
		b.want(fresh)
	}
}

// waitHeard waits until so many bytes have arrived. Bytes that the kernel still carries are not old yet: like those on a
// real wire, they arrive after a flush.
func (b *bench) waitHeard(bytes uint64) {
	b.tb.Helper()
	for end := time.Now().Add(patience); b.port.Heard() < bytes; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			b.tb.Fatalf("%d bytes have arrived, want %d", b.port.Heard(), bytes)
		}
	}
}

func TestPort_SurvivesUnpluggingAndComesBackOnAnotherNode(t *testing.T) {
	t.Parallel()
	cable := plug(t)
	b := run(t, cable.Name())
	b.await(port.Ready)
	nodes := map[string]bool{}
	for i := range 20 {
		nodes[cable.Node()] = true
		send(t, cable, "half a fra")
		b.want("half a fra")
		if err := cable.Unplug(); err != nil {
			t.Fatal(err)
		}
		b.await(port.Unplugged)
		if err := b.port.Write(t.Context(), []byte("x")); !errors.Is(err, port.ErrNotOpen) && !errors.Is(err, port.ErrUnplugged) {
			t.Errorf("write to an unplugged device: %v", err)
		}
		if i%2 == 0 {
			b.await(port.Absent)
		}
		other := plug(t) // takes a node, so that ours comes back on another
		if err := cable.Plug(); err != nil {
			t.Fatal(err)
		}
		b.await(port.Ready)
		other.Close()
		if got := b.port.Status(); got.Opened != uint64(i+2) || got.Node != cable.Node() {
			t.Fatalf("status %+v, want opening %d of %s", got, i+2, cable.Node())
		}
	}
	if len(nodes) < 2 {
		t.Error("the device never changed its node: this test proves less than it says")
	}
}

func TestPort_SeesAHangupAsOfAUSBAdapter(t *testing.T) {
	t.Parallel()
	cable := plug(t)
	b := run(t, cable.Name())
	b.await(port.Ready)
	if err := cable.Hangup(); errors.Is(err, os.ErrPermission) {
		t.Skip("hanging up needs CAP_SYS_ADMIN")
	} else if err != nil {
		t.Fatal(err)
	}
	b.await(port.Unplugged)
}

func TestPort_SaysWhyItCannotOpen(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	plain := filepath.Join(dir, "plain")
	if err := os.WriteFile(plain, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	dangling := filepath.Join(dir, "dangling")
	if err := os.Symlink(filepath.Join(dir, "gone"), dangling); err != nil {
		t.Fatal(err)
	}
	taken := plug(t)
	run(t, taken.Name()).await(port.Ready)
	cases := []struct {
		name, address string
		want          port.State
	}{
		{"nothing there", filepath.Join(dir, "none"), port.Absent},
		{"a link to nothing", dangling, port.Absent},
		{"a file", plain, port.NotSerial},
		{"a folder", dir, port.NotSerial},
		{"a device that is no tty", "/dev/null", port.NotSerial},
		{"another program has it", taken.Name(), port.Busy},
		{"nobody listens", "tcp://127.0.0.1:1", port.Absent},
	}
	if os.Getuid() != 0 {
		locked := filepath.Join(dir, "locked")
		if err := os.WriteFile(locked, nil, 0); err != nil {
			t.Fatal(err)
		}
		cases = append(cases, struct {
			name, address string
			want          port.State
		}{"may not", locked, port.NoPermission})
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			b := run(t, c.address)
			b.await(c.want)
			s := b.port.Status()
			if s.Err == nil || s.Message() == "" || s.State.Open() {
				t.Errorf("status %+v, message %q", s, s.Message())
			}
		})
	}
}

func TestPort_GivesTheTtyBackWhenItStops(t *testing.T) {
	t.Parallel()
	cable := plug(t)
	first := run(t, cable.Name())
	first.await(port.Ready)
	if err := first.stop(); err != nil {
		t.Fatal(err)
	}
	if _, ok := <-first.port.Events(); ok {
		t.Error("Events still open after Run returned")
	}
	run(t, cable.Name()).await(port.Ready)
	if err := first.port.Run(t.Context()); err == nil {
		t.Error("Run ran twice")
	}
}

func TestPort_WriteReturnsFromAPeerThatNeverReads(t *testing.T) {
	t.Parallel()
	cable := plug(t)
	b := run(t, cable.Name(), func(c *port.Config) { c.WriteTimeout = 50 * time.Millisecond })
	b.await(port.Ready)
	err := b.port.Write(t.Context(), make([]byte, 1<<20))
	if !errors.Is(err, port.ErrWriteStuck) {
		t.Fatalf("error %v, want ErrWriteStuck", err)
	}
	for e := b.next(); e.Status == nil || e.Status.State != port.Unplugged; e = b.next() {
	}
	if err := b.port.Status().Err; !b.port.Status().State.Open() && !errors.Is(err, port.ErrWriteStuck) {
		t.Errorf("the state says %v", err)
	}
	b.await(port.Ready)
}

func TestPort_DropsTheOldestWhenNobodyReads(t *testing.T) {
	t.Parallel()
	cable := plug(t)
	b := run(t, cable.Name(), func(c *port.Config) { c.Queue = 4 })
	b.await(port.Ready)
	const frames, size = 20, 4096 // each fills a chunk
	for i := range frames {
		send(t, cable, strings.Repeat(string(rune('a'+i)), size))
		b.waitHeard(uint64((i + 1) * size))
	}
	lost, got := 0, ""
	for len(got)+lost < frames*size {
		e := b.next()
		lost += e.Lost
		got += string(e.Bytes)
	}
	if len(got)+lost != frames*size || lost == 0 {
		t.Errorf("%d bytes received and %d lost of %d: want all of them accounted for and some lost", len(got), lost, frames*size)
	}
	if last := got[len(got)-1]; last != 'a'+frames-1 {
		t.Errorf("the last byte is %q: the newest was dropped", last)
	}
}

func TestPort_CallsADeviceSilentThatSendsNothing(t *testing.T) {
	t.Parallel()
	cable := plug(t)
	b := run(t, cable.Name(), func(c *port.Config) { c.SilentAfter = 20 * time.Millisecond })
	b.await(port.Silent)
	send(t, cable, "x")
	if got := b.await(port.Ready); len(got) > 0 {
		t.Errorf("bytes %q before the state", got)
	}
	b.want("x")
}

func TestPort_ChecksParityInSoftware(t *testing.T) {
	t.Parallel()
	cable := plug(t)
	b := run(t, cable.Name(), func(c *port.Config) {
		c.Line = port.Line{Baud: 9600, DataBits: 7, Parity: port.EvenParity, StopBits: 1}
	})
	b.await(port.Ready)
	wire := port.EvenParity.Add([]byte("12.5"))
	wire[1] ^= 0x01
	send(t, cable, string(wire))
	e := b.next()
	if want := "1\xff.5"; string(e.Bytes) != want || e.Bad != 1 {
		t.Errorf("got %q with %d bad, want %q with 1", e.Bytes, e.Bad, want)
	}
	if err := b.port.Write(t.Context(), []byte("W\r")); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 2)
	if _, err := cable.Read(got); err != nil {
		t.Fatal(err)
	}
	if want := "\xd7\x8d"; string(got) != want {
		t.Errorf("device got %x, want %x", got, want)
	}
}

func TestPort_SetsSpeedsOutsideTheTable(t *testing.T) {
	t.Parallel()
	for _, baud := range []int{1200, 14400, 115200, 250000} {
		cable := plug(t)
		b := run(t, cable.Name(), func(c *port.Config) { c.Line.Baud = baud })
		b.await(port.Ready)
		fd, err := unix.Open(cable.Node(), unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
		if err != nil {
			t.Skipf("cannot open the tty a second time: %v", err)
		}
		settings, err := unix.IoctlGetTermios(fd, unix.TCGETS2)
		unix.Close(fd)
		if err != nil || int(settings.Ospeed) != baud {
			t.Errorf("speed %d, want %d (%v)", settings.Ospeed, baud, err)
		}
	}
}

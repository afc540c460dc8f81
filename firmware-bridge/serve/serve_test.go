package serve_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/forestock/forestock/firmware-bridge/lend"
	"github.com/forestock/forestock/firmware-bridge/port"
	"github.com/forestock/forestock/firmware-bridge/serve"
	"github.com/forestock/forestock/firmware-bridge/sim"
)

// patience is how long a test waits for something that must happen; nothing is measured against it.
const patience = 20 * time.Second

// box is a station's small box with one scanner, which lends it.
type box struct {
	t       *testing.T
	key     lend.Key
	cable   *sim.Cable
	scanner *sim.Scanner
	address string
}

func newBox(t *testing.T) *box {
	t.Helper()
	b := &box{t: t}
	var err error
	if b.key, err = lend.NewKey(); err != nil {
		t.Fatal(err)
	}
	if b.cable, err = sim.NewCable(filepath.Join(t.TempDir(), "usb-SIM")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.cable.Close() })
	b.scanner = sim.NewScanner(b.cable, sim.ScannerConfig{})
	cfg := port.DefaultConfig()
	cfg.Address = b.cable.Name()
	lender, err := serve.New(b.key, []serve.Device{{Name: "scanner-1", Port: cfg}}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	listener := listen(t)
	b.address = listener.Addr().String()
	run(t, func(ctx context.Context) error { return lender.Run(ctx, listener) })
	return b
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// run runs something until the test ends, and waits for it.
func run(t *testing.T, f func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- f(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// borrower is the agent's side.
type borrower struct {
	t    *testing.T
	port *port.Port
}

func (b *box) borrow(address string, key lend.Key, device string) *borrower {
	b.t.Helper()
	cfg := port.DefaultConfig()
	cfg.Address, cfg.Key = "lend://"+address+"/"+device, key.String()
	cfg.Line.DataBits, cfg.Line.Parity = 7, port.EvenParity // must not matter
	p, err := port.New(cfg)
	if err != nil {
		b.t.Fatal(err)
	}
	run(b.t, p.Run)
	return &borrower{b.t, p}
}

func (b *borrower) next() port.Event {
	b.t.Helper()
	select {
	case e := <-b.port.Events():
		return e
	case <-time.After(patience):
		b.t.Fatalf("nothing happens; status %+v", b.port.Status())
	}
	return port.Event{}
}

func (b *borrower) await(want port.State) {
	b.t.Helper()
	for {
		if e := b.next(); e.Status != nil && e.Status.State == want {
			return
		}
	}
}

func (b *borrower) hears(want string) {
	b.t.Helper()
	got := ""
	for len(got) < len(want) {
		got += string(b.next().Bytes)
	}
	if got != want {
		b.t.Fatalf("heard %q, want %q", got, want)
	}
}

func TestLender_LendsALineBothWays(t *testing.T) {
	t.Parallel()
	box := newBox(t)
	b := box.borrow(box.address, box.key, "scanner-1")
	b.await(port.Ready)
	if err := box.scanner.Scan("]E06901234567892"); err != nil {
		t.Fatal(err)
	}
	b.hears("]E06901234567892\r")
	if err := b.port.Write(t.Context(), []byte("\x04\xd0")); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 2)
	if _, err := io.ReadFull(box.cable, got); err != nil || string(got) != "\x04\xd0" {
		t.Errorf("device got %x, %v", got, err)
	}
}

func TestLender_PassesUnpluggingOn(t *testing.T) {
	t.Parallel()
	box := newBox(t)
	b := box.borrow(box.address, box.key, "scanner-1")
	b.await(port.Ready)
	for range 3 {
		if err := box.cable.Unplug(); err != nil {
			t.Fatal(err)
		}
		b.await(port.Absent)
		if err := b.port.Write(t.Context(), []byte("x")); err == nil {
			t.Error("wrote to a device that is not there")
		}
		if err := box.cable.Plug(); err != nil {
			t.Fatal(err)
		}
		b.await(port.Ready)
	}
}

func TestLender_LendsToOneAtATime(t *testing.T) {
	t.Parallel()
	box := newBox(t)
	first := box.borrow(box.address, box.key, "scanner-1")
	first.await(port.Ready)
	box.borrow(box.address, box.key, "scanner-1").await(port.Busy)
	if err := box.scanner.Scan("690"); err != nil {
		t.Fatal(err)
	}
	first.hears("690\r")
}

func TestLender_KnowsItsOwn(t *testing.T) {
	t.Parallel()
	box := newBox(t)
	other, err := lend.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	stranger := box.borrow(box.address, other, "scanner-1")
	stranger.await(port.NoPermission)
	if m := stranger.port.Status().Message(); !strings.Contains(m, "key") {
		t.Errorf("message %q", m)
	}
	box.borrow(box.address, box.key, "scanner-9").await(port.Absent)
	box.borrow("127.0.0.1:1", box.key, "scanner-1").await(port.Absent)
}

// link is a wire that can be cut and can swallow everything.
type link struct {
	to string

	mu    sync.Mutex // guards the rest
	conns []net.Conn
	hole  bool
}

func (l *link) run(ctx context.Context, listener net.Listener) error {
	stop := context.AfterFunc(ctx, func() { listener.Close(); l.cut() })
	defer stop()
	var all sync.WaitGroup
	defer all.Wait()
	for {
		near, err := listener.Accept()
		if err != nil {
			return nil // the test has ended
		}
		far, err := new(net.Dialer).DialContext(ctx, "tcp", l.to)
		if err != nil {
			near.Close()
			continue
		}
		l.mu.Lock()
		l.conns = append(l.conns, near, far)
		l.mu.Unlock()
		all.Go(func() { l.carry(near, far) })
		all.Go(func() { l.carry(far, near) })
	}
}

func (l *link) carry(from, to net.Conn) {
	defer from.Close()
	defer to.Close()
	buf := make([]byte, 4096)
	for {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		l.mu.Lock()
		hole := l.hole
		l.mu.Unlock()
		if hole {
			continue
		}
		if _, err := to.Write(buf[:n]); err != nil {
			return
		}
	}
}

func (l *link) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.conns {
		c.Close()
	}
	l.conns = nil
}

func (l *link) swallow(yes bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.hole = yes
}

// linked is a box whose borrower reaches it over a link.
func linked(t *testing.T) (*box, *link, *borrower) {
	t.Helper()
	box := newBox(t)
	l := &link{to: box.address}
	listener := listen(t)
	run(t, func(ctx context.Context) error { return l.run(ctx, listener) })
	return box, l, box.borrow(listener.Addr().String(), box.key, "scanner-1")
}

func TestLender_ALinkThatSwallowsEverythingIsALostDevice(t *testing.T) {
	t.Parallel()
	_, l, b := linked(t)
	b.await(port.Ready)
	l.swallow(true)
	b.await(port.Absent)
	l.swallow(false)
	b.await(port.Ready)
}

// Numbered codes are scanned while the link is cut again and again. Each arrives at most once and in order; what was scanned
// while the device was there arrives.
func TestLender_GivesNothingTwiceWhateverBreaks(t *testing.T) {
	t.Parallel()
	box, l, b := linked(t)
	b.await(port.Ready)
	last, total := -1, 0
	hear := func(line string) {
		var n int
		if _, err := fmt.Sscanf(line, "N%d", &n); err != nil {
			t.Fatalf("heard %q", line)
		}
		if n <= last {
			t.Fatalf("code %d came after %d", n, last)
		}
		last, total = n, total+1
	}
	rest := ""
	for n := range 60 {
		if n%10 == 4 {
			l.cut()
			b.await(port.Ready)
			rest = ""
		}
		if err := box.scanner.Scan(fmt.Sprintf("N%03d", n)); err != nil {
			t.Fatal(err)
		}
		for before := total; total == before; {
			rest += string(b.next().Bytes)
			for line, more, ok := strings.Cut(rest, "\r"); ok; line, more, ok = strings.Cut(rest, "\r") {
				hear(line)
				rest = more
			}
		}
	}
	if total != 60 {
		t.Errorf("%d of 60 codes arrived", total)
	}
}

func TestPort_FlushesALentLine(t *testing.T) {
	t.Parallel()
	box := newBox(t)
	b := box.borrow(box.address, box.key, "scanner-1")
	b.await(port.Ready)
	for i := range 30 {
		before := b.port.Heard()
		if _, err := box.cable.Write([]byte("old")); err != nil {
			t.Fatal(err)
		}
		for b.port.Heard() < before+3 {
			time.Sleep(time.Millisecond)
		}
		if err := b.port.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		// A write goes the same way as the flush, so its arrival tells that the line was emptied.
		if err := b.port.Write(t.Context(), []byte("?")); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(box.cable, make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
		fresh := fmt.Sprintf("<%02d>", i)
		if _, err := box.cable.Write([]byte(fresh)); err != nil {
			t.Fatal(err)
		}
		b.hears(fresh)
	}
}

func TestNew_RefusesWhatCannotBeLent(t *testing.T) {
	t.Parallel()
	good := port.DefaultConfig()
	good.Address = "/dev/null"
	for name, devices := range map[string][]serve.Device{
		"no name":         {{Port: good}},
		"two of one name": {{Name: "a", Port: good}, {Name: "a", Port: good}},
		"no address":      {{Name: "a", Port: port.DefaultConfig()}},
	} {
		if _, err := serve.New(lend.Key{}, devices, slog.New(slog.DiscardHandler)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	for _, address := range []string{"lend://", "lend://host/x", "lend://host:1/", "lend://host:1"} {
		cfg := port.DefaultConfig()
		cfg.Address, cfg.Key = address, lend.Key{}.String()
		if _, err := port.New(cfg); err == nil {
			t.Errorf("address %s was taken", address)
		}
	}
	cfg := port.DefaultConfig()
	cfg.Address = "lend://host:1/x"
	if _, err := port.New(cfg); err == nil || errors.Is(err, lend.ErrKey) {
		t.Errorf("no key: %v", err)
	}
}

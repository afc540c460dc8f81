package devices

import (
	"context"
	"encoding/hex"
	"log/slog"
	"net"
	"path/filepath"
	"testing"

	"github.com/forestock/forestock/firmware-bridge/lend"
	"github.com/forestock/forestock/firmware-bridge/port"
	"github.com/forestock/forestock/firmware-bridge/serve"
	"github.com/forestock/forestock/firmware-bridge/sim"
)

// A scanner on a station's own box is a device like any other: absent while the
// box is away, and what it reads arrives once.
func TestDevices_BorrowAScannerFromAnotherBox(t *testing.T) {
	cable, err := sim.NewCable(filepath.Join(t.TempDir(), "scanner"))
	if err != nil {
		t.Fatal(err)
	}
	defer cable.Close()
	hands := sim.NewScanner(cable, sim.ScannerConfig{})
	key, err := lend.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	stop := lender(t, key, cable.Name(), listener)

	b := &bench{t: t, events: make(chan Event, 1000)}
	b.devices, err = New([]Config{{Name: "scanner-1", Kind: Scanner, Address: "lend://" + address + "/scanner-1", Key: hex.EncodeToString(key[:])}},
		func(e Event) { b.events <- e }, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- b.devices.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()
	usable := func(want bool) func(Event) bool {
		return func(e Event) bool { return e.State != nil && e.State.Usable() == want }
	}
	b.until("the lent scanner", usable(true))
	read := func(code string) {
		t.Helper()
		if err := hands.Scan(code); err != nil {
			t.Fatal(err)
		}
		e := b.until("a scan", func(e Event) bool { return e.Scan != nil })
		if string(e.Scan.Data) != code {
			t.Errorf("scan %q, want %q", e.Scan.Data, code)
		}
	}
	read("1001")
	stop()
	b.until("the box to be gone", usable(false))
	if listener, err = (&net.ListenConfig{}).Listen(t.Context(), "tcp", address); err != nil {
		t.Fatal(err)
	}
	defer lender(t, key, cable.Name(), listener)()
	b.until("the box to be back", usable(true))
	read("1002")
}

// lender runs the other box until the function that it gives is called.
func lender(t *testing.T, key lend.Key, tty string, l net.Listener) (stop func()) {
	t.Helper()
	cfg := port.DefaultConfig()
	cfg.Address = tty
	box, err := serve.New(key, []serve.Device{{Name: "scanner-1", Port: cfg}}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- box.Run(ctx, l) }()
	return func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

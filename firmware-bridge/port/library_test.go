package port

import (
	"errors"
	"io"
	"path/filepath"
	"testing"
	"time"

	"github.com/tarm/serial"

	"github.com/forestock/forestock/firmware-bridge/sim"
)

// The negative control of this package: what a program sees that reads through the library alone. Its end of file for a
// silent device and for one that was pulled is the same value, so such a program either stops at the first silence or spins
// for ever on a cable that is gone.
func TestLibrary_AloneCannotTellSilenceFromAPulledCable(t *testing.T) {
	cable, err := sim.NewCable(filepath.Join(t.TempDir(), "usb-SIM"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cable.Close() })
	p, err := serial.OpenPort(&serial.Config{Name: cable.Name(), Baud: 9600, ReadTimeout: readTimeout})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	buf := make([]byte, 16)
	if n, err := p.Read(buf); n != 0 || !errors.Is(err, io.EOF) {
		t.Errorf("a silent device reads %d, %v: the library has changed, see DESIGN.md", n, err)
	}
	if err := cable.Unplug(); err != nil {
		t.Fatal(err)
	}
	ends := 0
	for range 1000 {
		if n, err := p.Read(buf); n == 0 && errors.Is(err, io.EOF) {
			ends++
		}
	}
	if ends < 999 { // the first may be EIO
		t.Errorf("%d ends of file of 1000 reads after the cable was pulled: the library has changed, see DESIGN.md", ends)
	}
}

// The rule that tells them apart, on the descriptor alone and without the help of poll.
func TestTTY_CountsEndsThatComeAtOnce(t *testing.T) {
	cable, err := sim.NewCable(filepath.Join(t.TempDir(), "usb-SIM"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cable.Close() })
	d, err := openTTY(cable.Name(), DefaultLine)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.close)
	tty, ok := d.(*tty)
	if !ok {
		t.Fatalf("%T", d)
	}
	buf := make([]byte, 16)
	for i := range fastEnds - 1 {
		if _, err := tty.read(buf); err != nil {
			t.Fatalf("read %d: %v", i, err)
		}
	}
	if _, err := tty.read(buf); !errors.Is(err, ErrUnplugged) {
		t.Errorf("end %d at once: %v, want ErrUnplugged", fastEnds, err)
	}
	tty.fast = fastEnds - 1
	if _, err := cable.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); {
		if n, err := tty.side.waiting(); err != nil || n > 0 {
			break
		}
	}
	if n, err := tty.read(buf); n != 1 || err != nil || tty.fast != 0 {
		t.Errorf("a byte reads %d, %v, with %d ends left", n, err, tty.fast)
	}
}

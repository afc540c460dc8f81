package port

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/tarm/serial"
)

const (
	// readTimeout is given to the library always: without it, its Close waits for ever while a Read is in progress. It is
	// rounded down to tenths of a second.
	readTimeout = 200 * time.Millisecond
	// lookEvery is how often an absent device's name is looked up.
	lookEvery = 50 * time.Millisecond
	// fastEnds is how many reads in a row may end at once with nothing before the tty counts as hung up: after a hang-up
	// the kernel answers every read with end of file, which the library also returns for a read timeout.
	fastEnds = 3
)

// tty is a serial device: read through the library, everything else through a second descriptor.
type tty struct {
	port *serial.Port
	side *sidecar
	path string // the real node
	fast int    // reads in a row that ended at once with nothing
}

// openTTY opens, locks, configures and empties the tty that path leads to.
func openTTY(path string, line Line) (device, error) {
	node, err := filepath.EvalSymlinks(path)
	if err != nil {
		return nil, refused(path, "", err)
	}
	side, err := openSidecar(node)
	if err != nil {
		return nil, refused(path, node, err)
	}
	port, err := serial.OpenPort(libraryConfig(node, line))
	if err != nil {
		side.close()
		return nil, refused(path, node, err)
	}
	t := &tty{port: port, side: side, path: node}
	if err := side.prepare(line); err != nil {
		t.close()
		return nil, refused(path, node, err)
	}
	return t, nil
}

// libraryConfig maps line settings to what the library knows; sidecar.prepare does the rest.
func libraryConfig(node string, line Line) *serial.Config {
	c := &serial.Config{
		Name: node, Baud: line.Baud, Size: byte(line.DataBits),
		Parity: serial.Parity(line.Parity), StopBits: serial.StopBits(line.StopBits), ReadTimeout: readTimeout,
	}
	if !usual(line.Baud) {
		c.Baud = 9600
	}
	if line.softParity() {
		c.Size, c.Parity = 8, serial.ParityNone // the same bits on the wire
	}
	return c
}

// usual reports whether the library's table has the speed.
func usual(baud int) bool {
	switch baud {
	case 50, 75, 110, 150, 200, 300, 600, 1200, 1800, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600:
		return true
	}
	return false
}

// refused turns the system's reason into a state.
func refused(path, node string, err error) error {
	e := &openError{state: Failed, node: node, err: fmt.Errorf("open %s: %w", path, err)}
	switch {
	case errors.Is(err, os.ErrNotExist), is(err, syscall.ENXIO, syscall.ENODEV, syscall.EIO):
		e.state = Absent // a node whose device is gone answers EIO
	case errors.Is(err, os.ErrPermission):
		e.state = NoPermission
	case is(err, syscall.EBUSY, syscall.EWOULDBLOCK):
		e.state = Busy
	case is(err, syscall.ENOTTY, syscall.EISDIR):
		e.state = NotSerial
	}
	return e
}

func is(err error, codes ...syscall.Errno) bool {
	for _, c := range codes {
		if errors.Is(err, c) {
			return true
		}
	}
	return false
}

func (t *tty) node() string { return t.path }

func (t *tty) receive(p *Port) error {
	for {
		more, err := t.side.await()
		if err != nil {
			return err
		}
		if !more {
			return nil
		}
		if err := p.take(t.read); err != nil {
			return err
		}
	}
}

// read returns what has arrived, at once. It tells the library's two ends of file apart by how long they took.
func (t *tty) read(buf []byte) (int, error) {
	waiting, err := t.side.waiting()
	if err != nil {
		return 0, ErrUnplugged
	}
	n, start := 0, time.Now()
	if waiting > 0 {
		n, err = t.port.Read(buf)
	}
	if n == 0 && (err == nil || time.Since(start) < readTimeout/2) {
		t.fast++
	} else {
		t.fast = 0
	}
	if t.fast >= fastEnds || errors.Is(err, syscall.EIO) {
		return 0, ErrUnplugged
	}
	return n, nil
}

func (t *tty) write(b []byte, deadline time.Time) error { return t.side.write(b, deadline) }

func (t *tty) discard() error {
	if err := t.side.flushInput(); err != nil {
		return ErrUnplugged
	}
	return nil
}

func (t *tty) stop() { t.side.stop() }

// close gives the node back at once: while a descriptor is held, the kernel numbers a replugged adapter anew.
func (t *tty) close() {
	t.side.close()
	t.port.Close() //nolint:errcheck // nothing is buffered, and a hung-up tty always fails here
}

// fingerprint identifies what the address leads to now, so that a change of it can be noticed.
func (p *Port) fingerprint() string {
	node, err := filepath.EvalSymlinks(p.cfg.Address)
	if err != nil {
		return "" // nothing there; a TCP address is never there
	}
	info, err := os.Stat(node)
	if err != nil {
		return ""
	}
	sys, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return node
	}
	// The time of change is set when the node is made or given other rights, and not when it is used.
	return fmt.Sprintf("%s %d %d %d", node, sys.Ino, sys.Rdev, sys.Ctim.Nano())
}

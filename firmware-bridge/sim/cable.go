package sim

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// ErrUnplugged is returned by Read and Write of a cable that is not plugged in.
var ErrUnplugged = errors.New("cable is not plugged in")

// Cable joins a simulated device to a tty with a stable name, a symbolic link as udev makes it below /dev/serial/by-id.
// Its methods may be called from any goroutine.
type Cable struct {
	name string

	mu     sync.Mutex    // guards the rest
	master *os.File      // the device's end; nil when unplugged
	slave  *os.File      // kept open, or the device's end would see an error each time the reader closes
	moved  chan struct{} // closed and made anew when the cable is plugged in or pulled
}

// NewCable plugs a cable in under name, a path whose folder is made if need be.
func NewCable(name string) (*Cable, error) {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return nil, fmt.Errorf("make folder of the stable name: %w", err)
	}
	c := &Cable{name: name, moved: make(chan struct{})}
	return c, c.Plug()
}

// Name is the stable name.
func (c *Cable) Name() string { return c.name }

// Node is the tty the name leads to now; empty when unplugged.
func (c *Cable) Node() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.slave == nil {
		return ""
	}
	return c.slave.Name()
}

// Plug plugs the cable in, on a node that the kernel chooses; it does nothing when it is plugged in.
func (c *Cable) Plug() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.master != nil {
		return nil
	}
	master, slave, err := pty.Open()
	if err != nil {
		return fmt.Errorf("open pty: %w", err)
	}
	master, err = interruptible(master)
	if err = errors.Join(err, raw(slave), relink(slave.Name(), c.name)); err != nil {
		return errors.Join(fmt.Errorf("plug %s in: %w", c.name, err), master.Close(), slave.Close())
	}
	c.master, c.slave = master, slave
	c.signal()
	return nil
}

// Unplug pulls the cable: the name vanishes and whoever has the tty open sees a hang-up.
func (c *Cable) Unplug() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.master == nil {
		return nil
	}
	err := errors.Join(os.Remove(c.name), c.master.Close(), c.slave.Close())
	c.master, c.slave = nil, nil
	c.signal()
	return err
}

// signal wakes those who wait for a move; c.mu is held.
func (c *Cable) signal() {
	close(c.moved)
	c.moved = make(chan struct{})
}

// plugged waits until the cable is plugged in; it reports false when the context ended first.
func (c *Cable) plugged(ctx context.Context) bool {
	for {
		c.mu.Lock()
		in, moved := c.master != nil, c.moved
		c.mu.Unlock()
		if in {
			return ctx.Err() == nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return false
		}
	}
}

// interrupt makes a Read in progress, and each one after it, return until the time is set to zero again.
func (c *Cable) interrupt(at time.Time) {
	if end, err := c.end(); err == nil {
		end.SetReadDeadline(at) //nolint:errcheck // fails only when closed, and then no Read is in progress
	}
}

// Hangup pulls the cable as the kernel does it for a USB adapter: everybody's descriptor is hung up at once, the node
// stays. It needs the right to administer the system.
func (c *Cable) Hangup() error {
	c.mu.Lock()
	slave := c.slave
	c.mu.Unlock()
	if slave == nil {
		return ErrUnplugged
	}
	if err := control(slave, func(fd int) error { return unix.IoctlSetInt(fd, unix.TIOCVHANGUP, 0) }); err != nil {
		return fmt.Errorf("hang up %s: %w", slave.Name(), err)
	}
	return c.Unplug()
}

// Close unplugs the cable for good.
func (c *Cable) Close() error { return c.Unplug() }

// Read reads what the reader of the tty wrote, on the device's side.
func (c *Cable) Read(b []byte) (int, error) {
	end, err := c.end()
	if err != nil {
		return 0, err
	}
	n, err := end.Read(b)
	if err != nil {
		return n, ErrUnplugged
	}
	return n, nil
}

// writeTimeout is how long a device keeps trying to get rid of bytes that nobody reads.
const writeTimeout = 100 * time.Millisecond

// Write sends bytes to the reader of the tty. Bytes that do not fit because nobody reads are lost, as on a real line.
func (c *Cable) Write(b []byte) (int, error) {
	end, err := c.end()
	if err != nil {
		return 0, err
	}
	if err := end.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return 0, ErrUnplugged
	}
	n, err := end.Write(b)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return len(b), nil
	}
	if err != nil {
		return n, ErrUnplugged
	}
	return n, nil
}

func (c *Cable) end() (*os.File, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.master == nil {
		return nil, ErrUnplugged
	}
	return c.master, nil
}

// interruptible returns the file with reads and writes that a deadline or Close ends; it takes the file over.
func interruptible(f *os.File) (*os.File, error) {
	fd := -1
	err := control(f, func(old int) (err error) {
		fd, err = unix.FcntlInt(uintptr(old), unix.F_DUPFD_CLOEXEC, 0)
		return err
	})
	if err != nil {
		return f, fmt.Errorf("duplicate the device's end: %w", err)
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		return f, errors.Join(fmt.Errorf("make the device's end non-blocking: %w", err), unix.Close(fd))
	}
	return os.NewFile(uintptr(fd), f.Name()), f.Close()
}

// raw takes all line discipline off: a fresh pty echoes, and turns carriage returns into line feeds.
func raw(tty *os.File) error {
	return control(tty, func(fd int) error {
		t, err := unix.IoctlGetTermios(fd, unix.TCGETS)
		if err != nil {
			return err
		}
		t.Iflag, t.Oflag, t.Lflag = 0, 0, 0
		t.Cflag = unix.CS8 | unix.CREAD | unix.CLOCAL | unix.B9600
		return unix.IoctlSetTermios(fd, unix.TCSETS, t)
	})
}

// relink points name at node in one step.
func relink(node, name string) error {
	next := name + ".new"
	if err := os.Remove(next); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := os.Symlink(node, next); err != nil {
		return err
	}
	return os.Rename(next, name)
}

func control(f *os.File, do func(fd int) error) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var result error
	if err := raw.Control(func(fd uintptr) { result = do(int(fd)) }); err != nil {
		return err
	}
	return result
}

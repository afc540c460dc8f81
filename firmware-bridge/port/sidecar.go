package port

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// sidecar is a second descriptor on a tty. Settings and hang-up belong to the tty and not to a descriptor, so it can do
// what the library does not offer next to an open library port.
type sidecar struct {
	fd      int
	stopped atomic.Bool

	mu   sync.Mutex // guards wake, so that stop never writes to a number that close gave back
	wake [2]int     // a pipe: written by stop, -1 when closed
}

// openSidecar opens and locks the node. The lock is advisory and held by the kernel for this descriptor, so it ends with
// the process however that ends.
func openSidecar(node string) (*sidecar, error) {
	fd, err := unix.Open(node, unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	s := &sidecar{fd: fd, wake: [2]int{-1, -1}}
	if err := s.claim(); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *sidecar) claim() error {
	if _, err := unix.IoctlGetTermios(s.fd, unix.TCGETS); err != nil {
		return fmt.Errorf("read terminal settings: %w", err)
	}
	if err := unix.Flock(s.fd, unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return fmt.Errorf("lock: %w", err)
	}
	if err := unix.Pipe2(s.wake[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
		return fmt.Errorf("make pipe: %w", err)
	}
	return nil
}

// prepare sets what the library cannot, and empties both directions: it does not flush what came before the opening.
func (s *sidecar) prepare(line Line) error {
	t, err := unix.IoctlGetTermios(s.fd, unix.TCGETS2)
	if err != nil {
		return fmt.Errorf("read line settings: %w", err)
	}
	if !usual(line.Baud) {
		t.Cflag = t.Cflag&^unix.CBAUD | unix.BOTHER
		t.Ispeed, t.Ospeed = uint32(line.Baud), uint32(line.Baud)
	}
	if line.Parity != NoParity && !line.softParity() {
		// The library leaves parity unchecked. Checked, a bad byte reads as NUL, which breaks its frame.
		t.Iflag = t.Iflag&^(unix.IGNPAR|unix.PARMRK) | unix.INPCK
	}
	if err := unix.IoctlSetTermios(s.fd, unix.TCSETS2, t); err != nil {
		return fmt.Errorf("set line settings: %w", err)
	}
	if err := unix.IoctlSetInt(s.fd, unix.TIOCEXCL, 0); err != nil {
		return fmt.Errorf("claim exclusive use: %w", err)
	}
	if err := unix.IoctlSetInt(s.fd, unix.TCFLSH, unix.TCIOFLUSH); err != nil {
		return fmt.Errorf("flush: %w", err)
	}
	return nil
}

// await blocks until bytes wait (true) or stop was called (false).
func (s *sidecar) await() (bool, error) {
	fds := []unix.PollFd{{Fd: int32(s.fd), Events: unix.POLLIN}, {Fd: int32(s.wake[0]), Events: unix.POLLIN}}
	for {
		if s.stopped.Load() {
			return false, nil
		}
		_, err := unix.Poll(fds, -1)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return false, fmt.Errorf("wait for bytes: %w", err)
		case fds[0].Revents&(unix.POLLHUP|unix.POLLERR|unix.POLLNVAL) != 0:
			return false, ErrUnplugged
		case fds[0].Revents&unix.POLLIN != 0:
			return true, nil
		}
	}
}

// waiting returns how many bytes have arrived and were not read.
func (s *sidecar) waiting() (int, error) { return unix.IoctlGetInt(s.fd, unix.TIOCINQ) }

func (s *sidecar) flushInput() error { return unix.IoctlSetInt(s.fd, unix.TCFLSH, unix.TCIFLUSH) }

// writeSlice is how often a write looks whether it should stop.
const writeSlice = 50 * time.Millisecond

// write never blocks beyond the deadline, because this descriptor does not block; the library's would, and closing it would
// not free the caller.
func (s *sidecar) write(b []byte, deadline time.Time) error {
	for len(b) > 0 {
		n, err := unix.Write(s.fd, b)
		if n > 0 {
			b = b[n:]
			continue
		}
		if err != nil && !errors.Is(err, unix.EAGAIN) && !errors.Is(err, unix.EINTR) {
			return ErrUnplugged
		}
		left := time.Until(deadline)
		if left <= 0 {
			return ErrWriteStuck
		}
		if s.stopped.Load() {
			return ErrNotOpen
		}
		wait := min(left, writeSlice)
		if _, err := unix.Poll([]unix.PollFd{{Fd: int32(s.fd), Events: unix.POLLOUT}}, int(wait.Milliseconds())+1); err != nil && !errors.Is(err, unix.EINTR) {
			return fmt.Errorf("wait to write: %w", err)
		}
	}
	return nil
}

func (s *sidecar) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.stopped.Swap(true) && s.wake[1] >= 0 {
		unix.Write(s.wake[1], []byte{0}) //nolint:errcheck // an empty pipe takes one byte
	}
}

// close gives up exclusive use explicitly: the mark belongs to the tty and outlives this descriptor while another program,
// such as a simulator, still holds the tty.
func (s *sidecar) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.wake[0] >= 0 {
		unix.IoctlSetInt(s.fd, unix.TIOCNXCL, 0) //nolint:errcheck // fails on a hung-up tty, which has no mark
		unix.Close(s.wake[0])                    //nolint:errcheck // a pipe
		unix.Close(s.wake[1])                    //nolint:errcheck // a pipe
		s.wake = [2]int{-1, -1}
	}
	unix.Close(s.fd) //nolint:errcheck // nothing is buffered in this descriptor
}

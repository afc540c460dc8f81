package world

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// A ledger's file is a real one, and its errors are made by putting another file
// in the place of its descriptor: one that may only be read, so that writes
// fail, or /dev/full, which has no room.

// breakDisk makes every write fail until the program is started again.
func (b *box) breakDisk() {
	if l, _ := b.now(); l != nil {
		b.w.must(b.id, l.disk.swap(l.path, l.path, os.O_RDONLY))
	}
}

// fillDisk leaves no room for a while.
func (b *box) fillDisk(dice *rand.Rand) {
	l, _ := b.now()
	if l == nil {
		return
	}
	b.w.must(b.id, l.disk.swap(l.path, "/dev/full", os.O_RDWR))
	b.w.later(upTo(dice, 30*time.Second), func() { b.w.must(b.id, l.disk.back()) })
}

// swapped is the descriptor of a ledger's file while another file is in its
// place.
type swapped struct {
	mu   sync.Mutex
	fd   int // guarded by mu
	real int // guarded by mu; a second descriptor of the real file, 0 while it is in its place
}

// swap puts another file in the place of the one that is open under a path.
func (s *swapped) swap(open, other string, flag int) (err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.real != 0 {
		return nil
	}
	if s.fd, err = descriptor(open); err != nil {
		return err
	}
	f, err := os.OpenFile(other, flag, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	if s.real, err = unix.FcntlInt(uintptr(s.fd), unix.F_DUPFD_CLOEXEC, 0); err != nil {
		return err
	}
	return unix.Dup3(int(f.Fd()), s.fd, unix.O_CLOEXEC)
}

// back puts the real file back.
func (s *swapped) back() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.real == 0 {
		return nil
	}
	err := errors.Join(unix.Dup3(s.real, s.fd, unix.O_CLOEXEC), unix.Close(s.real))
	s.real = 0
	return err
}

// descriptor finds the open file of a path.
func descriptor(path string) (int, error) {
	const all = "/proc/self/fd"
	names, err := os.ReadDir(all)
	if err != nil {
		return 0, err
	}
	for _, n := range names {
		to, err := os.Readlink(filepath.Join(all, n.Name()))
		if errors.Is(err, os.ErrNotExist) {
			continue // it was the folder's own
		}
		if err != nil {
			return 0, err
		}
		if to == path {
			return strconv.Atoi(n.Name())
		}
	}
	return 0, fmt.Errorf("%s is not open", path)
}

package ledger

import (
	"errors"
	"os"
	"syscall"
	"time"

	berrors "go.etcd.io/bbolt/errors"
)

// lockTimeout is how long opening waits for another process to let go.
const lockTimeout = 2 * time.Second

// lock takes the same advisory lock on the file that bbolt takes: shared for
// reading, exclusive for writing. It belongs to the open file, so bbolt, which
// locks once more, gets it at once.
func lock(f *os.File, how int) error {
	deadline := time.NewTimer(lockTimeout)
	defer deadline.Stop()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		err := syscall.Flock(int(f.Fd()), how|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return err
		}
		select {
		case <-again.C:
		case <-deadline.C:
			return berrors.ErrTimeout
		}
	}
}

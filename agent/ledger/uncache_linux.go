package ledger

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// uncache lets the system forget what it holds of a file, as far as it is on
// disk and not mapped, so that the next look at the file is one at the disk.
func uncache(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED), f.Close())
}

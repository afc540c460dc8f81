package ledger

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"go.etcd.io/bbolt"
	"golang.org/x/sys/unix"
)

// diskFree gives the bytes that may still be written to the file system of a
// file; -1 when that cannot be told.
func diskFree(path string) int64 {
	var s unix.Statfs_t
	if unix.Statfs(filepath.Dir(path), &s) != nil {
		return -1
	}
	return int64(s.Bavail) * s.Bsize
}

// diskUsed gives the bytes that a file has in its file system, reserved ones
// included; -1 when that cannot be told.
func diskUsed(path string) int64 {
	var s unix.Stat_t
	if unix.Stat(path, &s) != nil {
		return -1
	}
	return s.Blocks * 512
}

// preallocate reserves size bytes for a file and keeps its length. It does not
// try where the space is not there, because a failed try can fill the disk.
func preallocate(path string, size int64) error {
	used, free := diskUsed(path), diskFree(path)
	if used >= size {
		return nil
	}
	if free < size-used {
		return fmt.Errorf("%d bytes are free: %w", free, unix.ENOSPC)
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(unix.Fallocate(int(f.Fd()), unix.FALLOC_FL_KEEP_SIZE, 0, size), f.Close())
}

// unmapRead lets go of the pages of the file that reading it through brought
// into the process's memory. They stay in the page cache; without this a large
// ledger makes the agent look as large as its file.
func unmapRead(db *bbolt.DB, path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if _, _, failed := unix.Syscall(unix.SYS_MADVISE, db.Info().Data, uintptr(info.Size()), unix.MADV_DONTNEED); failed != 0 {
		return failed
	}
	return nil
}

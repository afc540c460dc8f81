package ledger

import (
	"path/filepath"

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

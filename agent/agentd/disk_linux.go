package agentd

import (
	"os"
	"syscall"
)

// sameDisk reports whether two files are known to stand on one disk.
func sameDisk(a, b string) bool {
	return device(a) != 0 && device(a) == device(b)
}

// device gives the number of the device that a file stands on; 0 when unknown.
func device(path string) uint64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return s.Dev
	}
	return 0
}

//go:build !linux

package agentd

// sameDisk reports whether two files are known to stand on one disk: that
// cannot be told here.
func sameDisk(string, string) bool { return false }

//go:build !linux

package ledger

func diskFree(string) int64 { return -1 }

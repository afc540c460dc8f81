//go:build !linux

package ledger

import (
	"errors"

	"go.etcd.io/bbolt"
)

func diskFree(string) int64 { return -1 }

func diskUsed(string) int64 { return -1 }

func preallocate(string, int64) error { return errors.ErrUnsupported }

func unmapRead(*bbolt.DB, string) error { return nil }

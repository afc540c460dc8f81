//go:build !linux

package world

import "math/rand/v2"

// The errors of a ledger's disk are made with descriptors, which elsewhere work
// in other ways: there the disks stay whole.

func (*box) breakDisk()          {}
func (*box) fillDisk(*rand.Rand) {}

type swapped struct{}

func (*swapped) back() error { return nil }

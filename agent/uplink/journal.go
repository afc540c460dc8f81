package uplink

import (
	"context"

	"github.com/forestock/forestock/proto/stock"
)

// Journal is what the uplink sends from and stores into: the ledger. It is safe
// for concurrent use.
type Journal interface {
	// Position gives the epoch and how far the ledger has come.
	Position() stock.Position
	// Read gives the entries after one, checked, and the digest's root where
	// they reach the newest.
	Read(ctx context.Context, after stock.Seq, maxEntries, maxBytes int) (stock.Batch, *uint64, error)
	// HashAt gives the chain's hash after an entry.
	HashAt(seq stock.Seq) (stock.Hash, error)
	// Changed gives a channel that is closed when an entry is appended after
	// the call.
	Changed() <-chan struct{}
	// Stored takes note of the hub's cursor. It does not wait for the disk.
	Stored(ctx context.Context, upto stock.Seq) error
	// Unsent gives the number of entries that the hub is not known to have.
	Unsent() uint64
	// ApplyDown stores a part of the hub's down stream before it returns.
	ApplyDown(ctx context.Context, b stock.DownBatch) (stock.DownPosition, error)
	// DownPosition gives how much of the down stream is stored.
	DownPosition() stock.DownPosition
	// CellsIn gives the levels in the named buckets of the digest, and the
	// entry that they are as of; Digest all buckets.
	CellsIn(buckets []int) ([]stock.Level, stock.Seq)
	Digest() (stock.Digest, stock.Seq)
}

package uplink

import (
	"context"

	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
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
	// Orders gives the orders that are to be picked.
	Orders() []stock.Order
	// CellsIn gives the levels in the named buckets of the digest, and the
	// entry that they are as of; Digest all buckets.
	CellsIn(buckets []int) ([]stock.Level, stock.Seq)
	Digest() (stock.Digest, stock.Seq)
	Levels
}

// Levels is how a ledger's levels travel without the entries that they add up
// from.
type Levels interface {
	// Newest gives the levels as of the newest entry, Base those before the
	// oldest that is kept.
	Newest() stock.Statement
	Base(ctx context.Context) (stock.Statement, error)
	// TookOver says which levels the ledger took over; zero for none.
	TookOver() stock.Takeover
	// Ancestors are earlier ledgers of this box of which entries may be carried
	// over.
	Ancestors() []Ancestor
	// TracePoints gives at most n entries of an earlier ledger between two
	// others, spread over those that can be read.
	TracePoints(ctx context.Context, epoch stock.Epoch, after, before stock.Seq, n int) ([]wire.TracePoint, error)
	// TakeOver makes the levels of a statement the ledger's own, and carries
	// over what the earlier ledger of its epoch has after the common entry. Once
	// done it changes nothing and answers the same.
	TakeOver(ctx context.Context, st stock.Statement, common stock.Seq) (stock.Takeover, error)
	// Inherit does the same with the levels of the newest ancestor itself, for a
	// hub that has nothing of it. Without one it takes over nothing.
	Inherit(ctx context.Context) (stock.Takeover, error)
}

// Ancestor is an earlier ledger of this box, which was set aside.
type Ancestor struct {
	Epoch  stock.Epoch // zero where it is too damaged to say
	Stored stock.Seq   // the newest entry that it knew to be stored at the hub
	Last   stock.Seq   // its newest entry
}

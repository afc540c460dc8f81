package ledger

import (
	"log/slog"

	"github.com/forestock/forestock/proto/stock"
)

// Options of a ledger. The zero value of each field but Warehouse means its
// default.
type Options struct {
	// Warehouse is written into a new file, and must be that of an existing one.
	Warehouse stock.Warehouse
	// MaxSize is how large the file may get, in bytes: 1 GiB by default, which
	// is about four million entries. The space is reserved when the ledger is
	// opened, so that a disk filled by others does not matter.
	MaxSize int64
	// NoPreallocate leaves the space unreserved.
	NoPreallocate bool
	// CommandWindow is for how many of the newest entries command ids are
	// known, counts can name a base, and entries can be undone: 100,000 by default.
	CommandWindow int
	// CheckpointEvery is how many entries apart the levels are written down in
	// the background, which bounds the time that the next opening takes:
	// 50,000 by default.
	CheckpointEvery int
	// Log gets what the ledger's own goroutine has to say; nothing by default.
	Log *slog.Logger
}

const (
	defaultMaxSize    = 1 << 30
	minMaxSize        = 1 << 20
	defaultWindow     = 100_000
	defaultCheckpoint = 50_000
)

func (o Options) withDefaults() Options {
	if o.MaxSize <= 0 {
		o.MaxSize = defaultMaxSize
	}
	o.MaxSize = max(o.MaxSize, minMaxSize)
	if o.CommandWindow <= 0 {
		o.CommandWindow = defaultWindow
	}
	if o.CheckpointEvery <= 0 {
		o.CheckpointEvery = defaultCheckpoint
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

package store

import (
	"log/slog"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/forestock/forestock/hub/inventory"
)

// Options of a store. The zero Options are ready to use.
type Options struct {
	Book inventory.Config
	Log  *slog.Logger // nil discards
	// CacheBytes bounds the memory that blocks of history are kept in. Levels
	// never need it: they are in memory anyway. 0 means 16 MiB.
	CacheBytes int64
	// MemTableBytes is the size of a memtable, of which up to four exist under
	// load. 0 means 16 MiB.
	MemTableBytes int64
	// Disk takes the place of the operating system's file system, in
	// simulations; nil is the real one.
	Disk *Disk

	fs       vfs.FS // nil is the operating system's
	noSync   bool   // only to show that the tests notice
	readOnly bool   // look into a copy without changing it
}

const (
	mebibyte             = 1 << 20
	defaultCacheBytes    = 16 * mebibyte
	defaultMemTableBytes = 16 * mebibyte
)

func (o Options) withDefaults() Options {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.CacheBytes <= 0 {
		o.CacheBytes = defaultCacheBytes
	}
	if o.MemTableBytes <= 0 {
		o.MemTableBytes = defaultMemTableBytes
	}
	return o
}

// disk gives the file system of the store.
func (o Options) disk() vfs.FS {
	switch {
	case o.fs != nil:
		return o.fs
	case o.Disk != nil:
		return o.Disk.fs()
	}
	return vfs.Default
}

// pebble gives the options of the database. The caller unrefs the cache.
func (o Options) pebble(l *logger) *pebble.Options {
	out := &pebble.Options{
		Cache:        pebble.NewCache(o.CacheBytes),
		MemTableSize: uint64(o.MemTableBytes),
		FS:           o.disk(),
		ReadOnly:     o.readOnly,
		Logger:       l,
		// Named, not "newest": an upgrade of the library must not make the
		// data unreadable for the hub of last week.
		FormatMajorVersion: pebble.FormatValueSeparation,
		// The hub shares two cores with everything else it does.
		CompactionConcurrencyRange: func() (lower, upper int) { return 1, 2 },
		// Reads of history are rare, stalls of the writer are not cheap: let
		// level 0 grow rather than stop the writer.
		L0CompactionThreshold:       4,
		L0StopWritesThreshold:       1000,
		LBaseMaxBytes:               64 * mebibyte,
		MemTableStopWritesThreshold: 4,
		EventListener:               l.events(),
	}
	for i := range out.Levels {
		out.Levels[i].BlockSize = 32 << 10 // a run of entries is one long value
	}
	return out
}

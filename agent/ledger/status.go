package ledger

import (
	"os"
	"time"

	"github.com/forestock/forestock/proto/stock"
)

// Status is the state of the ledger for people and metrics.
type Status struct {
	Warehouse stock.Warehouse
	Position  stock.Position
	Stored    stock.Seq // the hub's cursor
	Unsent    uint64    // entries that the hub has not stored
	Down      stock.DownPosition

	SKUs, Cells, Items int       // SKUs with levels or lots, cells that are not zero, catalogue items
	Checkpoint         stock.Seq // entry that the newest checkpoint of the levels is as of
	CommandsKnownFrom  stock.Seq // entry from which on command ids are known

	FileBytes    int64 // length of the file
	UsedBytes    int64 // of it in use
	MaxBytes     int64 // how long it may get
	ReservedDisk bool  // MaxBytes are reserved in the file system
	DiskFree     int64 // bytes free in the file system; -1 where that cannot be told
	Full         bool  // new work is refused for want of room

	Restored     *Restored         // how the ledger was made whole again; nil when it never was damaged
	Predecessors []PredecessorInfo // in whose place it was made, newest last
	TookOver     stock.Takeover    // which levels it took over

	// Since the ledger was opened:
	Commits      uint64
	WrittenBytes uint64        // pages handed to the file system
	LastCommit   time.Duration // how long the newest commit took
	DownRefused  uint64        // entries of the down stream that broke a rule
}

// Status gives the state of the ledger. It reads memory, and asks the file
// system for its sizes.
func (l *Ledger) Status() Status {
	db := l.db.Stats()
	commits := l.commits.Load()
	s := Status{
		Warehouse: l.warehouse, Stored: stock.Seq(l.acked.Load()),
		MaxBytes: l.options.MaxSize, ReservedDisk: l.reserved, DiskFree: diskFree(l.path), Full: l.full.Load(),
		Commits: commits, WrittenBytes: uint64(db.TxStats.GetPageAlloc()) + commits*pageSize,
		LastCommit: time.Duration(l.lastCommit.Load()), DownRefused: l.downRefused.Load(),
	}
	if info, err := os.Stat(l.path); err == nil {
		s.FileBytes = info.Size()
	}
	s.UsedBytes = l.used.Load()
	l.mu.RLock()
	defer l.mu.RUnlock()
	v := &l.view
	s.Position = stock.Position{Epoch: l.epoch, First: v.base.seq + 1, Last: v.last.seq, Head: v.last.hash}
	s.Unsent = uint64(v.last.seq) - min(uint64(v.last.seq), uint64(s.Stored))
	s.Down, s.Checkpoint, s.CommandsKnownFrom = v.down, v.checkpoint.seq, v.window.oldest()
	s.Cells, s.Items = v.sheet.Cells(), len(v.catalogue.items)
	s.Restored, s.Predecessors, s.TookOver = v.past.restored, v.past.predecessors, v.past.took.Takeover
	for range v.sheet.SKUs() {
		s.SKUs++
	}
	return s
}

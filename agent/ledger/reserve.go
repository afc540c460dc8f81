package ledger

import (
	"os"

	"go.etcd.io/bbolt"
)

// keptBack is the room that new work may not use: acknowledgements, the
// catalogue, checkpoints and trimming need it, because bbolt cannot even
// delete without free pages.
func keptBack(maxSize int64) int64 { return min(maxSize/8, 32<<20) }

// reserve takes the file's space from the file system now, without making the
// file longer, so that a disk filled by others cannot stop the ledger.
func (l *Ledger) reserve() {
	if l.options.NoPreallocate {
		return
	}
	if err := preallocate(l.path, l.options.MaxSize); err != nil {
		l.log.Warn("the ledger's space is not reserved: a full disk will stop new work", "path", l.path, "bytes", l.options.MaxSize, "err", err)
		return
	}
	l.reserved = true
}

// room tells why there is no room for new work; nil when there is.
func (l *Ledger) room(tx *bbolt.Tx) error {
	err := l.lack(tx)
	l.full.Store(err != nil)
	return err
}

func (l *Ledger) lack(tx *bbolt.Tx) error {
	limit := l.options.MaxSize
	used := tx.Size() - int64(l.db.Stats().FreeAlloc)
	l.used.Store(used)
	if used > limit-growStep(limit)-keptBack(limit) {
		return &FullError{Used: used, Limit: limit, Free: -1}
	}
	if l.reserved {
		return nil
	}
	if free := diskFree(l.path); free >= 0 && free < l.diskFloor {
		return &FullError{Used: used, Limit: limit, Free: free}
	}
	return nil
}

func (l *Ledger) fullError() error {
	full := &FullError{Limit: l.options.MaxSize, Free: diskFree(l.path)}
	if info, err := os.Stat(l.path); err == nil {
		full.Used = info.Size()
	}
	return full
}

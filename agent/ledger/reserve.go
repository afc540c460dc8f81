package ledger

import "go.etcd.io/bbolt"

// room tells why there is no room for new work; nil when there is. Some room
// is kept back for acknowledgements, the catalogue, checkpoints and trimming,
// because bbolt cannot even delete without free pages.
func (l *Ledger) room(tx *bbolt.Tx) error {
	max := l.options.MaxSize
	back := min(max/8, 32<<20)
	used := tx.Size() - int64(l.db.Stats().FreeAlloc)
	if used <= max-growStep(max)-back {
		return nil
	}
	return &FullError{Used: used, Limit: max, Free: -1}
}

func (l *Ledger) fullError() error {
	return &FullError{Limit: l.options.MaxSize, Free: diskFree(l.path)}
}

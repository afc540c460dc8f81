package ledger

import (
	"fmt"

	"go.etcd.io/bbolt"
)

// twin makes both meta pages lead to the same content. bbolt writes them in
// turn, and falls back on the other one when one cannot be read: damage to the
// newer one would quietly take back the newest commit. So once the ledger has
// been idle for a moment, and before it ends, it commits once more and changes
// nothing.
func (w *writer) twin() error {
	if w.twinned == w.commits.Load() {
		return nil
	}
	if err := w.update(func(*bbolt.Tx) error { return nil }); err != nil {
		return fmt.Errorf("%w: write the second meta page: %w", ErrBroken, err)
	}
	w.twinned = w.commits.Load()
	return nil
}

// finish writes what rides on the next commit, and the second meta page.
func (w *writer) finish() error {
	if err := w.sweep(); err != nil {
		return err
	}
	return w.twin()
}

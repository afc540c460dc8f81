package store

import (
	"context"
	"fmt"
	"strings"

	"github.com/cockroachdb/pebble/v2"
)

// Keep writes small rows that other parts of the hub go by, all of them or
// none, and returns once they are synced. A value of nil takes a row away.
// The Book knows nothing of them.
func (p *Pebble) Keep(ctx context.Context, rows map[string][]byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	p.life.RLock()
	defer p.life.RUnlock()
	if p.closed {
		return fmt.Errorf("keep: %w", ErrClosed)
	}
	batch := p.db.NewBatch()
	for key, value := range rows {
		var err error
		if value == nil {
			err = batch.Delete(keptKey(key), nil)
		} else {
			err = batch.Set(keptKey(key), value, nil)
		}
		if err != nil {
			return fmt.Errorf("keep %s: %w", key, err)
		}
	}
	err := p.guard(func() error { return p.sync(&group{batch: batch}) })
	if err != nil {
		p.fail(err) // as after any commit that failed: nobody knows what is on disk
		return fmt.Errorf("keep: %w", err)
	}
	return nil
}

// Kept gives the rows whose key begins with a prefix and comes after a key, in
// the order of their keys, for as long as take wants more. The value is take's
// to keep.
func (p *Pebble) Kept(prefix, after string, take func(key string, value []byte) (more bool)) error {
	return p.scanning(keptRow, func(it *pebble.Iterator) error {
		for ok := it.SeekGE(keptKey(max(prefix, after))); ok; ok = it.Next() {
			key := string(it.Key()[1:])
			if !strings.HasPrefix(key, prefix) {
				break
			}
			if key != after && !take(key, append([]byte{}, it.Value()...)) {
				break
			}
		}
		return it.Error()
	})
}

func keptKey(key string) []byte { return append([]byte{keptRow}, key...) }

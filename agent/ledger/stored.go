package ledger

import (
	"context"
	"fmt"

	"github.com/forestock/forestock/proto/stock"
)

// Stored takes note of the hub's cursor: everything up to and including an
// entry is stored there. It rides on the next commit, at the latest a second
// later, because nothing is lost without it: the hub's next welcome says it
// again. An older cursor changes nothing. Errors: ErrAhead.
func (l *Ledger) Stored(ctx context.Context, upto stock.Seq) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if last := l.Position().Last; upto > last {
		return fmt.Errorf("the hub has stored entry %d of %d: %w", upto, last, ErrAhead)
	}
	for {
		known := l.acked.Load()
		if uint64(upto) <= known {
			return nil
		}
		if l.acked.CompareAndSwap(known, uint64(upto)) {
			break
		}
	}
	nudge(l.later)
	return nil
}

// Unsent gives the number of entries that the hub has not stored yet.
func (l *Ledger) Unsent() uint64 {
	last := l.Position().Last
	return uint64(last) - min(uint64(last), l.acked.Load())
}

// putStored writes the hub's cursor when it moved.
func (c *commit) putStored() error {
	acked := stock.Seq(c.l.acked.Load())
	if acked == c.l.view.stored {
		return nil
	}
	c.dirty = true
	c.publish = append(c.publish, func(v *view) { v.stored = acked })
	return putMeta(c.tx, metaStored, seqKey(acked))
}

package ledger

import (
	"context"
	"fmt"

	"github.com/forestock/forestock/proto/stock"
)

// trimStep is how many entries one commit deletes.
const trimStep = 1000

// Trim deletes entries up to and including upto, and gives the newest entry that
// is not kept any more. It keeps, whatever upto is, what the hub has not stored,
// the newest Options.CommandWindow entries, and what a checkpoint needs to
// rebuild the levels. The chain's hash at the cut is kept, so the entries that
// follow can still be checked. Every entry is checked before it is deleted.
// Errors: ErrDamaged, ErrClosed, ErrBroken.
func (l *Ledger) Trim(ctx context.Context, upto stock.Seq) (stock.Seq, error) {
	for {
		limit := min(upto, l.trimmable())
		base := l.Position().First - 1
		if limit <= base {
			return base, nil
		}
		batch, err := l.pager().read(base, limit, trimStep, readBytes)
		if err != nil {
			return base, fmt.Errorf("trim: %w", err)
		}
		cut := mark{batch.To(), batch.Head()}
		r := &request{work: func(c *commit) error { return c.trim(base, cut) }}
		if err := l.do(ctx, r); err != nil {
			return base, fmt.Errorf("trim entries %d to %d: %w", base+1, cut.seq, err)
		}
	}
}

// trimmable gives the newest entry that nobody needs any more.
func (l *Ledger) trimmable() stock.Seq {
	l.mu.RLock()
	defer l.mu.RUnlock()
	v := &l.view
	limit := min(v.checkpoints[0].seq, v.checkpoints[1].seq, stock.Seq(l.acked.Load()))
	if window := stock.Seq(l.options.CommandWindow); v.last.seq > window {
		return min(limit, v.last.seq-window)
	}
	return 0
}

// trim deletes the entries after base up to the cut. Another call may have
// done so already.
func (c *commit) trim(base stock.Seq, cut mark) error {
	if c.l.view.base.seq != base || c.trimmed {
		return nil
	}
	c.trimmed, c.dirty = true, true
	for seq := base + 1; seq <= cut.seq; seq++ {
		if err := c.journal.delete(seq); err != nil {
			return c.fail(err)
		}
	}
	if err := c.rebaseOrders(cut.seq); err != nil {
		return err
	}
	c.publish = append(c.publish, func(v *view) { v.base = cut })
	return c.fail(putMeta(c.tx, metaBase, cut.bytes()))
}

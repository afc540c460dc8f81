package ledger

import (
	"context"
	"fmt"
	"slices"

	"go.etcd.io/bbolt"
	"google.golang.org/protobuf/proto"

	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

// ApplyDown stores a batch of the hub's down stream, and how far the stream has
// come, in one commit. It returns the position that is stored; the hub goes on
// with what follows it. A batch that was stored before changes nothing, of one
// that overlaps the new part is taken, and one that leaves a gap is not taken.
// A stream of another epoch is taken from its first entry only: until that comes
// the position returned is 0 of the new epoch, which asks for it.
//
// An item or order that breaks a rule is left out and counted in
// Status, so that it does not hold up those behind it.
func (l *Ledger) ApplyDown(ctx context.Context, b stock.DownBatch) (stock.DownPosition, error) {
	var position stock.DownPosition
	r := &request{work: func(w *commit) error {
		var err error
		position, err = w.applyDown(b)
		return err
	}}
	if err := l.do(ctx, r); err != nil {
		return stock.DownPosition{}, fmt.Errorf("store the hub's entries %d to %d: %w", b.From, b.To(), err)
	}
	return position, nil
}

// DownPosition gives how much of the hub's down stream is stored.
func (l *Ledger) DownPosition() stock.DownPosition {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.view.down
}

func (c *commit) applyDown(b stock.DownBatch) (stock.DownPosition, error) {
	at := c.l.view.down
	if c.down != nil {
		at = *c.down
	}
	if b.Epoch.IsZero() || b.From == 0 {
		return at, fmt.Errorf("%w down batch: needs an epoch, and numbers from 1", stock.ErrInvalid)
	}
	if at.Epoch != b.Epoch {
		at = stock.DownPosition{Epoch: b.Epoch}
	}
	if b.From > at.Applied+1 || b.To() <= at.Applied {
		return at, nil
	}
	if err := c.forgetDone(); err != nil {
		return at, err
	}
	for _, d := range b.Entries[at.Applied+1-b.From:] {
		if err := c.putDown(&d); err != nil {
			return at, err
		}
	}
	at.Applied = b.To()
	c.down, c.dirty = &at, true
	c.publish = append(c.publish, func(v *view) { v.down = at })
	return at, c.fail(putMeta(c.tx, metaDown, append(at.Epoch[:], seqKey(at.Applied)...)))
}

// putDown takes one thing of the hub. What only a newer program understands is
// passed over, and what breaks a rule is left out and counted.
func (c *commit) putDown(d *stock.Down) error {
	refused := func(*view) { c.l.downRefused.Add(1) }
	switch {
	case d.Item != nil && d.Item.Validate() != nil, d.Order != nil && d.Order.Validate() != nil:
		c.publish = append(c.publish, refused)
	case d.Item != nil:
		return c.putItem(d.Item)
	case d.Order != nil:
		return c.putOrder(d.Order)
	}
	return nil
}

func (c *commit) putItem(it *stock.Item) error {
	body, err := proto.MarshalOptions{Deterministic: true}.Marshal(wire.ItemMessage(it))
	if err != nil {
		return err
	}
	kept := *it
	kept.GTINs = slices.Clone(it.GTINs)
	c.publish = append(c.publish, func(v *view) { v.catalogue.put(kept) })
	k := string(it.SKU)
	return c.fail(c.tx.Bucket(bucketState).Bucket(bucketItems).Put([]byte(k), sealed(k, body)))
}

func loadDown(tx *bbolt.Tx) (stock.DownPosition, error) {
	var p stock.DownPosition
	b, err := getMeta(tx, metaDown)
	if err != nil || b == nil {
		return p, err
	}
	if len(b) != len(p.Epoch)+8 {
		return p, errNotLedger
	}
	return stock.DownPosition{Epoch: stock.Epoch(b[:16]), Applied: keySeq(b[16:])}, nil
}

func errItem(k []byte) error { return fmt.Errorf("item %q: checksum does not fit", k) }

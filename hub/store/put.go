package store

import (
	"encoding/binary"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/proto/stock"
)

// packed are the rows of the levels of a group, which readers will see.
type packed struct{ levels, settled []string }

// put writes the rows of what changed into a batch, and gives those of the
// levels.
func put(b *pebble.Batch, c *inventory.Changes, into *buffers) (packed, error) {
	w := &rowWriter{batch: b, buffers: into}
	for _, id := range c.Emptied {
		w.clear(lotRow, id)
	}
	for _, id := range c.Joined {
		w.clear(foldRow, id)
	}
	for i := range c.Items {
		w.item(&c.Items[i])
	}
	for i := range c.Lots {
		w.set(lotKey(w.key[:0], &c.Lots[i]), packLot(w.value[:0], &c.Lots[i]))
	}
	rows := packed{w.levels(levelRow, c.Levels), w.levels(levelRow, c.Settled)}
	w.levels(foldRow, c.Folds)
	w.decisions(c)
	if c.Retired > 0 {
		w.retire(c.Retired)
	}
	w.events(c.Events)
	for i := range c.Policies {
		w.set(policyKey(w.key[:0], c.Policies[i].Warehouse, c.Policies[i].Revision), packPolicy(w.value[:0], &c.Policies[i]))
	}
	for i := range c.Runs {
		r := &c.Runs[i]
		w.set(placeKey(w.key[:0], runRow, r.Warehouse, r.From), packRun(w.value[:0], r, c.Time))
	}
	for i := range c.Downs {
		d := &c.Downs[i]
		w.set(downKey(w.key[:0], d.Warehouse), packDown(w.value[:0], &d.DownState))
	}
	for i := range c.Warehouses {
		st := &c.Warehouses[i]
		w.set(warehouseKey(w.key[:0], st.Warehouse), packWarehouse(w.value[:0], st))
	}
	if w.err != nil {
		return packed{}, fmt.Errorf("write rows: %w", w.err)
	}
	return rows, nil
}

// rowWriter puts rows into a batch, which copies them. Its first error sticks.
type rowWriter struct {
	batch      *pebble.Batch
	key, value []byte // scratch
	buffers    *buffers
	err        error
}

func (w *rowWriter) set(key, value []byte) {
	w.key, w.value = key, value
	if w.err == nil {
		w.err = w.batch.Set(key, value, nil)
	}
}

// write is set for a value that is in a buffer of its own.
func (w *rowWriter) write(key, value []byte) {
	w.key = key
	if w.err == nil {
		w.err = w.batch.Set(key, value, nil)
	}
}

func (w *rowWriter) item(row *inventory.ItemRow) {
	value, err := packItem(w.value[:0], row)
	if err != nil && w.err == nil {
		w.err = err
	}
	w.set(itemKey(w.key[:0], row.SKU), value)
}

// decisions writes what was set aside, and what somebody decided.
func (w *rowWriter) decisions(c *inventory.Changes) {
	for i := range c.Quarantined {
		q := &c.Quarantined[i]
		w.set(placeKey(w.key[:0], quarantineRow, q.Warehouse, q.Place), packQuarantined(w.value[:0], q))
	}
	for i := range c.Discarded {
		d := &c.Discarded[i]
		w.set(placeKey(w.key[:0], discardRow, d.Warehouse, d.Place), packDiscarded(w.value[:0], d))
	}
	for i := range c.Retried {
		r := &c.Retried[i]
		w.set(placeKey(w.key[:0], retryRow, r.Warehouse, r.Place), packRetried(w.value[:0], r))
	}
	for i := range c.Repaired {
		r := &c.Repaired[i]
		w.set(repairKey(w.key[:0], r.Warehouse, r.Number), packRepaired(w.value[:0], r))
	}
}

// levels writes rows of levels, or of sums, and gives them.
func (w *rowWriter) levels(kind byte, levels []inventory.Level) []string {
	rows := make([]string, len(levels))
	for i := range levels {
		l := &levels[i]
		w.set(levelKey(w.key[:0], kind, l.Warehouse, l.SKU), packLevel(w.value[:0], l))
		rows[i] = string(w.value)
	}
	return rows
}

// retire lets go of events up to a revision.
func (w *rowWriter) retire(upto inventory.Revision) {
	for _, key := range [...]func([]byte, inventory.Revision) []byte{eventKey, refKey} {
		if w.err == nil {
			w.err = w.batch.DeleteRange(key(nil, 0), key(nil, upto+1), nil)
		}
	}
	w.set(append(w.key[:0], retiredKey...), binary.BigEndian.AppendUint64(w.value[:0], uint64(upto)))
}

func (w *rowWriter) clear(kind byte, id stock.Warehouse) {
	if w.err == nil {
		from, to := span(kind, id)
		w.err = w.batch.DeleteRange(from, to, nil)
	}
}

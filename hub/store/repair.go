package store

import (
	"context"
	"encoding/binary"
	"fmt"
	"strconv"

	"github.com/cockroachdb/pebble/v2"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

// repairTries is how often a repair looks again when entries came meanwhile,
// and repairReach how many entries a statement may be behind.
const (
	repairTries = 8
	repairReach = 1 << 16
)

// Repair makes the levels that a box states those of the hub. The caller gives
// neither Since nor Upto: what was applied after the statement's entry is
// looked up here. A *inventory.Refusal comes without an error.
func (p *Pebble) Repair(ctx context.Context, r inventory.Repair) (inventory.Repairing, *inventory.Refusal, error) {
	p.deciding.Lock() // or an entry could be applied late between looking and repairing
	defer p.deciding.Unlock()
	var refusal *inventory.Refusal
	for range repairTries {
		var err error
		if r.Since, r.Upto, err = p.since(ctx, r.Warehouse, &r.Statement); err != nil {
			return inventory.Repairing{}, nil, fmt.Errorf("repair %s: %w", r.Warehouse, err)
		}
		results, err := p.Apply(ctx, r)
		if err != nil {
			return inventory.Repairing{}, nil, err
		}
		switch answer := results[0].(type) {
		case inventory.Repairing:
			return answer, nil, nil
		case *inventory.Refusal:
			if refusal = answer; refusal.Reason != inventory.ReasonMoved {
				return inventory.Repairing{}, refusal, nil
			}
		default:
			return inventory.Repairing{}, nil, fmt.Errorf("repair: the book answered %T", answer)
		}
	}
	return inventory.Repairing{}, refusal, nil
}

// since gives the movements that the levels hold beyond a statement of the
// ledger that counts, and the newest of those entries.
func (p *Pebble) since(ctx context.Context, w stock.Warehouse, at *stock.Statement) ([]stock.Movement, stock.Seq, error) {
	st, ok := p.Warehouse(w)
	if !ok || st.Box.Epoch != at.Epoch || at.Seq >= st.Applied || at.Seq < st.Settled {
		return nil, at.Seq, nil // the book needs none, or refuses
	}
	if st.Applied-at.Seq > repairReach {
		return nil, 0, fmt.Errorf("the statement is as of entry %d, more than %d entries ago: ask for a newer one", at.Seq, repairReach)
	}
	aside, err := p.unapplied(w, st.Term(), at.Seq, st.Applied)
	if err != nil {
		return nil, 0, err
	}
	var out []stock.Movement
	err = p.reading(runRow, w, func(it *pebble.Iterator) error {
		h := &history{db: p.db, warehouse: w, state: st, rows: it}
		for seq := at.Seq + 1; seq <= st.Applied; seq++ {
			if err := ctx.Err(); err != nil {
				return err
			}
			if aside[seq] {
				continue
			}
			raw, err := h.raw(inventory.Place{Term: st.Term(), Seq: seq})
			if err != nil {
				return err
			}
			e, err := wire.DecodeEntry(raw)
			if err != nil {
				return fmt.Errorf("entry %d: %w", seq, err)
			}
			out = append(out, e.Movement)
		}
		return nil
	})
	return out, st.Applied, err
}

// unapplied gives the entries after one, up to another, that were set aside and
// not applied since.
func (p *Pebble) unapplied(w stock.Warehouse, term inventory.Term, after, upto stock.Seq) (map[stock.Seq]bool, error) {
	out := make(map[stock.Seq]bool)
	err := p.reading(quarantineRow, w, func(it *pebble.Iterator) error {
		for ok := it.SeekGE(placeKey(nil, quarantineRow, w, inventory.Place{Term: term, Seq: after + 1})); ok; ok = it.Next() {
			at := placeOf(it.Key())
			if at.Term != term || at.Seq > upto {
				break
			}
			retried, err := retriedAt(p.db, w, at)
			if err != nil {
				return err
			}
			out[at.Seq] = retried == nil
		}
		return it.Error()
	})
	return out, err
}

// Repairs gives up to n repairs of a warehouse, newest first, from the cursor
// on, and the cursor of those before them; it is empty at the end. The error
// wraps inventory.ErrCursor when the cursor is not of this listing.
func (p *Pebble) Repairs(ctx context.Context, w stock.Warehouse, before inventory.Cursor, n int) ([]inventory.Repaired, inventory.Cursor, error) {
	st, _ := p.Warehouse(w)
	at := st.Repairs // what the state counts is durable; rows beyond it may not be
	if before != "" {
		number, err := strconv.ParseUint(string(before), 10, 64)
		if err != nil || number == 0 || number > at {
			return nil, "", fmt.Errorf("cursor %.40q: %w", string(before), inventory.ErrCursor)
		}
		at = number
	}
	var out []inventory.Repaired
	err := p.reading(repairRow, w, func(it *pebble.Iterator) error {
		for ok := it.SeekLT(repairKey(nil, w, at+1)); ok && len(out) < n; ok = it.Prev() {
			if err := ctx.Err(); err != nil {
				return err
			}
			r, err := unpackRepaired(w, binary.BigEndian.Uint64(it.Key()[len(it.Key())-8:]), string(it.Value()))
			if err != nil {
				return err
			}
			out = append(out, r)
			at = r.Number - 1
		}
		return it.Error()
	})
	if err != nil {
		return nil, "", fmt.Errorf("repairs of %s: %w", w, err)
	}
	if at == 0 || len(out) < n {
		return out, "", nil
	}
	return out, inventory.Cursor(strconv.FormatUint(at, 10)), nil
}

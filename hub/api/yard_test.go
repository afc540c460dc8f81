package api

import (
	"context"
	"sync"
	"time"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/hub/store"
	"github.com/forestock/forestock/proto/stock"
)

// yard is where the boxes of a world stand: what the real hub/ingest does with
// frames, it does by asking the box itself.
type yard struct {
	stock *store.Pebble

	mu     sync.Mutex // guards what follows
	boxes  map[stock.Warehouse]*box
	words  map[stock.Warehouse]Replacement
	silent bool
	busy   bool
}

// Heard is part of Boxes.
func (y *yard) Heard(w stock.Warehouse, _ inventory.Boot) time.Time {
	y.mu.Lock()
	defer y.mu.Unlock()
	if y.boxes[w] == nil || y.silent {
		return time.Time{}
	}
	return time.Now()
}

// Replace is part of Boxes.
func (y *yard) Replace(w stock.Warehouse, by, why string) Replacement {
	y.mu.Lock()
	defer y.mu.Unlock()
	y.words[w] = Replacement{By: by, Why: why, Until: time.Now().Add(time.Minute)}
	return y.words[w]
}

// Replacement is part of Boxes.
func (y *yard) Replacement(w stock.Warehouse) (Replacement, bool) {
	y.mu.Lock()
	defer y.mu.Unlock()
	r, ok := y.words[w]
	return r, ok
}

// Repair is part of Boxes.
func (y *yard) Repair(ctx context.Context, w stock.Warehouse, by, why string) (inventory.Repairing, *inventory.Refusal, error) {
	y.mu.Lock()
	defer y.mu.Unlock()
	switch b := y.boxes[w]; {
	case y.silent || b == nil:
		return inventory.Repairing{}, nil, ErrSilent
	case y.busy:
		return inventory.Repairing{}, nil, ErrRepairing
	default:
		return y.stock.Repair(ctx, inventory.Repair{Warehouse: w, Session: b.session, Statement: b.statement(), By: by, Why: why})
	}
}

// statement gives the levels of the box as of its newest entry.
func (b *box) statement() stock.Statement {
	levels, digest := b.sheet.State()
	return stock.Statement{Epoch: b.epoch, Seq: b.last, Head: b.head, Levels: levels, Digest: digest}
}

func (y *yard) set(silent, busy bool) {
	y.mu.Lock()
	defer y.mu.Unlock()
	y.silent, y.busy = silent, busy
}

package ledger

import (
	"context"
	"errors"

	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

// Newest gives all levels as of the newest entry. It reads memory only, and what
// it gives does not change with the ledger.
func (l *Ledger) Newest() stock.Statement {
	sheet, at := l.newest()
	return stateOf(&sheet, l.epoch, at)
}

// Base gives all levels before the oldest entry that is kept: the newest ones
// less every kept entry. It also names the SKUs and lots that only later entries
// brought. Errors: ErrDamaged, ctx's.
func (l *Ledger) Base(ctx context.Context) (stock.Statement, error) {
	for {
		sheet, newest := l.newest()
		at, err := l.pager().base()
		if err != nil {
			return stock.Statement{}, err
		}
		err = l.takeAway(ctx, &sheet, at, newest.seq)
		switch {
		case errors.Is(err, ErrTrimmed): // meanwhile: begin again with what is kept now
		case err != nil:
			return stock.Statement{}, err
		default:
			return stateOf(&sheet, l.epoch, at), nil
		}
	}
}

// newest gives a copy of the levels.
func (l *Ledger) newest() (stock.Sheet, mark) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.view.sheet.Clone(), l.view.last
}

func stateOf(sheet *stock.Sheet, epoch stock.Epoch, at mark) stock.Statement {
	st := stock.Statement{Epoch: epoch, Seq: at.seq, Head: at.hash}
	st.Levels, st.Digest = sheet.State()
	return st
}

// takeAway undoes in the sheet what the entries after a mark did.
func (l *Ledger) takeAway(ctx context.Context, sheet *stock.Sheet, after mark, last stock.Seq) error {
	for at := after.seq; at < last; {
		if err := ctx.Err(); err != nil {
			return err
		}
		batch, err := l.pager().read(at, last, readEntries, readBytes)
		if err != nil {
			return err
		}
		for _, b := range batch.Entries {
			e, err := wire.DecodeEntry(b)
			if err != nil {
				return &DamagedError{Path: l.path, Seq: at + 1, What: err.Error()}
			}
			e.Delta = -e.Delta
			sheet.Apply(&e.Movement)
		}
		at = batch.To()
	}
	return nil
}

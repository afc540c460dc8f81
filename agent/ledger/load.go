package ledger

import (
	"errors"
	"fmt"
	"path/filepath"

	"go.etcd.io/bbolt"

	"github.com/forestock/forestock/proto/stock"
	"github.com/forestock/forestock/proto/wire"
)

// load reads the file into memory: identity, positions, catalogue, the
// checkpoint of the levels, and on top of it the newest entries, hash by hash.
func (l *Ledger) load() (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &DamagedError{Path: l.path, What: fmt.Sprint(p)}
		}
	}()
	v := view{window: newWindow(l.options.CommandWindow), changed: make(chan struct{})}
	err = l.db.View(func(tx *bbolt.Tx) (err error) {
		if err := l.loadIdentity(tx); err != nil {
			return err
		}
		if err := v.loadPositions(tx); err != nil {
			return err
		}
		if err := v.catalogue.load(tx); err != nil {
			return err
		}
		if err := v.past.load(tx, filepath.Dir(l.path)); err != nil {
			return err
		}
		if err := v.orders.load(tx); err != nil {
			return err
		}
		if v.known, err = loadKnown(tx); err != nil {
			return err
		}
		v.ending = openJournal(tx).end()
		_ = l.room(tx) // tells Status how full the file is
		return v.loadCheckpoint(tx)
	})
	if err != nil {
		return l.explain(err)
	}
	if err := l.replay(&v); err != nil {
		return err
	}
	if v.last.seq >= stock.Seq(l.options.CommandWindow) {
		v.known = nil
	}
	for _, info := range v.past.predecessors {
		l.predecessors = append(l.predecessors, &Predecessor{PredecessorInfo: info})
	}
	l.view = v
	l.acked.Store(uint64(v.stored))
	return nil
}

// explain names the file in an error that only knows what is wrong in it.
func (l *Ledger) explain(err error) error {
	if errors.Is(err, ErrWarehouse) || errors.Is(err, ErrFormat) || errors.Is(err, ErrDamaged) {
		return err
	}
	return &DamagedError{Path: l.path, What: err.Error()}
}

func (l *Ledger) loadIdentity(tx *bbolt.Tx) error {
	if !openJournal(tx).whole() || tx.Bucket(bucketState) == nil {
		return errNotLedger
	}
	format, err := getMeta(tx, metaFormat)
	if err != nil {
		return err
	}
	if format == nil {
		return errNotLedger
	}
	if len(format) != 1 || format[0] != formatVersion {
		return fmt.Errorf("%w: %s has format %v, and this program reads %d: use the program that made it", ErrFormat, l.path, format, formatVersion)
	}
	if err := errors.Join(checkMetaKeys(tx), checkStateKeys(tx)); err != nil {
		return err
	}
	warehouse, err := getMeta(tx, metaWarehouse)
	if err != nil {
		return err
	}
	l.warehouse = stock.Warehouse(warehouse)
	if want := l.options.Warehouse; want != "" && want != l.warehouse {
		return fmt.Errorf("%w: %s is of %q, not of %q", ErrWarehouse, l.path, l.warehouse, want)
	}
	epoch, err := getMeta(tx, metaEpoch)
	if err != nil {
		return err
	}
	if len(epoch) != len(l.epoch) {
		return errNotLedger
	}
	l.epoch = stock.Epoch(epoch)
	return nil
}

func (v *view) loadPositions(tx *bbolt.Tx) error {
	base, err := getMeta(tx, metaBase)
	if err != nil {
		return err
	}
	var ok bool
	if v.base, ok = markFrom(base); !ok {
		return errNotLedger
	}
	stored, err := getMeta(tx, metaStored)
	if err != nil {
		return err
	}
	if len(stored) == 8 {
		v.stored = keySeq(stored)
	}
	v.down, err = loadDown(tx)
	return err
}

// replay applies the entries after the checkpoint, and lets the window see the
// newest ones.
func (l *Ledger) replay(v *view) error {
	p := pager{db: l.db, path: l.path}
	newest, err := p.newest()
	if err != nil {
		return err
	}
	if v.base.seq > v.checkpoint.seq || newest < v.checkpoint.seq {
		return &DamagedError{Path: l.path, What: fmt.Sprintf("entries %d to %d do not meet the checkpoint at %d", v.base.seq+1, newest, v.checkpoint.seq)}
	}
	from := min(v.checkpoint.seq, newest-min(newest, stock.Seq(l.options.CommandWindow)))
	v.last, err = p.markAt(max(v.orders.from(from), v.base.seq))
	if err != nil {
		return err
	}
	for v.last.seq < newest {
		batch, err := p.read(v.last.seq, newest, readEntries, readBytes)
		if err != nil {
			return err
		}
		if err := v.replay(batch.Entries); err != nil {
			return &DamagedError{Path: l.path, Seq: v.last.seq + 1, What: err.Error()}
		}
		v.last = mark{batch.To(), batch.Head()}
	}
	return nil
}

func (v *view) replay(entries [][]byte) error {
	for _, b := range entries {
		e, err := wire.DecodeEntry(b)
		if err != nil {
			return err
		}
		if e.Seq > v.checkpoint.seq {
			v.sheet.Apply(&e.Movement)
		}
		v.window.add(&e, keyOf(e.Command))
		v.orders.replay(&e)
		v.recounts.add(&e)
	}
	return nil
}

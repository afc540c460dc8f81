package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/cockroachdb/pebble/v2"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/proto/stock"
)

// format is the version of the rows that this program writes. A store of a
// later one is refused.
//
// Format 2 has statements, that is sums beside levels and more in a warehouse's
// row, and reservations: events and policies.
const format = 2

// loadChunk is how many rows go to the Book at a time.
const loadChunk = 1024

// load reads the whole store into the Book and the view.
func (p *Pebble) load() error {
	if err := p.identify(); err != nil {
		return err
	}
	p.book = inventory.NewBook(p.options.Book)
	err := relay(p.readRows, func(c chunk) error {
		p.book.Load(&c.rows)
		p.view.publish(&c.rows, c.raw)
		return nil
	})
	if err != nil {
		return err
	}
	if err := p.loadEvents(); err != nil {
		return err
	}
	p.view.log.begin(p.book.Revision())
	if err := p.book.Check(); err != nil {
		return fmt.Errorf("levels do not add up: %w", err)
	}
	return nil
}

// relay lets one goroutine make what another one takes, in the same order: to
// read rows and to put them in place are about as much work.
func relay[T any](give func(chan<- T) error, take func(T) error) error {
	between, taken := make(chan T, 4), make(chan error, 1)
	go func() {
		var err error
		for x := range between {
			if err == nil {
				err = take(x)
			}
		}
		taken <- err
	}()
	err := give(between)
	close(between)
	return errors.Join(err, <-taken)
}

// readRows gives all rows but events.
func (p *Pebble) readRows(out chan<- chunk) error {
	l := &loader{out: out}
	// Items before the streams that name them, lots before the levels that use
	// them, sums before the levels that are shown in their place, all before the
	// states that sum them up.
	for _, rows := range []struct {
		kind byte
		take func(key []byte, row string) error
	}{
		{itemRow, l.item},
		{lotRow, l.lot},
		{foldRow, l.fold},
		{levelRow, l.level},
		{warehouseRow, l.warehouse},
		{downRow, l.down},
		{policyRow, l.policy},
	} {
		if err := p.each(rows.kind, rows.take); err != nil {
			return err
		}
		l.flush()
	}
	return nil
}

// identify checks the format of the store and learns its incarnation, or gives
// both to a new one.
func (p *Pebble) identify() error {
	version, err := p.number(formatKey)
	if errors.Is(err, pebble.ErrNotFound) {
		return p.found()
	}
	if err != nil {
		return err
	}
	if version > format {
		return fmt.Errorf("it was written by a later version of the hub (format %d, this one knows up to %d): run that version, or restore a copy from before the upgrade", version, format)
	}
	if p.incarnation, err = p.number(incarnationKey); err != nil || version == format || p.options.readOnly {
		return err
	}
	// Rows of an earlier format are read as they are; those that are written from
	// now on an earlier program would not understand.
	return p.db.Set(formatKey, binary.BigEndian.AppendUint64(nil, format), pebble.Sync)
}

// found gives a new store its format and its incarnation.
func (p *Pebble) found() error {
	p.incarnation = rand.Uint64()
	b := p.db.NewBatch()
	err := errors.Join(
		b.Set(formatKey, binary.BigEndian.AppendUint64(nil, format), nil),
		b.Set(incarnationKey, binary.BigEndian.AppendUint64(nil, p.incarnation), nil),
	)
	if err != nil {
		return err
	}
	return b.Commit(pebble.Sync)
}

func (p *Pebble) number(key []byte) (uint64, error) {
	row, closer, err := p.db.Get(key)
	if err != nil {
		return 0, fmt.Errorf("read %s: %w", key, err)
	}
	row = bytes.Clone(row)
	if err := closer.Close(); err != nil {
		return 0, fmt.Errorf("read %s: %w", key, err)
	}
	if len(row) != 8 {
		return 0, fmt.Errorf("%w %s: %d bytes", errRow, key, len(row))
	}
	return binary.BigEndian.Uint64(row), nil
}

// each gives every row of a kind to take; keys come without their first byte.
func (p *Pebble) each(kind byte, take func(key []byte, row string) error) error {
	it, err := p.db.NewIter(&pebble.IterOptions{LowerBound: []byte{kind}, UpperBound: []byte{kind + 1}})
	if err != nil {
		return err
	}
	for ok := it.First(); ok && err == nil; ok = it.Next() {
		if err = take(it.Key()[1:], string(it.Value())); err != nil {
			err = fmt.Errorf("row %q: %w", it.Key(), err)
		}
	}
	return errors.Join(err, it.Close()) // Close gives the iterator's own error
}

// chunk is some rows, for the Book and for the view.
type chunk struct {
	rows inventory.Changes
	raw  packed
}

// loader collects rows and gives them on in chunks.
type loader struct {
	out chan<- chunk
	chunk
}

func (l *loader) flush() {
	l.out <- l.chunk
	l.chunk = chunk{}
}

func (l *loader) item(_ []byte, row string) error {
	it, err := unpackItem(row)
	l.rows.Items = append(l.rows.Items, it)
	return err
}

func (l *loader) lot(key []byte, row string) error {
	w, rest, ok := bytes.Cut(key, []byte{0})
	sku, lot, ok2 := bytes.Cut(rest, []byte{0})
	expiry, produced, err := unpackLot(row)
	if !ok || !ok2 {
		return errRow
	}
	l.rows.Lots = append(l.rows.Lots, inventory.LotRow{
		Warehouse: stock.Warehouse(w), SKU: stock.SKU(sku),
		LotInfo: stock.LotInfo{Lot: stock.Lot(lot), Expiry: expiry, Produced: produced},
	})
	if len(l.rows.Lots) == loadChunk {
		l.flush()
	}
	return err
}

func (l *loader) level(key []byte, row string) error {
	w, sku, ok := bytes.Cut(key, []byte{0})
	if !ok {
		return errRow
	}
	lv, err := unpackLevel(stock.Warehouse(w), stock.SKU(sku), row)
	l.rows.Levels, l.raw.levels = append(l.rows.Levels, lv), append(l.raw.levels, row)
	if len(l.raw.levels) == loadChunk {
		l.flush()
	}
	return err
}

func (l *loader) fold(key []byte, row string) error {
	w, sku, ok := bytes.Cut(key, []byte{0})
	if !ok {
		return errRow
	}
	sum, err := unpackLevel(stock.Warehouse(w), stock.SKU(sku), row)
	if l.rows.Folds = append(l.rows.Folds, sum); len(l.rows.Folds) == loadChunk {
		l.flush()
	}
	return err
}

func (l *loader) warehouse(key []byte, row string) error {
	st, err := unpackWarehouse(stock.Warehouse(key), row)
	l.rows.Warehouses = append(l.rows.Warehouses, st)
	return err
}

func (l *loader) down(key []byte, row string) error {
	d, err := unpackDown(row)
	l.rows.Downs = append(l.rows.Downs, inventory.DownRow{Warehouse: stock.Warehouse(key), DownState: d})
	return err
}

func (l *loader) policy(key []byte, row string) error {
	w, _, ok := bytes.Cut(key, []byte{0})
	if !ok || len(key) != len(w)+1+8 {
		return errRow
	}
	p, err := unpackPolicy(stock.Warehouse(w), revisionOfKey(key), row)
	l.rows.Policies = append(l.rows.Policies, p)
	return err
}

package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/proto/stock"
)

// ErrNoStore is wrapped by the error about a folder that holds no store.
var ErrNoStore = errors.New("there is no store")

// Rebuilt says what a rebuilt store begins with.
type Rebuilt struct {
	Aside      string // where the old store is kept; empty where an earlier rebuild was finished
	Items      int    // of the catalogue
	Warehouses []stock.Warehouse
	// Lost tells what could not be read of the old store; nil where that is
	// nothing. What was lost has to be enrolled or written again.
	Lost error
}

// Rebuild puts a fresh store in the place of one that is damaged or lost its
// way, for the agents to fill again. It keeps what only a hub knows, as far as
// the old store can be read: the catalogue, which warehouses are enrolled, which
// ledgers are closed for ever, and the rows of Keep. The old store is moved to the folder aside
// and stays as it is. Nobody may have the store open.
//
// A rebuild that was interrupted is finished by the next one.
func Rebuild(dir, aside string, o Options) (Rebuilt, error) {
	r, err := o.rebuild(filepath.Clean(dir), filepath.Clean(aside))
	if err != nil {
		return r, fmt.Errorf("rebuild store %s: %w", dir, err)
	}
	return r, nil
}

func (o Options) rebuild(dir, aside string) (Rebuilt, error) {
	fs, fresh := o.disk(), dir+".rebuilding"
	r := Rebuilt{Aside: aside}
	if _, err := fs.Stat(dir); errors.Is(err, os.ErrNotExist) {
		if _, err := fs.Stat(fresh); err != nil {
			return r, ErrNoStore
		}
		return Rebuilt{}, errors.Join(fs.Rename(fresh, dir), syncDir(fs, fs.PathDir(dir)))
	}
	if names, err := fs.List(dir); err != nil || len(names) == 0 {
		return r, errors.Join(ErrNoStore, err)
	}
	kept, err := o.salvage(dir)
	if err != nil {
		return r, err
	}
	if _, err := fs.Stat(aside); !errors.Is(err, os.ErrNotExist) {
		return r, fmt.Errorf("%s is taken: name another place for the old store", aside)
	}
	r.Items, r.Lost = len(kept.items), kept.lost
	for i := range kept.warehouses {
		r.Warehouses = append(r.Warehouses, kept.warehouses[i].Warehouse)
	}
	err = fs.RemoveAll(fresh)
	if err == nil {
		err = o.begin(fresh, kept)
	}
	if err != nil {
		return r, errors.Join(err, fs.RemoveAll(fresh))
	}
	// In this order: a fresh store that waits beside no store is complete.
	return r, errors.Join(fs.Rename(dir, aside), fs.Rename(fresh, dir), syncDir(fs, fs.PathDir(dir)))
}

// salvaged is what a rebuild keeps of an old store.
type salvaged struct {
	items      []inventory.ItemRow
	warehouses []inventory.WarehouseState
	kept       map[string][]byte // what Keep was given
	lost       error
}

// salvage reads what it can. The error says that somebody has the store open;
// damage is told in lost.
func (o Options) salvage(dir string) (salvaged, error) {
	lock, err := pebble.LockDirectory(dir, o.disk())
	if err != nil {
		return salvaged{}, fmt.Errorf("it is in use; stop the hub first: %w", err)
	}
	var kept salvaged
	p := newPebble(o)
	err = p.guard(func() error {
		read, err := p.salvage(dir, lock)
		kept = read
		return err
	})
	if errors.Is(err, ErrBroken) {
		// The database hangs where it was, and keeps the lock until the process ends.
		return salvaged{lost: fmt.Errorf("nothing of the old store can be read: %w", err)}, nil
	}
	if err != nil {
		kept.lost = errors.Join(kept.lost, fmt.Errorf("the old store cannot be read: %w", err))
	}
	return kept, lock.Close()
}

func (p *Pebble) salvage(dir string, lock *pebble.Lock) (kept salvaged, err error) {
	opts := p.options.pebble(&logger{p.options.Log, p.fail})
	defer opts.Cache.Unref()
	opts.Lock, opts.ReadOnly, opts.ErrorIfNotExists = lock, true, true
	if p.db, err = pebble.Open(dir, opts); err != nil {
		return kept, err
	}
	items := p.salvageEach(itemRow, func(_ []byte, row string) error {
		it, err := unpackItem(row)
		if err == nil {
			kept.items = append(kept.items, it)
		}
		return err
	})
	warehouses := p.salvageEach(warehouseRow, func(key []byte, row string) error {
		st, err := unpackWarehouse(stock.Warehouse(key), row)
		if err == nil {
			kept.warehouses = append(kept.warehouses, st)
		}
		return err
	})
	kept.kept = make(map[string][]byte)
	others := p.salvageEach(keptRow, func(key []byte, row string) error {
		kept.kept[string(key)] = []byte(row)
		return nil
	})
	kept.lost = errors.Join(items, warehouses, others)
	return kept, p.db.Close()
}

// salvageEach is like each and goes on behind a row that cannot be read. Its
// error names those rows.
func (p *Pebble) salvageEach(kind byte, take func(key []byte, row string) error) error {
	var lost []error
	err := p.each(kind, func(key []byte, row string) error {
		if err := take(key, row); err != nil {
			lost = append(lost, fmt.Errorf("row %c%s: %w", kind, key, err))
		}
		return nil
	})
	return errors.Join(append(lost, err)...)
}

// begin makes a store that knows what was kept, and has no stock.
func (o Options) begin(dir string, kept salvaged) error {
	p, err := Open(dir, o)
	if err != nil {
		return err
	}
	batch := p.db.NewBatch()
	rows := &rowWriter{batch: batch}
	for i := range kept.items {
		rows.item(&kept.items[i])
	}
	for i := range kept.warehouses {
		st := kept.warehouses[i].Emptied(time.Now())
		rows.set(warehouseKey(nil, st.Warehouse), packWarehouse(nil, &st))
	}
	for key, value := range kept.kept {
		rows.set(keptKey(key), value)
	}
	if err = rows.err; err == nil {
		err = batch.Commit(pebble.Sync)
	}
	return errors.Join(err, p.Close(), syncTree(o.disk(), dir))
}

// syncTree makes a new folder and its place durable.
func syncTree(fs vfs.FS, dir string) error {
	return errors.Join(syncDir(fs, dir), syncDir(fs, fs.PathDir(dir)))
}

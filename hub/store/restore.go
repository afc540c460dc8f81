package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/forestock/forestock/hub/inventory"
)

// ErrNotEmpty is wrapped by the error about a folder that a store would be
// restored over.
var ErrNotEmpty = errors.New("folder is not empty")

// Restore makes a new store in the folder to, which must be empty or not there,
// from a copy that Backup made, which stays as it is. What is in the copy is
// checked as by Open, and against the copy's own manifest.
//
// The new store is a new life: watch tokens of the former one are refused,
// every box has to say hello again, and down streams begin anew. Agents then
// send again what the copy forgot, as far back as they keep it. The folder
// stands under its name only once it is complete.
func Restore(copied, to string, o Options) (inventory.Backup, error) {
	to = filepath.Clean(to)
	b, err := o.restore(filepath.Clean(copied), to)
	if err != nil {
		return inventory.Backup{}, fmt.Errorf("restore %s: %w", to, err)
	}
	return b, nil
}

func (o Options) restore(copied, to string) (inventory.Backup, error) {
	fs := o.disk()
	b, err := readManifest(fs, copied)
	if err != nil {
		return b, err
	}
	if err := mustBeEmpty(fs, to); err != nil {
		return b, err
	}
	temp := to + ".restoring"
	if err := errors.Join(fs.RemoveAll(temp), fs.MkdirAll(fs.PathDir(to), 0o750)); err != nil {
		return b, err
	}
	if err := o.prepare(&b, copied, temp); err != nil {
		return b, errors.Join(err, fs.RemoveAll(temp))
	}
	return b, errors.Join(moveOver(fs, temp, to), syncDir(fs, fs.PathDir(to)))
}

// prepare copies the files and makes a new life of them.
func (o Options) prepare(b *inventory.Backup, copied, temp string) error {
	fs := o.disk()
	// Real copies: the store must not share files with its backup.
	if _, err := vfs.Clone(fs, fs, copied, temp, vfs.CloneSync); err != nil {
		return fmt.Errorf("copy %s: %w", copied, err)
	}
	if err := fs.Remove(fs.PathJoin(temp, manifestName)); err != nil {
		return err
	}
	p, err := Open(temp, o)
	if err != nil {
		return err
	}
	return errors.Join(p.reincarnate(b), p.Close(), syncDir(fs, temp))
}

// reincarnate begins a new life of a store that does not run.
func (p *Pebble) reincarnate(b *inventory.Backup) error {
	held := []inventory.BackedUp{}
	batch := p.db.NewBatch()
	rows := &rowWriter{batch: batch}
	for _, st := range p.Warehouses() {
		held = append(held, st.BackedUp())
		st.Reborn(time.Now())
		rows.set(warehouseKey(nil, st.Warehouse), packWarehouse(nil, &st))
	}
	if !slices.Equal(held, b.Warehouses) {
		return fmt.Errorf("the copy is not what its %s says: it holds %v, and should hold %v", manifestName, held, b.Warehouses)
	}
	next := p.incarnation
	for next == p.incarnation {
		next = rand.Uint64()
	}
	rows.set(incarnationKey, binary.BigEndian.AppendUint64(nil, next))
	err := errors.Join(rows.err, batch.DeleteRange([]byte{downRow}, []byte{downRow + 1}, nil))
	if err != nil {
		return err
	}
	return batch.Commit(pebble.Sync)
}

func mustBeEmpty(fs vfs.FS, dir string) error {
	names, err := fs.List(dir)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil
	case err != nil:
		return err
	case len(names) > 0:
		return fmt.Errorf("%w: move it away first, or name another one", ErrNotEmpty)
	}
	return nil
}

// moveOver gives the folder temp the name to, which may be taken by an empty one.
func moveOver(fs vfs.FS, temp, to string) error {
	if err := fs.Remove(to); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%w: restore into a folder that can be replaced, a mount point cannot; the restored store waits in %s", err, temp)
	}
	return fs.Rename(temp, to)
}

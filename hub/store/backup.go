package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/forestock/forestock/hub/inventory"
	"github.com/forestock/forestock/proto/stock"
)

// manifestName is the file that makes a folder a complete copy. It is written
// last, before the folder gets its name.
const manifestName = "forestock-backup.json"

// backupName has no separator and no leading dot, so that a name stays within
// the folder of the backups and never looks like a copy under way.
var backupName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// Backup writes a copy of the running store into a new folder called name
// within dir, which it makes where there is none. The copy is consistent, holds
// everything that Apply answered before the call, is on disk when Backup
// returns, and never stands under its name half done. On the same file system
// it shares the immutable files with the store, so it takes no time and little
// room; against the loss of a disk, take it to another one. One copy is made at
// a time; neither writers nor readers wait for it.
//
// The error wraps inventory.ErrBackupName or inventory.ErrBackupExists when the
// name cannot be used.
func (p *Pebble) Backup(dir, name, version string) (inventory.Backup, error) {
	if !backupName.MatchString(name) {
		return inventory.Backup{}, fmt.Errorf("backup %.80q: %w: 1 to 64 letters, digits, dots, dashes and underscores, a letter or digit first", name, inventory.ErrBackupName)
	}
	p.life.RLock()
	defer p.life.RUnlock()
	if p.closed {
		return inventory.Backup{}, fmt.Errorf("backup %s: %w", name, ErrClosed)
	}
	p.copying.Lock()
	defer p.copying.Unlock()
	out := inventory.Backup{Time: time.Now().UTC().Truncate(time.Millisecond), Version: version}
	err := p.guard(func() error { return p.backUp(dir, name, &out) })
	if err != nil {
		return inventory.Backup{}, fmt.Errorf("backup %s: %w", name, err)
	}
	return out, nil
}

func (p *Pebble) backUp(dir, name string, out *inventory.Backup) error {
	fs := p.options.disk()
	out.Path = fs.PathJoin(dir, name)
	switch _, err := fs.Stat(out.Path); {
	case err == nil:
		return inventory.ErrBackupExists
	case !errors.Is(err, os.ErrNotExist):
		return err
	}
	temp := fs.PathJoin(dir, "."+name+".tmp")
	if err := errors.Join(fs.MkdirAll(dir, 0o750), fs.RemoveAll(temp)); err != nil {
		return err
	}
	if err := p.checkpoint(temp, out); err != nil {
		return errors.Join(err, fs.RemoveAll(temp))
	}
	if err := fs.Rename(temp, out.Path); err != nil {
		return errors.Join(err, fs.RemoveAll(temp))
	}
	return errors.Join(syncDir(fs, dir), syncDir(fs, fs.PathDir(dir)))
}

// checkpoint makes the copy, opens it to see what is in it, and says so in its
// manifest.
func (p *Pebble) checkpoint(dir string, out *inventory.Backup) (err error) {
	if err := p.db.Checkpoint(dir, pebble.WithFlushedWAL()); err != nil {
		return err
	}
	if out.Warehouses, err = p.options.look(dir); err != nil {
		return fmt.Errorf("open the copy: %w", err)
	}
	return writeManifest(p.options.disk(), dir, out)
}

// look reads what a copy holds of each warehouse, without changing it.
func (o Options) look(dir string) ([]inventory.BackedUp, error) {
	o.readOnly, o.CacheBytes = true, mebibyte
	p := newPebble(o)
	err := p.guard(func() (err error) {
		p.db, err = p.openDB(dir)
		return err
	})
	if err != nil {
		return nil, err
	}
	out := []inventory.BackedUp{}
	err = p.each(warehouseRow, func(key []byte, row string) error {
		st, err := unpackWarehouse(stock.Warehouse(key), row)
		out = append(out, st.BackedUp())
		return err
	})
	return out, errors.Join(err, p.Close())
}

func writeManifest(fs vfs.FS, dir string, b *inventory.Backup) error {
	text, err := json.MarshalIndent(b, "", "  ")
	if err != nil {
		return err
	}
	f, err := fs.Create(fs.PathJoin(dir, manifestName), vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	_, err = f.Write(append(text, '\n'))
	return errors.Join(err, f.Sync(), f.Close(), syncDir(fs, dir))
}

func readManifest(fs vfs.FS, dir string) (inventory.Backup, error) {
	var b inventory.Backup
	f, err := fs.Open(fs.PathJoin(dir, manifestName))
	if err != nil {
		return b, fmt.Errorf("%s is no complete backup: %w", dir, err)
	}
	text, err := io.ReadAll(f)
	if err = errors.Join(err, f.Close()); err == nil {
		err = json.Unmarshal(text, &b)
	}
	if err != nil {
		return b, fmt.Errorf("read %s: %w", manifestName, err)
	}
	b.Path = dir
	return b, nil
}

func syncDir(fs vfs.FS, dir string) error {
	d, err := fs.OpenDir(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

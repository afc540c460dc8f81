package ledger

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/forestock/forestock/proto/stock"
)

// ErrSnapshot is returned when a copy of the ledger is not what was written. The
// ledger itself is whole.
var ErrSnapshot = errors.New("snapshot is not what was written")

// Snapshot writes a copy of the running ledger to path, where no file may be:
// all entries that are kept, the catalogue, the positions and checkpoints as of
// one commit. The copy stands under path only after it was synced, read back,
// verified like Verify does, and compared with what was to be copied.
//
// It reads in many short transactions, checks every hash, and rests as long as
// it works, so that scans go on meanwhile. Nothing that goes wrong with the copy
// touches the ledger. Errors: ErrSnapshot, ErrDamaged (the ledger), syscall.ENOSPC,
// fs.ErrNotExist (no such folder), fs.ErrExist, ctx's, the file system's.
func (l *Ledger) Snapshot(ctx context.Context, path string) (Report, error) {
	report, err := l.snapshot(ctx, path)
	if err != nil {
		return Report{}, fmt.Errorf("snapshot %s: %w", path, err)
	}
	return report, nil
}

func (l *Ledger) snapshot(ctx context.Context, path string) (report Report, err error) {
	if err := l.placeFor(path); err != nil {
		return Report{}, err
	}
	temp := path + ".part"
	if err := remove(temp); err != nil { // of a process that was killed
		return Report{}, err
	}
	defer func() { err = errors.Join(err, remove(temp)) }()
	want, err := l.copyTo(ctx, temp)
	if err != nil {
		return Report{}, err
	}
	return admit(ctx, temp, path, want)
}

// placeFor says why a snapshot cannot be written. The folder is not made,
// because a backup disk that is not mounted looks like one that is missing.
func (l *Ledger) placeFor(path string) error {
	dir := filepath.Dir(path)
	if _, err := os.Stat(dir); err != nil {
		return fmt.Errorf("%w: mount the backup disk, or make the folder %s", err, dir)
	}
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(err, fs.ErrExist)
	}
	need := l.used.Load() + keptBack(l.options.MaxSize)
	if free := diskFree(path); free >= 0 && free < need {
		return fmt.Errorf("%w: %d bytes are free in %s and %d are needed: make room there, or keep fewer snapshots", syscall.ENOSPC, free, dir, need)
	}
	return nil
}

// copyTo copies the ledger into a new file, and gives what the copy holds. A
// page that cannot be read or written is an error, not the end of the process.
func (l *Ledger) copyTo(ctx context.Context, temp string) (p stock.Position, err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if caught := recover(); caught != nil {
			err = fmt.Errorf("%w: %v", ErrSnapshot, caught)
		}
	}()
	c, err := newCopier(l, temp)
	if err != nil {
		return p, err
	}
	defer func() { err = errors.Join(err, c.to.Close()) }()
	for more := true; more; {
		began := time.Now()
		if more, err = c.next(); err != nil {
			return p, err
		}
		if err := rest(ctx, time.Since(began)); err != nil {
			return p, err
		}
	}
	if err := c.finish(); err != nil {
		return p, err
	}
	return stock.Position{Epoch: l.epoch, First: c.base.seq + 1, Last: c.at.seq, Head: c.at.hash}, c.to.Sync()
}

// rest leaves the disk to others for a while.
func rest(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// admit verifies a copy and renames it into place.
func admit(ctx context.Context, temp, path string, want stock.Position) (Report, error) {
	if err := errors.Join(syncPath(temp), uncache(temp)); err != nil {
		return Report{}, err
	}
	report, err := Verify(ctx, temp, nil)
	switch {
	case err != nil && ctx.Err() != nil:
		return Report{}, err
	case err != nil:
		return Report{}, fmt.Errorf("%w, and was thrown away: check the backup disk: %v", ErrSnapshot, err) //nolint:errorlint // ErrDamaged would accuse the ledger
	case !report.OK():
		return Report{}, fmt.Errorf("%w, and was thrown away: check the backup disk: %+v", ErrSnapshot, report.Damages[0])
	case report.Torn || report.Position != want:
		return Report{}, fmt.Errorf("%w, and was thrown away: check the backup disk: it holds %+v instead of %+v", ErrSnapshot, report.Position, want)
	}
	if err := os.Rename(temp, path); err != nil {
		return Report{}, err
	}
	report.Path = path
	return report, syncPath(filepath.Dir(path))
}

// remove removes a file that may not be there.
func remove(path string) error {
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

package ledger

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"time"

	"go.etcd.io/bbolt"

	"github.com/forestock/forestock/proto/stock"
)

// ErrWhole is returned when a ledger is not damaged, so there is nothing to restore.
var ErrWhole = errors.New("ledger is whole")

// errNoCopy says that the ledger cannot go on in its epoch.
var errNoCopy = errors.New("nothing to begin with")

// Restore makes a damaged ledger whole. It begins with the newest snapshot in a
// folder (*.db, of which the name that sorts last is the newest) that verifies and
// is of the same ledger, and adds what the damaged file still has after it, hash
// by hash; without such a snapshot, with the damaged file alone, when that has
// everything from its first entry on. The same epoch goes on. Where entries are
// missing in between, or there is nothing to begin with, it is a Rebirth with the
// damaged file as the predecessor: then the hub tells what is missing, and
// nothing that is whole is left behind.
//
// What it made is verified before it gets its place, and the damaged file is
// kept under another name in the folder set-aside; a process that is killed
// meanwhile leaves one of the two at path. No process may have the ledger open.
// Errors: ErrWhole, ErrLocked, fs.ErrNotExist (no ledger, and no snapshot), ctx's,
// the file system's.
func Restore(ctx context.Context, path, snapshots string, o Options) (Restored, error) {
	done, err := restore(ctx, path, snapshots, o)
	if err != nil {
		return Restored{}, fmt.Errorf("restore ledger %s: %w", path, err)
	}
	return *done, nil
}

func restore(ctx context.Context, path, snapshots string, o Options) (done *Restored, err error) {
	why, err := damageOf(ctx, path)
	if err != nil {
		return nil, err
	}
	s, err := succeed(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	now := time.Now()
	r := restorer{succession: s, options: o.withDefaults(), done: &Restored{Time: now, Why: why}}
	if err := s.begin("damaged", now); err != nil {
		return nil, err
	}
	r.done.SetAside = s.setAside()
	err = r.again(ctx, snapshots)
	if errors.Is(err, errNoCopy) && s.old != nil {
		err = r.reborn(ctx)
	}
	return r.done, err
}

// damageOf says what is wrong with a ledger. One that is missing is damaged too.
func damageOf(ctx context.Context, path string) (string, error) {
	report, err := Verify(ctx, path, nil)
	switch {
	case errors.Is(err, ErrDamaged), errors.Is(err, fs.ErrNotExist):
		return err.Error(), nil
	case err != nil:
		return "", err
	case !report.OK():
		return fmt.Sprintf("%+v", report.Damages[0]), nil
	}
	return "", ErrWhole
}

// restorer makes a whole ledger out of a snapshot and what remains of the
// damaged one.
type restorer struct {
	*succession
	options Options
	done    *Restored
}

// again makes the ledger of the same epoch. errNoCopy says that it cannot.
func (r *restorer) again(ctx context.Context, snapshots string) error {
	left := &remains{known: make(known)}
	if r.old != nil {
		var err error
		if left, err = findRemains(ctx, r.old, maxSeq); err != nil {
			return err
		}
	}
	if whose := left.warehouse(); whose != "" && r.options.Warehouse != "" && whose != r.options.Warehouse {
		return fmt.Errorf("%w: it is of %q, not of %q", ErrWarehouse, whose, r.options.Warehouse)
	}
	copies, err := snapshotsIn(snapshots)
	if err != nil {
		return err
	}
	for _, snapshot := range copies {
		p, err := r.positionOf(snapshot)
		if err != nil {
			continue // the one before it may be whole
		}
		same, err := r.follows(ctx, left, p)
		if err == nil && same {
			err = r.fromSnapshot(ctx, snapshot, p)
		}
		if err == nil && !same || errors.Is(err, ErrSnapshot) {
			continue
		}
		return err
	}
	if r.old == nil {
		return fmt.Errorf("%w: no ledger, and no snapshot in %q", fs.ErrNotExist, snapshots)
	}
	return r.alone(ctx)
}

// positionOf tells what a snapshot says it holds. Whether that is so shows when
// what was made of it is verified.
func (r *restorer) positionOf(snapshot string) (p stock.Position, err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true)) // a page that cannot be read is an error, not the end
	defer func() {
		if caught := recover(); caught != nil {
			err = fmt.Errorf("%w: %v", ErrSnapshot, caught)
		}
	}()
	db, _, err := openReading(snapshot)
	if err != nil {
		return p, err
	}
	l := Ledger{path: snapshot, db: db, options: Options{Warehouse: r.options.Warehouse}}
	var last mark
	err = db.View(l.loadIdentity)
	if err == nil {
		last.seq, err = l.pager().newest()
	}
	if err == nil {
		last, err = l.pager().markAt(last.seq)
	}
	return stock.Position{Epoch: l.epoch, Last: last.seq, Head: last.hash}, errors.Join(err, db.Close())
}

// snapshotsIn gives the files that may be snapshots, newest first.
func snapshotsIn(dir string) (paths []string, err error) {
	if dir == "" {
		return nil, nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, e := range slices.Backward(entries) {
		if e.Type().IsRegular() && strings.HasSuffix(e.Name(), ".db") {
			paths = append(paths, filepath.Join(dir, e.Name()))
		}
	}
	return paths, nil
}

// follows reports whether a snapshot is of the ledger whose remains are left.
// When not even its epoch is, an entry that both have says so.
func (r *restorer) follows(ctx context.Context, left *remains, p stock.Position) (bool, error) {
	if r.old == nil || left.epoch() == p.Epoch {
		return true, nil
	}
	if !left.epoch().IsZero() {
		return false, nil
	}
	near, err := findRemains(ctx, r.old, p.Last)
	if err != nil {
		return false, err
	}
	if len(near.links(mark{p.Last, p.Head})) > 0 {
		return true, nil
	}
	return slices.ContainsFunc(near.of(p.Last), func(at piece) bool {
		found, err := at.read(r.old)
		return err == nil && found.hash == p.Head
	}), nil
}

// fromSnapshot copies a snapshot and adds what follows it.
func (r *restorer) fromSnapshot(ctx context.Context, snapshot string, p stock.Position) error {
	if err := errors.Join(remove(r.temp), copyFile(snapshot, r.temp)); err != nil {
		return err
	}
	r.done.Snapshot = snapshot
	return r.complete(ctx, mark{p.Last, p.Head})
}

// alone begins with nothing, which is enough when the damaged file has every
// entry from the first on.
func (r *restorer) alone(ctx context.Context) error {
	left, err := findRemains(ctx, r.old, maxSeq)
	if err := errors.Join(err, remove(r.temp)); err != nil {
		return err
	}
	epoch, base := left.epoch(), mark{hash: stock.Genesis(left.epoch())}
	if found, ok := left.base(); !ok || epoch.IsZero() || found != base {
		return errNoCopy
	}
	r.done.Snapshot = ""
	if r.options.Warehouse == "" {
		r.options.Warehouse = left.warehouse()
	}
	if err := writeNew(r.temp, r.options, func(tx *bbolt.Tx) error {
		return errors.Join(putMeta(tx, metaEpoch, epoch[:]), putMeta(tx, metaBase, base.bytes()), left.inherit(tx, left.orders, left.hubSideWhole()))
	}); err != nil {
		return err
	}
	return r.complete(ctx, base)
}

// complete adds to the new file what the damaged one has after a mark, and
// verifies it.
func (r *restorer) complete(ctx context.Context, at mark) (err error) {
	db, _, err := openBolt(r.temp, boltOptions(r.options), syscall.LOCK_EX)
	if err != nil {
		return fmt.Errorf("%w: %v", ErrSnapshot, err) //nolint:errorlint // ErrDamaged would accuse the ledger
	}
	db.AllocSize = int(growStep(r.options.MaxSize))
	defer func() {
		if db != nil {
			err = errors.Join(err, db.Close())
		}
	}()
	if at, err = r.salvage(ctx, db, at); err != nil {
		return err
	}
	r.done.Last = at.seq
	// Once more, so that both meta pages lead to the same content.
	err = errors.Join(
		db.Update(func(tx *bbolt.Tx) error { return putPast(tx, pastRestored, r.done) }),
		db.Update(func(*bbolt.Tx) error { return nil }), db.Close(),
	)
	db = nil
	if err != nil {
		return err
	}
	if err := r.check(ctx, at); err != nil {
		return err
	}
	return r.finish()
}

// check reads the new file back from the disk.
func (r *restorer) check(ctx context.Context, want mark) error {
	if err := errors.Join(syncPath(r.temp), uncache(r.temp)); err != nil {
		return err
	}
	report, err := Verify(ctx, r.temp, nil)
	switch {
	case err != nil && ctx.Err() != nil:
		return err
	case err != nil:
		return fmt.Errorf("%w: %v", ErrSnapshot, err) //nolint:errorlint // ErrDamaged would accuse the ledger
	case !report.OK():
		return fmt.Errorf("%w: %+v", ErrSnapshot, report.Damages[0])
	case report.Torn || report.Position.Last != want.seq || report.Position.Head != want.hash:
		return fmt.Errorf("%w: it ends with entry %d instead of %d", ErrSnapshot, report.Position.Last, want.seq)
	}
	return nil
}

// reborn makes a ledger of another epoch, because the damaged one cannot go on.
func (r *restorer) reborn(ctx context.Context) error {
	if err := remove(r.temp); err != nil {
		return err
	}
	o := RebirthOptions{Options: r.options, Why: "damaged: " + r.done.Why}
	old, err := describe(ctx, r.succession, o)
	if err != nil {
		return err
	}
	if o.Warehouse == "" {
		o.Warehouse = old.warehouse
	}
	*r.done = Restored{Time: r.done.Time, Why: r.done.Why, SetAside: r.done.SetAside, Reborn: true, Doubt: old.doubt}
	_, err = r.bear(old, o, r.done)
	return err
}

func copyFile(from, to string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

package ledger

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"github.com/forestock/forestock/proto/stock"
)

func boltOptions(o Options) *bbolt.Options {
	return &bbolt.Options{
		Timeout: lockTimeout,
		// The free list is found by a scan at opening instead of being
		// written with every commit.
		NoFreelistSync: true,
		FreelistType:   bbolt.FreelistMapType,
		// The mapping never moves, so a reader never holds up the writer.
		InitialMmapSize: int(o.MaxSize),
		MaxSize:         int(o.MaxSize),
		PageSize:        pageSize,
	}
}

// openFile opens the file, and makes it when there is none.
func openFile(path string, o Options) (*bbolt.DB, error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		if err := createFile(path, o); err != nil {
			return nil, fmt.Errorf("create ledger %s: %w", path, err)
		}
	}
	db, torn, err := openBolt(path, boltOptions(o), syscall.LOCK_EX)
	if err != nil {
		return nil, err
	}
	if torn {
		o.Log.Warn("one meta page of the ledger is not valid: the power failed during its last commit, or that commit is lost", "path", path)
	}
	// bbolt grows the file in steps of AllocSize, and refuses to grow when less
	// than one step is left below MaxSize.
	db.AllocSize = int(growStep(o.MaxSize))
	return db, nil
}

// openReading opens an existing file for commands that only look at it. It fails
// with ErrLocked while an agent runs on the file.
func openReading(path string) (db *bbolt.DB, torn bool, err error) {
	return openBolt(path, &bbolt.Options{Timeout: lockTimeout, ReadOnly: true, PageSize: pageSize}, syscall.LOCK_SH)
}

func growStep(maxSize int64) int64 { return min(max(maxSize/64, 64<<10), 16<<20) }

// openBolt opens an existing file and turns bbolt's errors and panics into
// errors that say what to do.
func openBolt(path string, o *bbolt.Options, how int) (db *bbolt.DB, torn bool, err error) {
	var file *os.File
	o.OpenFile = func(name string, flag int, mode os.FileMode) (_ *os.File, err error) {
		file, torn, err = openChecked(name, flag, mode, how)
		return file, err
	}
	defer func() {
		if p := recover(); p != nil {
			// bbolt leaves the file open, mapped and so locked.
			err = errors.Join(&DamagedError{Path: path, What: fmt.Sprint(p)}, syscall.Flock(int(file.Fd()), syscall.LOCK_UN), file.Close())
			db = nil
		}
	}()
	db, err = bbolt.Open(path, 0o600, o)
	switch {
	case err == nil:
		return db, torn, nil
	case errors.Is(err, ErrDamaged):
		return nil, torn, err
	case errors.Is(err, berrors.ErrTimeout):
		return nil, torn, fmt.Errorf("%w: %s: another process holds it, most likely a running agent; stop that first", ErrLocked, path)
	case errors.Is(err, berrors.ErrInvalid), errors.Is(err, berrors.ErrChecksum), errors.Is(err, berrors.ErrVersionMismatch):
		return nil, torn, &DamagedError{Path: path, What: err.Error()}
	}
	return nil, torn, fmt.Errorf("open ledger %s: %w", path, err)
}

// openChecked opens the file for bbolt: locked first, so that nobody writes
// meanwhile, and its pages checked.
func openChecked(path string, flag int, mode os.FileMode, how int) (_ *os.File, torn bool, err error) {
	f, err := os.OpenFile(path, flag, mode)
	if err != nil {
		return nil, false, err
	}
	if err := lock(f, how); err != nil {
		return nil, false, errors.Join(err, f.Close())
	}
	if !stands(f, path) { // it was set aside while this waited
		return nil, false, errors.Join(berrors.ErrTimeout, f.Close())
	}
	if torn, err = checkStructure(f); err != nil {
		return nil, torn, errors.Join(&DamagedError{Path: path, What: err.Error()}, f.Close())
	}
	return f, torn, nil
}

// stands reports whether a file is still the one that its path leads to.
func stands(f *os.File, path string) bool {
	held, err := f.Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(path)
	return err == nil && os.SameFile(held, there)
}

// createFile makes a whole new file under another name and links it into
// place: a power cut in between leaves no half-made ledger, and a ledger that
// is already there is never replaced.
func createFile(path string, o Options) (err error) {
	if _, err := stock.ParseWarehouse(string(o.Warehouse)); err != nil {
		return err
	}
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, filepath.Base(path)+".new-*")
	if err != nil {
		return err
	}
	temp := f.Name()
	defer func() { err = errors.Join(err, os.Remove(temp)) }()
	if err := f.Close(); err != nil {
		return err
	}
	if err := writeNew(temp, o, nil); err != nil {
		return err
	}
	if err := syncPath(temp); err != nil {
		return err
	}
	if err := os.Link(temp, path); err != nil && !errors.Is(err, fs.ErrExist) { // somebody else may have made it
		return err
	}
	return syncPath(dir)
}

// writeNew makes an empty ledger in a file, with what else is to be in it from
// the beginning.
func writeNew(path string, o Options, more func(*bbolt.Tx) error) error {
	db, err := bbolt.Open(path, 0o600, boltOptions(o))
	if err != nil {
		return err
	}
	db.AllocSize = int(growStep(o.MaxSize))
	err = db.Update(func(tx *bbolt.Tx) error {
		if err := layOut(tx, o); err != nil || more == nil {
			return err
		}
		return more(tx)
	})
	return errors.Join(err, db.Close())
}

// layOut makes the buckets and the values that never change.
func layOut(tx *bbolt.Tx, o Options) error {
	for _, name := range append([][]byte{bucketMeta, bucketJournal, bucketState}, bucketHeads[:]...) {
		if _, err := tx.CreateBucket(name); err != nil {
			return err
		}
	}
	for _, name := range append([][]byte{bucketItems, bucketOrders}, bucketLevels[:]...) {
		if _, err := tx.Bucket(bucketState).CreateBucket(name); err != nil {
			return err
		}
	}
	var epoch stock.Epoch
	if _, err := rand.Read(epoch[:]); err != nil {
		return err
	}
	base := mark{hash: stock.Genesis(epoch)}
	for key, body := range map[string][]byte{
		metaFormat: {formatVersion}, metaWarehouse: []byte(o.Warehouse), metaEpoch: epoch[:], metaBase: base.bytes(),
	} {
		if err := putMeta(tx, key, body); err != nil {
			return err
		}
	}
	return nil
}

// syncPath makes a file, or the names in a directory, durable.
func syncPath(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

package ledger

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	berrors "go.etcd.io/bbolt/errors"
)

// setAsideFolder stands beside the ledger and holds the files in whose place
// others were made. Nothing in it is ever overwritten or removed.
const setAsideFolder = "set-aside"

// succession puts another file in the place of a ledger's. Under the path there
// is the old or the new file at any moment, and the old one has its other name
// before it loses this one.
type succession struct {
	path string
	old  *os.File // locked, so that no agent writes to it; nil when there is none
	name string   // what the old file is called in the folder
	temp string   // where the new file is made
}

// succeed locks the ledger's file.
func succeed(path string) (*succession, error) {
	s := &succession{path: path, temp: path + ".next"}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return s, err
	}
	if err := lock(f, syscall.LOCK_EX); err != nil {
		if errors.Is(err, berrors.ErrTimeout) {
			err = fmt.Errorf("%w: %s: an agent runs on it; stop that first", ErrLocked, path)
		}
		return s, errors.Join(err, f.Close())
	}
	if !stands(f, path) {
		return s, errors.Join(fmt.Errorf("%w: %s: another process has just set it aside", ErrLocked, path), f.Close())
	}
	s.old = f
	return s, nil
}

// close lets go of the old file, and removes what is left of a new one that did
// not get its place.
func (s *succession) close() error {
	err := remove(s.temp)
	if s.old != nil {
		err = errors.Join(err, s.old.Close())
	}
	return err
}

func (s *succession) setAside() string {
	if s.old == nil {
		return ""
	}
	return filepath.Join(filepath.Dir(s.path), setAsideFolder, s.name)
}

// begin finds a name for the old file, and makes room for the new one.
func (s *succession) begin(kind string, now time.Time) error {
	if err := remove(s.temp); err != nil { // of a process that was killed
		return err
	}
	if s.old == nil {
		return nil
	}
	s.release()
	dir := filepath.Join(filepath.Dir(s.path), setAsideFolder)
	if err := os.Mkdir(dir, 0o750); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if err := syncPath(filepath.Dir(dir)); err != nil {
		return err
	}
	var err error
	s.name, err = s.free(dir, fmt.Sprintf("ledger-%s-%s", kind, now.UTC().Format("20060102T150405Z")))
	return err
}

// free gives a name that nothing has, or the one that the old file got already
// from a process that was killed then.
func (s *succession) free(dir, wanted string) (string, error) {
	held, err := s.old.Stat()
	if err != nil {
		return "", err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", err
	}
	taken := make(map[string]bool, len(entries))
	for _, e := range entries {
		if info, err := e.Info(); err == nil && os.SameFile(held, info) {
			return e.Name(), nil
		}
		taken[e.Name()] = true
	}
	name := wanted + ".db"
	for n := 2; taken[name]; n++ {
		name = fmt.Sprintf("%s-%d.db", wanted, n)
	}
	return name, nil
}

// finish sets the old file aside and puts the new one, which is whole, in its place.
func (s *succession) finish() error {
	if err := syncPath(s.temp); err != nil {
		return err
	}
	if s.old != nil {
		// Link, unlike rename, never replaces what is there.
		if err := os.Link(s.path, s.setAside()); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		if !stands(s.old, s.setAside()) {
			return fmt.Errorf("%s: %w", s.setAside(), fs.ErrExist)
		}
		if err := syncPath(filepath.Dir(s.setAside())); err != nil {
			return err
		}
	}
	if err := os.Rename(s.temp, s.path); err != nil {
		return err
	}
	return syncPath(filepath.Dir(s.path))
}

// release gives the space back that was reserved for the old file and that it
// never used, because the new one needs it. Its content stays as it is. Where
// that does not work, only the space is gone.
func (s *succession) release() {
	if info, err := s.old.Stat(); err == nil {
		_ = s.old.Truncate(info.Size())
	}
}

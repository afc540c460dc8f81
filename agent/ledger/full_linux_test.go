package ledger_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/forestock/forestock/agent/ledger"
	"github.com/forestock/forestock/proto/stock"
)

// disk mounts a small file system of its own for a test.
func disk(t *testing.T, megabytes int) string {
	t.Helper()
	dir := t.TempDir()
	err := unix.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%dm", megabytes))
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES) {
		t.Skip("a full disk needs a small file system of its own, and mounting one needs root")
	}
	if err != nil {
		t.Fatalf("mount tmpfs: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Errorf("unmount: %v", err)
		}
	})
	return dir
}

// fill writes a file until the disk has only so many bytes left, and returns how
// to free it.
func fill(t *testing.T, dir string, left int64) (free func()) {
	t.Helper()
	path := filepath.Join(dir, "somebody else's")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.Copy(f, zeros{})
	if !errors.Is(err, unix.ENOSPC) {
		t.Fatalf("filling the disk ended with %v", err)
	}
	size, err := f.Seek(0, io.SeekCurrent)
	if err := errors.Join(err, f.Truncate(size-left), f.Close()); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := os.Remove(path); err != nil {
			t.Error(err)
		}
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { return len(b), nil }

// bulky is a command of 100 movements with two kilobytes of evidence each.
func bulky(i int) stock.Command {
	c := stock.Command{ID: fmt.Sprint("bulk-", i)}
	for range 100 {
		m := receive("milk", 1)
		m.Scan = make([]byte, 2000)
		c.Movements = append(c.Movements, m)
	}
	return c
}

// appendUntilFull books commands until the ledger refuses, and gives the number
// of those that it took.
func appendUntilFull(t *testing.T, l *ledger.Ledger, from int) int {
	t.Helper()
	for i := from; ; i++ {
		_, err := l.Append(t.Context(), bulky(i))
		if errors.Is(err, ledger.ErrFull) {
			words, ok := errors.AsType[interface {
				error
				Message() string
			}](err)
			if !ok || !strings.Contains(words.Message(), "存储已满") || !strings.Contains(words.Message(), "NOT saved") {
				t.Errorf("%v has no words for staff", err)
			}
			return i
		}
		if err != nil {
			t.Fatalf("Append %d: %v", i, err)
		}
	}
}

func TestAppend_GoesOnWhenOthersFillTheDisk(t *testing.T) {
	dir := disk(t, 24)
	path := filepath.Join(dir, "ledger.db")
	o := ledger.Options{Warehouse: warehouse, MaxSize: 12 << 20, CommandWindow: 200, CheckpointEvery: 200}
	l, end := open(t, path, o)
	if !l.Status().ReservedDisk {
		t.Fatal("the space is not reserved")
	}
	fill(t, dir, 0)
	n := appendUntilFull(t, l, 0)
	if n < 25 {
		t.Errorf("only %d commands of 200 kB fit into 12 MB", n)
	}
	last := l.Position().Last
	if s := l.Status(); !s.Full || s.DiskFree != 0 || s.FileBytes > o.MaxSize {
		t.Errorf("status = %+v, want full", s)
	}
	if r, err := l.Append(t.Context(), bulky(n-1)); err != nil || !r.Replayed {
		t.Errorf("a command that is there = %+v, %v; want its receipt", r, err)
	}
	down := stock.DownBatch{Epoch: stock.Epoch{1}, From: 1, Entries: []stock.Down{{Item: &stock.Item{SKU: "milk", Name: "牛奶", Unit: stock.Piece}}}}
	if p, err := l.ApplyDown(t.Context(), down); err != nil || p.Applied != 1 {
		t.Errorf("ApplyDown on a full disk = %+v, %v", p, err)
	}
	if err := l.Stored(t.Context(), last); err != nil {
		t.Errorf("Stored on a full disk: %v", err)
	}
	if base, err := l.Trim(t.Context(), last-300); err != nil || base == 0 {
		t.Errorf("Trim on a full disk = %d, %v", base, err)
	}
	if appendUntilFull(t, l, n) == n {
		t.Error("nothing fits after trimming")
	}
	end()
	if report, err := ledger.Verify(t.Context(), path, nil); err != nil || !report.OK() || report.Stored != last {
		t.Errorf("Verify = %+v, %v; want whole, and the hub's cursor at %d", report, err, last)
	}
}

// The control: without the reservation the disk that others filled stops the
// ledger, also when it does not look before it writes. It loses nothing, and
// goes on when there is space again.
func TestAppend_WithoutReservationWaitsForSpace(t *testing.T) {
	for _, looks := range []bool{true, false} {
		t.Run(fmt.Sprint("looks before it writes: ", looks), func(t *testing.T) {
			dir := disk(t, 24)
			path := filepath.Join(dir, "ledger.db")
			l, end := open(t, path, ledger.Options{Warehouse: warehouse, MaxSize: 16 << 20, NoPreallocate: true})
			if !looks {
				l.TrustDisk()
			}
			if _, err := l.Append(t.Context(), bulky(0)); err != nil {
				t.Fatal(err)
			}
			free := fill(t, dir, 1<<20)
			n := appendUntilFull(t, l, 1)
			if n > 10 || (n == 1) != looks { // looking keeps the last two megabytes free
				t.Fatalf("%d commands fitted into the last megabyte", n-1)
			}
			free()
			if _, err := l.Append(t.Context(), bulky(n)); err != nil {
				t.Errorf("Append with space again: %v", err)
			}
			last := l.Position().Last
			end()
			report, err := ledger.Verify(t.Context(), path, nil)
			if err != nil || !report.OK() || report.Position.Last != last {
				t.Errorf("Verify = %+v, %v; want whole up to %d", report, err, last)
			}
		})
	}
}

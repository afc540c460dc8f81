package ledger_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/forestock/forestock/agent/ledger"
	"github.com/forestock/forestock/deploy/torture/inject"
)

// heir is the process that gets killed while it puts another ledger in the place
// of one: a rebirth, or with snapshots a restoration.
func heir(path, snapshots string) error {
	runtime.LockOSThread() // strace counts calls for each thread
	if snapshots != "" {
		_, err := ledger.Restore(context.Background(), path, snapshots, restoreOptions)
		return err
	}
	_, err := ledger.Rebirth(context.Background(), path, ledger.RebirthOptions{Options: restoreOptions, Why: "test"})
	return err
}

// A process that is killed at any call that changes something leaves the old or
// the new ledger, whole as it was, under the path; and the next try completes
// the work, with one old file set aside and nothing else left over.
func TestSuccession_KilledAnywhereLeavesTheOldOrTheNew(t *testing.T) {
	if err := inject.Available(); err != nil {
		t.Skip(err)
	}
	o := shelve(t, 120)
	damaged := append([]byte(nil), o.file...)
	clear(damaged[4*4096 : 5*4096])
	for _, tt := range []struct {
		name, snapshots string
		file            []byte
	}{{"rebirth", "", o.file}, {"restoration", o.snapshots, damaged}} {
		t.Run(tt.name, func(t *testing.T) {
			kills, old := 0, 0
			for _, call := range []string{"pwrite64", "write", "copy_file_range", "fdatasync", "fsync", "ftruncate", "mkdirat", "linkat", "renameat", "unlinkat"} {
				for n := 1; ; n++ {
					path := o.put(t, tt.file)
					env := []string{"LEDGER_HEIR=" + path, "LEDGER_SNAPSHOTS=" + tt.snapshots}
					got, err := inject.Run(t.Context(), t.TempDir(), inject.Fault{Syscall: call, Nth: n, Action: "signal=KILL"}, env, os.Args[0])
					if err != nil {
						t.Fatal(err)
					}
					if !got.Killed {
						if got.Code != 0 {
							t.Fatalf("%s %d: exit code %d: %s", call, n, got.Code, got.Stderr)
						}
						break
					}
					kills++
					if o.afterKill(t, path, tt.snapshots, tt.file, fmt.Sprint(call, " ", n)) {
						old++
					}
				}
			}
			if kills < 20 || old == 0 || old == kills {
				t.Errorf("%d kills, of which %d left the old ledger: the test tells nothing", kills, old)
			}
			t.Logf("%d kills, of which %d left the old ledger", kills, old)
		})
	}
}

// afterKill checks what a kill has left, completes the work, and reports whether
// the old ledger was still in its place.
func (o *original) afterKill(t *testing.T, path, snapshots string, file []byte, what string) (old bool) {
	t.Helper()
	left, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%s: no ledger: %v", what, err)
	}
	if old = string(left) == string(file); old {
		if err := heir(path, snapshots); err != nil {
			t.Fatalf("%s: the next try: %v", what, err)
		}
	}
	report, err := ledger.Verify(t.Context(), path, nil)
	if err != nil || !report.OK() {
		t.Fatalf("%s: the ledger is %+v, %v", what, report.Damages, err)
	}
	aside, err := os.ReadDir(filepath.Join(filepath.Dir(path), "set-aside"))
	if err != nil || len(aside) != 1 {
		t.Fatalf("%s: %d files set aside, %v; want one", what, len(aside), err)
	}
	if kept, err := os.ReadFile(filepath.Join(filepath.Dir(path), "set-aside", aside[0].Name())); err != nil || string(kept) != string(file) {
		t.Errorf("%s: the old file is not what it was, %v", what, err)
	}
	l, end := open(t, path, restoreOptions)
	defer end()
	if snapshots == "" || l.Status().Restored.Reborn {
		if lost := o.rebornFrom(t, l, what, 60); lost > 60 {
			t.Errorf("%s: %d entries are lost", what, lost)
		}
	}
	return old
}

package ledger_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/forestock/forestock/agent/ledger"
)

// A full backup disk is told before anything is written; when it fills up
// meanwhile, what was written goes. The ledger does not notice.
func TestSnapshot_OntoAFullDisk(t *testing.T) {
	l := shelved(t, 10_000)
	dir := disk(t, 16)
	free := fill(t, dir, 1<<20)
	path := filepath.Join(dir, "a.db")
	_, err := l.Snapshot(t.Context(), path)
	if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "keep fewer snapshots") {
		t.Errorf("Snapshot = %v, want ENOSPC and what to do", err)
	}
	if _, err := l.CopyTo(t.Context(), path); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("a copy that nobody found room for = %v, want ENOSPC", err)
	}
	if err := os.Remove(path); err != nil {
		t.Error(err)
	}
	more(t, l, 100)
	free()
	report, err := l.Snapshot(t.Context(), path)
	if err != nil || report.Position != l.Position() {
		t.Errorf("Snapshot with space again = %+v, %v", report.Position, err)
	}
	if _, err := ledger.Verify(t.Context(), path, nil); err != nil {
		t.Error(err)
	}
}

package agentd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/forestock/forestock/agent/ledger"
)

func backupOf(t *testing.T, l *ledger.Ledger, dir string) *backup {
	t.Helper()
	b, err := newBackup(Backup{Dir: dir, Every: time.Hour, Keep: 3}, l, prometheus.NewRegistry(), quiet())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func names(t *testing.T, dir string) (all []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

// The newest are those that were taken last, also when the clock was set back
// between them; what a killed process left
// goes, and what is not a snapshot of this warehouse is not touched.
func TestBackup_RotationKeepsTheNewest(t *testing.T) {
	l, dir := book(t), t.TempDir()
	half := "dark-01-00000007-20260101T000000Z.db.part"
	others := []string{"dark-02-00000001-20260101T000000Z.db", "readme.txt"}
	for _, name := range append(others, half) {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	b := backupOf(t, l, dir)
	for i := range 5 {
		fill(t, l, 10, today)
		at := today.Add(-time.Duration(i) * 365 * day)
		report, err := b.take(t.Context(), at)
		if err != nil || report.Position != l.Position() {
			t.Fatalf("snapshot %d = %+v, %v", i, report.Position, err)
		}
	}
	want := []string{
		"dark-01-00000003-20240601T120000Z.db", "dark-01-00000004-20230602T120000Z.db",
		"dark-01-00000005-20220602T120000Z.db", others[0], others[1],
	}
	if diff := cmp.Diff(want, names(t, dir)); diff != "" {
		t.Errorf("snapshots (-want +got):\n%s", diff)
	}
	report, err := ledger.Verify(t.Context(), filepath.Join(dir, want[2]), nil)
	if err != nil || !report.OK() || report.Position.Last != 50 {
		t.Errorf("the newest snapshot = %+v, %v; want 50 entries", report, err)
	}
	if again := backupOf(t, l, dir); again.due(time.Now()) <= 0 || again.status().Last == nil {
		t.Errorf("after a restart: due in %v, %+v; want the snapshot that is there to count", again.due(time.Now()), again.status())
	}
}

func TestBackup_AMissingDiskIsAnAlarmUntilItIsBack(t *testing.T) {
	l, dir := book(t), filepath.Join(t.TempDir(), "not mounted")
	b := backupOf(t, l, dir)
	if wait := b.due(time.Now()); wait != 0 {
		t.Errorf("the first snapshot is due in %v, want at once", wait)
	}
	_, err := b.take(t.Context(), today)
	if s := b.status(); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(s.Alarm, "mount the backup disk") || s.Last != nil {
		t.Errorf("take = %v, status = %+v", err, s)
	}
	fill(t, l, 10, today)
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := b.take(t.Context(), today); err != nil {
		t.Fatal(err)
	}
	if s := b.status(); s.Alarm != "" || s.Last == nil || !s.Last.Equal(today) {
		t.Errorf("status with the disk back = %+v", s)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.take(ended, today); !errors.Is(err, context.Canceled) || b.status().Alarm != "" {
		t.Errorf("take at the end = %v, status %+v; want no alarm", err, b.status())
	}
}

func TestBackup_RunTakesTheFirstAtOnce(t *testing.T) {
	l, dir := book(t), t.TempDir()
	b := backupOf(t, l, dir)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- b.Run(ctx) }()
	for last, _ := b.state(); last.IsZero(); last, _ = b.state() {
		if err := t.Context().Err(); err != nil {
			t.Fatal(err)
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("Run = %v", err)
	}
	if got := names(t, dir); len(got) != 1 {
		t.Errorf("snapshots: %v", got)
	}
}

func TestBackup_Validate(t *testing.T) {
	for _, c := range []struct {
		b  Backup
		ok bool
	}{
		{Backup{"", time.Hour, 24}, true},
		{Backup{"/mnt", time.Minute, 1}, true},
		{Backup{"/mnt", time.Second, 1}, false},
		{Backup{"/mnt", time.Hour, 0}, false},
	} {
		t.Run(fmt.Sprint(c.b), func(t *testing.T) {
			if err := c.b.validate(); (err == nil) != c.ok {
				t.Errorf("validate = %v", err)
			}
		})
	}
}

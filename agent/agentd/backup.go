package agentd

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/forestock/forestock/agent/ledger"
)

// Backup says where snapshots of the ledger go.
type Backup struct {
	Dir   string        `yaml:"dir"`   // a folder on another disk; empty takes none
	Every time.Duration `yaml:"every"` // how far apart they are taken
	Keep  int           `yaml:"keep"`  // how many of the newest are kept
}

func (b *Backup) validate() error {
	switch {
	case b.Every < time.Minute:
		return fmt.Errorf("backup.every: %v is too often, take 1m or more", b.Every)
	case b.Keep < 1:
		return fmt.Errorf("backup.keep: %d: keep at least one", b.Keep)
	}
	return nil
}

// retryAfter is how soon a snapshot that failed is tried again.
const retryAfter = 10 * time.Minute

// backup takes snapshots of the running ledger and keeps the newest.
type backup struct {
	Backup
	ledger *ledger.Ledger
	data   string         // folder of the ledger
	names  *regexp.Regexp // of snapshots: "<warehouse>-<number>-<time>.db"
	log    *slog.Logger

	mu   sync.Mutex // guards what follows
	last time.Time  // when the newest good snapshot was taken; zero for never
	err  error      // why the newest attempt failed; nil when it did not
}

func newBackup(cfg Backup, l *ledger.Ledger, r prometheus.Registerer, log *slog.Logger) (*backup, error) {
	b := &backup{
		Backup: cfg, ledger: l, log: log,
		names: regexp.MustCompile("^" + regexp.QuoteMeta(string(l.Warehouse())) + `-(\d{8})-\d{8}T\d{6}Z\.db(\.part)?$`),
	}
	if cfg.Dir == "" {
		return b, nil
	}
	b.find()
	return b, register(r,
		metric{"forestock_backup_last_timestamp_seconds", "When the newest good snapshot of the ledger was taken; 0 for never.", func() float64 {
			if last, _ := b.state(); !last.IsZero() {
				return float64(last.Unix())
			}
			return 0
		}},
		metric{"forestock_backup_failed", "1 while the newest snapshot of the ledger failed.", func() float64 {
			_, err := b.state()
			return bit(err != nil)
		}})
}

// find takes the time of the newest snapshot of an earlier run. A folder that
// cannot be read is told by the first snapshot.
func (b *backup) find() {
	if all, err := b.tidy(); err == nil && len(all) > 0 {
		if info, err := os.Stat(filepath.Join(b.Dir, all[len(all)-1].name)); err == nil {
			b.last = info.ModTime()
		}
	}
}

// Run takes a snapshot when one is due, until ctx ends.
func (b *backup) Run(ctx context.Context) error {
	if b.Dir == "" {
		return nil
	}
	if b.sameDisk() {
		b.log.WarnContext(ctx, "snapshots go to the ledger's own disk, and are lost with it: set backup.dir to a folder on another disk", "dir", b.Dir, "data", b.data)
	}
	for wait := b.due(time.Now()); pause(ctx, wait); {
		began := time.Now()
		report, err := b.take(ctx, began)
		switch {
		case err != nil && ending(ctx, err):
			return nil
		case err != nil:
			b.log.ErrorContext(ctx, "no snapshot of the ledger", "dir", b.Dir, "err", err)
			wait = min(b.Every, retryAfter)
		default:
			b.log.InfoContext(ctx, "took a snapshot of the ledger", "path", report.Path, "entry", report.Position.Last, "took", time.Since(began))
			wait = b.Every
		}
	}
	return nil
}

// due says how long to wait for the first snapshot.
func (b *backup) due(now time.Time) time.Duration {
	last, _ := b.state()
	return min(max(b.Every-now.Sub(last), 0), b.Every)
}

// take takes a snapshot, and then removes those that are too many.
func (b *backup) take(ctx context.Context, now time.Time) (report ledger.Report, err error) {
	defer func() {
		if err == nil || !ending(ctx, err) {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.err = err
		}
	}()
	all, err := b.tidy()
	if err != nil {
		return report, fmt.Errorf("%w: mount the backup disk, or make the folder %s", err, b.Dir)
	}
	number := uint64(1)
	if len(all) > 0 {
		number = all[len(all)-1].number + 1
	}
	name := fmt.Sprintf("%s-%08d-%s.db", b.ledger.Warehouse(), number, now.UTC().Format("20060102T150405Z"))
	if report, err = b.ledger.Snapshot(ctx, filepath.Join(b.Dir, name)); err != nil {
		return report, err
	}
	b.mu.Lock()
	b.last = now
	b.mu.Unlock()
	return report, b.rotate()
}

// rotate removes all but the newest snapshots.
func (b *backup) rotate() error {
	all, err := b.tidy()
	if err != nil {
		return err
	}
	for _, old := range all[:max(len(all)-b.Keep, 0)] {
		if err := os.Remove(filepath.Join(b.Dir, old.name)); err != nil {
			return err
		}
	}
	return nil
}

// tidy gives the snapshots, and removes what a killed process left of one.
func (b *backup) tidy() (whole []copied, err error) {
	all, err := b.list()
	if err != nil {
		return nil, err
	}
	for _, c := range all {
		if !c.part {
			whole = append(whole, c)
		} else if err := os.Remove(filepath.Join(b.Dir, c.name)); err != nil {
			return nil, err
		}
	}
	return whole, nil
}

// copied is a snapshot in the folder.
type copied struct {
	name   string
	number uint64 // ascends with each snapshot, whatever the clock says
	part   bool   // it was never finished
}

// list gives the snapshots of this warehouse, oldest first: the numbers have one
// width, so the names, which os.ReadDir sorts, ascend with them.
func (b *backup) list() (all []copied, err error) {
	entries, err := os.ReadDir(b.Dir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if match := b.names.FindStringSubmatch(e.Name()); match != nil {
			number, err := strconv.ParseUint(match[1], 10, 64)
			if err != nil {
				return nil, err
			}
			all = append(all, copied{e.Name(), number, match[2] != ""})
		}
	}
	return all, nil
}

func (b *backup) state() (last time.Time, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.last, b.err
}

// sameDisk reports whether one broken disk takes the ledger and its snapshots.
func (b *backup) sameDisk() bool { return b.Dir != "" && b.data != "" && sameDisk(b.data, b.Dir) }

// status gives the state of the snapshots.
func (b *backup) status() BackupStatus {
	last, err := b.state()
	s := BackupStatus{Dir: b.Dir, SameDisk: b.sameDisk()}
	if !last.IsZero() {
		s.Last = &last
	}
	if err != nil {
		s.Alarm = err.Error()
	}
	return s
}

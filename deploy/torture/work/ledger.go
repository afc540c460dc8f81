package work

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/forestock/forestock/agent/ledger"
	"github.com/forestock/forestock/proto/stock"
)

// Ledger is the agent's ledger under torture.
type Ledger struct {
	// Snapshots is a folder on another disk, where copies go while the work goes
	// on; none are taken when it is empty.
	Snapshots string
	// HubLacks is how many of the newest commands the hub never got when an
	// agent comes back: a negative control.
	HubLacks int
}

// Env is part of Work.
func (w Ledger) Env(path string, first, count int) []string {
	return append(env("ledger", path, first, count), snapshotsVariable+"="+w.Snapshots)
}

const (
	snapshotsVariable = "FORESTOCK_TORTURE_SNAPSHOTS"
	snapshotEvery     = 300 // commands
	snapshotsKept     = 2
)

// Options of the ledger under torture: small, so that its file grows, its
// checkpoints are written and its space is used within a few commands.
func Options() ledger.Options {
	return ledger.Options{Warehouse: Warehouse, MaxSize: 8 << 20, CommandWindow: 5_000, CheckpointEvery: 16}
}

// bookLedger books commands and writes a line for each that was acknowledged.
func bookLedger(ctx context.Context, path string, first, count int, out io.Writer) (err error) {
	l, err := ledger.Open(path, Options())
	if err != nil {
		return fmt.Errorf("open: %w", err)
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	ctx, cancel := context.WithCancel(ctx)
	ran := make(chan error, 1)
	go func() { ran <- l.Run(ctx) }()
	defer func() {
		cancel()
		err = errors.Join(err, <-ran)
	}()
	snapshots := os.Getenv(snapshotsVariable)
	if first == 0 {
		if err := forgetSnapshots(snapshots); err != nil {
			return err
		}
	}
	fmt.Fprintf(out, "open %s\n", l.Position().Epoch)
	for n := first; n < first+count; n++ {
		receipt, err := l.Append(ctx, Command(n))
		if err != nil {
			return fmt.Errorf("command %d: %w", n, err)
		}
		fmt.Fprintf(out, "saved %d %d %d\n", n, receipt.From, receipt.To)
		if n%snapshotEvery == snapshotEvery/2 {
			if err := snapshot(ctx, l, snapshots, n); err != nil {
				return err
			}
		}
		if n%8 == 0 {
			if err := l.Stored(ctx, receipt.From-1); err != nil {
				return err
			}
		}
	}
	return nil
}

// forgetSnapshots removes those of an earlier ledger.
func forgetSnapshots(dir string) error {
	old, err := filepath.Glob(filepath.Join(dir, string(Warehouse)+"-*.db"))
	if err != nil || dir == "" {
		return err
	}
	for _, path := range old {
		if err := os.Remove(path); err != nil {
			return err
		}
	}
	return nil
}

// snapshot takes a copy, and removes one that is too old.
func snapshot(ctx context.Context, l *ledger.Ledger, dir string, n int) error {
	if dir == "" {
		return nil
	}
	name := func(n int) string { return filepath.Join(dir, fmt.Sprintf("%s-%08d.db", Warehouse, n)) }
	if _, err := l.Snapshot(ctx, name(n)); err != nil {
		return err
	}
	if err := os.Remove(name(n - snapshotsKept*snapshotEvery)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// Command is the n-th command: every third has three movements, so that a torn
// commit shows.
func Command(n int) stock.Command {
	parts := 1
	if n%3 == 0 {
		parts = 3
	}
	c := stock.Command{ID: ID(n)}
	for p := range parts {
		m := stock.Movement{
			Kind: stock.Receive, SKU: stock.SKU(fmt.Sprintf("S%02d", (n+p)%40)), Lot: stock.Lot(fmt.Sprintf("L%d", n%5)),
			Bin: "A-1-01-01", Delta: int64(n%9 + 1), Time: time.Unix(1_700_000_000+int64(n), 0), Operator: "torturer",
			Station: "s1", Device: "scanner-1", Scan: []byte("]C10106901230000393" + strconv.Itoa(n)),
		}
		if n%4 == 1 {
			m.Kind, m.Delta = stock.Pick, -m.Delta
		}
		c.Movements = append(c.Movements, m)
	}
	return c
}

// ID is the id of the n-th command.
func ID(n int) string { return "torture-" + strconv.Itoa(n) }

func number(id string) (int, error) {
	digits, ok := strings.CutPrefix(id, "torture-")
	if !ok {
		return 0, fmt.Errorf("command id %q is not of this work", id)
	}
	return strconv.Atoi(digits)
}

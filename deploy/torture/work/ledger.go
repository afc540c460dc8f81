package work

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/forestock/forestock/agent/ledger"
	"github.com/forestock/forestock/proto/stock"
)

// Ledger is the agent's ledger under torture.
type Ledger struct{}

// Env is part of Work.
func (Ledger) Env(path string, first, count int) []string { return env("ledger", path, first, count) }

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
	fmt.Fprintln(out, "open")
	for n := first; n < first+count; n++ {
		receipt, err := l.Append(ctx, Command(n))
		if err != nil {
			return fmt.Errorf("command %d: %w", n, err)
		}
		fmt.Fprintf(out, "saved %d %d %d\n", n, receipt.From, receipt.To)
		if n%8 == 0 {
			if err := l.Stored(ctx, receipt.From-1); err != nil {
				return err
			}
		}
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

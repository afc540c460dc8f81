package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/forestock/forestock/agent/ledger"
	"github.com/forestock/forestock/proto/stock"
)

// keeper makes movements durable, one command at a time and from any number of
// goroutines.
type keeper interface {
	save(ctx context.Context, n int) error
	close() error
}

type contestant struct {
	name string
	open func(dir string) (keeper, error)
}

var contestants = []contestant{
	{"ledger", openLedger},
	{"SQLite", openSQLite},
	{"two syncs", openTwoSyncs},
}

// result is one measurement.
type result struct {
	perSecond float64
	bytes     float64       // written to the disk for each movement
	p99       time.Duration // from the call to the answer
}

// benchLedger measures durable movements: each answered only after it is on
// disk. Contestants take turns, so that a slow minute hits them all.
func benchLedger(ctx context.Context, b *bench) error {
	b.title("Durable movements, each answered after it is synced (median of %d rounds of %v)", b.rounds, b.each)
	fmt.Fprintf(b, "%-9s %-10s %12s %10s %10s\n", "stations", "keeper", "per second", "bytes", "p99")
	for _, stations := range []int{1, 8, 64} {
		all := make(map[string][]result)
		for range b.rounds {
			for _, c := range contestants {
				r, err := measure(ctx, c, b.dir, stations, b.each)
				if err != nil {
					return fmt.Errorf("%s with %d stations: %w", c.name, stations, err)
				}
				all[c.name] = append(all[c.name], r)
			}
		}
		for _, c := range contestants {
			m := median(all[c.name])
			fmt.Fprintf(b, "%-9d %-10s %12.0f %10.0f %10v\n", stations, c.name, m.perSecond, m.bytes, m.p99.Round(time.Microsecond))
		}
		l, s, f := median(all["ledger"]), median(all["SQLite"]), median(all["two syncs"])
		fmt.Fprintf(b, "%-9d ledger : SQLite = %.2f, bytes %.2f; ledger : two syncs = %.2f\n", stations, l.perSecond/s.perSecond, l.bytes/s.bytes, l.perSecond/f.perSecond)
	}
	return nil
}

func median(rs []result) result {
	rs = slices.Clone(rs)
	slices.SortFunc(rs, func(a, b result) int { return int(a.perSecond - b.perSecond) })
	return rs[len(rs)/2]
}

func measure(ctx context.Context, c contestant, dir string, stations int, each time.Duration) (r result, err error) {
	dir, err = os.MkdirTemp(dir, "keeper-")
	if err != nil {
		return r, err
	}
	defer os.RemoveAll(dir)
	k, err := c.open(dir)
	if err != nil {
		return r, err
	}
	defer func() {
		if e := k.close(); err == nil {
			err = e
		}
	}()
	var n atomic.Int64
	call := func(ctx context.Context, _ int) (int, error) { return 1, k.save(ctx, int(n.Add(1))) }
	if _, err := stretch(ctx, stations, each/4, call); err != nil {
		return r, err
	}
	before := written(dir)
	f, err := stretch(ctx, stations, each, call)
	return result{f.perSecond, float64(written(dir)-before) / (f.perSecond * f.took.Seconds()), f.p99}, err
}

// written gives the bytes that were written to the disk under a folder, by
// anybody: what a process is charged with counts whole folios of its page
// cache, far more than reaches the disk.
func written(dir string) int64 {
	var st unix.Stat_t
	if err := unix.Stat(dir, &st); err != nil {
		return 0
	}
	b, err := os.ReadFile(fmt.Sprintf("/sys/dev/block/%d:%d/stat", unix.Major(st.Dev), unix.Minor(st.Dev)))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(b))
	const sectorsWritten = 6 // Documentation/block/stat.rst
	if len(fields) <= sectorsWritten {
		return 0
	}
	n, _ := strconv.ParseInt(fields[sectorsWritten], 10, 64) // the kernel writes a number
	return n * 512
}

// movement is what every contestant keeps.
func movement(n int) stock.Movement {
	return stock.Movement{
		Kind: stock.Receive, SKU: stock.SKU(fmt.Sprintf("S%05d", n%10_000)), Lot: stock.Lot(fmt.Sprintf("L%03d", n%7)), Bin: "A-01-01",
		Delta: 1, Time: time.Unix(1_700_000_000, 0), Operator: "92000117", Station: "s1", Device: "scanner-1",
		Scan: []byte("]C10106901230000393" + strconv.Itoa(100_000+n)),
	}
}

type ledgerKeeper struct {
	*ledger.Ledger
	stop context.CancelFunc
	ran  chan error
}

func openLedger(dir string) (keeper, error) {
	l, err := ledger.Open(filepath.Join(dir, "ledger.db"), ledger.Options{Warehouse: "bench-01"})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	k := &ledgerKeeper{l, cancel, make(chan error, 1)}
	go func() { k.ran <- l.Run(ctx) }()
	return k, nil
}

func (k *ledgerKeeper) save(ctx context.Context, n int) error {
	_, err := k.Append(ctx, stock.Command{ID: "bench-" + strconv.Itoa(n), Movements: []stock.Movement{movement(n)}})
	return err
}

func (k *ledgerKeeper) close() error {
	k.stop()
	if err := <-k.ran; err != nil {
		return err
	}
	return k.Close()
}

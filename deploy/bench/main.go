// Command bench measures Forestock beside what one would use instead, in one
// run on one machine, and prints ratios: machines differ and are noisy, ratios
// of the same minute are less so.
//
// It promises that everything that is called durable is synced, on the same
// disk, before it is answered; that contestants take turns and handle orders of
// the same size; and that what it starts (hubs, agents, Redis, PostgreSQL) runs
// on ports and folders of its own and ends with it.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/forestock/forestock/deploy/fleet"
	"github.com/forestock/forestock/hub/hubd"
)

func main() {
	fleet.Child()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	child(ctx)
	// The callers' process has the heap of a grown program, whoever it calls: see
	// hubd.Ballast.
	defer runtime.KeepAlive(hubd.Ballast())
	defer profile("callers")()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// bench is one run: where it writes its report and its files, and how much it
// does.
type bench struct {
	io.Writer
	dir    string
	each   time.Duration // how long a single measurement runs
	rounds int           // of each of which the median counts
	sizes
}

// sizes are how large the large parts are.
type sizes struct {
	sustained  time.Duration // of the steady load
	orders     int           // in one store
	warehouses int           // of the growth part, of 5,000 SKUs each
	backlog    int           // entries that an agent has not sent
	scans      int
	stations   time.Duration // of the scans at four stations
}

var full = sizes{sustained: time.Minute, orders: 5_000_000, warehouses: 1000, backlog: 1_000_000, scans: 2000, stations: time.Minute}

// percent gives smaller ones.
func (s sizes) percent(p int) sizes {
	of := func(n int) int { return n * p / 100 }
	return sizes{s.sustained * time.Duration(p) / 100, of(s.orders), of(s.warehouses), of(s.backlog), of(s.scans), max(time.Second, s.stations*time.Duration(p)/100)}
}

// part is one question that the report answers.
type part struct {
	name string
	run  func(ctx context.Context, b *bench) error
}

var parts = []part{
	{"ledger", benchLedger},
	{"scan", benchScan},
	{"station", benchStation},
	{"drain", benchDrain},
	{"tries", benchTries},
	{"unary", benchUnary},
	{"piped", benchPiped},
	{"reads", benchReads},
	{"sustained", benchSustained},
	{"orders", benchOrders},
	{"growth", benchGrowth},
}

func run(ctx context.Context, args []string) error {
	names := make([]string, len(parts))
	for i, p := range parts {
		names[i] = p.name
	}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	out := flags.String("out", "", "also write the report into this file")
	dir := flags.String("dir", "", "folder on the disk to measure; a temporary one without it")
	each := flags.Duration("each", 2*time.Second, "how long every single measurement runs")
	only := flags.String("only", "", "run only these parts, separated by commas: "+strings.Join(names, ","))
	short := flags.Bool("short", false, "tiny sizes and one round, to see that everything runs")
	size := flags.Int("size", 100, "how large the large parts are, in percent of the full sizes")
	if err := flags.Parse(args); err != nil {
		return err
	}
	wanted, err := choose(*only)
	if err != nil {
		return err
	}
	if *dir == "" {
		temp, err := os.MkdirTemp("", "bench-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(temp)
		*dir = temp
	}
	var report strings.Builder
	b := &bench{Writer: io.MultiWriter(os.Stdout, &report), dir: *dir, each: *each, rounds: 3, sizes: full.percent(*size)}
	if *short {
		b.rounds, b.sizes = 1, full.percent(2)
	}
	fmt.Fprintf(b, "%s\nLoad of the machine before (over 1, 5 and 15 minutes): %s\n", machine(), load())
	for _, p := range wanted {
		if err := p.run(ctx, b); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		fmt.Fprintf(b, "(load of the machine: %s)\n", load())
		if *out == "" {
			continue
		}
		// What is known is kept, should a later part fail.
		if err := os.WriteFile(*out, []byte(report.String()), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// choose gives the parts of a list of names; all without one.
func choose(only string) ([]part, error) {
	if only == "" {
		return parts, nil
	}
	var wanted []part
	for name := range strings.SplitSeq(only, ",") {
		i := slices.IndexFunc(parts, func(p part) bool { return p.name == name })
		if i < 0 {
			return nil, fmt.Errorf("there is no part %q", name)
		}
		wanted = append(wanted, parts[i])
	}
	return wanted, nil
}

// title begins a part of the report.
func (b *bench) title(format string, args ...any) {
	fmt.Fprintf(b, "\n"+format+"\n\n", args...)
}

// temp makes a folder that the returned function removes.
func (b *bench) temp(name string) (string, func(), error) {
	dir, err := os.MkdirTemp(b.dir, name+"-")
	if err != nil {
		return "", nil, err
	}
	return dir, func() { os.RemoveAll(dir) }, nil
}

// machine describes where the figures come from.
func machine() string {
	model := "unknown processor"
	if b, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(b)) {
			if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
				model = strings.TrimSpace(value)
				break
			}
		}
	}
	kernel, _ := os.ReadFile("/proc/sys/kernel/osrelease") // no kernel name is no reason to stop
	return fmt.Sprintf("%s, %d cores, Linux %s, %s, %s", model, runtime.NumCPU(), strings.TrimSpace(string(kernel)), runtime.Version(), time.Now().UTC().Format(time.DateOnly))
}

// load gives the load averages over 1, 5 and 15 minutes: figures of a machine
// that does other things too are worth less.
func load() string {
	b, err := os.ReadFile("/proc/loadavg")
	fields := strings.Fields(string(b))
	if err != nil || len(fields) < 3 {
		return "unknown"
	}
	return strings.Join(fields[:3], " ")
}

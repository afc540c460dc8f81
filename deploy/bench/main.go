// Command bench measures Forestock beside what one would use instead, in one
// run on one machine, and prints ratios: machines differ and are noisy, ratios
// of the same minute are less so.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// part is one question that the report answers.
type part struct {
	name string
	run  func(ctx context.Context, w io.Writer, dir string, each time.Duration) error
}

var parts = []part{
	{"ledger", benchLedger},
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	out := flags.String("out", "", "also write the report into this file")
	dir := flags.String("dir", "", "folder on the disk to measure; a temporary one without it")
	each := flags.Duration("each", 2*time.Second, "how long every single measurement runs")
	only := flags.String("only", "", "run only this part")
	if err := flags.Parse(args); err != nil {
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
	w := io.MultiWriter(os.Stdout, &report)
	fmt.Fprintf(w, "%s\n", machine())
	for _, p := range parts {
		if *only != "" && *only != p.name {
			continue
		}
		if err := p.run(ctx, w, *dir, *each); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	if *out == "" {
		return nil
	}
	return os.WriteFile(*out, []byte(report.String()), 0o644)
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

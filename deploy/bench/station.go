package main

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// benchStation measures what staff wait for: four stations, each with a page in
// a browser of its own, and five scans a second at each. The measurement is a
// benchmark beside the page, because it needs the tests' browser.
func benchStation(ctx context.Context, b *bench) error {
	const module = "github.com/forestock/forestock"
	b.title("Four stations with a page each, 20 scans a second in all for %v: pseudo terminals, agent (a process of its own), Chromium", b.stations)
	if _, err := exec.LookPath("chromium"); err != nil {
		fmt.Fprintln(b, "left out: there is no chromium here")
		return nil
	}
	root, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	if err != nil {
		return fmt.Errorf("find the module: %w", err)
	}
	cmd := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-bench", "^BenchmarkStations$", "-benchtime", "1x", "./agent/station", "-busy", b.stations.Round(time.Second).String())
	cmd.Dir = strings.TrimSpace(string(root))
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	figure := map[string]string{}
	for line := range strings.Lines(string(out)) {
		if fields := strings.Fields(line); strings.HasPrefix(line, "BenchmarkStations") {
			for i := 2; i+1 < len(fields); i += 2 {
				figure[fields[i+1]] = fields[i]
			}
		}
	}
	if figure["scans"] == "" {
		return fmt.Errorf("no figures in\n%s", out)
	}
	fmt.Fprintf(b, "%-56s %s, none lost\n", "scans", figure["scans"])
	fmt.Fprintf(b, "%-56s p50 %s ms, p99 %s ms\n", "from the bytes to the frame that shows the saved piece", figure["shown-p50-ms"], figure["shown-p99-ms"])
	fmt.Fprintf(b, "%-56s p50 %s ms, p99 %s ms\n", "from the bytes to the start of its sound", figure["sound-p50-ms"], figure["sound-p99-ms"])
	fmt.Fprintf(b, "%-56s %s MB\n", "memory of the agent at its highest", figure["agent-peak-MB"])
	return nil
}

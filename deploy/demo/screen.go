package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"

	"github.com/forestock/forestock/deploy/fleet"
)

// screen is what the person who started the demo looks at: a table that is
// drawn anew on a terminal, a line now and then elsewhere, nothing for JSON.
type screen struct {
	out   io.Writer
	live  bool // a terminal
	quiet bool

	mu    sync.Mutex
	drawn int // lines of the table that is on the terminal; guarded by mu
	opens map[int]string
}

func newScreen(out io.Writer, quiet bool) *screen {
	f, isFile := out.(*os.File)
	return &screen{out: out, quiet: quiet, live: isFile && !quiet && term.IsTerminal(int(f.Fd())), opens: make(map[int]string)}
}

// addresses tells where everything is.
func (s *screen) addresses(f *fleet.Fleet) {
	if s.quiet {
		return
	}
	fmt.Fprintf(s.out, "Forestock runs. Ctrl-C ends it.\n\n")
	fmt.Fprintf(s.out, "  console   http://%s/console/\n  REST      http://%s/v1/warehouses   (routes: /docs, /openapi.json)\n  gRPC      %s\n  MQTT      %s\n", f.HTTP, f.HTTP, f.GRPC, f.MQTT)
	for _, site := range f.Sites {
		fmt.Fprintf(s.out, "  station   http://%s/   %s\n", site.Station, site.Warehouse)
	}
	fmt.Fprintln(s.out)
}

// say prints a line below the table.
func (s *screen) say(text string) {
	if s.quiet {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drawn = 0
	fmt.Fprintln(s.out, text)
}

// opening shows how far a warehouse has got with its opening stock.
func (s *screen) opening(warehouse, n, all int) {
	if !s.live {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opens[warehouse] = fmt.Sprintf("%3d %%", 100*n/all)
	fmt.Fprint(s.out, "\rreceiving the opening stock:")
	for i := range len(s.opens) {
		fmt.Fprint(s.out, " ", s.opens[i])
	}
	fmt.Fprint(s.out, "\x1b[K")
	if n == all {
		s.drawn = 0
	}
}

// run keeps the table up to date until ctx ends.
func (s *screen) run(ctx context.Context, d *day) {
	if s.quiet {
		return
	}
	if s.live {
		fmt.Fprint(s.out, "\r\x1b[K")
	}
	every := 5 * time.Second
	if s.live {
		every = 500 * time.Millisecond
	}
	began := time.Now()
	for fleet.Pause(ctx, every) {
		rows := d.rows(ctx)
		s.mu.Lock()
		if s.live {
			s.draw(rows, time.Since(began))
		} else {
			fmt.Fprintf(s.out, "%4.0f s  %s\n", time.Since(began).Seconds(), strings.Join(rows[1:], " | "))
		}
		s.mu.Unlock()
	}
}

func (s *screen) draw(rows []string, since time.Duration) {
	if s.drawn > 0 {
		fmt.Fprintf(s.out, "\x1b[%dA", s.drawn)
	}
	fmt.Fprintf(s.out, "\x1b[K%s\n", since.Round(time.Second))
	for _, r := range rows {
		fmt.Fprintf(s.out, "\x1b[K%s\n", r)
	}
	s.drawn = len(rows) + 1
}

// rows describes every warehouse in one line.
func (d *day) rows(ctx context.Context) []string {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	out := []string{"warehouse   entries  unsent  link         hub      at entry"}
	hubs, err := hubStates(ctx, d.fleet.HTTP)
	for _, p := range d.staff {
		hub := hubs["warehouses/"+p.site.Warehouse]
		word := strings.ToLower(hub.Freshness)
		if err != nil {
			word = "down"
		}
		agent, err := agentStatus(ctx, p.site.Station)
		link := agent.Link.State
		if err != nil {
			link = "agent down"
		}
		out = append(out, fmt.Sprintf("%-10s %8d %7d  %-11s  %-8s %8s", p.site.Warehouse, agent.Ledger.Last, agent.Ledger.Unsent, link, word, hub.AppliedSeq))
	}
	return out
}

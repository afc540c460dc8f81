// Command demo runs a whole Forestock on this machine: a hub, warehouses with
// simulated scales and scanners on pseudo terminals, and people who work with
// them.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/forestock/forestock/deploy/fleet"
	"github.com/forestock/forestock/deploy/settings"
)

func main() {
	fleet.Child()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

// options are the flags of the demo.
type options struct {
	For        time.Duration
	JSON       bool
	Chaos      bool
	Idle       bool
	Seed       uint64
	Dir        string
	Warehouses int
	Weighed    int
	AnyPort    bool
	LogLevel   string
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	var o options
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "A whole Forestock on this machine, at work",
		Long: `Runs a hub with an embedded broker and store, and warehouses whose agents read
simulated scales and scanners on real pseudo terminals, with a catalogue of
groceries and people who receive, pick, weigh and throw away.

At the end, and on Ctrl-C, it checks that every agent and the hub agree at the
same entry, prints a summary, and exits with an error if they do not.`,
		Example: `  demo                      until Ctrl-C
  demo --for 20s            ends by itself and checks itself
  demo --for 60s --chaos    cuts lines, kills agents and the hub meanwhile
  demo --idle               loads the opening stock, then waits for you`,
		Version: settings.VersionText(), SilenceUsage: true, SilenceErrors: true, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return demo(cmd.Context(), o, stdout, stderr)
		},
	}
	f := cmd.Flags()
	f.DurationVar(&o.For, "for", 0, "end by itself after this time of activity; 0 is at Ctrl-C")
	f.BoolVar(&o.JSON, "json", false, "print the summary as JSON, and nothing else")
	f.BoolVar(&o.Chaos, "chaos", false, "cut lines and kill agents and the hub meanwhile")
	f.BoolVar(&o.Idle, "idle", false, "load the opening stock, then do nothing")
	f.Uint64Var(&o.Seed, "seed", 1, "of everything random")
	f.StringVar(&o.Dir, "dir", "", "folder that keeps the data, to be started again on; a temporary one without it")
	f.IntVar(&o.Warehouses, "warehouses", 3, "number of warehouses, 1 to 50")
	f.IntVar(&o.Weighed, "weighed", 6, "loose items in the opening stock; each takes two seconds on the scale")
	f.BoolVar(&o.AnyPort, "any-port", false, "listen on any free ports instead of 8080, 9090, 1883 and 8101 …")
	f.StringVar(&o.LogLevel, "log-level", "error", "of hub and agents: debug, info, warn or error")
	cmd.SetArgs(args)
	cmd.SetOut(stdout)
	cmd.SetErr(stderr)
	return cmd.ExecuteContext(ctx)
}

// summary is what the demo saw.
type summary struct {
	Agree      bool      `json:"agree"`
	Seconds    float64   `json:"seconds"`
	Seed       uint64    `json:"seed"`
	Warehouses []verdict `json:"warehouses"`
	Scans      int64     `json:"scans"`
	Saved      int64     `json:"saved"`
	Refused    int64     `json:"refused"`
	Unseen     int64     `json:"unseen"` // scans while an agent was down
	Cuts       int       `json:"cuts"`
	AgentKills int       `json:"agent_kills"`
	HubKills   int       `json:"hub_kills"`
}

func (s *summary) print(w io.Writer, asJSON bool) error {
	if asJSON {
		out := json.NewEncoder(w)
		out.SetIndent("", "  ")
		return out.Encode(s)
	}
	fmt.Fprintf(w, "\n%d scans and weighings in %.0f s: %d saved, %d refused, %d without an answer\n", s.Scans, s.Seconds, s.Saved, s.Refused, s.Unseen)
	if s.Cuts+s.AgentKills+s.HubKills > 0 {
		fmt.Fprintf(w, "meanwhile %d lines were cut, agents were killed %d times and the hub %d times (seed %d)\n", s.Cuts, s.AgentKills, s.HubKills, s.Seed)
	}
	for _, v := range s.Warehouses {
		word := "agree"
		if !v.Agree {
			word = "DIFFER: " + v.Why
		}
		fmt.Fprintf(w, "  %s  agent at entry %d, hub at entry %d, %d SKUs compared: %s\n", v.Warehouse, v.AgentSeq, v.HubSeq, v.SKUs, word)
	}
	return nil
}

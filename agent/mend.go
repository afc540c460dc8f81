package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/forestock/forestock/agent/ledger"
	"github.com/forestock/forestock/proto/stock"
)

func restoreCommand(stdout io.Writer, path func() string) *cobra.Command {
	var snapshots, warehouse string
	cmd := &cobra.Command{
		Use: "restore", Short: "Make a damaged ledger whole again", Args: cobra.NoArgs,
		Long: `Makes a damaged ledger whole again: from the newest snapshot that verifies, and
all entries behind it that the damaged file still has, hash by hash. Without a
usable snapshot the damaged file alone is tried; when entries are missing in
between, an empty ledger is made, which gets its levels from the hub and brings
along all entries that are whole and that the hub never got.

A running agent does the same by itself when its ledger is damaged. The damaged
file is kept in the folder set-aside. A ledger that is whole is left alone.`,
		Example: "  agent ledger restore --data /var/lib/forestock/agent --snapshots /mnt/backup",
	}
	cmd.Flags().StringVar(&snapshots, "snapshots", "", "folder of snapshots of the ledger, which backup.dir of the agent names")
	cmd.Flags().StringVar(&warehouse, "warehouse", "", "whose ledger it is; only needed where the file does not tell any more")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		done, err := ledger.Restore(cmd.Context(), path(), snapshots, ledger.Options{Warehouse: stock.Warehouse(warehouse)})
		if errors.Is(err, ledger.ErrWhole) {
			fmt.Fprintln(stdout, "the ledger is whole: nothing to restore")
			return nil
		}
		if err != nil {
			return err
		}
		printRestored(stdout, &done)
		return nil
	}
	return cmd
}

func printRestored(w io.Writer, r *ledger.Restored) {
	fmt.Fprintf(w, "damage     %s\n", r.Why)
	if r.SetAside != "" {
		fmt.Fprintf(w, "set aside  %s\n", r.SetAside)
	}
	if r.Reborn {
		fmt.Fprintln(w, "an empty ledger stands in its place: start the agent, and it gets its levels from the hub")
		return
	}
	if r.Snapshot != "" {
		fmt.Fprintf(w, "snapshot   %s\n", r.Snapshot)
	}
	fmt.Fprintf(w, "entries    up to %d, of them %d from the damaged file\n", r.Last, r.Salvaged)
	if r.Missing > 0 {
		fmt.Fprintf(w, "MISSING    entries %d to %d cannot be read; what the hub has of them comes back by itself\n", r.Last+1, r.Missing)
	} else if r.Doubt {
		fmt.Fprintf(w, "MISSING    entries after %d, perhaps: pages of the file are lost; what the hub has of them comes back by itself\n", r.Last)
	}
	fmt.Fprintln(w, "the ledger is whole: start the agent")
}

func rebirthCommand(stdout io.Writer, path func() string) *cobra.Command {
	var o ledger.RebirthOptions
	var yes bool
	cmd := &cobra.Command{
		Use: "rebirth", Short: "Put an empty ledger in the place of this one", Args: cobra.NoArgs,
		Long: `Puts an empty ledger of a new epoch in the place of this one, for a box whose
ledger the hub refuses: one that was rolled back, cloned, or forked.

The old file is kept in the folder set-aside and never changed. When the agent
starts again it asks the hub for the levels, and brings along what the old ledger
booked and the hub never got; until then scans work, and levels count from zero.
The warehouse's present box must be silent for a minute, or the hub told by
"hub box replace", before the hub hands its levels over.`,
		Example: "  agent ledger rebirth --data /var/lib/forestock/agent --reason \"disk was rolled back\" --yes",
	}
	cmd.Flags().StringVar((*string)(&o.Warehouse), "warehouse", "", "whose ledger it is; only needed where the file does not tell any more")
	cmd.Flags().StringVar(&o.Why, "reason", "by hand", "why, for those who look at it later")
	cmd.Flags().BoolVar(&yes, "yes", false, "do it")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if !yes {
			fmt.Fprintf(stdout, "%s\n\nThis would set aside %s.\n", cmd.Long, path())
			return errors.New("nothing was done: give --yes to do it")
		}
		born, err := ledger.Rebirth(cmd.Context(), path(), o)
		if err != nil {
			return err
		}
		old := &born.Predecessors[len(born.Predecessors)-1]
		fmt.Fprintf(stdout, "set aside  %s\n           epoch %s, entries up to %d, of which the hub had acknowledged %d\n", born.SetAside, old.Position.Epoch, old.Position.Last, old.Stored)
		if old.Lost > 0 {
			fmt.Fprintf(stdout, "DAMAGED    %d entries that the hub had not acknowledged\n", old.Lost)
		}
		fmt.Fprintf(stdout, "epoch      %s: start the agent, and it gets its levels from the hub\n", born.Epoch)
		return nil
	}
	return cmd
}

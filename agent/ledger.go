package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/forestock/forestock/agent/agentd"
	"github.com/forestock/forestock/agent/ledger"
	"github.com/forestock/forestock/proto/stock"
)

func ledgerCommand(stdout, stderr io.Writer) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "ledger",
		Short: "Look at a ledger file, or mend it, while its agent is stopped",
		Long: `The ledger is the warehouse's book: every movement, in order, chained by hashes.
show, verify and export read it. restore makes a damaged one whole again, and
rebirth puts an empty one in its place; both keep the old file. The agent must be
stopped first, because two processes never share the file.`,
	}
	var data string
	cmd.PersistentFlags().StringVar(&data, "data", agentd.DefaultConfig().Data, "folder of the agent's data")
	path := func() string { return agentd.LedgerPath(data) }
	cmd.AddCommand(showCommand(stdout, path), verifyCommand(stdout, stderr, path), exportCommand(stdout, path))
	cmd.AddCommand(restoreCommand(stdout, path), rebirthCommand(stdout, path))
	return cmd
}

func pick(cmd *cobra.Command, f *ledger.Filter) {
	cmd.Flags().Uint64Var((*uint64)(&f.From), "from", 0, "first entry")
	cmd.Flags().Uint64Var((*uint64)(&f.To), "to", 0, "last entry")
	cmd.Flags().StringVar((*string)(&f.SKU), "sku", "", "only entries of this SKU")
	cmd.Flags().IntVar(&f.Tail, "tail", 0, "only the newest so many")
}

func showCommand(stdout io.Writer, path func() string) *cobra.Command {
	var f ledger.Filter
	cmd := &cobra.Command{
		Use: "show", Short: "Print entries as lines for people", Args: cobra.NoArgs,
		Example: "  agent ledger show --tail 20\n  agent ledger show --sku A1000 --from 100",
		RunE:    func(cmd *cobra.Command, _ []string) error { return ledger.Show(cmd.Context(), path(), stdout, f) },
	}
	pick(cmd, &f)
	return cmd
}

func exportCommand(stdout io.Writer, path func() string) *cobra.Command {
	var o ledger.ExportOptions
	var file string
	cmd := &cobra.Command{
		Use: "export", Short: "Write entries for other programs, as NDJSON or CSV", Args: cobra.NoArgs,
		Example: "  agent ledger export --format csv --bom --out ledger.csv",
	}
	cmd.Flags().StringVar((*string)(&o.Format), "format", string(ledger.NDJSON), "ndjson or csv")
	cmd.Flags().BoolVar(&o.BOM, "bom", false, "begin a CSV with a byte order mark, for Excel")
	cmd.Flags().StringVar(&file, "out", "", "file to write; standard output without it")
	pick(cmd, &o.Filter)
	cmd.RunE = func(cmd *cobra.Command, _ []string) (err error) {
		if file == "" {
			return ledger.Export(cmd.Context(), path(), stdout, o)
		}
		f, err := os.Create(file)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		return ledger.Export(cmd.Context(), path(), f, o)
	}
	return cmd
}

func verifyCommand(stdout, stderr io.Writer, path func() string) *cobra.Command {
	return &cobra.Command{
		Use: "verify", Short: "Check every hash, page and level of the file", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			report, err := ledger.Verify(cmd.Context(), path(), func(done, newest stock.Seq) {
				fmt.Fprintf(stderr, "\rentry %d of %d", done, newest)
			})
			fmt.Fprintln(stderr)
			if err != nil {
				return err
			}
			printReport(stdout, &report)
			if !report.OK() {
				return errors.New("the ledger is damaged: run `agent ledger restore`, which keeps this file too")
			}
			return nil
		},
	}
}

func printReport(w io.Writer, r *ledger.Report) {
	fmt.Fprintf(w, "file       %s\nwarehouse  %s\nepoch      %s\n", r.Path, r.Warehouse, r.Position.Epoch)
	fmt.Fprintf(w, "entries    %d to %d kept, %d of them whole; the hub has stored up to %d\n", r.Position.First, r.Position.Last, r.Entries, r.Stored)
	if r.Levels {
		fmt.Fprintf(w, "levels     %d SKUs in %d cells, digest %016x\n", r.SKUs, r.Cells, r.Digest)
	}
	fmt.Fprintf(w, "catalogue  %d items\n", r.Items)
	for _, d := range r.Damages {
		if d.From == 0 {
			fmt.Fprintf(w, "DAMAGED    %s\n", d.What)
			continue
		}
		fmt.Fprintf(w, "DAMAGED    entries %d to %d: %s\n", d.From, d.To, d.What)
	}
	if r.OK() {
		fmt.Fprintln(w, "the ledger is whole")
	}
}
